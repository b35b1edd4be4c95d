"""Tables for people to take away: CSV and XLSX in which no cell can run.

A spreadsheet runs a cell that begins with = + - or @, whoever typed it. Here text that could be
taken for a formula gets an apostrophe in CSV, and in XLSX is stored as text and marked as such.
Convention for coming back: `unescape` takes off exactly that apostrophe, so +44 1632 960001 and -3
survive a round trip; our own importers call it on every cell.
Who may export, why, and the access log entry are the caller's (cms.modeladmin).
"""

import csv
import datetime as dt
import io
import itertools
import re
from collections.abc import Iterable, Sequence
from decimal import Decimal
from tempfile import SpooledTemporaryFile
from typing import IO

from django.utils import timezone
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font

# Also their full-width twins, and what a spreadsheet skips before it looks.
RISKY = re.compile(r"^'*(?:[\s\ufeff\u200b]*[=+\-@\uff1d\uff0b\uff0d\uff20]|[\t\r\n])")
CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff]")
MAX_CELL = 32_767  # what an XLSX cell can hold
IN_MEMORY = 5 * 1024 * 1024

CONTENT_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


def escape(text: str) -> str:
    """The text with an apostrophe before it, if a spreadsheet could take it for a formula."""
    return f"'{text}" if RISKY.match(text) else text


def unescape(text: str) -> str:
    """What `escape` was given. Text that `escape` did not make comes back as it is."""
    return text[1:] if text.startswith("'") and RISKY.match(text[1:]) else text


def plain(value: object) -> str | int | float | Decimal | dt.datetime | dt.date:
    """One value as a cell holds it: numbers and dates as such, everything else as text."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if isinstance(value, dt.datetime):
        return timezone.localtime(value).replace(tzinfo=None, microsecond=0)
    if isinstance(value, (int, float, Decimal, dt.date)):
        return value
    if isinstance(value, (list, tuple, set)):
        value = "; ".join(str(item) for item in value)
    return CONTROLS.sub("", str(value))


def table(kind: str, headings: Sequence[str], rows: Iterable[Sequence[object]]) -> IO[bytes]:
    """A file, read from its beginning, of `kind` csv or xlsx. Rows are read once, one by one.

    CSV is UTF-8 with a byte-order mark, as Excel wants it, and ISO dates. Raises KeyError for
    another kind.
    """
    return {"csv": _csv, "xlsx": _xlsx}[kind](headings, rows)


def _csv(headings: Sequence[str], rows: Iterable[Sequence[object]]) -> IO[bytes]:
    file = SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115 - the caller reads and closes it
    text = io.TextIOWrapper(file, encoding="utf-8-sig", newline="", write_through=True)
    writer = csv.writer(text)
    for row in itertools.chain([headings], rows):
        writer.writerow([_csv_cell(value) for value in row])
    text.detach()
    file.seek(0)
    return file


def _csv_cell(value: object) -> object:
    value = plain(value)
    if isinstance(value, str):
        return escape(value)
    return value.isoformat(sep=" ") if isinstance(value, dt.datetime) else value


def _xlsx(headings: Sequence[str], rows: Iterable[Sequence[object]]) -> IO[bytes]:
    book = Workbook(write_only=True)
    sheet = book.create_sheet("Export")
    sheet.freeze_panes = "A2"
    bold = Font(bold=True)
    sheet.append([_xlsx_cell(sheet, heading, bold) for heading in headings])
    for row in rows:
        sheet.append([_xlsx_cell(sheet, value) for value in row])
    file = SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115 - the caller reads and closes it
    book.save(file)
    file.seek(0)
    return file


def _xlsx_cell(sheet: object, value: object, font: Font | None = None) -> WriteOnlyCell:
    value = plain(value)
    if not isinstance(value, str):
        return WriteOnlyCell(sheet, value)
    cell = WriteOnlyCell(sheet, value[:MAX_CELL])
    cell.data_type = "s"  # openpyxl makes a formula of anything that begins with =
    if RISKY.match(value):
        cell.quotePrefix = True  # and editing the cell in Excel does not make one either
    if font:
        cell.font = font
    return cell
