"""Opening by lot: the requests of the first minutes are put into a drawn order, then offered to.

Before booking opens the hub publishes the SHA-256 of a secret seed. Whoever asks within the minutes
of the draw stands on the date's list; nothing is offered meanwhile. Then the order is that of
SHA-256("<seed>:<reference>"), lowest first, the seed is shown, and the engine that offers free
places goes down the list: family by family, all that it needs or none. Who got nothing waits on, in
that order, and is told once. Who joined after those minutes stands behind, in order of joining.
"""

import hashlib
import secrets
from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from cms import jobs
from cms.models import CourseDate

from . import draw_letters, pools, queues
from .drawmodels import Draw
from .models import ListEntry

DRAW = "workflows.draw"
WHY = "Drawn by lot; the seed and the order are public"


def commitment_of(seed: str) -> str:
    """What is published before: the SHA-256 of the seed, in hexadecimal."""
    return hashlib.sha256(seed.encode()).hexdigest()


def lot_of(seed: str, reference: str) -> str:
    """A reference's lot: the lowest comes first."""
    return hashlib.sha256(f"{seed}:{reference}".encode()).hexdigest()


def drawn_order(seed: str, references: Iterable[str]) -> list[str]:
    """The references in the order that the seed gives them. Anybody can work it out."""
    return sorted(references, key=lambda reference: lot_of(seed, reference))


def draw_of(date: CourseDate) -> Draw | None:
    """The draw of a date whose staff want one, made and promised when first wanted."""
    if date.draw_ends_at is None:
        return None
    with transaction.atomic():
        found = Draw.objects.filter(pool__course_date=date).first()
        if found is None:
            seed = secrets.token_hex(32)
            found, _made = Draw.objects.get_or_create(
                pool=pools.pool_of_date(date),
                defaults={"seed": seed, "commitment": commitment_of(seed)},
            )
        _promise(found, date.draw_ends_at)
    return found


def _promise(draw: Draw, at: datetime) -> None:
    if draw.drawn_at is None:
        jobs.enqueue(
            DRAW,
            key=f"draw-{draw.pk}-{at:%Y%m%d%H%M%S}",
            payload={"draw": draw.pk},
            not_before=at,
        )


def draw_order(draw_id: int) -> bool:
    """Draw, once, when the minutes are over. Whether the order stands now."""
    pool_id = Draw.objects.values_list("pool_id", flat=True).get(pk=draw_id)
    with pools.locked(pool_id) as pool:
        draw = Draw.objects.get(pk=draw_id)
        ends = pool.course_date.draw_ends_at
        if draw.drawn_at is not None:
            return True
        if ends is None or timezone.now() < ends:
            return False
        waiting = list(pools.queue(pool).select_related("case"))
        by_reference = {one.case.reference: one for one in waiting if one.joined_at < ends}
        drawn = [by_reference[one] for one in drawn_order(draw.seed, by_reference)]
        late = [one for one in waiting if one.joined_at >= ends]
        queues.put_in_order([*drawn, *late])
        draw.drawn_at = timezone.now()
        draw.order = [
            {"reference": one.case.reference, "children": len(one.children), "offered": False}
            for one in drawn
        ]
        draw.save(update_fields=["drawn_at", "order"])
        pools.note(pool, pools.What.MOVED, f"{len(drawn)} requests were drawn", reason=WHY)
        pools.mark_waited_for(pool)
    return True


def tell(draw_id: int) -> None:
    """Write down who was offered places, and tell the others, once."""
    pool_id = Draw.objects.values_list("pool_id", flat=True).get(pk=draw_id)
    with pools.locked(pool_id) as pool:
        draw = Draw.objects.get(pk=draw_id)
        if draw.told_at is not None:
            return
        entries = {one.case.reference: one for one in pool.entries.select_related("case")}
        place = 0
        for row in draw.order:
            entry = entries.get(row["reference"])
            row["offered"] = entry is not None and entry.offers.exists()
            if entry is None or row["offered"] or entry.state not in ListEntry.ON_LIST:
                continue
            place += 1
            draw_letters.write_result(draw, entry, place)
        draw.told_at = timezone.now()
        draw.save(update_fields=["order", "told_at"])


def run(draw_id: int) -> None:
    """Everything that is due of a draw: the order, the offers, the letters. Twice is once."""
    if draw_order(draw_id):
        if Draw.objects.filter(pk=draw_id, told_at=None).exists():
            queues.fill(Draw.objects.values_list("pool_id", flat=True).get(pk=draw_id))
        tell(draw_id)


def run_due() -> None:
    """Every draw that is not told yet; those whose minutes are not over stay as they are."""
    for pk in Draw.objects.filter(told_at=None).order_by("pk").values_list("pk", flat=True):
        run(pk)
