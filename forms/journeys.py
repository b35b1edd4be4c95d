"""A family's way through a form: begin it, find it again, save a page of it, give it more time.

Every verb is one short transaction that locks the journey's row first and its course date second.
A page is saved whole or not at all. Answers of questions that are hidden now stay in the row, in
case they show again, and nothing reads them: whoever wants answers asks `walked`.
The rule a newcomer would break: nothing here is called by a GET.
"""

import hmac
import json
from collections.abc import Collection, Mapping
from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from cms import places
from cms.models import CourseDate
from cms.secrecy import hashed, new_token
from forms import attachments, codes, extras, remission, tasklist
from forms.field_types import Asking
from forms.incoming import Incoming
from forms.keeping import UNFINISHED, rule_for
from forms.models import Attachment, FormVersion, Journey, PriceCode, facts_for
from forms.pricing import Price, places_in, price_of
from forms.stepforms import StepForm
from forms.versions import version_of
from forms.walk import VisibleStep, Walk, form_class, walk

KEPT_AFTER_EXIT = timedelta(days=1)


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
        expires_at=_kept_until(version),
    )


def give_to(journey: Journey, owner: str) -> None:
    """Make a journey that is not sent yet the property of whoever holds the `owner` token."""
    Journey.objects.filter(pk=journey.pk, submitted_at=None).update(owner_hash=hashed(owner))


def find(form_slug: str, key: str, *, owner: str) -> Journey:
    """The journey of that address, for the holder of its token. One query.

    Raises NoSuchJourneyError: who guesses an address learns nothing from the answer.
    """
    journey = _row("key", key) if owner else None
    if journey is None or not hmac.compare_digest(journey.owner_hash, hashed(owner)):
        raise NoSuchJourneyError
    journey.version = version_of(journey.version_id, journey.digest)
    if journey.version.slug != form_slug:
        raise NoSuchJourneyError
    if journey.submitted_at is None and journey.expires_at <= timezone.now():
        raise NoSuchJourneyError
    return journey


_ASKED = [field.column for field in Journey._meta.concrete_fields if field.name != "resume_email"]
_ROW = (
    f"SELECT {', '.join(f'journey.{column}' for column in _ASKED)}, own.sha256 AS digest, "  # noqa: S608
    f"(SELECT newest.sha256 FROM {FormVersion._meta.db_table} newest "
    "WHERE newest.form_id = own.form_id ORDER BY newest.number DESC LIMIT 1) AS newest_digest "
    f"FROM {Journey._meta.db_table} journey "
    f"JOIN {FormVersion._meta.db_table} own ON own.id = journey.version_id WHERE journey."
)


def _row(where: str, value: object, *, lock: bool = False) -> Journey | None:
    """A journey, with the digests of its version and of its form's newest.

    Every page of every journey asks this, so it is written out: putting it together anew each time
    would cost more than the answer.
    """
    locking = " FOR UPDATE OF journey" if lock and connection.features.has_select_for_update else ""
    return next(iter(Journey.objects.raw(f"{_ROW}{where} = %s{locking}", [value])), None)


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
    terms = {"facts": facts(journey), "code": codes.terms(code)}
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


def save_page(
    journey: Journey,
    step_key: str,
    *,
    number: int | None = None,
    answers: Mapping[str, Any],
    mark: str = "",
    dropped: Mapping[str, set[int]] | None = None,
) -> Journey:
    """Save one page's cleaned answers; the journey as it stands afterwards.

    File questions bring their uploads; `dropped` are attachments to remove, by question. `mark`
    is what the page carried (page_mark). A places question holds its places, all or none.
    Raises StalePageError, AlreadySubmittedError, NoSuchPageError, attachments.TooManyFilesError,
    and what cms.places.hold raises; then nothing was saved.
    """
    # Written before anything is locked: a slow store must not keep other families waiting.
    written = _written(journey, answers)
    try:
        return _save_written(
            journey,
            step_key,
            number=number,
            answers=answers,
            mark=mark,
            dropped=dropped or {},
            written=written,
        )
    except BaseException:
        attachments.discard(row for rows in written.values() for row in rows)
        raise


def _save_written(
    journey: Journey,
    step_key: str,
    *,
    number: int | None,
    answers: Mapping[str, Any],
    mark: str,
    dropped: Mapping[str, set[int]],
    written: Mapping[str, list[Attachment]],
) -> Journey:
    with transaction.atomic():
        locked = _locked(journey)
        if locked.version_id != journey.version_id:
            answers, mark = _still_asked(journey, locked, step_key, answers), ""
            attachments.discard(
                row for key in written.keys() - answers.keys() for row in written[key]
            )
        seen = walked(locked)
        if not may_visit(locked, seen, step_key):
            raise NoSuchPageError
        step = seen[step_key]
        check_item(step, number)
        stored = page_answers(locked, step.step, number)
        new = _with_files(step, stored, answers, dropped, written)
        is_stale = mark and not hmac.compare_digest(mark, page_mark(locked, step.step, number))
        if is_stale and any(stored.get(key) != value for key, value in new.items()):
            raise StalePageError(locked)
        gone = attachments.ids_in([stored.get(k) for k in new]) - attachments.ids_in(new)
        _store(locked, step, number, new)
        _settle(locked, new)
        attachments.forget(locked, gone)
    return locked


def _locked(journey: Journey) -> Journey:
    """The row as it is now, locked; its version is read again only when staff moved it on."""
    locked = _row("id", journey.pk, lock=True)
    if locked is None:
        raise Journey.DoesNotExist
    if locked.submitted_at:
        raise AlreadySubmittedError
    is_same = locked.version_id == journey.version_id
    locked.version = journey.version if is_same else version_of(locked.version_id, locked.digest)
    locked.window = getattr(journey, "window", None)
    if locked.offering_id == journey.offering_id:
        locked.offering = journey.offering
    return locked


def _written(journey: Journey, answers: Mapping[str, Any]) -> dict[str, list[Attachment]]:
    """The bytes of this page's uploads in private storage, by question."""
    uploads = {
        key: value
        for key, value in answers.items()
        if isinstance(value, list) and value and isinstance(value[0], Incoming)
    }
    return {key: attachments.write(journey, key, files) for key, files in uploads.items()}


def _still_asked(journey: Journey, locked: Journey, step_key: str, answers: Mapping) -> dict:
    """Of a page that was posted while the journey moved to another version: what it still asks."""

    def asked(version: FormVersion) -> dict[str, dict]:
        steps = (step for step in version.compiled["steps"] if step["key"] == step_key)
        return {q["key"]: q for step in steps for q in step["questions"]}

    then, now = asked(journey.version), asked(locked.version)
    return {
        key: value for key, value in answers.items() if key in now and now[key] == then.get(key)
    }


def _with_files(
    step: VisibleStep, stored: Mapping, answers: Mapping, dropped: Mapping, written: Mapping
) -> dict:
    """Answers with uploads turned into what is kept: one file replaces, several are added."""
    new = dict(answers)
    for question in step.step["questions"]:
        key = question["key"]
        if question["type"] != "file" or key not in answers:
            continue
        most = question["settings"].get("max_files") or 1
        kept = [one for one in stored.get(key) or [] if one["id"] not in dropped.get(key, ())]
        if written.get(key):
            kept = kept[: max(0, most - len(written[key]))] if most > 1 else []
            kept += attachments.keep(written[key])
        new[key] = kept or None
    return new


def _store(journey: Journey, step: VisibleStep, number: int | None, new: dict) -> None:
    answers = dict(journey.answers)
    if step.repeat:
        items = list(answers.get(step.key) or [])
        if number > len(items):
            items.append({})
        items[number - 1] = {**items[number - 1], **new}
        answers[step.key] = items
    else:
        answers |= new
        if not new:
            answers[step.key] = True
    journey.answers = answers
    journey.rev += 1


def skip_repeat(journey: Journey, step_key: str) -> Journey:
    """Note that a repeated step that needs no item was passed without one."""
    with transaction.atomic():
        locked = _locked(journey)
        if locked.answers.get(step_key) is None:
            locked.answers = {**locked.answers, step_key: []}
            _settle(locked)
    return locked


def remove_item(journey: Journey, step_key: str, number: int) -> Journey:
    """Take one item out of a repeated step. Raises NoSuchPageError when it is not there."""
    with transaction.atomic():
        locked = _locked(journey)
        seen = walked(locked)
        if not may_visit(locked, seen, step_key) or not seen[step_key].repeat:
            raise NoSuchPageError
        items = list(locked.answers.get(step_key) or [])
        if not 1 <= number <= len(seen[step_key].items) or not seen[step_key].may_lose_one:
            raise NoSuchPageError
        gone = attachments.ids_in(items.pop(number - 1))
        locked.answers = {**locked.answers, step_key: items}
        locked.rev += 1
        _settle(locked)
        attachments.forget(locked, gone)
    return locked


def drop_items(journey: Journey, step_key: str, numbers: Collection[int]) -> Journey:
    """Take out those items that are too many since their number was answered otherwise.

    Other steps that are asked once for each of the same lose the same ones. Raises NoSuchPageError
    unless `numbers` are exactly as many of the step's items as are too many.
    """
    with transaction.atomic():
        locked = _locked(journey)
        seen = walked(locked)
        if not may_visit(locked, seen, step_key):
            raise NoSuchPageError
        step = seen[step_key]
        before = len(step.items) + len(step.surplus)
        if len(numbers) != len(step.surplus) or not set(numbers) <= set(range(1, before + 1)):
            raise NoSuchPageError
        answers = dict(locked.answers)
        for other in locked.version.compiled["steps"]:
            items = answers.get(other["key"])
            counts = (other["repeat"] or {}).get("count_from")
            if counts and counts == step.repeat["count_from"] and isinstance(items, list):
                kept = [item for at, item in enumerate(items, start=1) if at not in numbers]
                answers[other["key"]] = kept if len(items) == before else items
        gone = attachments.ids_in(locked.answers) - attachments.ids_in(answers)
        locked.answers = answers
        locked.rev += 1
        _settle(locked)
        attachments.forget(locked, gone)
    return locked


def more_time(journey: Journey) -> Journey:
    """Keep the held places for longer. Raises what cms.places.extend raises."""
    with transaction.atomic():
        locked = _locked(journey)
        locked.held_until = places.extend(locked.holder)
        locked.save(update_fields=["held_until"])
    return locked


def _settle(journey: Journey, new: Collection[str] | None = None) -> None:
    """Bring the held places and the time it is kept into line with the answers, and save.

    `new` are the questions that were answered just now; None: items came or went.
    """
    seen = walked(journey)
    compiled = journey.version.compiled
    chosen = places_in(compiled, seen.answers) if seen.exit is None else None
    if chosen is None:
        # At an exit the choice stays: who changes the answer is held the same places again.
        _give_places_back(journey, forget=seen.exit is None)
    else:
        if journey.held_until is None or not places_keys(compiled).isdisjoint(new or ()):
            _hold(journey, chosen)
        elif journey.held_until <= timezone.now():
            _take_up_again(journey)
        if journey.hold_problem is None:
            extras.bring_into_line(journey, seen, new)
    journey.expires_at = (
        timezone.now() + KEPT_AFTER_EXIT if seen.exit else _kept_until(journey.version)
    )
    journey.save(update_fields=["answers", "rev", "offering", "held_until", "expires_at"])


def _hold(journey: Journey, chosen: dict) -> None:
    """Hold what was chosen: all children or none, together or as the family parted them."""
    parts = chosen.get("dates") or [
        {"reference": chosen["offering"], "children": chosen["children"]}
    ]
    known = CourseDate.objects.in_bulk([one["reference"] for one in parts], field_name="reference")
    wanted, first = {}, 1
    for one in parts:
        if one["reference"] not in known:
            raise places.NotBookableError("unknown")
        numbers = range(first, first + one["children"])
        wanted[known[one["reference"]].pk] = list(numbers) if len(parts) > 1 else len(numbers)
        first = numbers.stop
    held = places.hold_all(wanted, holder=journey.holder, claims_help=chosen.get("help"))
    journey.offering = known[chosen["offering"]]
    journey.held_until = min(place.expires_at for place in held)


def _take_up_again(journey: Journey) -> None:
    """Places that were held too long ago are taken again where they are still free.

    Where they are not, what was typed is kept all the same: `hold_problem` says what to tell.
    """
    try:
        with transaction.atomic():
            journey.held_until = places.extend(journey.holder)
    except places.PlacesError as problem:
        journey.hold_problem = problem


def _give_places_back(journey: Journey, *, forget: bool) -> None:
    """Nothing is held for a choice that is no longer part of the journey: it is asked again."""
    if journey.held_until is None:
        return
    places.release(journey.holder)
    journey.held_until = None
    if not forget:
        return
    asked = places_keys(journey.version.compiled)
    journey.answers = {key: v for key, v in journey.answers.items() if key not in asked}


def places_keys(compiled: Mapping) -> set[str]:
    """Keys of the questions that hold places."""
    return {
        question["key"]
        for step in compiled["steps"]
        for question in step["questions"]
        if question["type"] == "places"
    }


def _kept_until(version: FormVersion) -> datetime:
    return timezone.now() + timedelta(days=rule_for(version.compiled, UNFINISHED).days)
