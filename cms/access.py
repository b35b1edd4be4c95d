"""Who may reach which personal records: roles, scopes, and the one queryset that applies them.

A role is a Django group; a Membership says for which part of the county it holds. Every view,
list, export and lookup of personal records starts from `Model.objects.for_user(user)`. A model
names the paths to its centres in `scope_centres` and to its areas, where it has some without a
centre, in `scope_areas`; a row that neither can be found for is seen by those whose role holds
for the whole hub, and by nobody else.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Self

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import models
from django.db.models import Q

Scope = tuple[int | None, int | None]  # keys of an area and of a centre; neither: whole hub


@dataclass(frozen=True)
class Held:
    """One membership: a role, where it holds, and what it permits ("app.codename")."""

    role_id: int
    role: str
    area: int | None
    centre: int | None
    permissions: frozenset[str]

    @property
    def is_whole_hub(self) -> bool:
        return self.area is None and self.centre is None


COLUMNS = (
    "role_id", "role__name", "area_id", "centre_id",
    "role__permissions__content_type__app_label", "role__permissions__codename",
)  # fmt: skip


def held_by(user: AbstractBaseUser) -> list[Held]:
    """This person's memberships. One query for each user object, as with Django's permissions.

    A membership that is saved or deleted is asked for again (cms.models.accounts).
    """
    held = getattr(user, "_held", None)
    if held is None:
        rows = user.memberships.order_by("role_id", "pk").values_list(*COLUMNS)
        held = user._held = _held(rows)
    return held


def read_held(users: Sequence[AbstractBaseUser]) -> None:
    """The memberships of many people in one query, for `held_by` to answer without one."""
    if not users:
        return
    rows = defaultdict(list)
    found = users[0].memberships.model.objects.filter(user__in=users).order_by("role_id", "pk")
    for user_id, *row in found.values_list("user_id", *COLUMNS):
        rows[user_id].append(row)
    for user in users:
        user._held = _held(rows[user.pk])


def _held(rows: Iterable[Sequence]) -> list[Held]:
    found: dict[tuple, set[str]] = {}
    for *membership, app, codename in rows:
        found.setdefault(tuple(membership), set()).add(f"{app}.{codename}")
    return [Held(*key, frozenset(names)) for key, names in found.items()]


def may_in_whole_hub(user: AbstractBaseUser, permission: str) -> bool:
    """Whether one of this person's roles permits it everywhere ("app.codename")."""
    return user.is_active and (
        user.is_superuser
        or any(one.is_whole_hub and permission in one.permissions for one in held_by(user))
    )


def may_somewhere(user: AbstractBaseUser, permission: str) -> bool:
    """Whether one of this person's roles permits it in some part of the hub, or everywhere."""
    return user.is_active and (
        user.is_superuser or any(permission in one.permissions for one in held_by(user))
    )


class ScopedQuerySet(models.QuerySet):
    """A queryset of personal records, narrowed to what one member of staff may reach."""

    def for_user(self, user: AbstractBaseUser, action: str = "view") -> Self:
        """Rows within the scopes of this user's roles that carry the permission for `action`.

        Superusers reach all; a whole-hub role all that its role may see; area and centre roles
        rows with a path to one of theirs; anyone else, none. A permission that a user holds
        without a Membership reaches nothing. At most one query of its own, however many roles.
        Never raises.
        """
        if not user.is_active:
            return self.none()
        if user.is_superuser:
            return self
        meta = self.model._meta
        permission = f"{meta.app_label}.{action}_{meta.model_name}"
        roles: dict[int, list[Scope]] = {}
        for held in held_by(user):
            if permission in held.permissions:
                roles.setdefault(held.role_id, []).append((held.area, held.centre))
        if not roles:
            return self.none()
        if len(roles) == 1 and (None, None) in next(iter(roles.values())):
            return self.narrowed_to_role(next(iter(roles)))
        plain = self.model._default_manager.all()
        reached = Q()
        for role, scopes in roles.items():
            rows = plain.narrowed_to_role(role)
            if (None, None) not in scopes:
                rows = rows.filter(self._within(scopes))
            if not rows.query.where:
                return self
            # A subquery, not DISTINCT: a row with two paths appears once and can still be sliced.
            reached |= Q(pk__in=rows.order_by().values("pk"))
        return self.filter(reached)

    def narrowed_to_role(self, group_id: int) -> Self:
        """Rows that the role may know of at all, in any scope. Models override it."""
        return self

    def _within(self, scopes: list[Scope]) -> Q:
        areas = {area for area, _centre in scopes if area}
        centres = {centre for _area, centre in scopes if centre}
        condition = Q()
        for path in self.model.scope_centres:
            condition |= Q(**{f"{path}__in": centres}) | Q(**{f"{path}__area__in": areas})
        for path in getattr(self.model, "scope_areas", ()):
            condition |= Q(**{f"{path}__in": areas})
        return condition
