"""Parses one Excel workbook and writes its rows: a process of its own, with bounds.

Run by `imports.workbooks` as `python -I sheetreader.py MEGABYTES SECONDS`, with the workbook as its
standard input, a file; it never runs inside the web server or a worker. Standard output gets the
rows, one JSON list of texts a line; standard error, at the end, the index:
`[[sheet, offset of its first line, rows], ...]`. Exit 0 done, 3 not to be read.
"""

import json
import resource
import sys
from datetime import date, datetime, time, timedelta

DAMAGED = 3
ZERO_TIME = time()


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


def limit(megabytes: int, seconds: int) -> None:
    """From here on this process can take no more memory and no more time than this."""
    resource.setrlimit(resource.RLIMIT_AS, (megabytes << 20, megabytes << 20))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 5))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (32, 32))


def main() -> int:
    import python_calamine  # noqa: PLC0415 - the web server imports this module for text_of

    limit(int(sys.argv[1]), int(sys.argv[2]))
    out, index, offset = sys.stdout.buffer, [], 0
    try:
        book = python_calamine.CalamineWorkbook.from_filelike(sys.stdin.buffer)
        for meta in book.sheets_metadata:
            is_visible = meta.visible == python_calamine.SheetVisibleEnum.Visible
            if not is_visible or meta.typ != python_calamine.SheetTypeEnum.WorkSheet:
                continue
            sheet = book.get_sheet_by_name(meta.name)
            if not sheet.total_height:
                continue
            start, number = offset, 0
            _first_row, first_column = sheet.start or (0, 0)
            for cells in sheet.iter_rows():
                texts = [""] * first_column + [text_of(cell) for cell in cells]
                line = json.dumps(texts).encode() + b"\n"
                out.write(line)
                offset += len(line)
                number += 1
            index.append([meta.name, start, number])
    except (python_calamine.CalamineError, OSError, ValueError):
        return DAMAGED
    out.flush()
    sys.stderr.write(json.dumps(index))
    return 0


if __name__ == "__main__":
    sys.exit(main())
