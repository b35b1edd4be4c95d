"""What a stage hides from some of the roles that see its cases, and who is one of them.

A stage's `hidden` names questions or whole steps of the form, and the roles that are not shown
them while the case stands there. Nobody sees less by holding one role more: what is hidden from
somebody is what is hidden from each of the roles by which this person has a part in the process.
Whatever shows answers of a case to staff asks `hidden_from`; what hidden answers say is also
blacked out where it stands elsewhere (`mask_for`).
"""

import copy
from collections.abc import Collection, Iterable
from typing import Any

from cms.models import User
from cms.roles import ROLES

from .engine import roles_for
from .masks import Mask, identity_of, values_of
from .models import Case

NOTHING = Mask(())


def hidden_from(case: Case, user: User, memberships: list[tuple] | None = None) -> frozenset[str]:
    """Keys of the questions that this user is not shown of the case as it stands."""
    if not case.stage.hidden:
        return frozenset()
    held = roles_for(case, user, memberships)
    if held is None:
        return frozenset()
    named = {role for one in case.stage.hidden for role in one.roles}
    roles = held & case.version.plan.roles or held & named
    if not roles:
        return frozenset()
    steps = _steps(case)
    return frozenset.intersection(*(_hidden_from_role(case, role, steps) for role in roles))


def _hidden_from_role(case: Case, role: str, steps: dict[str, set[str]]) -> frozenset[str]:
    named = {key for one in case.stage.hidden if role in one.roles for key in one.questions}
    return frozenset(named.union(*(steps.get(key, ()) for key in named)))


def _steps(case: Case) -> dict[str, set[str]]:
    tell = getattr(case.subject, "case_steps", None)
    return tell() if tell else {}


def role_keys(user: User) -> set[str]:
    """Keys of every role that this user holds, wherever."""
    by_label = {role.label: role.key for role in ROLES.values()}
    names = user.memberships.values_list("role__name", flat=True)
    return {by_label.get(name, name) for name in names}


def mask_for(case: Case, hidden: Collection[str]) -> Mask:
    """Blacks out what the hidden questions were answered, wherever it stands."""
    if not hidden:
        return NOTHING
    return Mask(values_of(case, hidden, identity_of(case).get("name", ())))


def hides_who(case: Case, hidden: Collection[str]) -> bool:
    """Whether something of who it is about is hidden: then nothing may lead there from the case."""
    return bool(hidden) and any({*hidden} & keys for keys in identity_of(case).values())


def veiled(record: Any, mask: Mask, *names: str) -> Any:
    """The record as it may be shown: a copy, never saved, with these fields blacked out."""
    if mask.pattern is None:
        return record
    shown = copy.copy(record)
    for name in names:
        setattr(shown, name, mask(getattr(record, name) or ""))
    return shown


def veiled_case(case: Case, user: User, memberships: list[tuple] | None = None) -> Case:
    """The case as lists show it to this user: its title and contact without what is hidden."""
    mask = mask_for(case, hidden_from(case, user, memberships))
    return veiled(case, mask, "title", "contact_name", "contact_email")


def veiled_cases(cases: Iterable[Case], user: User) -> list[Case]:
    """The same for the rows of a list, with one query for what the user may do."""
    memberships: list[tuple] = []
    found = list(cases)
    if any(case.stage.hidden for case in found):
        memberships = list(user.memberships.values_list("role__name", "area_id", "centre_id"))
    return [veiled_case(case, user, memberships) for case in found]
