"""Button conditions over scores: `{"score": name, "op": "at_least", "value": 60, "stage": key}`.

Names: `total` (the percentage that counts), `reviews` (submitted), `missing` (still to come),
`spread`, `recommends:KEY` (how many recommend it), or the key of a criterion (combined, on its own
scale). `stage` may be left out: the case's latest round counts then. Without a score a clause is
false, except that counts are 0.
"""

from cms.conditions import OPS
from workflows.conditions import clause_kinds
from workflows.models import Case

from .ranking import Row, score_of

COUNTS = ("reviews", "missing")
NAMES = ("total", "spread", *COUNTS)
COMPARE = ("is", "is_not", "more_than", "less_than", "at_least", "at_most")
RECOMMENDS = "recommends:"


@clause_kinds("score")
def score_clause_holds(clause: dict, case: Case) -> bool:
    """Whether one clause is true for the case as it stands."""
    test = OPS.get(clause.get("op", "at_least"))
    value = _value(score_of(case, clause.get("stage") or None), clause["score"])
    return value is not None and test is not None and test(value, clause.get("value"))


def _value(row: Row | None, name: str) -> object:
    if row is None:
        return 0 if name in COUNTS or name.startswith(RECOMMENDS) else None
    if name.startswith(RECOMMENDS):
        return row.recommendations.get(name.removeprefix(RECOMMENDS), 0)
    if name == "missing":
        return row.waiting
    if name in NAMES:
        return row.score if name == "total" else getattr(row, name)
    return row.criteria.get(name)
