"""Reading CSV, TSV and their relatives: encoding, delimiter, rows; always as a stream.

Nothing is guessed from a locale. Encoding: byte-order mark, then the pattern of NULs that UTF-16
leaves, then UTF-8 if every byte of the file is UTF-8, else Windows-1252, which Excel writes here.
"""

import codecs
import csv
import io
from collections import Counter, deque
from collections.abc import Iterator
from itertools import islice
from typing import BinaryIO

from .errors import UnreadableFile

SAMPLE = 262_144
MAX_CELL = 131_072  # characters; Excel itself stops at 32,767
MAX_LINES_OF_A_ROW = 200
LINES_AT_ONCE = 1_000
MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
NAMES = {
    "utf-8-sig": "UTF-8",
    "utf-8": "UTF-8",
    "utf-16": "UTF-16",
    "utf-16-le": "UTF-16",
    "utf-16-be": "UTF-16",
    "utf-32": "UTF-32",
    "cp1252": "Windows-1252",
}
DELIMITERS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "vertical bars"}

csv.field_size_limit(MAX_CELL)


def sniff_encoding(stream: BinaryIO) -> str:
    """The encoding of the whole stream, which is read once and rewound."""
    stream.seek(0)
    head = stream.read(SAMPLE)
    for mark, encoding in MARKS:
        if head.startswith(mark):
            return encoding
    pairs = len(head) // 2
    if pairs and b"\x00" in head:
        even, odd = head[0::2].count(0) / pairs, head[1::2].count(0) / pairs
        if odd > 0.4 > even:
            return "utf-16-le"
        if even > 0.4 > odd:
            return "utf-16-be"
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        piece = head
        while piece:
            decoder.decode(piece)
            piece = stream.read(1_048_576)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return "cp1252"
    return "utf-8"


def sniff_delimiter(sample: str) -> str:
    """The delimiter under which most of the first 60 rows have the same number of cells."""
    lines = io.StringIO(sample, newline="")

    def score(delimiter: str) -> tuple[float, int]:
        lines.seek(0)
        widths = []
        try:
            for row in csv.reader(lines, delimiter=delimiter):
                if any(cell.strip() for cell in row):
                    widths.append(len(row))
                if len(widths) == 60:
                    break
        except csv.Error:
            return (0.0, 0)
        if not widths:
            return (0.0, 0)
        width, count = Counter(widths).most_common(1)[0]
        return (count / len(widths) if width > 1 else 0.0, width)

    best = max(DELIMITERS, key=score)
    return best if score(best)[0] else ","


class _Lines:
    """Physical lines for csv.reader, keeping those of the row in hand to look for open quotes.

    First those of `block`, which is emptied; then, for a row that goes on beyond it, the next.
    """

    def __init__(self, block: list[str], text: io.TextIOWrapper):
        self.block = deque(block)
        self._text = text
        self.of_this_row: list[str] = []

    def __iter__(self) -> Iterator[str]:
        while True:
            line = self.block.popleft() if self.block else next(self._text, None)
            if line is None:
                return
            if "\x00" in line:
                raise UnreadableFile(
                    "The file holds NUL characters, so it is damaged or not a table; "
                    "save it again from the program that made it."
                )
            self.of_this_row.append(line)
            yield line


def rows(stream: BinaryIO, encoding: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Each row as (number in the spreadsheet, cells), blank rows included. Raises UnreadableFile.

    Numbers count rows as a spreadsheet shows them: a cell with line breaks does not add any.
    """
    stream.seek(0)
    text = io.TextIOWrapper(stream, encoding=encoding, errors="replace", newline="")
    number = 0
    try:
        while block := list(islice(text, LINES_AT_ONCE)):
            together = "".join(block)
            if '"' in together or "\x00" in together:
                lines = _Lines(block, text)
                reader = csv.reader(lines, delimiter=delimiter)
                while lines.block and (row := next(reader, None)) is not None:
                    number += 1
                    if len(lines.of_this_row) > 1:
                        _check_quotes(number, lines.of_this_row, delimiter)
                    lines.of_this_row.clear()
                    yield number, row
            else:  # a row is a line
                for row in csv.reader(block, delimiter=delimiter):
                    number += 1
                    yield number, row
    except csv.Error as error:
        raise UnreadableFile(_explain(error, number + 1)) from None
    finally:
        text.detach()


def _check_quotes(number: int, of_row: list[str], delimiter: str) -> None:
    """A quotation mark that is never closed would swallow the rest of the file in silence."""
    if len(of_row) <= MAX_LINES_OF_A_ROW:
        try:
            list(csv.reader(of_row, delimiter=delimiter, strict=True))
        except csv.Error as error:
            if "unexpected end" not in str(error):
                return  # odd quotes inside a cell, which are read as they stand
        else:
            return
    raise UnreadableFile(
        f"Row {number} opens a quotation mark that is never closed, "
        "so where its cells end cannot be told."
    )


def _explain(error: csv.Error, number: int) -> str:
    if "field larger" in str(error):
        return (
            f"Row {number} holds a cell of more than {MAX_CELL:,} characters; "
            "perhaps a quotation mark is missing there."
        )
    return f"Row {number} cannot be read as a row of a table."
