"""Which cases a member of staff may reach, and the adjectives the inbox asks for."""

from datetime import datetime
from typing import Self

from django.apps import apps
from django.utils import timezone

from cms.access import ScopedQuerySet

from .plan import FINAL, WAITING


class CaseQuerySet(ScopedQuerySet):
    """Cases. A role reaches only cases of workflows that give it a part, within its scope."""

    def narrowed_to_role(self, group_id: int) -> Self:
        """A role sees a case when the case's workflow names the role anywhere."""
        through = apps.get_model("workflows", "WorkflowVersion").groups.through
        return self.filter(
            version__in=through.objects.filter(group_id=group_id).values("workflowversion_id")
        )

    def open(self) -> Self:
        """Not finished yet, whoever has to act."""
        return self.exclude(stage_kind=FINAL)

    def with_us(self) -> Self:
        """Open, and it is our turn."""
        return self.exclude(stage_kind__in=[FINAL, WAITING])

    def waiting(self) -> Self:
        """Open, and it is the family's turn."""
        return self.filter(stage_kind=WAITING)

    def finished(self) -> Self:
        return self.filter(stage_kind=FINAL)

    def overdue(self, now: datetime | None = None) -> Self:
        """Open and past the day it was due."""
        return self.open().filter(due_at__lte=now or timezone.now())
