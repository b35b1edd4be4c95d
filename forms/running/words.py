"""The letters of a course: their first words, which staff may change, and the facts they may say.

No letter carries anything about health or who may collect a child. A child's first name stands
only in the letter that says a child has not arrived, since a family may have two there.
"""

from django.utils.translation import gettext_noop

from cms import ics, mail
from cms.mailmarkup import site_link
from cms.models import CourseDate
from forms.letters import say_when
from forms.models import Submission
from workflows.models import Case

SAMPLE = {
    "contact_name": "Rowan Ashdown",
    "reference": "SW26-4K7P",
    "course": "Songwriter",
    "when": "Monday 26 October 2026, 10am to 4pm",
    "where": "Watford Music Centre, 1 Staves Lane, WD17 1AA",
    "folder": "/family/SW26-4K7P/",
}
CALLED_OFF, CALLED_OFF_WAITING = "course-called-off", "course-called-off-waiting"
CANCELLED, MOVED, CLASH = "booking-cancelled-by-family", "booking-moved", "booking-clash"
JOINING_WEEK, JOINING_DAY = "course-joining-week", "course-joining-day"
NOT_ARRIVED, THANKS, SONG = "course-not-arrived", "course-thanks", "course-song"

_LINES = "- Course: {{ course }}\n- When: {{ when }}\n- Where: {{ where }}\n"
_DEAR = "Dear {{ contact_name }},\n\n"


def _declare(key: str, name: str, subject: str, body: str, **more: str) -> None:
    mail.declare(key, name=name, subject=subject, body=body, placeholders=SAMPLE | more)


_declare(
    CALLED_OFF,
    gettext_noop("Course: a date is cancelled"),
    "Cancelled: {{ course }}, {{ when }}",
    _DEAR + "We are sorry: we have had to cancel {{ course }} on {{ when }}, which you booked with "
    "the reference {{ reference }}.\n\n{{ reason }}\n\n{{ refund }}\n\n{{ alternative }}\n\n"
    "[See your booking]({{ folder }})\n\nThe file with this letter takes the day out of your "
    "calendar.",
    reason="Too few children have booked for a good day.",
    refund="You get back everything that you have paid for it: £66.50.",
    alternative="There are places on Tuesday 27 October 2026, 10am to 4pm. You can book them in "
    "your family folder; your answers are filled in.",
)
_declare(
    CALLED_OFF_WAITING,
    gettext_noop("Course: a date with a waiting list is cancelled"),
    "Cancelled: {{ course }}, {{ when }}",
    _DEAR + "You are on the waiting list for {{ course }} on {{ when }}. We are sorry: we have had "
    "to cancel that day, so the list has ended.\n\n{{ reason }}\n\n{{ alternative }}",
    reason="The building is closed.",
    alternative="There are places on Tuesday 27 October 2026, 10am to 4pm.",
)
_declare(
    CANCELLED,
    gettext_noop("Booking: cancelled by the family"),
    "Cancelled: {{ course }}, {{ when }}",
    _DEAR
    + "As you asked, we have cancelled {{ places }} of your booking {{ reference }}.\n\n"
    + _LINES
    + "\n{{ refund }}\n\n[See your booking]({{ folder }})",
    places="2 places",
    refund="You get back £33.25.",
)
_declare(
    MOVED,
    gettext_noop("Booking: moved to another date"),
    "Moved: {{ course }}, {{ when }}",
    _DEAR + "As you asked, your booking {{ reference }} has moved.\n\n- It was: {{ was }}\n- It "
    "is now: {{ when }}\n- Where: {{ where }}\n- Places: {{ places }}\n\n{{ money }}\n\n"
    "The file with this letter changes the day in your calendar.\n\n"
    "[See your booking]({{ folder }})",
    was="Monday 26 October 2026, 10am to 4pm",
    places="2 places",
    money="The new date costs £5 more. Please pay it by 9 October 2026.",
)
_declare(
    CLASH,
    gettext_noop("Booking: two bookings at the same time"),
    "Please check: two bookings at the same time",
    _DEAR + "Your booking {{ reference }} for {{ course }} on {{ when }} is for a child who is "
    "also booked for {{ other }}, at the same time.\n\nIf that is a mistake, you can change or "
    "cancel either of them: [See your booking]({{ folder }})",
    other="Family drums, Monday 26 October 2026, 2pm to 5pm (FD26-7KWN)",
)
_declare(
    JOINING_WEEK,
    gettext_noop("Course: joining pack, a week before"),
    "Next week: {{ course }}, {{ when }}",
    _DEAR + "We look forward to seeing you.\n\n" + _LINES + "- Places: {{ places }}\n"
    "- Reference: {{ reference }}\n\n{{ joining }}\n\nHas something changed, such as who collects "
    "your child or what we should know about their health? [Tell us in your family folder]"
    "({{ folder }}) until {{ change_until }}. The day is attached for your calendar.",
    places="2 places",
    joining="Please bring a drink and a packed lunch. Doors open fifteen minutes before.",
    change_until="Friday 23 October 2026, 10am",
)
_declare(
    JOINING_DAY,
    gettext_noop("Course: joining pack, the day before"),
    "Tomorrow: {{ course }}, {{ when }}",
    _DEAR + "A reminder for tomorrow.\n\n" + _LINES + "- Places: {{ places }}\n\n{{ joining }}\n\n"
    "If you cannot come, please tell us: [your family folder]({{ folder }}), or ring "
    "{{ hub_phone }}.",
    places="2 places",
    joining="Please bring a drink and a packed lunch. Doors open fifteen minutes before.",
)
_declare(
    NOT_ARRIVED,
    gettext_noop("Course: a child has not arrived"),
    "Not arrived: {{ course }}, {{ when }}",
    "{{ child }} is booked for {{ course }} today and has not arrived.\n\n" + _LINES + "\nIf you "
    "know where they are, please tell us: ring {{ hub_phone }}. If you think that they are on "
    "their way and should have arrived, ring us now.\n\nReference {{ reference }}.",
    child="Wren",
)
_declare(
    THANKS,
    gettext_noop("Course: thank you, and how was it?"),
    "Thank you for coming: {{ course }}",
    _DEAR + "Thank you for coming to {{ course }} on {{ when }}.\n\n{{ feedback_words }}\n\n"
    "[What is on next]({{ site_address }})",
    feedback_words="Tell us how it was, in two minutes: /apply/how-was-it/",
)
_declare(
    SONG,
    gettext_noop("Course: a song to listen to"),
    "A song from {{ course }}",
    _DEAR + "Here is a recording from {{ course }} on {{ when }}, for your family alone.\n\n"
    "[Listen to it]({{ link }})\n\nThe link works until {{ until }}. Please do not pass it on: "
    "other children can be heard in it.",
    link="/songs/sample/",
    until="30 November 2026",
)


def facts(submission: Submission, date: CourseDate, contact_name: str) -> dict[str, str]:
    """What each letter about a booking on this date may say."""
    return {
        "contact_name": contact_name,
        "reference": submission.reference,
        "course": date.course.title,
        "when": say_when(date),
        "where": ics.place_of(date),
        "folder": site_link(f"/family/{submission.reference}/"),
    }


def case_of(submission: Submission) -> Case | None:
    """The booking's case: it has the booking's reference."""
    return Case.objects.filter(reference=submission.reference).first()


def write(  # noqa: ANN201 - the outbox row or None
    letter: str,
    submission: Submission,
    date: CourseDate,
    *,
    key: str,
    attachments: tuple = (),
    **more: str,
):
    """Promise a letter to whoever booked, once for each key, in the caller's transaction."""
    case = case_of(submission)
    if case is None or not case.contact_email:
        return None
    return mail.queue(
        letter,
        to=case.contact_email,
        context=facts(submission, date, case.contact_name) | more,
        key=key,
        attachments=attachments,
        record=submission,
    )
