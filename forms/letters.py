"""The letters about journeys and submissions, and the plain facts that they may say.

Which answers a letter may carry, forms.letter_facts says: a mailbox is often shared. Staff change
the words; these are what a new hub begins with.
"""

import copy

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from cms import ics, mail
from cms.mailmarkup import site_link
from cms.models import CourseDate, MailTemplate
from forms import translating
from forms.letter_facts import answer_facts
from forms.models import Journey, Submission
from forms.pricing import children_in, from_data

RECEIVED_BOOKING, RECEIVED, SAVED, REMINDER = (
    "booking-received",
    "form-received",
    "form-saved",
    "form-reminder",
)

SAMPLE = {
    "contact_name": "Rowan Ashdown",
    "reference": "SW26-4K7P",
    "form": "Book a Songwriter course",
    "course": "Songwriter",
    "when": "Monday 26 October 2026, 10am to 4pm",
    "where": "Watford Music Centre",
    "places": "2 places",
    "price": "£66.50",
}

mail.declare(
    RECEIVED_BOOKING,
    name="Booking received",
    subject="We have your booking {{ reference }}",
    body=(
        "Dear {{ contact_name }},\n\n"
        "Thank you. We have your booking for {{ course }}, and your places are kept.\n\n"
        "- When: {{ when }}\n- Where: {{ where }}\n- Places: {{ places }}\n"
        "- To pay: {{ price }}\n- Your reference: {{ reference }}\n\n"
        "We will write to you again. The day is attached for your calendar.\n"
    ),
    placeholders=SAMPLE,
)
mail.declare(
    RECEIVED,
    name="Form received",
    subject="We have received your form, {{ reference }}",
    body=(
        "Dear {{ contact_name }},\n\n"
        "Thank you. We have received “{{ form }}”.\n\n"
        "- Your reference: {{ reference }}\n\n"
        "We will write to you again when somebody has read it.\n"
    ),
    placeholders=SAMPLE,
)
mail.declare(
    SAVED,
    name="Come back to a saved form",
    subject="Your saved form: {{ form }}",
    body=(
        "You saved “{{ form }}” to finish it later.\n\n"
        "[Carry on with the form]({{ link }})\n\n"
        "The link works once, until {{ until }}, and asks for this e-mail address. "
        "Each time you use it we send you a new one. "
        "What you have entered is deleted after that day if you do not send it.\n\n"
        "Did you not ask for this? Then you need do nothing.\n"
    ),
    placeholders={
        "form": "Book a Songwriter course",
        "link": "/resume/sample/",
        "until": "24 November 2026",
    },
)
mail.declare(
    REMINDER,
    name="Reminder of an unfinished form",
    subject="Your form is not finished yet: {{ form }}",
    body=(
        "You began “{{ form }}” and have not sent it yet.\n\n"
        "[Carry on with the form]({{ link }})\n\n"
        "We delete what you have entered on {{ until }}. After that you would have to begin "
        "again. If you no longer want it, you need do nothing.\n"
    ),
    placeholders={
        "form": "Book a Songwriter course",
        "link": "/resume/sample/",
        "until": "24 November 2026",
    },
)


def say_when(offering: CourseDate) -> str:
    """ "Monday 26 October 2026, 10am to 4pm", in London time; every session."""
    return "; ".join(
        _say_time(starts, ends) for starts, ends, _note, is_off in offering.times() if not is_off
    )


def _say_time(starts_at: timezone.datetime, ends_at: timezone.datetime) -> str:
    start, end = timezone.localtime(starts_at), timezone.localtime(ends_at)
    day = f"{start:%A} {start.day} {start:%B %Y}"
    return f"{day}, {_clock(start)} to {_clock(end)}"


def _clock(moment: timezone.datetime) -> str:
    hour = f"{moment:%I}".lstrip("0")
    minutes = f":{moment:%M}" if moment.minute else ""
    return f"{hour}{minutes}{moment:%p}".lower()


def booking_facts(submission: Submission) -> dict[str, str]:
    """What letters about a submission may say. "" where a form has no such thing."""
    offering = submission.offering
    number = children_in(submission.version.compiled, submission.answers)
    price = from_data(submission.price)
    return {
        "reference": submission.reference,
        "form": submission.version.title,
        "course": offering.course.title if offering else "",
        "when": say_when(offering) if offering else "",
        "where": str(offering.centre) if offering else "",
        "places": ngettext("%(n)s place", "%(n)s places", number) % {"n": number} if number else "",
        "price": price.words if price else "",
    }


def submission_facts(submission: Submission) -> dict[str, str]:
    """The facts of a booking, and those answers that a letter may carry."""
    form = submission.version.compiled
    return {**answer_facts(form, submission.answers), **booking_facts(submission)}


def received_letter(compiled: dict, *, has_date: bool) -> str:
    """Key of the letter that says we have it: the form's own, or the usual one."""
    own = (compiled.get("settings") or {}).get("received_email")
    return own or (RECEIVED_BOOKING if has_date else RECEIVED)


def send_received(submission: Submission, *, to: str, contact_name: str) -> None:
    """Promise the letter that says we have it, with the day for the calendar. Once."""
    language = submission.journey.language
    usual = received_letter(submission.version.compiled, has_date=bool(submission.offering))
    template = in_language(usual, language)
    facts = facts_in(submission, language)
    mail.queue(
        template,
        to=to,
        context={**facts, "contact_name": contact_name},
        may_miss=True,  # a fact that we do not know is no reason to refuse a booking
        key=f"received-{submission.pk}",
        attachments=[calendar_entry(submission)] if submission.offering else [],
        record=submission,
    )


def in_language(template: str, language: str) -> str:
    """The key of a letter in this language, where somebody wrote it, else of the letter itself."""
    own = f"{template}.{language}"
    return own if language and MailTemplate.objects.filter(key=own).exists() else template


def facts_in(submission: Submission, language: str) -> dict[str, str]:
    """The facts of a submission as the family reads them; the submission itself is not changed."""
    with translating.speaking(language):
        told = copy.copy(submission)
        told.version = translating.spoken(submission.version, language)
        return submission_facts(told)


def calendar_entry(submission: Submission) -> mail.Attachment:
    """The day of a booking as a calendar file. It names no child: diaries are shared."""
    offering = submission.offering
    content = ics.entry(
        uid=f"booking-{submission.reference.lower()}@hub",
        title=str(offering.course),
        starts_at=offering.starts_at,
        ends_at=offering.ends_at,
        where=ics.place_of(offering),
        times=ics.times_of(offering),
        about=_("Reference %(reference)s") % {"reference": submission.reference},
        changed_at=submission.submitted_at,
    )
    return mail.Attachment(f"{offering.reference}.ics", ics.CONTENT_TYPE, content)


def send_link(journey: Journey, token: str, *, template: str = SAVED) -> None:
    """Promise a letter with the way back into a journey."""
    until = timezone.localtime(journey.expires_at)
    mail.queue(
        in_language(template, journey.language),
        to=journey.resume_email,
        context={
            "form": translating.spoken(journey.version, journey.language).title,
            "link": site_link(f"/resume/{token}/"),
            "until": f"{until.day} {until:%B %Y}",
        },
        key=f"{template}-{journey.pk}-{journey.resume_hash[:16]}",
        record=journey,
    )
