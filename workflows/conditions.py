"""Whether a button's condition is true for a case: clauses over answers, and of other kinds.

A clause over an answer is the subject's own business (`condition_holds`). Other kinds register
here under the field that marks them, such as "score": `{"score": "total", "op": "at_least", …}`.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

from cms.registry import Registry

if TYPE_CHECKING:
    from .models import Case

ClauseKind = Callable[[dict, "Case"], bool]
clause_kinds: Registry[ClauseKind] = Registry("kind of clause")


def kind_of(clause: dict) -> str:
    """The registered kind that the clause is of; "" for one over an answer."""
    return next((name for name in clause_kinds if name in clause), "")


def condition_holds(rule: dict | None, case: "Case") -> bool:
    """Whether the rule is true for the case as it stands. Without answers, no clause on one is."""
    clauses = (rule or {}).get("clauses") or []
    if not clauses:
        return True
    own = [clause for clause in clauses if kind_of(clause)]
    rest = [clause for clause in clauses if not kind_of(clause)]
    is_any = rule.get("match") == "any"
    found = (clause_kinds[kind_of(clause)](clause, case) for clause in own)
    if own and is_any and any(found):
        return True
    if own and not is_any and not all(found):
        return False
    if not rest:
        return not is_any
    holds = getattr(case.subject, "condition_holds", None)
    return bool(holds and holds({**rule, "clauses": rest}))
