"""Add-ons of places: counted from their rows under the lock that their course date's places have.

Called by cms.places alone, with the course dates locked. A PlaceAddOn that counts has a seat, and
the database has no two of one add-on with the same: should the lock ever be forgotten, the second
fails instead of being one too many. A place that is given back, or runs out, gives its seats back.
"""

from collections.abc import Collection, Iterable, Mapping

from django.db.models import QuerySet

from cms.models import AddOn, Place, PlaceAddOn

Short = tuple[AddOn, int]


def choose(places: Iterable[Place], wanted: Mapping[int, Collection[int]]) -> Short | None:
    """Give these active places just these add-ons, `{child number: keys}`.

    None when all is done; else the add-on that is short and how many of it are left, and the
    caller's transaction must be undone.
    """
    places = list(places)
    known = AddOn.objects.in_bulk({key for keys in wanted.values() for key in keys})
    rows = {
        (row.place_id, row.add_on_id): row for row in PlaceAddOn.objects.filter(place__in=places)
    }
    missing: dict[int, list[Place]] = {}
    gone = []
    for place in places:
        keys = {
            key
            for key in wanted.get(place.child_number, ())
            if key in known and known[key].course_date_id == place.course_date_id
        }
        gone += [row.pk for (pk, key), row in rows.items() if pk == place.pk and key not in keys]
        for key in keys:
            row = rows.get((place.pk, key))
            if row is None or row.seat is None:
                missing.setdefault(key, []).append(place)
    if gone:
        PlaceAddOn.objects.filter(pk__in=gone).delete()
    for key, takers in sorted(missing.items()):
        seats = _seats(known[key], len(takers))
        if isinstance(seats, int):
            return known[key], seats
        for place, seat in zip(takers, seats, strict=True):
            PlaceAddOn.objects.update_or_create(
                place=place,
                add_on=known[key],
                defaults={"seat": seat, "price_pence": known[key].price_pence},
            )
    return None


def take_again(places: Iterable[Place]) -> Short | None:
    """Seats for what places had chosen when they ran out; the same answer as `choose`."""
    rows = PlaceAddOn.objects.filter(place__in=list(places), seat=None)
    by_add_on: dict[AddOn, list[PlaceAddOn]] = {}
    for row in rows.select_related("add_on").order_by("add_on", "pk"):
        by_add_on.setdefault(row.add_on, []).append(row)
    for add_on, waiting in by_add_on.items():
        seats = _seats(add_on, len(waiting))
        if isinstance(seats, int):
            return add_on, seats
        for row, seat in zip(waiting, seats, strict=True):
            row.seat = seat
            row.save(update_fields=["seat"])
    return None


def give_back(places: QuerySet[Place]) -> None:
    """Free the add-ons of places that stop counting; what was chosen stays known."""
    PlaceAddOn.objects.filter(place__in=places, seat__isnull=False).update(seat=None)


def left_of(add_on: AddOn) -> int | None:
    """How many of an add-on are left, 0 or more; None when there is enough for everybody."""
    if add_on.capacity is None:
        return None
    return max(0, add_on.capacity - PlaceAddOn.objects.filter(add_on=add_on, seat__gte=1).count())


def _seats(add_on: AddOn, number: int) -> list[int] | int:
    """The lowest free seats of an add-on; how many are left when there are too few."""
    used = set(
        PlaceAddOn.objects.filter(add_on=add_on, seat__isnull=False).values_list("seat", flat=True)
    )
    if add_on.capacity is not None and add_on.capacity - len(used) < number:
        return max(0, add_on.capacity - len(used))
    free = (seat for seat in range(1, len(used) + number + 1) if seat not in used)
    return [next(free) for _number in range(number)]
