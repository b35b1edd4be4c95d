"""Lists that buttons add rows to, such as what finance is to be told, and taking them away.

A row holds facts that letters may carry, never an answer that is restricted. Whoever takes a list
gets the rows of cases within reach, and the taking is in the access log.
"""

from typing import IO

from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _
from wagtail import blocks

from cms import audit, exports
from cms.models import User

from .actions import Action, ActionProblemError, actions, mail_context
from .hiding import hidden_from, mask_for
from .models import Case, ListRow


@actions("export_row")
class ExportRow(Action):
    """`list` is the name of the list; `facts` its columns, names of facts, with commas."""

    label = _("Add a row to a list")
    required = ("list", "facts")

    @classmethod
    def fields(cls) -> list[tuple[str, blocks.Block]]:
        return [
            ("list", blocks.CharBlock(max_length=60, label=_("List"))),
            (
                "facts",
                blocks.CharBlock(
                    max_length=400,
                    label=_("Columns"),
                    help_text=_("Names of facts that letters may carry, separated by commas."),
                ),
            ),
        ]

    def run(self, case: Case, options: dict) -> str:
        known = mail_context(case, self.row.event)
        names = [name.strip() for name in options["facts"].split(",") if name.strip()]
        missing = [name for name in names if name not in known]
        if missing:
            raise ActionProblemError(f"This case has no fact called {', '.join(missing)}.")
        ListRow.objects.get_or_create(
            run=self.row,
            defaults={
                "name": slugify(options["list"])[:60],
                "case": case,
                "facts": {name: str(known[name]) for name in names},
            },
        )
        return f"Added to the list “{options['list']}”"


def lists_of(user: User) -> list[str]:
    """Names of the lists that hold rows of cases this user may export."""
    reachable = Case.objects.for_user(user, "export").order_by().values("pk")
    rows = ListRow.objects.filter(case__in=reachable)
    return sorted(rows.order_by().values_list("name", flat=True).distinct())


def take(user: User, name: str, kind: str) -> IO[bytes]:
    """One list as a file of that kind. Raises KeyError for a kind that there is not."""
    reachable = Case.objects.for_user(user, "export").order_by().values("pk")
    rows = ListRow.objects.filter(name=name, case__in=reachable).select_related("case__version")
    found = list(rows.order_by("pk"))
    columns = list(dict.fromkeys(fact for row in found for fact in row.facts))
    audit.record(user, "export", ListRow, {"list": name, "rows": len(found)})
    return exports.table(
        kind,
        ["Added", "Reference", *columns],
        (
            [timezone.localtime(row.at), row.case.reference, *_cells(row, columns, user)]
            for row in found
        ),
    )


def _cells(row: ListRow, columns: list[str], user: User) -> list[str]:
    mask = mask_for(row.case, hidden_from(row.case, user))
    return [mask(row.facts.get(column, "")) for column in columns]
