"""A run's file as it reads with the cells that people have mended."""

from collections.abc import Iterator

from .models import ImportRun
from .reader import Table


def corrected(table: Table, run: ImportRun) -> Table:
    """The table as it reads with the run's corrections, and with its chosen lines only."""
    found = dict(run.corrections.values_list("line", "cells")) if run.pk else {}
    only = set(run.mapping.get("only_lines") or ())
    if not found and not only:
        return table
    index = {heading: at for at, heading in enumerate(table.header)}
    places: dict[int, dict[int, str]] = {
        line: {index[heading]: text for heading, text in cells.items() if heading in index}
        for line, cells in found.items()
    }
    read_all = table.all_rows

    def all_rows() -> Iterator[tuple[int, list[str]]]:
        for number, cells in read_all():
            if only and number > table.header_line and number not in only:
                continue
            if number in places:
                yield number, _mended(cells, places[number])
            else:
                yield number, cells

    table.all_rows = all_rows
    return table


def _mended(cells: list[str], mended: dict[int, str]) -> list[str]:
    cells = cells + [""] * (max(mended, default=0) + 1 - len(cells))
    for at, text in mended.items():
        cells[at] = text
    return cells
