"""The main menu of the admin, gathered: what belongs together stands behind one entry.

Each part of the hub registers its own entry and knows nothing of the others. Somebody who may see
few of a gathering's entries finds them in the menu itself: a level more would only hide them.
"""

from collections.abc import Callable
from dataclasses import dataclass

from django.core.cache import cache
from django.db.models import Model
from django.db.models.signals import post_delete, post_save
from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from wagtail.admin.menu import Menu, MenuItem, SubmenuMenuItem

from cms.models import User

WORTH_GATHERING = 3
SECONDS_KNOWN = 60


class AskedLately:
    """Whether something is true of a user, as of a minute ago at most: each page of the admin asks.

    Saving or deleting a row of `of`, which names its user, asks again at once where the cache is
    shared by all processes.
    """

    def __init__(self, name: str, ask: Callable[[User], bool], *, of: type[Model]):
        self.name, self.ask = name, ask
        for signal in (post_save, post_delete):
            signal.connect(self._ask_again, sender=of)

    def __call__(self, user: User) -> bool:
        return cache.get_or_set(self._key(user.pk), lambda: self.ask(user), SECONDS_KNOWN)

    def _key(self, user_id: int) -> str:
        return f"asked-lately-{self.name}-{user_id}"

    def _ask_again(self, instance: Model, **_kwargs: object) -> None:
        cache.delete(self._key(instance.user_id))


class PermittedMenuItem(MenuItem):
    """Shown to whoever `asks` says has the permission, or one of several ("app.codename").

    `asks(user, permission)` is whether somebody has it at all, unless told otherwise, such as
    cms.access.may_in_whole_hub.
    """

    def __init__(
        self,
        *args,
        permission: str | tuple[str, ...],
        asks: Callable[[User, str], bool] = User.has_perm,
        **kwargs,
    ):
        super().__init__(*args, **kwargs)
        self.permissions = (permission,) if isinstance(permission, str) else permission
        self.asks = asks

    def is_shown(self, request: HttpRequest) -> bool:
        return any(self.asks(request.user, permission) for permission in self.permissions)


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
