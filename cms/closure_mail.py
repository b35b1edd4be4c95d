"""Letters about a closed centre: to the families whose groups would have met, and to no one else.

A job, because a centre has hundreds of families and whoever closes it stands in the snow. Each
family gets one letter for each closure as it was announced, and one when it opens again early.
Guardians whom a court order keeps away are never written to. What other apps know of the day
(families with a place on a course date there) they add by registering in `also_tell`.
"""

import hashlib
from collections.abc import Callable, Iterable
from datetime import date, timedelta

from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from cms import jobs, mail
from cms.models import CentreDate, Guardian, Job, MusicCentre
from cms.registry import Registry

BATCH = 100
AddressesOf = Callable[[MusicCentre, date, date], Iterable[str]]
also_tell: Registry[AddressesOf] = Registry("people to tell of a closure")

mail.declare(
    "centre-closed",
    name="Families: a centre is closed",
    subject="{{ centre }} is closed {{ when }}",
    body="{{ centre }} is closed {{ when }}.\n\n{{ reason }}\n\nNothing that meets there takes "
    "place until it opens again.\n\n[See the centre's page]({{ address }})",
    placeholders={
        "centre": "Westbrook Music Centre",
        "when": "today, Monday 12 January",
        "reason": "Snow. Online lessons go on.",
        "address": "/centres/westbrook/",
    },
)
mail.declare(
    "centre-open-again",
    name="Families: a centre is open again",
    subject="{{ centre }} is open again",
    body="{{ centre }} is open again. Groups meet at their usual times.\n\n"
    "[See the centre's page]({{ address }})",
    placeholders={"centre": "Westbrook Music Centre", "address": "/centres/westbrook/"},
)


def promise(closure: CentreDate, *, is_open_again: bool = False) -> None:
    """Promise the letters, in the caller's transaction; the same closure again promises none."""
    what = "open" if is_open_again else f"closed-{closure.ends_on:%Y%m%d}"
    jobs.enqueue(
        "cms.tell_of_closure",
        key=f"closure-{closure.centre_id}-{closure.starts_on:%Y%m%d}-{what}",
        payload={
            "centre": closure.centre_id,
            "starts_on": closure.starts_on.isoformat(),
            "ends_on": closure.ends_on.isoformat(),
            "reason": closure.note,
            "open_again": is_open_again,
        },
    )


def was_promised(closure: CentreDate) -> bool:
    """Whether families were told of it, or will be in a moment."""
    key = f"closure-{closure.centre_id}-{closure.starts_on:%Y%m%d}-closed-"
    return Job.objects.filter(key__startswith=key).exists()


def families_of(centre: MusicCentre, first: date, last: date) -> QuerySet[Guardian]:
    """Guardians of pupils in a group that meets at the centre on one of these days."""
    days = {(first + timedelta(days=n)).isoweekday() for n in range((last - first).days + 1)}
    return Guardian.objects.filter(
        Q(pupil_links__pupil__enrolments__group__weekday__in=days)
        | Q(pupil_links__pupil__enrolments__group__weekday=None),
        Q(pupil_links__pupil__enrolments__starts_on=None)
        | Q(pupil_links__pupil__enrolments__starts_on__lte=last),
        Q(pupil_links__pupil__enrolments__ends_on=None)
        | Q(pupil_links__pupil__enrolments__ends_on__gte=first),
        left_at=None,
        pupil_links__no_contact=False,
        pupil_links__pupil__left_at=None,
        pupil_links__pupil__enrolments__status="active",
        pupil_links__pupil__enrolments__left_at=None,
        pupil_links__pupil__enrolments__group__centre=centre,
        pupil_links__pupil__enrolments__group__left_at=None,
    ).exclude(email="")


@jobs.handlers("cms.tell_of_closure")
def tell_of_closure(run: jobs.JobRun) -> None:
    """The cursor is the key of a guardian; those whom other apps name come with the last step."""
    centre = MusicCentre.objects.get(pk=run.payload["centre"])
    first, last = (date.fromisoformat(run.payload[name]) for name in ("starts_on", "ends_on"))
    families = families_of(centre, first, last)
    run.describe(phase=_("Writing to families"), total=families.values("pk").distinct().count())
    while True:
        left = families.filter(pk__gt=run.cursor).order_by("pk")
        batch = list(left.values_list("pk", "email").distinct()[:BATCH])
        if not batch:
            break
        with run.chunk(to=batch[-1][0], count=len(batch)):
            for _pk, address in batch:
                _write_to(address, centre, run.payload)
    with run.finish():
        for others in (also_tell[key] for key in also_tell):
            for address in others(centre, first, last):
                _write_to(address, centre, run.payload)


def _write_to(address: str, centre: MusicCentre, facts: dict) -> None:
    open_again = facts["open_again"]
    context = {"centre": centre.name, "address": f"/centres/{centre.slug}/"}
    if not open_again:
        context |= {"when": _when(facts), "reason": facts["reason"]}
    sealed = hashlib.sha256(address.strip().lower().encode()).hexdigest()[:24]
    what = "open" if open_again else facts["ends_on"]
    mail.queue(
        "centre-open-again" if open_again else "centre-closed",
        to=address,
        context=context,
        key=f"closure-{centre.pk}-{facts['starts_on']}-{what}-{sealed}",
        record=centre,
    )


def _when(facts: dict) -> str:
    first, last = date.fromisoformat(facts["starts_on"]), date.fromisoformat(facts["ends_on"])
    today = timezone.localdate()
    if first == last:
        day = date_format(first, "l j F")
        return (
            _("today, %(day)s") % {"day": day} if first == today else _("on %(day)s") % {"day": day}
        )
    return _("until %(day)s") % {"day": date_format(last, "l j F")}
