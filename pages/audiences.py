"""Whom the site speaks to, and which pages speak to whom.

A page speaks to the audience of each audience page that it stands below, and to those that its
kind is for (`HubPage.speaks_to`). The admin speaks to staff.
"""

from django.apps import apps
from django.db import models
from django.utils.translation import gettext_lazy as _
from wagtail.models import Page

from cms.pagecache import lasting


class Audience(models.TextChoices):
    FAMILIES = "families", _("Families")
    YOUNG_PEOPLE = "young_people", _("Young people")
    SCHOOLS = "schools", _("Schools")
    PARTNERS = "partners", _("Partners")
    ADULTS = "adults", _("Adults")


LEARNERS = frozenset({Audience.FAMILIES, Audience.YOUNG_PEOPLE, Audience.ADULTS})
STAFF = "staff"
ADDRESSED = [*Audience.choices, (STAFF, _("Staff, on the first page of the admin"))]


def addressed_at(path: str) -> set[str]:
    """The audiences of the sections that a treebeard path lies in."""
    return {audience for section, audience in _sections() if path.startswith(section)}


def _sections() -> list[tuple[str, str]]:
    found = apps.get_model("pages", "AudiencePage").objects.live()
    return lasting(
        "audience-sections", (Page,), lambda: list(found.values_list("path", "audience"))
    )
