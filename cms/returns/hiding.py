"""Small numbers hidden in a column, so that its total does not give them away either.

A number from 1 up to just below `below` (3 or more) is hidden, and with it the least of the larger
ones, every row that has it; where there is none, the total. The rule knows nothing of the rows but
their numbers, so any two hidden numbers may be exchanged and the same is published: no hidden row
can be told. Zero is shown: it says of nobody what they do. tests/test_returns.py tries every small
column. What it does not guard against is somebody who takes two columns from each other.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Hidden:
    """`keys` are the rows whose number is hidden; `total` is None when that is hidden too."""

    keys: frozenset
    total: int | None


def hide(column: Mapping[object, int], below: int) -> Hidden:
    """What to hide of a column whose total is the sum of its rows."""
    small = {key for key, number in column.items() if 0 < number < below}
    total = sum(column.values())
    if not small:
        return Hidden(frozenset(), total)
    rest = [number for number in column.values() if number >= below]
    if not rest:
        return Hidden(frozenset(small), None)
    # All that tie: which of two alike is hidden would say where the small one is.
    least = min(rest)
    hidden = small | {key for key, number in column.items() if number == least}
    return Hidden(frozenset(hidden), total)
