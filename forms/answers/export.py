"""Answers as a file: the same columns in every year, no cell that runs, no restricted answer.

A small file is made at once; a large one by a job, in parts of CHUNK rows that a stop does not
lose, for the person who asked, who finds it for a day. The first columns are those of the
application; then one for each question (forms.answers.columns). Rows are applications, or items
of one repeated step: then the columns of that step hold the item's own answers, and all others
stand in each of its rows.
The rule a newcomer would break: what may be exported is asked again when the file is made.
"""

import json
from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import IO

from django.core.files.base import ContentFile, File
from django.utils import timezone

from cms import clock, exports, jobs
from cms.models import User
from cms.secrecy import new_token
from forms.models import AnswerExport, FormDefinition, Submission
from workflows.models import Case

from .columns import AnswerTable, Column
from .listing import Answers, Filters
from .withheld import OPEN, withheld

AT_ONCE = 500
CHUNK = 500
KEPT = timedelta(days=1)
KINDS = {"csv": "CSV", "xlsx": "Excel (XLSX)"}
WORDS, KEYS = "words", "keys"
FIRST = (
    ("reference", "Reference"),
    ("submitted", "Sent in"),
    ("stage", "Stage"),
    ("version", "Form version"),
    ("applied_for", "Applied for"),
    ("centre", "Centre"),
    ("price", "Price (£)"),
)


def headings(table: AnswerTable, rows_of: str, how: str) -> list[str]:
    """The heading of each column: the newest words of its question, or its short name."""
    item = [("item", table.repeats.get(rows_of, "item").capitalize())] if rows_of else []
    fixed = [*FIRST, *item]
    return [
        *(key if how == KEYS else str(words) for key, words in fixed),
        *(_heading(column, how) for column in table.exported()),
    ]


def _heading(column: Column, how: str) -> str:
    # The key of a question that was removed may since be another's.
    return column.heading if how == WORDS else f"{column.key} {column.id}"


def table_rows(
    answers: Answers, submissions: Iterable[Submission], rows_of: str
) -> Iterator[list[object]]:
    """The rows of some submissions, with one query for the stages of them all."""
    submissions = list(submissions)
    stages = _stages(submissions)
    numbers = {version.pk: version.number for version in answers.versions}
    columns = answers.table.exported()
    hidden = withheld(answers.user, submissions)
    for row in submissions:
        veil = hidden.get(row.reference, OPEN)
        start = [
            row.reference,
            row.submitted_at,
            stages.get(row.reference, ""),
            numbers[row.version_id],
            row.offering.reference if row.offering else "",
            str(row.offering.centre) if row.offering else "",
            Decimal(row.price["pence"]) / 100 if row.price and "pence" in row.price else "",
        ]
        if not rows_of:
            yield [
                *start,
                *(veil.cell(column.key, answers.table.cell(row, column)) for column in columns),
            ]
            continue
        for number in range(1, max(answers.table.items(row, rows_of), 1) + 1):
            item = (rows_of, number)
            cells = (
                veil.cell(column.key, answers.table.cell(row, column, item)) for column in columns
            )
            yield [*start, number, *cells]


def _stages(submissions: list[Submission]) -> dict[str, str]:
    """The name of each one's stage; the rows themselves were reached by the person's own rights."""
    cases = (
        Case.objects.filter(reference__in=[row.reference for row in submissions])
        .select_related("version")
        .order_by()
    )
    return {
        case.reference: case.version.plan.by_key[case.stage_key].staff_name
        if case.stage_key in case.version.plan.by_key
        else case.stage_key
        for case in cases
    }


def _batches(answers: Answers, filters: Filters, after: int = 0) -> Iterator[list[Submission]]:
    """Submissions in batches of CHUNK, oldest first, so that what comes later stands below."""
    found = answers.rows(filters, "export").select_related("offering__centre").defer("labels")
    while batch := list(found.filter(pk__gt=after).order_by("pk")[:CHUNK]):
        yield batch
        after = batch[-1].pk


def table_at_once(
    answers: Answers, filters: Filters, *, kind: str, rows_of: str, how: str
) -> IO[bytes]:
    """The whole file, now."""
    rows = (
        row for batch in _batches(answers, filters) for row in table_rows(answers, batch, rows_of)
    )
    return exports.table(kind, headings(answers.table, rows_of, how), rows)


def ask(
    user: User,
    form: FormDefinition,
    filters: Filters,
    *,
    kind: str,
    rows_of: str,
    how: str,
    reason: str,
    rows: int,
) -> AnswerExport:
    """Promise a file to somebody. Inside the caller's transaction."""
    export = AnswerExport.objects.create(
        user=user,
        form=form,
        token=new_token(),
        kind=kind,
        rows_of=rows_of,
        headings=how,
        chosen=filters.chosen(),
        reason=reason,
        rows=rows,
        expires_at=timezone.now() + KEPT,
    )
    jobs.enqueue("forms.export", key=job_key(export), payload={"export": export.pk})
    return export


def job_key(export: AnswerExport) -> str:
    return f"answers-{export.pk}"


@jobs.handlers("forms.export")
def make(run: jobs.JobRun) -> None:
    """Write part after part, then put them together. The cursor is the last key."""
    export = AnswerExport.objects.select_related("user", "form").get(pk=run.payload["export"])
    user = User.objects.get(pk=export.user_id)
    if not may_export(user):
        raise jobs.GiveUpError("The person who asked may not export answers any more.")
    answers, filters = Answers(user, export.form.slug), Filters.read(export.chosen)
    total = answers.rows(filters, "export").count()
    run.describe(phase="Reading answers", total=total)
    for batch in _batches(answers, filters, run.cursor):
        _write_part(export, batch[-1].pk, table_rows(answers, batch, export.rows_of))
        with run.chunk(to=batch[-1].pk, count=len(batch)):
            pass
    run.describe(phase="Writing the file")
    parts = _parts(export)
    rows = _kept_alive(run, (row for name in parts for row in _read_part(export, name)))
    made = exports.table(
        export.kind, headings(answers.table, export.rows_of, export.headings), rows
    )
    _remove(export, f"answers.{export.kind}")
    export.file.save(f"answers.{export.kind}", File(made), save=False)
    with run.finish():
        AnswerExport.objects.filter(pk=export.pk).update(
            file=export.file.name, done_at=timezone.now(), rows=total
        )
    for name in parts:
        _remove(export, name)


def may_export(user: User) -> bool:
    """Listing and exporting are permissions of their own; a file takes both."""
    return user.is_active and user.has_perms(
        ["hub_forms.list_submission", "hub_forms.export_submission"]
    )


def _kept_alive(run: jobs.JobRun, rows: Iterable[list]) -> Iterator[list]:
    for number, row in enumerate(rows):
        if number % 2000 == 1999:
            run.extend()
        yield row


# Parts: JSON lines in private storage ------------------------------------------------------------


def _folder(export: AnswerExport) -> str:
    return f"exports/{export.token}"


def _remove(export: AnswerExport, name: str) -> None:
    storage = export.file.storage
    path = f"{_folder(export)}/{name}"
    if storage.exists(path):
        storage.delete(path)


def _write_part(export: AnswerExport, last: int, rows: Iterable[list]) -> None:
    """A part is named by its last key, so that writing it again replaces it."""
    name = f"{last:015d}.part"
    _remove(export, name)
    text = "".join(f"{json.dumps([_packed(cell) for cell in row])}\n" for row in rows)
    export.file.storage.save(f"{_folder(export)}/{name}", ContentFile(text.encode()))


def _parts(export: AnswerExport) -> list[str]:
    """The parts in the order of their keys; none when there was no row."""
    try:
        names = export.file.storage.listdir(_folder(export))[1]
    except FileNotFoundError:
        return []
    return sorted(name for name in names if name.endswith(".part"))


def _read_part(export: AnswerExport, name: str) -> Iterator[list]:
    with export.file.storage.open(f"{_folder(export)}/{name}") as part:
        for line in part:
            yield [_unpacked(cell) for cell in json.loads(line)]


def _packed(cell: object) -> object:
    if isinstance(cell, datetime):
        return {"at": cell.isoformat()}
    if isinstance(cell, date):
        return {"day": cell.isoformat()}
    return {"number": str(cell)} if isinstance(cell, Decimal) else cell


def _unpacked(cell: object) -> object:
    if not isinstance(cell, dict):
        return cell
    if "at" in cell:
        return datetime.fromisoformat(cell["at"])
    return date.fromisoformat(cell["day"]) if "day" in cell else Decimal(cell["number"])


# Forgetting --------------------------------------------------------------------------------------


@jobs.handlers("forms.forget_exports")
def forget_exports(run: jobs.JobRun) -> None:
    """Delete files whose day is over and the rows about them; that it was taken is in the log."""
    with run.finish():
        AnswerExport.objects.filter(expires_at__lte=timezone.now()).delete()
    _sweep()


def _sweep() -> None:
    """Delete the files of exports that are gone, whoever deleted their rows."""
    storage = AnswerExport._meta.get_field("file").storage
    try:
        tokens = set(storage.listdir("exports")[0])
    except FileNotFoundError:
        return
    for token in tokens - set(AnswerExport.objects.values_list("token", flat=True)):
        for name in storage.listdir(f"exports/{token}")[1]:
            storage.delete(f"exports/{token}/{name}")
        storage.delete(f"exports/{token}")


clock.every("forms.forget_exports", minutes=60)
