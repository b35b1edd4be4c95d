"""Reading Excel workbooks (.xlsx) without trusting them.

A workbook is a zip of XML: before a parser sees it, its sizes, ratios and the furthest cell are
looked at, because 4 KB can claim seventeen thousand million cells. Parsed by python-calamine, in a
process of its own (imports.sheetreader), which can be killed without harm.
"""

import json
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, BinaryIO

from . import sheetreader
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
READER = str(Path(sheetreader.__file__).resolve())
MAX_MEGABYTES = 1_500  # of address space, for the process that parses
MAX_SECONDS = 60
TOO_MUCH = (
    "The workbook takes more memory or time to read than a roster should; "
    "save the sheet as CSV and send that."
)


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


class Sheet:
    """One visible sheet of a workbook that was parsed; `total` is its number of rows."""

    def __init__(self, parsed: IO[bytes], name: str, offset: int, total: int):
        self.name, self.total = name, total
        self._parsed, self._offset = parsed, offset

    def rows(self) -> Iterator[tuple[int, list[str]]]:
        """Each row as (number in the spreadsheet, cells as text), from the first column on."""
        at = self._offset
        for number in range(1, self.total + 1):
            self._parsed.seek(at)  # whoever else reads another sheet moves the file too
            line = self._parsed.readline()
            at += len(line)
            yield number, json.loads(line)


def sheets(stream: BinaryIO) -> list[Sheet]:
    """The visible sheets that hold anything. Call `inspect` first. Raises UnreadableFile.

    Parsed in a process of its own, bounded in memory and time, into a nameless temporary file that
    the system removes with the last of the sheets.
    """
    stream.seek(0)
    parsed = tempfile.TemporaryFile()  # noqa: SIM115 - the sheets keep it
    with tempfile.TemporaryFile() as book:
        shutil.copyfileobj(stream, book)
        book.seek(0)
        command = [sys.executable, "-I", READER, str(MAX_MEGABYTES), str(MAX_SECONDS)]
        try:
            ended = subprocess.run(  # noqa: S603 - our own program, no word of the sender's
                command, stdin=book, stdout=parsed, stderr=subprocess.PIPE, env={},
                timeout=2 * MAX_SECONDS, check=False,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            raise FileTooLarge(TOO_MUCH) from None
    if ended.returncode == sheetreader.DAMAGED:
        raise UnreadableFile("The workbook is damaged and cannot be opened.")
    if ended.returncode:
        raise FileTooLarge(TOO_MUCH)
    return [Sheet(parsed, *found) for found in json.loads(ended.stderr)]
