"""Which cases a member of staff may reach, and the adjectives the inbox asks for."""

from datetime import datetime
from typing import Self

from django.apps import apps
from django.db.models import F, Q
from django.db.models.functions import Lower
from django.utils import timezone

from cms.access import ScopedQuerySet

from .plan import FINAL, WAITING


class CaseQuerySet(ScopedQuerySet):
    """Cases. A role reaches only cases of workflows that give it a part, within its scope."""

    _walks = False

    def walking(self) -> Self:
        """For a page of very many: go along the order asked for, instead of gathering a role's
        cases and sorting them. A database cannot know that a role sees nearly all of them.
        """
        clone = self._chain()
        clone._walks = True
        return clone

    def narrowed_to_role(self, group_id: int) -> Self:
        """A role sees a case when the case's workflow names the role anywhere."""
        through = apps.get_model("workflows", "WorkflowVersion").groups.through
        versions = through.objects.filter(group_id=group_id).values("workflowversion_id")
        if self._walks:  # a sum is in no index
            return self.alias(_version=F("version_id") + 0).filter(_version__in=versions)
        return self.filter(version__in=versions)

    def of_contact(self, address: str) -> Self:
        """Those whose contact has this e-mail address, in capitals or not."""
        wanted = address.strip().lower()
        return self.alias(_contact=Lower("contact_email")).filter(_contact=wanted)

    def of_family(self, address: str) -> Self:
        """Those that this address may open in the family folder: as contact, or as young person."""
        wanted = address.strip().lower()
        party = apps.get_model("workflows", "CaseParty").objects.alias(_own=Lower("email"))
        return self.alias(_contact=Lower("contact_email")).filter(
            Q(_contact=wanted) | Q(pk__in=party.filter(_own=wanted).values("case"))
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
