"""Reading Excel workbooks (.xlsx) without trusting them.

A workbook is a zip of XML: before a parser sees it, its sizes, ratios and the furthest cell are
looked at, because 4 KB can claim seventeen thousand million cells. Parsed by python-calamine.
"""

import re
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import BinaryIO

import python_calamine

from .errors import FileTooLarge, UnreadableFile

MAX_BYTES = 30 * 1024 * 1024
MAX_UNPACKED = 400 * 1024 * 1024
MAX_ENTRIES = 3_000
MAX_RATIO = 150  # honest sheets pack to a tenth or a thirtieth
MAX_CELLS = 6_000_000
ADDRESS = re.compile(rb"""\br\s*=\s*["']([A-Z]{0,4})(\d{1,9})["']""")
FURTHEST = re.compile(rb"""<dimension\s+ref\s*=\s*["'][A-Z]+\d+:([A-Z]+)(\d+)["']""")
A_CELL = re.compile(rb"<(?:\w+:)?c[\s>/]")
SPLIT = 64  # an address cut by the end of a piece is seen again with the next
ZERO_TIME = time()


def column_number(letters: bytes | str) -> int:
    """`A` -> 1, `Z` -> 26, `AA` -> 27."""
    number = 0
    for letter in letters if isinstance(letters, bytes) else letters.encode():
        number = number * 26 + letter - 64
    return number


def column_letters(number: int) -> str:
    """1 -> `A`, 27 -> `AA`."""
    letters = ""
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def inspect(stream: BinaryIO, size: int) -> None:
    """Raise UnreadableFile, within a second for a bomb, unless this is a workbook to be read."""
    if size > MAX_BYTES:
        raise FileTooLarge(
            f"The workbook is larger than {MAX_BYTES // 1024 // 1024} MB; "
            "save the sheet as CSV and send that."
        )
    try:
        archive = zipfile.ZipFile(stream)
        entries = archive.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError):
        raise UnreadableFile("The workbook is damaged and cannot be opened.") from None
    names = {entry.filename for entry in entries}
    if "xl/workbook.xml" not in names:
        raise UnreadableFile("This is a zip file but not an Excel workbook.")
    if any(name.lower().endswith("vbaproject.bin") for name in names):
        raise UnreadableFile("The workbook holds macros; save it as a workbook without macros.")
    if len(entries) > MAX_ENTRIES or sum(entry.file_size for entry in entries) > MAX_UNPACKED:
        raise FileTooLarge("The workbook unpacks to far more than a roster could hold.")
    for entry in entries:
        if entry.flag_bits & 1:
            raise UnreadableFile("The workbook is protected by a password; remove it first.")
        if entry.file_size > 1_000_000 and entry.file_size > MAX_RATIO * (entry.compress_size + 1):
            raise FileTooLarge("The workbook unpacks to far more than a roster could hold.")
        if entry.filename.startswith("xl/worksheets/") and entry.filename.endswith(".xml"):
            _check_extent(archive, entry)


def _check_extent(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> None:
    """A parser makes room for the whole rectangle, so the furthest cell decides what it costs."""
    widest = lowest = cells = 0
    rest = b""
    try:
        with archive.open(entry) as sheet:
            while piece := sheet.read(1_048_576):
                text = rest + piece
                found = ADDRESS.findall(text) + FURTHEST.findall(text)
                widest = max([widest, *map(column_number, {letters for letters, _ in found})])
                lowest = max([lowest, *map(int, {row for _, row in found})])
                cells += len(A_CELL.findall(piece))
                if max(widest * lowest, cells) > MAX_CELLS or widest > 16_384:
                    raise FileTooLarge(
                        f"A sheet of the workbook reaches to {column_letters(widest)}{lowest}, "
                        "far more cells than a roster has; delete the empty rows and columns."
                    )
                rest = text[-SPLIT:]
    except (zipfile.BadZipFile, EOFError, OSError, NotImplementedError):
        raise UnreadableFile("The workbook is damaged and cannot be opened.") from None


def text_of(value) -> str:  # noqa: ANN001, PLR0911 - whatever the parser gives, one line each
    """A cell as text, as a person would type it: 7.0 is `7`, midnight is no time of day."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == ZERO_TIME else value.isoformat(" ")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, time):
        return value.isoformat("minutes")
    if isinstance(value, timedelta):
        return str(value)
    return "" if value is None else str(value)


def sheets(stream: BinaryIO) -> list[tuple[str, python_calamine.CalamineSheet]]:
    """The visible sheets that hold anything, by name. Call `inspect` first."""
    stream.seek(0)
    try:
        book = python_calamine.CalamineWorkbook.from_filelike(stream)
        visible = [
            meta.name
            for meta in book.sheets_metadata
            if meta.visible == python_calamine.SheetVisibleEnum.Visible
            and meta.typ == python_calamine.SheetTypeEnum.WorkSheet
        ]
        found = [(name, book.get_sheet_by_name(name)) for name in visible]
    except (python_calamine.CalamineError, OSError, ValueError):
        raise UnreadableFile("The workbook is damaged and cannot be opened.") from None
    return [(name, sheet) for name, sheet in found if sheet.total_height]


def rows(sheet: python_calamine.CalamineSheet) -> Iterator[tuple[int, list[str]]]:
    """Each row as (number in the spreadsheet, cells as text), from the sheet's first column on."""
    _first_row, first_column = sheet.start or (0, 0)
    padding = [""] * first_column
    for number, cells in enumerate(sheet.iter_rows(), 1):
        yield number, padding + [text_of(cell) for cell in cells]
