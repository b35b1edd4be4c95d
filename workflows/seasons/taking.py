"""Who sits where; a season in figures, and as files. References and numbers, no name."""

from django.core.exceptions import PermissionDenied
from django.http import FileResponse, Http404, HttpRequest, HttpResponse

from cms import audit, exports

from . import fairness, seats
from .models import AuditionRound, Entrant, Placement
from .views import SeasonDesk


class SeatingView(SeasonDesk):
    """Who sits where, and who waits."""

    tab = "seating"

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        made = self.round(pk)
        waiting = seats.reserves(made)
        rows = [
            (vacancy, here, waiting.get(vacancy.pool_id, []))
            for vacancy, here in seats.seating(made)
        ]
        shown = sum(len(here) + len(rest) for _one, here, rest in rows)
        audit.record(request.user, "list", Entrant, {"seating": made.pk, "rows": shown})
        return self.page(made, rows=[row for row in rows if row[1] or row[2]])


class FairnessView(SeasonDesk):
    tab = "fairness"

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        made = self.round(pk)
        audit.record(request.user, "list", Placement, {"fairness": made.pk})
        return self.page(
            made,
            marks=fairness.marks(made),
            saw=fairness.what_panels_saw(made),
            offers=fairness.offers(made),
            few=fairness.FEW,
            may_export=request.user.has_perm("workflows.export_case"),
        )


class TakeView(SeasonDesk):
    """The proposal, or the figures, as a file: references and numbers, no name."""

    def get(self, request: HttpRequest, pk: int, what: str, kind: str) -> HttpResponse:
        made = self.round(pk)
        if not request.user.has_perm("workflows.export_case"):
            raise PermissionDenied
        tables = {"proposal": _proposal_table, "fairness": _fairness_table}
        if kind not in exports.CONTENT_TYPES or what not in tables:
            raise Http404("There is no such page.")
        head, rows = tables[what](made)
        audit.record(request.user, "export", Placement, {"round": made.pk, "rows": len(rows)})
        return FileResponse(
            exports.table(kind, head, rows),
            as_attachment=True,
            filename=f"{made.slug}-{what}.{kind}",
            content_type=exports.CONTENT_TYPES[kind],
        )


def _proposal_table(made: AuditionRound) -> tuple[list, list]:
    head = ["Reference", "Outcome", "Group", "Instrument", "Place", "Mark", "By hand", "Why"]
    placements = Placement.objects.filter(entrant__round=made).select_related(
        "entrant__case", "vacancy__section__ensemble", "vacancy__section__instrument"
    )
    rows = []
    for one in placements.order_by("entrant__case__reference"):
        section = one.vacancy.section if one.vacancy else None
        rows.append(
            [
                one.entrant.case.reference, one.get_outcome_display(),
                section.ensemble.name if section else "",
                section.instrument.name if section else "",
                one.rank, one.mark, one.is_by_hand, one.why,
            ]
        )  # fmt: skip
    return head, rows


def _fairness_table(made: AuditionRound) -> tuple[list, list]:
    rows = []
    for what, spreads in fairness.marks(made).items():
        rows += [
            [
                *(what, one.label, one.number),
                *map(_said, (one.least, one.low, one.middle, one.high, one.most)),
            ]
            for one in spreads
        ]
    for what, shares in fairness.offers(made).items():
        rows += [
            [what, one.label, _said(one.applied), _said(one.offered), "", "", "", ""]
            for one in shares
        ]
    head = ["What", "Of", "Number", "Least, or offers", "Lower quarter", "Middle", "Upper quarter"]
    return [*head, "Most"], rows


def _said(figure: int | None) -> int | str:
    return f"fewer than {fairness.FEW}, or hidden with it" if figure is None else figure
