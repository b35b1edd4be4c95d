"""What changes a journey: a page of it is saved, an item of it goes, its places are kept longer.

Every verb is one short transaction that locks the journey's row first and its course date second,
or one statement that changes the row only as it was read. A page is saved whole or not at all.
The rule a newcomer would break: nothing here is called by a GET.
"""

import copy
import hmac
from collections.abc import Collection, Mapping
from typing import Any

from django.db import connection, transaction

from cms import places
from forms import attachments, journeys
from forms.holding import set_expiry, settle
from forms.incoming import Incoming
from forms.journeys import AlreadySubmittedError, NoSuchPageError, StalePageError
from forms.models import Attachment, FormVersion, Journey
from forms.versions import version_of
from forms.walk import VisibleStep, answers_with

#: Changes a row only if it is as it was read: every change of answers or version counts `rev` up.
_SAVE = (
    f"UPDATE {Journey._meta.db_table} SET answers = %s, rev = %s, expires_at = %s "  # noqa: S608
    "WHERE id = %s AND rev = %s AND version_id = %s AND submitted_at IS NULL"
)


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
    if not dropped:
        saved = _saved_as_read(journey, step_key, number, answers, mark)
        if saved is not None:
            return saved
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


def _saved_as_read(
    journey: Journey, step_key: str, number: int | None, answers: Mapping, mark: str
) -> Journey | None:
    """Save a page by one statement, where only its answers change and nobody else was faster.

    None where places or files come into it, or the row is no longer as it was read: then whoever
    calls locks it and looks again.
    """
    seen = journeys.walked(journey)
    if journey.held_until or journeys.places_keys(journey.version.compiled):
        return None
    if journey.submitted_at or not journeys.may_visit(journey, seen, step_key):
        return None
    step = seen[step_key]
    if any(question["type"] == "file" for question in step.step["questions"]):
        return None
    journeys.check_item(step, number)
    if _is_stale(journey, step, number, answers, mark):
        return None
    saved = copy.copy(journey)
    _store(saved, step, number, dict(answers))
    set_expiry(saved, journeys.walked(saved))
    return saved if _wrote(saved, was=journey) else None


def _wrote(saved: Journey, *, was: Journey) -> bool:
    """Whether the row was still as `was` says, and is now as `saved` says."""
    answers = Journey._meta.get_field("answers").get_prep_value(saved.answers)
    until = connection.ops.adapt_datetimefield_value(saved.expires_at)
    with connection.cursor() as cursor:
        cursor.execute(_SAVE, [answers, saved.rev, until, was.pk, was.rev, was.version_id])
        return cursor.rowcount == 1


def _is_stale(
    journey: Journey, step: VisibleStep, number: int | None, new: Mapping, mark: str
) -> bool:
    """Whether the page was saved otherwise since `mark` was made, and differs from `new`."""
    if not mark or hmac.compare_digest(mark, journeys.page_mark(journey, step.step, number)):
        return False
    stored = journeys.page_answers(journey, step.step, number)
    return any(stored.get(key) != value for key, value in new.items())


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
        seen = journeys.walked(locked)
        if not journeys.may_visit(locked, seen, step_key):
            raise NoSuchPageError
        step = seen[step_key]
        journeys.check_item(step, number)
        stored = journeys.page_answers(locked, step.step, number)
        new = _with_files(step, stored, answers, dropped, written)
        if _is_stale(locked, step, number, new, mark):
            raise StalePageError(locked)
        gone = attachments.ids_in([stored.get(k) for k in new]) - attachments.ids_in(new)
        _store(locked, step, number, new)
        settle(locked, new)
        attachments.forget(locked, gone)
    return locked


def _locked(journey: Journey) -> Journey:
    """The row as it is now, locked; its version is read again only when staff moved it on."""
    locked = journeys.row_of("id", journey.pk, lock=True)
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
    journey.answers = answers_with(journey.answers, step, number, new)
    journey.rev += 1


def skip_repeat(journey: Journey, step_key: str) -> Journey:
    """Note that a repeated step that needs no item was passed without one."""
    with transaction.atomic():
        locked = _locked(journey)
        if locked.answers.get(step_key) is None:
            locked.answers = {**locked.answers, step_key: []}
            locked.rev += 1
            settle(locked)
    return locked


def remove_item(journey: Journey, step_key: str, number: int) -> Journey:
    """Take one item out of a repeated step. Raises NoSuchPageError when it is not there."""
    with transaction.atomic():
        locked = _locked(journey)
        seen = journeys.walked(locked)
        if not journeys.may_visit(locked, seen, step_key) or not seen[step_key].repeat:
            raise NoSuchPageError
        items = list(locked.answers.get(step_key) or [])
        if not 1 <= number <= len(seen[step_key].items) or not seen[step_key].may_lose_one:
            raise NoSuchPageError
        gone = attachments.ids_in(items.pop(number - 1))
        locked.answers = {**locked.answers, step_key: items}
        locked.rev += 1
        settle(locked)
        attachments.forget(locked, gone)
    return locked


def drop_items(journey: Journey, step_key: str, numbers: Collection[int]) -> Journey:
    """Take out those items that are too many since their number was answered otherwise.

    Other steps that are asked once for each of the same lose the same ones. Raises NoSuchPageError
    unless `numbers` are exactly as many of the step's items as are too many.
    """
    with transaction.atomic():
        locked = _locked(journey)
        seen = journeys.walked(locked)
        if not journeys.may_visit(locked, seen, step_key):
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
        settle(locked)
        attachments.forget(locked, gone)
    return locked


def more_time(journey: Journey) -> Journey:
    """Keep the held places for longer. Raises what cms.places.extend raises."""
    with transaction.atomic():
        locked = _locked(journey)
        locked.held_until = places.extend(locked.holder)
        locked.save(update_fields=["held_until"])
    return locked
