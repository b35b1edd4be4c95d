"""Who may reach which personal records: roles, scopes, and the one queryset that applies them.

A role is a Django group; a Membership says for which part of the county it holds. Every view,
list, export and lookup of personal records starts from `Model.objects.for_user(user)`. A model
names the paths to its centres in `scope_centres` and to its areas, where it has some without a
centre, in `scope_areas`; a row that neither can be found for is seen by those whose role holds
for the whole hub, and by nobody else.
"""

from typing import Self

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import models
from django.db.models import Q

Scope = tuple[int | None, int | None]  # keys of an area and of a centre; neither: whole hub


class ScopedQuerySet(models.QuerySet):
    """A queryset of personal records, narrowed to what one member of staff may reach."""

    def for_user(self, user: AbstractBaseUser, action: str = "view") -> Self:
        """Rows within the scopes of this user's roles that carry the permission for `action`.

        Superusers reach all; a whole-hub role all that its role may see; area and centre roles
        rows with a path to one of theirs; anyone else, none. A permission that a user holds
        without a Membership reaches nothing. One query of its own, however many roles.
        Never raises.
        """
        if not user.is_active:
            return self.none()
        if user.is_superuser:
            return self
        meta = self.model._meta
        roles: dict[int, list[Scope]] = {}
        for role, area, centre in (
            user.memberships.filter(
                role__permissions__codename=f"{action}_{meta.model_name}",
                role__permissions__content_type__app_label=meta.app_label,
            )
            .order_by("role_id")
            .values_list("role_id", "area_id", "centre_id")
        ):
            roles.setdefault(role, []).append((area, centre))
        if not roles:
            return self.none()
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
