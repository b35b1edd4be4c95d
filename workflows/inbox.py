"""What needs an officer today: which cases, on which tab, in which order, in how many queries.

Everything starts from `Case.objects.for_user(user)`. A stage is *ours* when one of the user's
roles owns it; "today" leaves out what a colleague has taken on.
"""

import hashlib
import re
import time
from dataclasses import dataclass
from urllib.parse import urlencode

from django.core.cache import cache
from django.core.paginator import Page
from django.db.models import Count, F, Q, Subquery
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from wagtail.admin.paginator import WagtailPaginator

from cms.access import held_by
from cms.models import User
from cms.roles import ROLES, role_keys_of

from .models import Case, CaseEvent, WorkflowDefinition, WorkflowVersion
from .plan import FINAL, WAITING
from .querysets import CaseQuerySet

PER_PAGE, VERY_MANY = 50, 5_000
NEWEST_FIRST = ("done", "all")
TABS = {
    "today": _("Needs me today"),
    "mine": _("Mine"),
    "team": _("My team’s"),
    "overdue": _("Overdue"),
    "waiting": _("Waiting for families"),
    "done": _("Done"),
    "all": _("All"),
}

COLUMNS = {
    "stage": _("Stage"),
    "process": _("Process"),
    "where": _("Where"),
    "with": _("With"),
    "due": _("Due"),
    "since": _("Here since"),
    "opened": _("Opened"),
    "email": _("E-mail"),
}
DEFAULT_COLUMNS = ("stage", "where", "with", "due", "since")


@dataclass(frozen=True)
class Filters:
    """What the officer chose. `workflow` and `stage` are keys; `search` any words."""

    tab: str = "today"
    search: str = ""
    workflow: str = ""
    stage: str = ""
    who: str = ""
    columns: tuple[str, ...] = ()

    @classmethod
    def read(cls, data: dict[str, str]) -> "Filters":
        """From a query string; anything unknown falls back to the first tab."""
        tab, who = data.get("tab", ""), data.get("who", "")
        many = data.getlist("column") if hasattr(data, "getlist") else []
        columns = many or data.get("columns", "").split(",")
        return cls(
            tab=tab if tab in TABS else "today",
            search=" ".join(data.get("q", "").replace("\0", "").split())[:100],
            workflow=_key(data.get("workflow", "")),
            stage=_key(data.get("stage", "")),
            who=who if who in ("me", "nobody") else "",
            columns=tuple(key for key in COLUMNS if key in columns) or DEFAULT_COLUMNS,
        )

    def as_query(self) -> str:
        """What stands in the address for these filters."""
        pairs = {
            "tab": self.tab,
            "q": self.search,
            "workflow": self.workflow,
            "stage": self.stage,
            "who": self.who,
            "columns": ",".join(self.columns),
        }
        return urlencode({name: value for name, value in pairs.items() if value})

    @property
    def is_narrow(self) -> bool:
        """Whether anything but the tab is chosen."""
        return bool(self.search or self.workflow or self.stage or self.who)


class _Paginator(WagtailPaginator):
    """Finds the keys of a page in an index first, and only then the wide rows that it shows.

    Without a `total` nothing is counted: `count` is then what is known to be there, and
    `is_counted` says so.
    """

    def __init__(self, cases: CaseQuerySet, per_page: int, total: int | None):
        super().__init__(cases, per_page)
        self.is_counted = total is not None
        self.count = total or 0

    def get_page(self, number: object) -> Page:
        if self.is_counted:
            return super().get_page(number)
        wanted = int(number) if str(number).isdigit() and len(str(number)) < 6 else 1
        return self._uncounted(max(wanted, 1))

    def page(self, number: int) -> Page:
        number = self.validate_number(number)
        return self._get_page(self._rows(number, 0), number, self)

    def _uncounted(self, number: int) -> Page:
        rows = list(self._rows(number, 1))
        if not rows and number > 1:
            return self._uncounted(1)
        self.count = (number - 1) * self.per_page + len(rows)
        return self._get_page(rows[: self.per_page], number, self)

    def _rows(self, number: int, beyond: int) -> CaseQuerySet:
        start = (number - 1) * self.per_page
        keys = self.object_list.values("pk")[start : start + self.per_page + beyond]
        wide = Case.objects.filter(pk__in=keys).order_by(*self.object_list.query.order_by)
        return _as_a_row_shows(wide)


def _as_a_row_shows(cases: CaseQuerySet) -> CaseQuerySet:
    return cases.select_related("version__definition", "centre", "area", "assignee").defer(
        "version__data", "version__definition__stages"
    )


def _key(text: str) -> str:
    """The text if it could be a key, else nothing."""
    return text if re.fullmatch(r"[-\w]{1,60}", text, re.ASCII) else ""


class Inbox:
    """One officer's cases. Costs the same few queries however many cases there are."""

    def __init__(self, user: User):
        self.user = user
        self.reachable: CaseQuerySet = Case.objects.for_user(user)
        self.owned = self._owned()
        self.tabs = self._tabs()

    def _tabs(self) -> dict[str, Q]:
        still_open = ~Q(stage_kind=FINAL)
        ours = ~Q(stage_kind__in=[FINAL, WAITING]) & self.owned
        # A family that has written waits for us, whatever its case waits for.
        news = still_open & self.owned & Q(family_wrote_at__isnull=False)
        nobody_else = Q(assignee=None) | Q(assignee=self.user)
        return {
            "today": (ours | news) & nobody_else,
            "mine": still_open & Q(assignee=self.user),
            "team": ours,
            "overdue": still_open & Q(due_at__lte=timezone.now()),
            "waiting": Q(stage_kind=WAITING),
            "done": Q(stage_kind=FINAL),
            "all": Q(),
        }

    @cached_property
    def _versions(self) -> list[WorkflowVersion]:
        """Every version in which this user has a part, oldest first; all for a superuser.

        Each with the moment at which anything last happened to any case.
        """
        found = WorkflowVersion.objects.select_related("definition").defer(
            "data", "definition__stages"
        )
        last = CaseEvent.objects.order_by("-pk").values("at")[:1]
        found = found.annotate(last_event=Subquery(last))
        if not self.user.is_superuser:
            groups = {held.role_id for held in held_by(self.user)}
            found = found.filter(groups__in=groups).distinct()
        return list(found.order_by("pk"))

    def _owned(self) -> Q:
        """Cases in a stage that one of this user's roles owns."""
        if self.user.is_superuser:
            return Q()
        held = role_keys_of(self.user)
        owned = Q()
        for version in self._versions:
            keys = [s.key for s in version.plan.stages if held & set(s.roles)]
            if keys:
                owned |= Q(version_id=version.pk, stage_key__in=keys)
            told = [s.key for s in version.plan.stages if s.escalate_to in held]
            if told:
                owned |= Q(version_id=version.pk, stage_key__in=told, escalated_at__isnull=False)
        return owned or Q(pk=None)  # an empty condition would be every case

    @cached_property
    def counts(self) -> dict[str, int]:
        """How many cases stand under each tab, whatever is searched for.

        Counting many takes long, so the numbers are kept until something happens to any case, or
        for a minute, because cases become overdue by the clock alone.
        """
        last = self._versions[0].last_event if self._versions else None
        held = sorted((one.role_id, one.area or 0, one.centre or 0) for one in held_by(self.user))
        seen = f"{self.user.pk}{self.user.is_superuser}{held}{last}{int(time.time() // 60)}"
        key = f"inbox-counts-{hashlib.sha256(seen.encode()).hexdigest()[:32]}"
        counts = cache.get(key)
        if counts is None:
            counts = self._count()
            cache.set(key, counts, 60)
        return counts

    def _count(self) -> dict[str, int]:
        return self.reachable.order_by().aggregate(
            **{
                tab: Count("pk", filter=condition)
                for tab, condition in self.tabs.items()
                if tab != "all"
            },
            all=Count("pk"),
        )

    def page(self, filters: Filters, number: str | None) -> Page:
        """One page of the cases. What a tab holds is counted already; what is filtered is not
        counted at all: a page then knows only whether another follows.
        """
        total = None if filters.is_narrow else self.counts[filters.tab]
        return _Paginator(self.cases(filters), PER_PAGE, total).get_page(number)

    def cases(self, filters: Filters) -> CaseQuerySet:
        """The cases to list, the most pressing first, with all that a row shows."""
        found = self.reachable
        if filters.tab in NEWEST_FIRST and self.counts[filters.tab] > VERY_MANY:
            found = Case.objects.walking().for_user(self.user)
        found = found.filter(self.tabs[filters.tab])
        if filters.workflow:
            found = found.filter(version__definition__slug=filters.workflow)
        if filters.who:
            found = found.filter(assignee=self.user if filters.who == "me" else None)
        if filters.stage:
            found = found.filter(stage_key=filters.stage)
        for word in filters.search.split():
            found = found.filter(
                Q(reference__icontains=word)
                | Q(title__icontains=word)
                | Q(contact_name__icontains=word)
                | Q(contact_email__icontains=word)
            )
        if filters.tab in NEWEST_FIRST:
            found = found.order_by("-opened_at", "-pk")
        else:
            found = found.order_by(F("due_at").asc(nulls_last=True), "stage_since", "pk")
        return _as_a_row_shows(found)

    def workflows(self) -> list[WorkflowDefinition]:
        """The workflows this user has a part in, for the filter."""
        found = {version.definition_id: version.definition for version in self._versions}
        return sorted(found.values(), key=lambda definition: definition.title)

    def stages(self, workflow: str) -> list[tuple[str, str]]:
        """Key and name of each stage of a workflow's latest version, for the filter."""
        own = [version for version in self._versions if version.definition.slug == workflow]
        return [(stage.key, stage.staff_name) for stage in own[-1].plan.stages] if own else []


def colleagues(case: Case) -> list[User]:
    """Who may be asked to look after a case: active people in a role of its workflow."""
    # By name: a group that the hub made itself may have been deleted since.
    names = [str(ROLES[role].label) if role in ROLES else role for role in case.stage.roles]
    return list(
        User.objects.filter(is_active=True, memberships__role__name__in=names)
        .distinct()
        .order_by("first_name", "last_name", "username")
    )
