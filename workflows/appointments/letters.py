"""The letters of an appointment, each with a calendar entry that diaries keep up to date.

The entry's uid is the appointment's and never changes; its sequence grows with each letter that
changes or cancels it. It names no child: diaries are shared. Every letter goes to the contact, and
to a young person who acts for themselves, each with an entry of their own.
"""

from datetime import datetime
from urllib.parse import urlsplit

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext_noop
from wagtail.models import Site

from cms import ics, mail
from cms.clock import LONDON
from cms.mailmarkup import site_link
from cms.models import HubSettings
from workflows.models import Case

from .models import Appointment, AppointmentOffer

PLACEHOLDERS = {
    "contact_name": "Rowan Ashdown",
    "reference": "EA26-4K7P",
    "what": "Strings, morning",
    "when": "Saturday 24 October 2026, 10:20am to 10:30am",
    "where": "Studio 2, Ashbourne Music Centre, 1 Lane, SG4 9UJ",
    "warm_up": "Please be there at 10:00am to warm up in Room 5.",
    "change_until": "Thursday 22 October 2026, 10:20am",
    "folder": "/family/EA26-4K7P/",
}
WHEN_WHERE = "- When: {{ when }}\n- Where: {{ where }}\n\n{{ warm_up }}\n\n"
CHANGE = (
    "You can choose another time or cancel in [your family folder]({{ folder }}) until "
    "{{ change_until }}. After that, please write to us."
)

mail.declare(
    "appointment-offered",
    name=gettext_noop("Appointment: choose a time"),
    subject="Please choose a time: {{ reference }}",
    body="Dear {{ contact_name }},\n\nYou can now choose a time for {{ reference }}.\n\n"
    "[Choose a time in your family folder]({{ folder }})\n\nIf none of the times suits you, write "
    "to us there.",
    placeholders={name: PLACEHOLDERS[name] for name in ("contact_name", "reference", "folder")},
)
mail.declare(
    "appointment-booked",
    name=gettext_noop("Appointment: booked"),
    subject="Your time: {{ when }}",
    body="Dear {{ contact_name }},\n\nThis is the time for {{ reference }}: {{ what }}.\n\n"
    + WHEN_WHERE
    + CHANGE,
    placeholders=PLACEHOLDERS,
)
mail.declare(
    "appointment-changed",
    name=gettext_noop("Appointment: changed"),
    subject="Changed: {{ when }}",
    body="Dear {{ contact_name }},\n\nThe time or place for {{ reference }} has changed.\n\n"
    "{{ why }}\n\nIt is now: {{ what }}.\n\n" + WHEN_WHERE + CHANGE,
    placeholders=PLACEHOLDERS | {"why": "The room is needed for a concert."},
)
mail.declare(
    "appointment-cancelled",
    name=gettext_noop("Appointment: cancelled"),
    subject="Cancelled: {{ when }}",
    body="Dear {{ contact_name }},\n\nThe appointment for {{ reference }} on {{ when }} is "
    "cancelled.\n\n{{ why }}\n\nWhat comes next stands in [your family folder]({{ folder }}).",
    placeholders={name: PLACEHOLDERS[name] for name in ("contact_name", "reference", "when")}
    | {"folder": PLACEHOLDERS["folder"], "why": "The panel is ill."},
)
mail.declare(
    "appointment-reminder",
    name=gettext_noop("Appointment: reminder"),
    subject="Soon: {{ when }}",
    body="Dear {{ contact_name }},\n\nA reminder for {{ reference }}: {{ what }}.\n\n"
    + WHEN_WHERE
    + "If you cannot come, please tell us in [your family folder]({{ folder }}).",
    placeholders={name: part for name, part in PLACEHOLDERS.items() if name != "change_until"},
)


def clock_words(moment: datetime) -> str:
    """10:20am, London time."""
    return f"{moment.astimezone(LONDON):%I:%M%p}".lstrip("0").lower()


def day_words(moment: datetime) -> str:
    """Saturday 24 October 2026, London time."""
    local = moment.astimezone(LONDON)
    return f"{local:%A} {local.day} {local:%B %Y}"


def moment_words(moment: datetime) -> str:
    """Saturday 24 October 2026, 10:20am, London time."""
    return f"{day_words(moment)}, {clock_words(moment)}"


def when_words(starts_at: datetime, ends_at: datetime) -> str:
    return f"{day_words(starts_at)}, {clock_words(starts_at)} to {clock_words(ends_at)}"


def warm_up_words(appointment: Appointment) -> str:
    """When and where to warm up, or nothing."""
    slot, session = appointment.slot, appointment.slot.session
    if not session.warm_up_minutes:
        return ""
    at = clock_words(slot.starts_at - timezone.timedelta(minutes=session.warm_up_minutes))
    if session.warm_up_room:
        return f"Please be there at {at} to warm up in {session.warm_up_room}."
    return f"Please be there at {at} to warm up."


def tell(appointment: Appointment, letter: str, *, why: str = "", once: str = "") -> None:
    """Promise the letter `appointment-<letter>` in the caller's transaction.

    `once` tells letters of one kind and sequence apart, such as two reminders.
    """
    slot, session, case = appointment.slot, appointment.slot.session, appointment.case
    limit = session.latest_change(slot.starts_at)
    context = {
        "reference": case.reference,
        "what": session.name,
        "when": when_words(slot.starts_at, slot.ends_at),
        "where": session.where or "You will hear from us where.",
        "warm_up": warm_up_words(appointment),
        "change_until": moment_words(limit),
        "folder": site_link(f"/family/{case.reference}/"),
        "why": why,
    }
    has_entry = letter in ("booked", "changed", "cancelled")
    for number, address in enumerate(_addresses(case)):
        mail.queue(
            f"appointment-{letter}",
            to=address,
            context=context | {"contact_name": "" if number else case.contact_name},
            key=f"appointment-{appointment.pk}-{letter}-{appointment.sequence}{once}-{number}",
            attachments=[calendar_entry(appointment, address)] if has_entry else [],
            record=case,
        )


def tell_offered(offer: AppointmentOffer, *, key: str) -> None:
    """That a time can be chosen now."""
    case = offer.case
    for number, address in enumerate(_addresses(case)):
        mail.queue(
            "appointment-offered",
            to=address,
            context={
                "contact_name": "" if number else case.contact_name,
                "reference": case.reference,
                "folder": site_link(f"/family/{case.reference}/"),
            },
            key=f"{key}-offered-{number}",
            record=case,
        )


def calendar_entry(appointment: Appointment, attendee: str) -> mail.Attachment:
    """The appointment as an invitation that updates and cancels what was sent before."""
    slot, session = appointment.slot, appointment.slot.session
    is_cancelled = not appointment.is_booked
    content = ics.entry(
        uid=uid_of(appointment),
        title=session.name,
        starts_at=slot.starts_at,
        ends_at=slot.ends_at,
        where=session.where,
        about=" ".join(
            part
            for part in (f"Reference {appointment.case.reference}.", warm_up_words(appointment))
            if part
        ),
        changed_at=appointment.changed_at,
        sequence=appointment.sequence,
        is_cancelled=is_cancelled,
        organizer=_organizer(),
        attendee=attendee,
    )
    kind = ics.CANCEL_CONTENT_TYPE if is_cancelled else ics.REQUEST_CONTENT_TYPE
    return mail.Attachment("appointment.ics", kind, content)


def uid_of(appointment: Appointment) -> str:
    """The same for as long as the appointment lives, whatever slot it moves to."""
    return f"appointment-{appointment.pk}@{urlsplit(settings.SITE_URL).hostname}"


def _addresses(case: Case) -> list[str]:
    """The contact's, then those of young people who act for themselves."""
    young = list(case.parties.order_by("pk").values_list("email", flat=True))
    return [address for address in (case.contact_email, *young) if address]


def _organizer() -> str:
    site = Site.objects.filter(is_default_site=True).first()
    own = HubSettings.for_site(site).email if site else ""
    return own or settings.DEFAULT_FROM_EMAIL.rpartition("<")[2].rstrip(">")
