"""The error workbook: the sender's own sheet with the bad cells marked, which can come back.

Bad cells are coloured and carry a comment with reason and hint. The last column holds each row's
number in the first file: by it a mended workbook finds its rows again. Read back, only rows that
were found wanting count, and of them only cells that say something else than before.
"""

from collections.abc import Iterator
from tempfile import SpooledTemporaryFile
from typing import IO, BinaryIO

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.comments import Comment
from openpyxl.styles import Font, PatternFill

from cms.exports import IN_MEMORY, MAX_CELL, RISKY, plain

from . import reader
from .errors import UnreadableFile
from .mapping import Mapping
from .models import ImportRun
from .plan import open_table
from .widgets import tidy

WHOLE_SHEET = 5_000  # of longer files, only the rows that were found wanting
MOST_ROWS = 20_000
ROW = "Row in the first file"
COLOURS = {"refused": "F8C9C4", "warning": "FCE8B2", "repaired": "D5E8F7"}


def bad_rows(run: ImportRun) -> dict[int, list[dict]]:
    """Line -> its problems, for the rows of a plan that can be mended."""
    found = run.plan_rows.filter(has_problems=True, line__isnull=False).exclude(outcome="ask")
    return dict(found.order_by("line").values_list("line", "problems")[:MOST_ROWS])


def write(run: ImportRun) -> IO[bytes]:
    """The workbook, read from its beginning. Raises UnreadableFile when the file is gone."""
    bad = bad_rows(run)
    table, close = open_table(run)
    try:
        book = Workbook(write_only=True)
        sheet = book.create_sheet((table.sheet or "Rows")[:31])
        sheet.freeze_panes = "A2"
        sheet.append([_cell(sheet, heading, bold=True) for heading in (*table.header, ROW)])
        for line, cells in _shown(table, bad, whole=run.count("rows") <= WHOLE_SHEET):
            row = [_cell(sheet, text) for text in cells[: len(table.header)]]
            for problem in bad.get(line, ()):
                place = table.header.index(problem["column"]) if problem["column"] else 0
                _mark(row[place], problem)
            sheet.append([*row, line])
    finally:
        close()
    file = SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115 - the caller reads and closes it
    book.save(file)
    file.seek(0)
    return file


def _shown(
    table: reader.Table, bad: dict[int, list[dict]], *, whole: bool
) -> Iterator[tuple[int, list[str]]]:
    return (row for row in table.rows() if whole or row[0] in bad)


def _cell(sheet: object, text: str, *, bold: bool = False) -> WriteOnlyCell:
    """Text, whatever it looks like: identifiers keep their zeros and nothing becomes a formula."""
    text = plain(text)[:MAX_CELL]
    cell = WriteOnlyCell(sheet, text)
    cell.data_type = "s"
    cell.number_format = "@"
    if RISKY.match(text):
        cell.quotePrefix = True
    if bold:
        cell.font = Font(bold=True)
    return cell


def _mark(cell: WriteOnlyCell, problem: dict) -> None:
    colour = COLOURS.get(problem["level"], COLOURS["warning"])
    cell.fill = PatternFill("solid", start_color=colour)
    said = f"{problem['problem']} {problem['hint']}".strip()
    before = f"{cell.comment.text}\n" if cell.comment else ""
    cell.comment = Comment(before + said, "Roster import", height=90, width=300)


def read_back(run: ImportRun, stream: BinaryIO, size: int) -> dict[int, dict[str, str]]:
    """What a workbook that came back mends: {line: {heading: text}}. Raises UnreadableFile."""
    table = _sheet_that_came_back(stream, size)
    at_row = table.header.index(ROW)
    said = {
        int(cells[at_row]): cells
        for _line, cells in table.rows()
        if cells[at_row].strip().isdecimal() and len(cells[at_row]) < 9
    }
    bad = bad_rows(run)
    mapping = Mapping.from_json(run.mapping)
    used = {heading for headings in mapping.columns.values() for heading in headings}
    places = {heading: at for at, heading in enumerate(table.header) if heading in used}
    first, close = open_table(run)
    try:
        index = {heading: at for at, heading in enumerate(first.header)}
        mended: dict[int, dict[str, str]] = {}
        for line, cells in first.rows():
            back = said.get(line)
            if back is None or line not in bad:
                continue
            changed = {
                heading: back[at]
                for heading, at in places.items()
                if tidy(back[at]) != tidy(cells[index[heading]])
            }
            if changed:
                mended[line] = changed
    finally:
        close()
    return mended


def _sheet_that_came_back(stream: BinaryIO, size: int) -> reader.Table:
    for table in reader.read(stream, size, [ROW]):
        if ROW in table.header:
            return table
    raise UnreadableFile(
        f"The file has no column “{ROW}”, so its rows cannot be found again. "
        "Send the workbook that this page gave you, mended."
    )
