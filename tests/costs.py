"""What a page costs in queries, told so that a test of it means the same every time.

A process remembers some things for a second (stamps, closures) and writes others now and then
(counts of visits), so one look may cost a query or two more than the next. What a page needs is
the least of a few looks; a page that asks once more for each row does so at every look.
"""

from collections.abc import Callable

from django.db import connection
from django.test.utils import CaptureQueriesContext


def fewest_queries(look: Callable[[], object], *, looks: int = 3) -> int:
    """The least number of queries that `look` took, after one look that is not counted."""
    look()
    costs = []
    for _turn in range(looks):
        with CaptureQueriesContext(connection) as captured:
            look()
        costs.append(len(captured))
    return min(costs)
