"""The main menu of the admin, gathered: what belongs together stands behind one entry.

Each part of the hub registers its own entry and knows nothing of the others. Somebody who may see
few of a gathering's entries finds them in the menu itself: a level more would only hide them.
"""

from dataclasses import dataclass

from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from wagtail.admin.menu import Menu, MenuItem, SubmenuMenuItem

WORTH_GATHERING = 3


@dataclass(frozen=True)
class Gathering:
    """Entries of the main menu by their names, shown together under `label`."""

    label: str | Promise
    icon: str
    order: int
    names: frozenset[str]


GATHERINGS = (
    Gathering(
        _("Offers and dates"),
        "calendar-check",
        53,
        frozenset({"offers", "decisions", "appointments"}),
    ),
    Gathering(_("Money and help"), "decimal", 56, frozenset({"money", "help", "remission-rules"})),
    Gathering(
        _("Form building"),
        "clipboard-list",
        110,
        frozenset({"hub-forms", "price-codes", "review-processes", "mail-templates"}),
    ),
)


def gather(_request: HttpRequest, items: list[MenuItem]) -> None:
    """Put each gathering of which enough is shown in the place of its entries."""
    for gathering in GATHERINGS:
        found = [item for item in items if item.name in gathering.names]
        if len(found) < WORTH_GATHERING:
            continue
        items[:] = [item for item in items if item not in found]
        items.append(
            SubmenuMenuItem(
                gathering.label, Menu(items=found), icon_name=gathering.icon, order=gathering.order
            )
        )
