"""Waiting for a course date: joining by a short page, and what an accepted place becomes.

Who waits has a case of the process `course-waiting`, which staff may redesign, and an entry on the
date's list. Accepting begins the booking form, with its places held and filled in as far as we
know. The names are erased some time after the date.
"""

import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from cms import clock, jobs
from cms.models import CourseDate
from cms.secrecy import new_token
from forms import journeys
from forms.family.again import repeated_step
from forms.models import FormDefinition, FormVersion, Journey, Submission, WaitingRequest
from forms.references import LENGTH, LETTERS, TRIES
from workflows import offers, pools, queues
from workflows.compile import publish
from workflows.engine import NoSuchWorkflowError, latest_version, open_case
from workflows.models import Case, Offer, Pool

FLOW = "course-waiting"
FORGET = "forms.forget_waiting"
KEPT = timedelta(days=60)
BUTTONS = {
    "offered": "offered",
    "accepted": "accepted",
    "declined": "declined",
    "lapsed": "lapsed",
    "waiting": "waits_again",
    "left": "left",
}
_TEAM = ["bookings", "centre_admin"]
PROCESS = {
    "slug": FLOW,
    "title": "Course waiting lists",
    "stages": [
        {
            "key": "waiting",
            "staff_name": "Waiting",
            "public_name": "On the waiting list",
            "public_note": "You need do nothing. We write to you when places come free for you.",
            "kind": "open",
            "start": True,
            "roles": _TEAM,
            "buttons": [
                {"key": "offered", "label": "A place is offered", "to": "offered"},
                {"key": "left", "label": "Left the list", "to": "left"},
            ],
        },
        {
            "key": "offered",
            "staff_name": "Offered a place",
            "public_name": "We offer you a place",
            "public_note": "Please answer in time: after that the next family is asked.",
            "kind": "waiting",
            "roles": _TEAM,
            "remind_after_days": 5,
            "buttons": [
                {"key": "accepted", "label": "Accepted", "to": "accepted"},
                {"key": "declined", "label": "Declined or taken back", "to": "left"},
                {"key": "lapsed", "label": "Ran out for good", "to": "left"},
                {"key": "waits_again", "label": "Waits again", "to": "waiting"},
            ],
        },
        {
            "key": "accepted",
            "staff_name": "Accepted",
            "public_name": "You have accepted",
            "public_note": "Please finish the booking form: until then your places are only held.",
            "kind": "final",
            "roles": _TEAM,
            "buttons": [],
        },
        {
            "key": "left",
            "staff_name": "Left the list",
            "public_name": "No longer on the list",
            "kind": "final",
            "outcome": "unsuccessful",
            "roles": _TEAM,
            "buttons": [],
        },
    ],
}


@dataclass(frozen=True)
class Wish:
    """What a family asks for: `names` of its children, and how they may be placed."""

    contact_name: str
    email: str
    names: list[str]
    rule: str = "all"
    together: list[int] = field(default_factory=list)


def can_wait(date: CourseDate) -> bool:
    """Whether its waiting list takes anybody: not over, not cancelled, not closed by staff."""
    pool = Pool.objects.filter(course_date=date).first()
    is_closed = pool is not None and not pool.is_open
    now = timezone.now()
    is_open = (
        date.status == CourseDate.Status.OPEN and date.booking_opens_at <= now < date.starts_at
    )
    return is_open and not is_closed and date.takes_waiting


def join(date: CourseDate, wish: Wish) -> Case | None:
    """Put a family on a date's list; None when this address is on it already.

    Raises queues.ListError.
    """
    pool = pools.pool_of_date(date)
    with transaction.atomic(), pools.locked(pool.pk):
        known = Case.objects.of_contact(wish.email).order_by().values("pk")
        if pools.queue(pool).filter(case__in=known).exists():
            return None
        request = WaitingRequest.objects.create(
            offering=date,
            names=wish.names,
            number=len(wish.names),
            rule=wish.rule,
            together=wish.together,
        )
        make_process()
        case = open_case(
            workflow_slug=FLOW,
            subject=request,
            title=f"Waiting list: {date}",
            reference=_reference(date),
            centre=date.centre,
            contact_name=wish.contact_name,
            contact_email=wish.email,
        )
        queues.join(
            pool.pk,
            case,
            children=request.case_children(),
            rule=wish.rule,
            together=wish.together,
            buttons=BUTTONS,
        )
    return case


def _reference(date: CourseDate) -> str:
    """WL and the year of the date, like the references of bookings; no case has it."""
    stem = f"WL{timezone.localtime(date.starts_at):%y}"
    for number in range(TRIES):
        letters = (secrets.choice(LETTERS) for _each in range(LENGTH + number // 10))
        reference = f"{stem}-{''.join(letters)}"
        if not Case.objects.filter(reference=reference).exists():
            return reference
    raise RuntimeError("No free reference was found.")


def make_process() -> None:
    """Publish the process that the hub brings, where staff have none of that name yet."""
    try:
        latest_version(FLOW)
    except NoSuchWorkflowError:
        publish(PROCESS)


@offers.takers("forms")
def take(offer: Offer) -> tuple[str, datetime | None] | None:
    """A booking's places are its own at once; who only waited begins the booking form."""
    subject = offer.case.subject
    if isinstance(subject, Submission):
        return subject.holder, None
    if isinstance(subject, WaitingRequest):
        journey = _begin(offer, subject)
        if journey:
            return journey.holder, journey.held_until
    return None


def _begin(offer: Offer, request: WaitingRequest) -> Journey | None:
    date = request.offering
    form = FormDefinition.objects.open().filter(slug=date.course.form_slug).first()
    if form is None:
        return None
    version = form.current_version
    journey = journeys.begin(version, owner=new_token(), offering=date)
    until = min(timezone.now() + timedelta(hours=offer.pool.finish_hours), date.starts_at)
    journey.answers = {
        key: {"offering": date.reference, "children": offer.number}
        for key in journeys.places_keys(version.compiled)
    }
    names = [request.names[number - 1] for number in offer.children if request.names]
    journey.suggested = {
        "on": timezone.localdate().isoformat(),
        "answers": _known(version, offer.case, names),
    }
    journey.held_until = until
    journey.save(update_fields=["answers", "suggested", "held_until"])
    return journey


def _known(version: FormVersion, case: Case, names: list[str]) -> dict:
    """What we know already, as answers to be confirmed."""
    answers: dict = {}
    for step in version.compiled["steps"]:
        for question in step["questions"] if not step["repeat"] else ():
            if question["type"] == "email" and case.contact_email:
                answers[question["key"]] = case.contact_email
    step = repeated_step(version)
    asked = next((q for q in step["questions"] if q["type"] == "name"), None) if step else None
    if asked:
        answers[step["key"]] = [{asked["key"]: {"first": name, "last": ""}} for name in names]
    return answers


@jobs.handlers(FORGET)
def forget(run: jobs.JobRun) -> None:
    """Erase the names of children who waited for dates that are long over."""
    now = timezone.now()
    over = WaitingRequest.objects.filter(offering__ends_at__lt=now - KEPT, erased_at=None)
    with run.finish():
        for request in over[:500]:
            request.names, request.erased_at = [], now
            request.save(update_fields=["names", "erased_at"])


clock.daily(FORGET, at="03:50")
