"""Any roster file -> tables of text with the addresses of its cells. The one door for files.

What a file is comes from its bytes, never from its name. Each refusal is an UnreadableFile with a
sentence for the sender. Rows are streamed; nothing here knows what a column means.
"""

import hashlib
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import BinaryIO

import filetype

from . import textfiles, workbooks
from .errors import FileTooLarge, UnreadableFile
from .textfiles import DELIMITERS

MAX_BYTES = 300 * 1024 * 1024
MAX_COLUMNS = 1_024
MAX_HEADER_ROWS = 40
ZIP = b"PK\x03\x04"
OLD_EXCEL = b"\xd0\xcf\x11\xe0"
SPACE = re.compile(r"\s+")

Rows = Iterator[tuple[int, list[str]]]


@dataclass
class Table:
    """One table of a file. `rows()` begins after the header and may be called again and again.

    `header` has one heading per column, as many as the widest usual row; `header_line` is its row
    number in the spreadsheet; `sheet` is "" for text files; `notes` say what was understood.
    """

    sheet: str
    header: list[str]
    header_line: int
    notes: list[str]
    all_rows: Callable[[], Rows] = field(repr=False)
    layout: dict[str, str] = field(default_factory=dict)  # encoding and delimiter of a text file

    def rows(self) -> Rows:
        """(row number in the spreadsheet, cells) of each row below the header that is not blank."""
        width = len(self.header)
        padding = [""] * width
        for number, cells in self.all_rows():
            if number <= self.header_line or not any(cells):
                continue
            if len(cells) < width:
                cells.extend(padding[len(cells) :])
            while len(cells) > width and not cells[-1].strip():
                cells.pop()
            yield number, cells

    def address(self, column: int, line: int) -> str:
        """`Sheet Pupils, D14`, or `D14` in a text file; `column` counts from 0."""
        cell = f"{workbooks.column_letters(column + 1)}{line}"
        return f"Sheet {self.sheet}, {cell}" if self.sheet else cell

    @property
    def fingerprint(self) -> str:
        """The same for files with the same headings, in any order."""
        names = sorted(tidy_heading(name) for name in self.header)
        return hashlib.blake2b("\x1f".join(names).encode(), digest_size=16).hexdigest()


def tidy_heading(text: str) -> str:
    """A heading as it is compared: lower case, letters and figures, single spaces.

    `EstablishmentName` and `establishment_name` stay one word and two: both are synonyms' work.
    """
    return SPACE.sub(" ", re.sub(r"[^0-9a-zà-ÿ]+", " ", text.casefold())).strip()


def read(stream: BinaryIO, size: int, known: Sequence[str] = ()) -> list[Table]:
    """The tables of a file, best first. `known` headings help to find the header row.

    `stream` must be seekable and stays the caller's to close, after the tables are done with.
    Raises UnreadableFile.
    """
    stream.seek(0)
    head = stream.read(8_192)
    if not head.strip(b"\x00\xef\xbb\xbf\xff\xfe \t\r\n"):
        raise UnreadableFile("The file is empty.")
    known = {tidy_heading(name) for name in known}
    if head.startswith(ZIP):
        workbooks.inspect(stream, size)
        tables = []
        for sheet in workbooks.sheets(stream):
            try:
                tables.append(_table(sheet.name, sheet.rows, [], known))
            except UnreadableFile:
                continue
        if not tables:
            raise UnreadableFile("No sheet of the workbook has a row of column headings.")
        return sorted(tables, key=lambda table: -_recognised(table.header, known))
    _refuse_other_kinds(head)
    if size > MAX_BYTES:
        raise FileTooLarge(f"The file is larger than {MAX_BYTES // 1024 // 1024} MB.")
    encoding = textfiles.sniff_encoding(stream)
    stream.seek(0)
    sample = stream.read(textfiles.SAMPLE).decode(encoding, errors="replace")
    delimiter = textfiles.sniff_delimiter(sample.rpartition("\n")[0] or sample)
    how = f"Read as {textfiles.NAMES[encoding]} text, cells separated by {DELIMITERS[delimiter]}."
    table = _table("", lambda: textfiles.rows(stream, encoding, delimiter), [how], known)
    table.layout = {"encoding": textfiles.NAMES[encoding], "delimiter": DELIMITERS[delimiter]}
    return [table]


def _refuse_other_kinds(head: bytes) -> None:
    if head.startswith(OLD_EXCEL):
        raise UnreadableFile(
            "This is an old Excel workbook (.xls) or one with a password; "
            "save it as an Excel workbook (.xlsx) without a password."
        )
    kind = filetype.guess(head)
    if kind is not None:
        what = kind.mime.replace("application/", "").replace("x-", "")
        raise UnreadableFile(f"This is not a table but a file of type {what}, whatever its name.")
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n")[:200].lower()
    if start.startswith((b"<!doctype", b"<html", b"<?xml", b"{\\rtf", b"%pdf")):
        raise UnreadableFile("This is a page or a document, not a table; save it as CSV or Excel.")


def _recognised(header: list[str], known: set[str]) -> int:
    return len({tidy_heading(cell) for cell in header} & known)


def _table(sheet: str, all_rows: Callable[[], Rows], notes: list[str], known: set[str]) -> Table:
    first = []
    for number, cells in all_rows():
        if len(cells) > MAX_COLUMNS:
            raise UnreadableFile(
                f"Row {number} has {len(cells):,} columns; a roster has at most {MAX_COLUMNS:,}."
            )
        if any(cell.strip() for cell in cells):
            first.append((number, _without_blank_end(cells)))
        if len(first) == MAX_HEADER_ROWS:
            break
    width = _usual_width(first)
    line, header = _header(first, width, known)
    below = [len(cells) for number, cells in first if number > line]
    if below.count(width) > 1:  # a column that everybody fills has lost its heading
        header += [""] * (width - len(header))
    before = sum(1 for number, _cells in first if number < line)
    notes = [*notes]
    if before:
        notes.append(f"The headings are in row {line}; {before} rows above them were passed over.")
    seen: Counter[str] = Counter()
    for index, name in enumerate(header):
        letters = workbooks.column_letters(index + 1)
        if not name:
            header[index] = f"Column {letters} (no heading)"
        seen[name] += 1
        if name and seen[name] > 1:
            header[index] = f"{name} (column {letters})"
            notes.append(f"The heading {name!r} stands over more than one column.")
    return Table(sheet, header, line, notes, all_rows)


def _without_blank_end(cells: list[str]) -> list[str]:
    cells = [cell.strip() for cell in cells]
    while not cells[-1]:
        cells.pop()
    return cells


def _usual_width(rows: list[tuple[int, list[str]]]) -> int:
    widths = Counter(len(cells) for _line, cells in rows)
    return max(widths, key=lambda width: (widths[width], width), default=0)


def _header(
    first: list[tuple[int, list[str]]], width: int, known: set[str]
) -> tuple[int, list[str]]:
    """The row of headings: the one with most known names, else the first as full as most rows."""
    if not first:
        raise UnreadableFile("The file is empty.")
    best_line, best = max(first, key=lambda row: (_recognised(row[1], known), -row[0]))
    if _recognised(best, known) >= min(2, len(known) or 2):
        return best_line, [SPACE.sub(" ", cell) for cell in best]
    for line, cells in first:
        filled = sum(1 for cell in cells if cell)
        if len(cells) >= width and filled * 2 >= width:
            if not any(any(letter.isalpha() for letter in cell) for cell in cells):
                break
            return line, [SPACE.sub(" ", cell) for cell in cells]
    raise UnreadableFile("The file has no row of column headings, so its columns have no meaning.")
