"""What forms bring to rehearsals of a process: sample families that send in, and their folder.

A sample goes the way of every family: a journey, places held, submitted. The date that it books,
where its form has dates, is invented for the rehearsal, with as many places as the next real date
of the course has. All of it inside a sandbox.
"""

from collections.abc import Iterator
from datetime import datetime, time, timedelta
from types import SimpleNamespace

from django.db import transaction
from django.utils import timezone

from cms import places
from cms.clock import LONDON
from cms.models import Area, Course, CourseDate, MusicCentre
from workflows.models import Case
from workflows.rehearsal.parts import (
    CannotRehearseError,
    Clockwork,
    Families,
    Family,
    Move,
    Offer,
    People,
    Screen,
    clockworks,
    families,
    moves,
    request_of,
    screens,
)

from . import asking_more, journeys, more_reminders, referees
from .answersets import normal
from .findings import NotPublishableError
from .models import FormDefinition, FormVersion, MoreRequest, ReferenceRequest
from .opening import courses_of
from .pricing import places_in
from .publishing import publish_version
from .samples import EXAMPLE_OFFERING, EXAMPLE_PENCE
from .submissions import IncompleteError, submit
from .walk import walk

OWNER, PLACES = "rehearsal", 20


def _forms(slug: str) -> list[FormDefinition]:
    """The latest drafts of the forms that say this process."""
    found = FormDefinition.objects.order_by("title")
    drafts = [one.get_latest_revision_as_object() for one in found]
    return [draft for draft in drafts if draft.workflow_slug == slug]


def _id(sample: dict) -> str:
    return sample.get("id") or sample["name"]


def offered(slug: str) -> Iterator[Family]:
    for form in _forms(slug):
        for sample in form.samples or []:
            yield Family(f"{form.slug}/{_id(sample)}", sample["name"], form.title)


def send(slug: str, key: str) -> Case:
    """Send a sample's form in. Raises CannotRehearseError."""
    form_slug, _slash, own = key.partition("/")
    form = next((one for one in _forms(slug) if one.slug == form_slug), None)
    samples = form.samples or [] if form else []
    sample = next((one for one in samples if _id(one) == own), None)
    if sample is None:
        raise CannotRehearseError("This sample family is not there any more.")
    version = _version(form)
    if version.compiled.get("workflow") != slug:
        raise CannotRehearseError("The form as it is published goes through another process.")
    try:
        submission = submit(_journey(version, sample))
    except IncompleteError as problem:
        raise CannotRehearseError(_missing(problem)) from problem
    except places.PlacesError as problem:
        raise CannotRehearseError(str(problem)) from problem
    return Case.objects.get(reference=submission.reference)


def _version(form: FormDefinition) -> FormVersion:
    """What families fill in now; the draft, where nothing is published yet."""
    if form.current_version:
        return form.current_version
    try:
        return publish_version(form)
    except NotPublishableError as problem:
        raise CannotRehearseError(f"The form cannot be sent yet. {problem}") from problem


def _missing(problem: IncompleteError) -> str:
    if problem.walk.exit is not None:
        return "This family cannot send the form: it is led out of it."
    step = next((step for step in problem.walk.steps if not step.is_complete), None)
    where = f" on the page “{step.title}”" if step else ""
    return f"This family does not answer all that it is asked{where}. Fill it in again."


def _journey(version: FormVersion, sample: dict) -> journeys.Journey:
    date = _invented_date(_places(version))
    journey = journeys.begin(version, owner=OWNER)
    answers = normal(version.compiled, sample.get("answers") or {})
    for key in journeys.places_keys(version.compiled):
        if isinstance(answers.get(key), dict):
            answers[key] = answers[key] | {"offering": date.reference}
    journey.answers = _with_gaps(version.compiled, answers, journeys.facts(journey))
    journey.offering = date if journeys.places_keys(version.compiled) else None
    journey.save()
    chosen = places_in(version.compiled, journeys.walked(journey).answers)
    if chosen:
        held = places.hold(date.pk, holder=journey.holder, children=chosen["children"])
        journey.held_until = min(place.expires_at for place in held)
        journey.save()
    return journey


def _with_gaps(form: dict, answers: dict, facts: dict) -> dict:
    """The answers as a journey keeps them: what may be left empty was asked and left empty."""
    answers = dict(answers)
    for step in walk(form, answers, facts=facts).steps:
        if step.repeat and isinstance(answers.get(step.key), list):
            answers[step.key] = [
                {q["key"]: None for q in item.questions if not q["required"]} | item.raw
                for item in step.items
            ]
        elif step.kind == "questions" and not step.repeat:
            left = {q["key"]: None for q in step.questions if not q["required"]}
            answers = left | {step.key: True} | answers
    return answers


def _places(version: FormVersion) -> int:
    """How many the next date has that the form could book; 20 where there is none."""
    dates = CourseDate.objects.filter(
        course__slug__in=courses_of(version),
        status=CourseDate.Status.OPEN,
        starts_at__gt=timezone.now(),
    )
    return dates.order_by("starts_at").values_list("capacity", flat=True).first() or PLACES


def _invented_date(capacity: int) -> CourseDate:
    """Two months ahead, with nobody booked on it yet."""
    area = Area.objects.create(name="Rehearsal", slug="rehearsal-area")
    centre = MusicCentre.objects.create(
        name="Example centre", slug="rehearsal", area=area, address="1 Lane", postcode="SG4 9UJ"
    )
    course = Course.objects.create(
        title="Example course", slug="rehearsal", summary="An example.", code="XX"
    )
    now = timezone.now()
    day = (now + timedelta(days=60)).date()
    return CourseDate.objects.create(
        course=course,
        reference=f"{EXAMPLE_OFFERING}-rehearsal",
        centre=centre,
        starts_at=datetime.combine(day, time(10), LONDON),
        ends_at=datetime.combine(day, time(15), LONDON),
        capacity=capacity,
        price_pence=EXAMPLE_PENCE,
        booking_opens_at=now - timedelta(days=30),
        booking_closes_at=now + timedelta(days=59),
    )


families("forms")(Families(offered, send))


# The family folder ------------------------------------------------------------------------------


def _pages(case: Case, people: People) -> Iterator[tuple[str, str]]:
    if case.contact_email:
        yield "case", "The family folder: this application"
        yield "home", "The family folder: its first page"


def _page(case: Case, people: People, key: str) -> str:
    from .family import views  # noqa: PLC0415 - views need the addresses of the whole hub

    request = request_of(None, path="/family/")
    request.family = SimpleNamespace(address=case.contact_email, seal="")
    if key == "home":
        return views.home_page(request).content.decode()
    return views.case_page(request, case.reference).content.decode()


screens("family")(Screen(_pages, _page))


def _asked(case: Case) -> Iterator[Offer]:
    request = asking_more.open_request(case)
    if request and case.is_open and not request.form_id:
        yield Offer("answer", "Answer what was asked", "The family")


def _answer(case: Case, key: str) -> None:
    """The family sends the very answers that it gave before."""
    request = asking_more.open_request(case)
    if request is None or request.form_id:
        raise CannotRehearseError("The family is asked for nothing now.")
    for page in asking_more.pages(request):
        form = asking_more.page_form(request, page)
        drafted = {key: form.stored.get(key) for key in page.keys}
        with transaction.atomic():
            request.answers = {**request.answers, page.name: drafted}
            request.save(update_fields=["answers"])
    asking_more.send(request)


moves("answer")(Move(_asked, _answer))


def _reminders(case: Case) -> Iterator[datetime]:
    """The mornings on which the family is reminded of what it was asked."""
    request = asking_more.open_request(case)
    if request and request.answer_by:
        asked = timezone.localtime(request.asked_at, LONDON).date()
        days = more_reminders.moments(asked, request.answer_by)[request.reminders :]
        yield from (datetime.combine(day, more_reminders.AT, LONDON) for day in days)


def _remind(case: Case, people: People) -> None:
    today = timezone.localdate()
    for request in MoreRequest.objects.open().filter(case=case, answer_by__gte=today):
        more_reminders.remind_once(request, today)


clockworks("reminders of what was asked")(Clockwork(_reminders, _remind))


# References of third persons ---------------------------------------------------------------------

WRITES = {"give": "Write the reference", "decline": "Say that they would rather not"}


def _wanted(case: Case) -> list[ReferenceRequest]:
    return [one for one in referees.of_case(case) if one.is_open()]


def _referees(case: Case) -> Iterator[Offer]:
    for number, one in enumerate(_wanted(case), start=1):
        for key, words in WRITES.items():
            yield Offer(f"{number}:{key}", words, one.name or "A referee")


def _write(case: Case, key: str) -> None:
    number, _colon, what = key.partition(":")
    found = _wanted(case)
    if what not in WRITES or not number.isdigit() or not 1 <= int(number) <= len(found):
        raise CannotRehearseError("No reference is asked for now.")
    one = found[int(number) - 1]
    if what == "give":
        referees.give(one.pk, ["Rehearsed." for _question in one.questions])
    else:
        referees.decline(one.pk)


moves("reference")(Move(_referees, _write))


def _chases(case: Case) -> Iterator[datetime]:
    """The mornings on which referees are reminded, and those on which it is over."""
    for one in referees.of_case(case):
        if one.state == ReferenceRequest.State.ASKED:
            asked, last = (timezone.localdate(at, LONDON) for at in (one.asked_at, one.ends_at))
            days = [*more_reminders.moments(asked, last)[one.reminders :], last + timedelta(days=1)]
            yield from (datetime.combine(day, referees.AT, LONDON) for day in days)


def _chase(case: Case, people: People) -> None:
    for one in referees.of_case(case):
        with transaction.atomic():
            referees.chase_one(one.pk)


clockworks("references")(Clockwork(_chases, _chase))
