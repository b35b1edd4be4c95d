"""A family's way through a form: begin it, find it again, and what its pages show.

Answers of questions that are hidden now stay in the row, in case they show again, and nothing
reads them: whoever wants answers asks `walked`. What changes a journey is in forms.pagesaving.
"""

import hmac
import json
from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any

from django.db import connection
from django.db.models.expressions import Col
from django.utils import timezone

from cms.models import CourseDate
from cms.secrecy import hashed, new_token
from forms import codes, remission, siblings, tasklist
from forms.field_types import Asking
from forms.keeping import UNFINISHED, rule_for
from forms.models import FormVersion, Journey, PriceCode, facts_for
from forms.pricing import Price, price_of
from forms.stepforms import StepForm
from forms.versions import version_of
from forms.walk import VisibleStep, Walk, form_class, walk


class NoSuchJourneyError(LookupError):
    """There is no such journey for this browser: unknown, somebody else's, or past its time."""


class AlreadySubmittedError(Exception):
    """The journey was sent meanwhile; its answers cannot change any more."""


class StalePageError(Exception):
    """The page was saved elsewhere since it was shown. `journey` is how it stands now."""

    def __init__(self, journey: Journey):
        super().__init__("This page was saved in another tab.")
        self.journey = journey


class NoSuchPageError(LookupError):
    """The step, or the item of it, is not part of this journey as it stands."""


def begin(
    version: FormVersion, *, owner: str, offering: CourseDate | None = None, language: str = ""
) -> Journey:
    """A new journey through a published version, owned by whoever holds the `owner` token.

    In `language`, where the form has it; "" is the form's first.
    """
    return Journey.objects.create(
        language=language,
        key=new_token(),
        version=version,
        offering=offering,
        answers={},
        owner_hash=hashed(owner),
        resume_email="",
        expires_at=kept_until(version),
    )


def give_to(journey: Journey, owner: str) -> None:
    """Make a journey that is not sent yet the property of whoever holds the `owner` token."""
    Journey.objects.filter(pk=journey.pk, submitted_at=None).update(owner_hash=hashed(owner))


def find(form_slug: str, key: str, *, owner: str) -> Journey:
    """The journey of that address, for the holder of its token. One query.

    Raises NoSuchJourneyError: who guesses an address learns nothing from the answer.
    """
    journey = row_of("key", key) if owner else None
    if journey is None or not hmac.compare_digest(journey.owner_hash, hashed(owner)):
        raise NoSuchJourneyError
    journey.version = version_of(journey.version_id, journey.digest)
    if journey.version.slug != form_slug:
        raise NoSuchJourneyError
    if journey.submitted_at is None and journey.expires_at <= timezone.now():
        raise NoSuchJourneyError
    return journey


def reach(pk: int) -> Journey:
    """A journey whose reader has proved by other means that they may write in it."""
    journey = row_of("id", pk)
    if journey is None:
        raise NoSuchJourneyError
    journey.version = version_of(journey.version_id, journey.digest)
    return journey


_READ = [field for field in Journey._meta.concrete_fields if field.name != "resume_email"]
_NAMES = [field.attname for field in _READ]
_ROW = (
    f"SELECT {', '.join(f'journey.{field.column}' for field in _READ)}, own.sha256 AS digest, "  # noqa: S608
    f"(SELECT newest.sha256 FROM {FormVersion._meta.db_table} newest "
    "WHERE newest.form_id = own.form_id ORDER BY newest.number DESC LIMIT 1) AS newest_digest "
    f"FROM {Journey._meta.db_table} journey "
    f"JOIN {FormVersion._meta.db_table} own ON own.id = journey.version_id WHERE journey."
)


def row_of(where: str, value: object, *, lock: bool = False) -> Journey | None:
    """A journey, with the digests of its version and of its form's newest.

    Every page of every journey asks this, so it is written out and read without a query set: they
    would cost more than the answer.
    """
    locking = " FOR UPDATE OF journey" if lock and connection.features.has_select_for_update else ""
    with connection.cursor() as cursor:
        cursor.execute(f"{_ROW}{where} = %s{locking}", [value])
        row = cursor.fetchone()
    if row is None:
        return None
    *values, digest, newest = row
    for at, column in _converted(connection.vendor):
        for convert in _converters(column):
            values[at] = convert(values[at], column, connection)
    journey = Journey.from_db(connection.alias, _NAMES, values)
    journey.digest, journey.newest_digest = digest, newest
    return journey


@cache
def _converted(_vendor: str) -> list[tuple[int, Col]]:
    """Which columns of a journey this database does not give as Python wants them."""
    columns = enumerate(field.get_col(Journey._meta.db_table) for field in _READ)
    return [(at, column) for at, column in columns if _converters(column)]


def _converters(column: Col) -> list[Callable]:
    """As a query set would call them, in this order."""
    return [
        *connection.ops.get_db_converters(column),
        *column.get_db_converters(connection),
    ]


def facts(journey: Journey) -> dict[str, date]:
    """The days that rules may name, for this journey."""
    return facts_for(journey.offering)


def walked(journey: Journey) -> Walk:
    """The steps and questions that this family sees now."""
    return walk(journey.version.compiled, journey.answers, facts=facts(journey))


def may_visit(journey: Journey, seen: Walk, key: str) -> bool:
    """Whether this step can be opened now: in order, or as a task list allows."""
    if tasklist.is_wanted(journey.version.compiled):
        return tasklist.may_visit(journey.version.compiled, seen, key)
    return seen.may_visit(key)


def price(
    journey: Journey,
    seen: Walk,
    code: PriceCode | None = None,
    asked: remission.Help | None = None,
) -> Price | None:
    """What this family pays for what it answered; None when there is nothing to price.

    `code` is the one that `codes.given` found, `asked` what `wanted_help` did: whoever asks for a
    price looks them up first.
    """
    terms = {
        "facts": facts(journey),
        "code": codes.terms(code),
        "siblings": siblings.before(journey, seen.answers),
    }
    compiled = journey.version.compiled
    full = price_of(compiled, seen.answers, journey.offering, **terms)
    if full is None or asked is None:
        return full
    helped = price_of(compiled, seen.answers, journey.offering, **terms, given=asked.terms)
    return remission.priced(full, helped, asked)


def wanted_help(journey: Journey, seen: Walk, *, lock: bool = False) -> remission.Help | None:
    """The help with costs that these answers ask for."""
    if not remission.asks(journey.version.compiled):
        return None
    return remission.wanted(journey.version.compiled, seen.answers, facts(journey), lock=lock)


def page_answers(journey: Journey, step: Mapping, number: int | None) -> dict:
    """What is stored of one page; `number` says which item of a repeated step, from 1."""
    if not step["repeat"]:
        return journey.answers
    items = journey.answers.get(step["key"]) or []
    return items[number - 1] if number and number <= len(items) else {}


def page_mark(journey: Journey, step: Mapping, number: int | None) -> str:
    """What a page carries to tell whether its answers were changed since it was shown."""
    stored = page_answers(journey, step, number)
    own = {q["key"]: stored[q["key"]] for q in step["questions"] if q["key"] in stored}
    text = json.dumps(own, sort_keys=True)
    return hmac.new(journey.key.encode(), text.encode(), "sha256").hexdigest()[:24]


def page_form(
    journey: Journey,
    seen: Walk,
    step: VisibleStep,
    *,
    number: int | None = None,
    data: Any = None,
    files: Any = None,
    same: bool = False,
) -> StepForm:
    """The Django form of one page, with what is stored for it.

    `same` fills in what was answered for the first item, where that is offered.
    """
    version = journey.version
    make = form_class(version.sha256, version.compiled, step.key)
    return make(
        data,
        files,
        initial_answers=suggested(journey, step, number)
        | _offered(journey, step, page_answers(journey, step.step, number))
        | (same_as_first(journey, step, number) if same else {}),
        seen=_seen_before(seen, step),
        facts=facts(journey),
        asking=Asking(
            answers=seen.answers,
            today=facts(journey)["today"],
            form_id=version.form_id,
            journey_id=journey.pk,
            offering_id=journey.offering_id,
        ),
    )


def suggested(journey: Journey, step: VisibleStep, number: int | None) -> dict:
    """What the family said another time for this page, where nothing is stored for it yet."""
    said = (journey.suggested or {}).get("answers") or {}
    stored = page_answers(journey, step.step, number)
    if step.repeat:
        items = said.get(step.key) or []
        said = items[number - 1] if number and number <= len(items) else {}
    keys = {question["key"] for question in step.step["questions"]}
    return {key: value for key, value in said.items() if key in keys and key not in stored}


def _offered(journey: Journey, step: VisibleStep, stored: dict) -> dict:
    """What is stored, and what `?for=` asked for where no date was chosen yet."""
    if journey.offering is None:
        return stored
    chosen = {"offering": journey.offering.reference, "children": 1}
    return {
        **{q["key"]: chosen for q in step.questions if q["type"] == "places"},
        **{key: value for key, value in stored.items() if value is not None},
    }


def same_as_first(journey: Journey, step: VisibleStep, number: int | None) -> dict:
    """Answers for the first item that this item can take over: where the author offers it, and
    nothing was answered yet. {} when there are none."""
    if not step.repeat or not number or number < 2 or not step.items:
        return {}
    first, own = step.items[0].answers, page_answers(journey, step.step, number)
    offered = [q["key"] for q in step.step["questions"] if q["settings"].get("same_as_first")]
    if any(own.get(key) is not None for key in offered):
        return {}
    return {key: first[key] for key in offered if key in first}


def _seen_before(seen: Walk, step: VisibleStep) -> dict:
    """The visible answers of everything but this page itself."""
    own = {question["key"] for question in step.step["questions"]} | {step.key}
    return {key: value for key, value in seen.answers.items() if key not in own}


def item_to_ask(step: VisibleStep, answers: Mapping) -> int | None:
    """Which item of a repeated step is to be asked next; None when all that are needed are there.

    The first that is incomplete, else the next of the least number.
    """
    for item in step.items:
        if not item.is_complete:
            return item.number
    if len(step.items) < step.least or (not step.items and step.key not in answers and step.most):
        return len(step.items) + 1
    return None


def check_item(step: VisibleStep, number: int | None) -> None:
    """Raises NoSuchPageError for an item that neither exists nor may be added now."""
    if step.repeat is None:
        if number is not None:
            raise NoSuchPageError
        return
    if number is None or not 1 <= number <= min(len(step.items) + 1, step.most):
        raise NoSuchPageError


def places_keys(compiled: Mapping) -> set[str]:
    """Keys of the questions that hold places."""
    return {
        question["key"]
        for step in compiled["steps"]
        for question in step["questions"]
        if question["type"] == "places"
    }


def kept_until(version: FormVersion) -> datetime:
    return timezone.now() + timedelta(days=rule_for(version.compiled, UNFINISHED).days)
