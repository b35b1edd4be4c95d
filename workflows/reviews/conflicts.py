"""Who may not score a case because of what the hub knows already.

Apps above register what they know: `known(name)(function)`, which is given a case and the people
who could be asked and answers `{key of a user: why}`, in words that the officer reads.
"""

from collections.abc import Callable, Mapping

from cms.models import User
from cms.registry import Registry
from workflows.models import Case

Known = Callable[[Case, list[User]], Mapping[int, str]]
known: Registry[Known] = Registry("conflict of interest")


def conflicts(case: Case, people: list[User]) -> dict[int, str]:
    """`{key of a user: why}` for those of these people who may not score the case."""
    found: dict[int, str] = {}
    for name in known:
        for user, why in known[name](case, people).items():
            found.setdefault(user, why)
    return found
