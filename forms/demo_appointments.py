"""An audition day and an interview for the demo hub, with invented applicants.

Adds what is not there yet, and nothing where anybody has made sessions. Days are counted from the
day of loading. The applicants are the packaged sample under other names; their mail goes nowhere.
"""

import copy
from datetime import date, time, timedelta

from cms.models import Job, MusicCentre, OutboxMessage
from forms import journeys, submissions
from forms.models import FormDefinition, FormVersion, Submission
from workflows.appointments import booking, slots
from workflows.appointments.models import AppointmentSession
from workflows.appointments.timing import wall
from workflows.engine import perform
from workflows.models import Case, WorkflowDefinition
from workflows.running import job_key

AHEAD = timedelta(days=30)
# First name, last name, instrument, e-mail address; two have a brother or sister.
APPLICANTS = (
    ("Wren", "Ashdown", "violin", "ashdown@example.org"),
    ("Lark", "Ashdown", "cello", "ashdown@example.org"),
    ("Tilda", "Marsh", "violin", "marsh@example.org"),
    ("Oren", "Vale", "oboe", "vale@example.org"),
    ("Juno", "Field", "viola", "field@example.org"),
    ("Kit", "Brook", "clarinet", "brook@example.org"),
)
STRINGS, WIND = "violin, viola, cello, double bass", "flute, oboe, clarinet, bassoon"


def load(today: date) -> int:
    """How many sessions were added: three, or none when there are some already."""
    auditions = WorkflowDefinition.objects.filter(slug="auditions").first()
    centre = MusicCentre.objects.order_by("name").first()
    if not auditions or not centre or AppointmentSession.objects.exists():
        return 0
    day = today + AHEAD
    warm = {"warm_up_room": "Room 5", "warm_up_minutes": 15, "breaks": "11:00-11:20"}
    both = {"purpose": "audition", "centre": centre, "minutes": 10, **warm}
    strings = _session(
        auditions, day, name="Strings, morning", room="Studio 1", groups=STRINGS, **both
    )
    wind = _session(auditions, day, name="Woodwind, morning", room="Studio 2", groups=WIND, **both)
    partners = WorkflowDefinition.objects.filter(slug="hub-partners").first()
    if partners:
        facts = {"purpose": "interview", "centre": centre, "minutes": 30, "room": "Meeting room"}
        _session(partners, day + timedelta(days=2), name="Meet the hub", **facts)
    version = FormDefinition.objects.get(slug="ensemble-audition").current_version
    cases = [_applied(version, *one) for one in APPLICANTS]
    for case, session, index in (
        (cases[0], strings, 0),
        (cases[1], strings, 1),
        (cases[2], strings, 3),
        (cases[3], wind, 0),
    ):
        slot = session.slots.all()[index]
        booking.book(case.pk, slot.pk, purpose="audition", actor=booking.FAMILY)
    references = [case.reference for case in cases]
    _quieten(cases, references)
    return AppointmentSession.objects.count()


def _session(workflow: WorkflowDefinition, day: date, **facts: object) -> AppointmentSession:
    session = AppointmentSession(
        workflow=workflow,
        starts_at=wall(day, time(10)),
        ends_at=wall(day, time(12)),
        **facts,
    )
    slots.save(session, [])
    return session


def _applied(version: FormVersion, first: str, last: str, plays: str, email: str) -> Case:
    """A case that was invited, with its offer made at once rather than by a job."""
    sample = next(one for one in version.form.samples if one["name"] == "In person")
    answers = copy.deepcopy(sample["answers"])
    answers["player_name"] = {"first": first, "last": last}
    answers["playing"][0]["instrument"] = plays
    answers["playing"][0]["doubles"] = None
    answers |= {"piece": "Andante", "adjust": "Large print, please.", "cannot": None}
    answers |= {"contact_name": {"first": "Sam", "last": last}, "email": email}
    journey = journeys.begin(version, owner=f"demo-{first}")
    journey.answers = answers
    journey.save()
    submission = submissions.submit(journey)
    case = Case.objects.get(reference=submission.reference)
    button = case.stage.button("invite")
    event = perform(case.pk, button.key, by=None, actor_name="The demo hub")
    event.runs.update(state="done", result="Done as the demo hub was loaded")
    Job.objects.filter(key=job_key(event.pk)).delete()
    case.refresh_from_db()
    offer = next(one for one in button.actions if one["type"] == "offer_appointments")
    options = {key: value for key, value in offer.items() if key != "type"}
    booking.offer(case, purpose="audition", options=options, stage=case.stage_key)
    return case


def _quieten(cases: list[Case], references: list[str]) -> None:
    """Letters of the loading itself are not sent to anybody, invented or not."""
    OutboxMessage.objects.filter(
        record_type=Case._meta.label_lower, record_id__in=[str(case.pk) for case in cases]
    ).delete()
    sent = Submission.objects.filter(reference__in=references)
    OutboxMessage.objects.filter(
        record_type=Submission._meta.label_lower,
        record_id__in=[str(pk) for pk in sent.values_list("pk", flat=True)],
    ).delete()
