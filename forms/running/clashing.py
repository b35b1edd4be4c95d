"""The same child twice: at the same time, or on the same date by two people.

A child is known by the seal over its name and date of birth (forms.children), so twins stay two.
A family is told of its own bookings alone, in a letter and in its folder, never on the form itself:
there nobody has proved yet whose address it is. That somebody else has booked the same child is a
note for staff, and neither is told of the other.
"""

from collections.abc import Iterable

from django.conf import settings
from django.utils.translation import gettext as _

from cms.models import CourseDate, Place
from forms.children import children_of
from forms.letters import say_when
from forms.models import Submission
from forms.running import roll, words
from workflows.models import Case, CaseEvent

TWICE = "The same child was booked by somebody else too: {other}. Each knows only of their own."


def _seals(submission: Submission) -> set[str]:
    keys = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    return {child.seal(key) for child in children_of(submission) for key in keys}


def others(submission: Submission, date: CourseDate) -> list[Submission]:
    """Other bookings of one of its children, with a place that counts, that overlap the date."""
    seals = _seals(submission)
    if not seals:
        return []
    found = (
        Submission.objects.filter(
            children__seal__in=seals,
            offering__starts_at__lt=date.ends_at,
            offering__ends_at__gt=date.starts_at,
            offering__status=CourseDate.Status.OPEN,
        )
        .exclude(pk=submission.pk)
        .select_related("offering__course", "offering__centre")
        .distinct()
        .order_by("pk")
    )
    holders = {one.holder: one for one in found}
    taken = Place.objects.filter(holder__in=holders, state__in=Place.SETTLED)
    standing = set(taken.values_list("holder", "course_date"))
    return [one for holder, one in holders.items() if (holder, one.offering_id) in standing]


def is_same_family(one: Submission, other: Submission) -> bool:
    """Whether the same address booked both."""
    return bool(one.contact_seal) and one.contact_seal == other.contact_seal


def notice(submission: Submission) -> None:
    """Look at a booking that has just come in, in the transaction that took it."""
    date = submission.offering
    if date is None:
        return
    for other in others(submission, date):
        if is_same_family(submission, other):
            words.write(
                words.CLASH,
                submission,
                date,
                key=f"clash-{submission.pk}-{other.pk}",
                other=f"{other.offering.course}, {say_when(other.offering)} ({other.reference})",
            )
            _note(
                words.case_of(submission),
                f"The family has booked the same child at the same time: {other.reference}",
            )
        else:
            _note(words.case_of(submission), TWICE.format(other=other.reference))
            theirs = Case.objects.filter(reference=other.reference).first()
            _note(theirs, TWICE.format(other=submission.reference))


def _note(case: Case | None, summary: str) -> None:
    if case is not None:
        CaseEvent.objects.create(
            case=case, kind=CaseEvent.Kind.NOTE, actor_name="The hub", summary=summary[:250]
        )


def words_for(children: Iterable[roll.Child], date: CourseDate, *, but: Submission) -> list[str]:
    """What to tell a family about its own other bookings at that time, as sentences."""
    if not list(children):
        return []
    return [
        _("At the same time you have booked %(what)s (%(reference)s).")
        % {"what": other.offering, "reference": other.reference}
        for other in others(but, date)
        if is_same_family(but, other)
    ]
