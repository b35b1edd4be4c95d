"""What needs an officer today: which cases, on which tab, in which order, in how many queries.

Everything starts from `Case.objects.for_user(user)`. A stage is *ours* when one of the user's
roles owns it; "today" leaves out what a colleague has taken on.
"""

import re
from dataclasses import dataclass

from django.db.models import Count, F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from cms.models import User
from cms.roles import group_of, role_keys_of

from .models import Case, WorkflowDefinition, WorkflowVersion
from .plan import FINAL, WAITING
from .querysets import CaseQuerySet

TABS = {
    "today": _("Needs me today"),
    "mine": _("Mine"),
    "team": _("My team’s"),
    "overdue": _("Overdue"),
    "waiting": _("Waiting for families"),
    "done": _("Done"),
    "all": _("All"),
}


@dataclass(frozen=True)
class Filters:
    """What the officer chose. `workflow` and `stage` are keys; `search` any words."""

    tab: str = "today"
    search: str = ""
    workflow: str = ""
    stage: str = ""

    @classmethod
    def read(cls, data: dict[str, str]) -> "Filters":
        """From a query string; anything unknown falls back to the first tab."""
        tab = data.get("tab", "")
        return cls(
            tab=tab if tab in TABS else "today",
            search=" ".join(data.get("q", "").replace("\0", "").split())[:100],
            workflow=_key(data.get("workflow", "")),
            stage=_key(data.get("stage", "")),
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
        nobody_else = Q(assignee=None) | Q(assignee=self.user)
        return {
            "today": ours & nobody_else,
            "mine": still_open & Q(assignee=self.user),
            "team": ours,
            "overdue": still_open & Q(due_at__lte=timezone.now()),
            "waiting": Q(stage_kind=WAITING),
            "done": Q(stage_kind=FINAL),
            "all": Q(),
        }

    def _owned(self) -> Q:
        """Cases in a stage that one of this user's roles owns."""
        if self.user.is_superuser:
            return Q()
        held = role_keys_of(self.user)
        groups = self.user.memberships.values("role")
        owned = Q(pk=None)
        versions = WorkflowVersion.objects.filter(groups__in=groups).distinct()
        for version in versions.defer("data").order_by("pk"):
            keys = [s.key for s in version.plan.stages if held & set(s.roles)]
            if keys:
                owned |= Q(version_id=version.pk, stage_key__in=keys)
        return owned

    def counts(self) -> dict[str, int]:
        """How many cases stand under each tab, whatever is searched for. One query."""
        return self.reachable.order_by().aggregate(
            **{
                tab: Count("pk", filter=condition)
                for tab, condition in self.tabs.items()
                if tab != "all"
            },
            all=Count("pk"),
        )

    def cases(self, filters: Filters) -> CaseQuerySet:
        """The cases to list, the most pressing first, with all that a row shows."""
        found = self.reachable.filter(self.tabs[filters.tab])
        if filters.workflow:
            found = found.filter(version__definition__slug=filters.workflow)
        if filters.stage:
            found = found.filter(stage_key=filters.stage)
        for word in filters.search.split():
            found = found.filter(
                Q(reference__icontains=word)
                | Q(title__icontains=word)
                | Q(contact_name__icontains=word)
                | Q(contact_email__icontains=word)
            )
        if filters.tab in ("done", "all"):
            found = found.order_by("-opened_at", "-pk")
        else:
            found = found.order_by(F("due_at").asc(nulls_last=True), "stage_since", "pk")
        return found.select_related("version__definition", "centre", "area", "assignee").defer(
            "version__data", "version__definition__stages"
        )

    def workflows(self) -> list[WorkflowDefinition]:
        """The workflows this user has a part in, for the filter."""
        definitions = WorkflowDefinition.objects.defer("stages")
        if not self.user.is_superuser:
            groups = self.user.memberships.values("role")
            definitions = definitions.filter(versions__groups__in=groups).distinct()
        return list(definitions)

    def stages(self, workflow: str) -> list[tuple[str, str]]:
        """Key and name of each stage of a workflow's latest version, for the filter."""
        version = (
            WorkflowVersion.objects.filter(definition__slug=workflow).order_by("-number").first()
        )
        return [(s.key, s.staff_name) for s in version.plan.stages] if version else []


def colleagues(case: Case) -> list[User]:
    """Who may be asked to look after a case: active people in a role of its workflow."""
    groups = [group_of(role).pk for role in sorted(case.stage.roles)]
    return list(
        User.objects.filter(is_active=True, memberships__role__in=groups)
        .distinct()
        .order_by("first_name", "last_name", "username")
    )
