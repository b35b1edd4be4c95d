"""Auditions for tests: a small form, a process that offers times, applications and sessions."""

from datetime import date, datetime, time

from django.contrib.auth import get_user_model
from django.utils import timezone

from cms.clock import LONDON
from cms.models import MusicCentre
from forms import journeys, submissions
from tests.journeys import publish_form
from workflows.appointments import booking, slots
from workflows.appointments.models import AppointmentSession, AppointmentSlot
from workflows.appointments.timing import wall
from workflows.engine import perform
from workflows.models import Case, WorkflowDefinition

PHONE, STREET = "01632 960123", "7 Canary Street"

FORM = {
    "slug": "try-out",
    "title": "Try out",
    "workflow": "try-outs",
    "steps": [
        {
            "key": "all",
            "title": "You",
            "questions": [
                {"key": "player", "type": "name", "label": "Player's name"},
                {
                    "key": "born",
                    "type": "date",
                    "label": "Born",
                    "required": False,
                    "settings": {"autocomplete": "bday", "in": "past"},
                },
                {"key": "plays", "type": "text", "label": "Instrument"},
                {"key": "with", "type": "text", "label": "Accompanist", "required": False},
                {
                    "key": "adjust",
                    "type": "longtext",
                    "label": "What would help?",
                    "required": False,
                    "settings": {"restricted": "health"},
                },
                {"key": "phone", "type": "phone", "label": "Phone", "required": False},
                {"key": "contact", "type": "name", "label": "Your name", "required": False},
                {"key": "email", "type": "email", "label": "Your e-mail address"},
            ],
        },
        {"key": "check", "title": "Check", "kind": "check"},
    ],
}
OFFER = {
    "type": "offer_appointments",
    "purpose": "audition",
    "group_question": "plays",
    "who_question": "player",
    # Staff may name what they like: the e-mail address and the phone are never shown.
    "shown_questions": "plays, adjust, email, phone",
    "companion_question": "with",
}
FLOW = {
    "slug": "try-outs",
    "title": "Try-outs",
    "stages": [
        {
            "key": "new",
            "staff_name": "New",
            "kind": "open",
            "start": True,
            "roles": ["ensembles_manager", "panellist"],
            "buttons": [
                {"key": "invite", "label": "Invite", "to": "invited", "actions": [OFFER]},
                {
                    "key": "next",
                    "label": "Give the next time",
                    "to": "booked",
                    "actions": [{**OFFER, "type": "book_appointment"}],
                },
            ],
        },
        {
            "key": "invited",
            "staff_name": "Invited",
            "public_name": "Please choose a time",
            "kind": "waiting",
            "roles": ["ensembles_manager"],
            "remind_after_days": 7,
            "booked_button": "has_time",
            "buttons": [
                {"key": "has_time", "label": "Has a time", "to": "booked", "appointment": "booked"},
                {"key": "drop", "label": "Withdraw", "to": "gone", "roles": ["family"]},
                {"key": "video", "label": "Video instead", "to": "heard"},
            ],
        },
        {
            "key": "booked",
            "staff_name": "Has a time",
            "kind": "open",
            "roles": ["ensembles_manager"],
            "kept_button": "played",
            "missed_button": "missed",
            "buttons": [
                {"key": "played", "label": "Played", "to": "heard", "appointment": "kept"},
                {"key": "missed", "label": "Missed", "to": "gone", "appointment": "missed"},
                {
                    "key": "back",
                    "label": "Take the time away",
                    "to": "new",
                    "actions": [{"type": "release_appointment", "purpose": "audition"}],
                },
                {"key": "drop", "label": "Withdraw", "to": "gone", "roles": ["family"]},
            ],
        },
        {"key": "heard", "staff_name": "Heard", "kind": "final"},
        {"key": "gone", "staff_name": "Gone", "kind": "final", "outcome": "unsuccessful"},
    ],
}


def publish():
    return publish_form(FORM, FLOW)


def applied(version, first="Wren", *, email="rowan@example.org", plays="Violin", **answers) -> Case:
    """A case of a child who wants to be heard."""
    journey = journeys.begin(version, owner=f"{first}-{email}")
    journey.answers = {
        "player": {"first": first, "last": "Ashdown"},
        "plays": plays,
        "contact": {"first": "Rowan", "last": "Ashdown"},
        "email": email,
        **dict.fromkeys(("born", "with", "adjust", "phone")),
        **answers,
    }
    journey.save()
    submissions.submit(journey)
    return Case.objects.latest("pk")


def offered(case: Case, purpose="audition") -> Case:
    """Invited, and its offer made, as the button's action would."""
    perform(case.pk, "invite", by=None)
    case.refresh_from_db()
    options = {key: value for key, value in OFFER.items() if key != "type"}
    booking.offer(case, purpose=purpose, options=options, stage="invited")
    return case


def a_session(
    day=date(2026, 10, 24), begins="10:00", ends="11:00", *, centre=None, people=(), **more
) -> AppointmentSession:
    """A session with its slots: six of ten minutes, unless told otherwise."""
    session = AppointmentSession(
        **{
            "name": "Strings, morning",
            "workflow": WorkflowDefinition.objects.get(slug="try-outs"),
            "purpose": "audition",
            "starts_at": wall(day, time.fromisoformat(begins)),
            "ends_at": wall(day, time.fromisoformat(ends)),
            "centre": centre or MusicCentre.objects.order_by("pk").first(),
            "room": "Studio 2",
            **more,
        }
    )
    slots.save(session, list(people))
    return session


def slot_at(session: AppointmentSession, text: str) -> AppointmentSlot:
    """The slot of that time on the wall."""
    return next(
        slot for slot in session.slots.all() if f"{slot.starts_at.astimezone(LONDON):%H:%M}" == text
    )


def times(session: AppointmentSession) -> list[str]:
    return [f"{slot.starts_at.astimezone(LONDON):%H:%M}" for slot in session.slots.all()]


def at(text: str) -> datetime:
    """A moment on the wall in London: 2026-10-22T10:00."""
    return datetime.fromisoformat(text).replace(tzinfo=LONDON)


def set_clock(monkeypatch, text: str) -> datetime:
    """From now on it is that moment for everything that asks Django."""
    moment = at(text)
    monkeypatch.setattr(timezone, "now", lambda: moment)
    return moment


def staff(name: str, role: str = "", **scope):
    from cms.roles import grant

    user = get_user_model().objects.create_user(name, first_name=name.title(), last_name="Staff")
    if role:
        grant(user, role, **scope)
    return user
