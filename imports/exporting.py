"""Taking rosters out: the columns of a roster, written by the widgets that read them.

What is exported imports again as "nothing changed". Cells that a spreadsheet could run are
defused by cms.exports. Whether somebody may, and why, is the caller's to ask and to log.
"""

from collections.abc import Iterator
from typing import IO

from cms import exports

from .models import ImportRun
from .resources import rosters

CHUNK = 1_000


def roster_rows(roster: str) -> tuple[list[str], Iterator[list[str]]]:
    """Headings, and the rows of all present records, streamed in chunks of 1,000."""
    resource = rosters[roster]()
    columns = list(resource.fields.values())
    present = resource.present().values("pk")

    def rows() -> Iterator[list[str]]:
        for record in resource.get_queryset().filter(pk__in=present).iterator(chunk_size=CHUNK):
            yield [column.export(record) for column in columns]

    return [column.heading for column in columns], rows()


def roster_table(roster: str, kind: str) -> tuple[IO[bytes], int, str]:
    """The file, the number of rows in it, and its content type. `kind` is csv or xlsx."""
    headings, rows = roster_rows(roster)
    count = 0

    def counted() -> Iterator[list[str]]:
        nonlocal count
        for row in rows:
            count += 1
            yield row

    return exports.table(kind, headings, counted()), count, exports.CONTENT_TYPES[kind]


def errors_table(run: ImportRun) -> IO[bytes]:
    """The findings of a run as CSV: where, what, why, and what to do."""
    headings = ["Row", "Cell", "Column", "Value", "Problem", "Hint", "Key"]

    def rows() -> Iterator[list[object]]:
        found = run.plan_rows.filter(has_problems=True).order_by("line", "pk")
        for row in found.iterator(chunk_size=CHUNK):
            for problem in row.problems:
                yield [
                    row.line or "", problem["cell"], problem["column"], problem["value"],
                    problem["problem"], problem["hint"], row.key,
                ]  # fmt: skip

    return exports.table("csv", headings, rows())
