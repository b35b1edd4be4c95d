"""Who may reach which personal records: roles, scopes, and the one queryset that applies them.

A role is a Django group; a Membership says for which part of the county it holds. Every view,
list, export and lookup of personal records starts from `Model.objects.for_user(user)`. A model
names the paths to its centres in `scope_centres`; a row that no centre can be found for is seen by
those whose role holds for the whole hub, and by nobody else.
"""

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import models
from django.db.models import Q


class ScopedQuerySet(models.QuerySet):
    """A queryset of personal records, narrowed to what one member of staff may reach."""

    def for_user(self, user: "AbstractBaseUser") -> "ScopedQuerySet":
        """Rows within the scopes of this user's roles that carry the model's view permission.

        Superusers and whole-hub roles reach all; area and centre roles reach rows with a path to
        one of their centres; anyone else, none. Never raises.
        """
        if not user.is_active:
            return self.none()
        if user.is_superuser:
            return self
        permission = f"view_{self.model._meta.model_name}"
        scopes = list(
            user.memberships.filter(
                role__permissions__codename=permission,
                role__permissions__content_type__app_label=self.model._meta.app_label,
            )
            .values_list("area_id", "centre_id")
            .distinct()
        )
        if (None, None) in scopes:
            return self
        areas = {area for area, _centre in scopes if area}
        centres = {centre for _area, centre in scopes if centre}
        if not areas and not centres:
            return self.none()
        condition = Q()
        for path in self.model.scope_centres:
            condition |= Q(**{f"{path}__in": centres}) | Q(**{f"{path}__area__in": areas})
        # A subquery, not DISTINCT: a row with two paths appears once and can still be sliced.
        return self.filter(pk__in=self.model._default_manager.filter(condition).values("pk"))
