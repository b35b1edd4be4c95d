"""Small groups of one date: a proposal by age and by friends, which staff may change with a reason.

Friends who name each other, or one who names another, stay together; then the groups are filled by
age, as even as they can be. A child whom somebody moved stays where they were put, whatever a new
proposal says.
"""

import unicodedata
from dataclasses import dataclass
from datetime import date as day

from django.db import transaction
from django.utils.translation import gettext as _

from cms import audit
from cms.models import CourseDate, User
from forms.models import CourseGroup, GroupSeat
from forms.running import roll

MOST_GROUPS = 12
OLDEST = day(1900, 1, 1)


class NoReasonError(ValueError):
    """A move needs a reason."""


@dataclass
class Knot:
    """Children who stay together: one child, brothers and sisters who asked for it, friends."""

    children: list[roll.Child]
    why: str

    @property
    def born(self) -> day:
        """The middle child's date of birth, for ordering by age."""
        days = sorted(child.born or OLDEST for child in self.children)
        return days[len(days) // 2]


def propose(date: CourseDate, number: int, *, by: User) -> int:
    """Put everybody into `number` groups (1 to 12); how many children were placed anew."""
    number = max(1, min(MOST_GROUPS, number))
    with transaction.atomic():
        CourseDate.objects.select_for_update(of=("self",), no_key=True).get(pk=date.pk)
        groups = _groups(date, number)
        children = roll.children_on(date)
        moved = {
            seat.place_id: seat
            for seat in GroupSeat.objects.filter(
                group__course_date=date, is_moved=True
            ).select_related("group")
        }
        GroupSeat.objects.filter(group__course_date=date, is_moved=False).delete()
        sizes = {group.number: 0 for group in groups}
        for seat in moved.values():
            sizes[seat.group.number] = sizes.get(seat.group.number, 0) + 1
        free = [child for child in children if child.place.pk not in moved]
        _fill(groups, sizes, knots(free, roll.plan_of(date.course_id)), len(children))
        audit.record(by, "change", date, {"groups": number, "children": len(free)})
    return len(free)


def _groups(date: CourseDate, number: int) -> list[CourseGroup]:
    for one in range(1, number + 1):
        CourseGroup.objects.get_or_create(
            course_date=date, number=one, defaults={"name": _("Group %(n)s") % {"n": one}}
        )
    # Who was moved into a group that goes is placed anew.
    CourseGroup.objects.filter(course_date=date, number__gt=number).delete()
    return list(CourseGroup.objects.filter(course_date=date).order_by("number"))


def _fill(groups: list[CourseGroup], sizes: dict, found: list[Knot], total: int) -> None:
    """From the youngest: a group is full at its even share, unless a knot does not fit at all."""
    share = -(-total // len(groups)) if groups else 0
    order = list(groups)
    for knot in found:
        fits = [g for g in order if sizes[g.number] + len(knot.children) <= share]
        group = fits[0] if fits else min(order, key=lambda g: sizes[g.number])
        sizes[group.number] += len(knot.children)
        GroupSeat.objects.bulk_create(
            GroupSeat(place=child.place, group=group, reason=knot.why) for child in knot.children
        )


def knots(children: list[roll.Child], plan) -> list[Knot]:  # noqa: ANN001 - a RegisterPlan
    """Who stays together, the youngest first."""
    names = {child.place.pk: _words(child.name) for child in children}
    first = {child.place.pk: _words(roll.first_name(child, plan)) for child in children}
    together = {child.place.pk: {child.place.pk} for child in children}
    for child in children:
        wish = _words(child.words(plan.friend))
        if not wish:
            continue
        for other in children:
            pk, own = other.place.pk, child.place.pk
            same_booking = other.place.holder == child.place.holder
            if pk == own or same_booking or not (wish & (first[pk] or names[pk])):
                continue
            surname = names[pk] - first[pk]
            others_named_so = sum(bool(wish & first[one]) for one in first)
            if wish & surname or others_named_so == 1:
                joined = together[own] | together[pk]
                for one in joined:
                    together[one] = joined
    by_key = {child.place.pk: child for child in children}
    found = {id(keys): keys for keys in together.values()}
    made = [
        Knot(
            [by_key[key] for key in sorted(keys)],
            _("Asked to be with a friend") if len(keys) > 1 else _("By age"),
        )
        for keys in found.values()
    ]
    return sorted(made, key=lambda knot: (-knot.born.toordinal(), knot.children[0].place.pk))


def _words(text: str) -> set[str]:
    plain = unicodedata.normalize("NFKD", text.casefold())
    kept = "".join(c if c.isalpha() else " " for c in plain if not unicodedata.combining(c))
    return {word for word in kept.split() if len(word) > 2}


def move(date: CourseDate, place_id: int, to: int, *, by: User, reason: str) -> GroupSeat:
    """Put one child into another group (its number), with a reason. Raises NoReasonError."""
    reason = reason.strip()
    if not reason:
        raise NoReasonError(_("Say why, in a few words."))
    with transaction.atomic():
        group = CourseGroup.objects.get(course_date=date, number=to)
        child = next(c for c in roll.children_on(date) if c.place.pk == place_id)
        seat, _made = GroupSeat.objects.update_or_create(
            place=child.place,
            defaults={
                "group": group,
                "is_moved": True,
                "reason": reason[:300],
                "actor_name": str(by)[:160],
            },
        )
        audit.record(by, "change", seat, {"group": to})
    return seat
