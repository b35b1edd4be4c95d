"""The officer's screens: a panel ranked, one case's reviews, who is how busy. Thin views.

Only for those who own the scored stage, and only cases within reach; the rest is a 404.
"""

from decimal import Decimal, InvalidOperation

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from cms import audit, exports
from cms.models import User
from workflows.models import Case, ReviewRound
from workflows.views import DeskView

from . import panel, rounds, scoring
from .eligible import candidates
from .ranking import score_of_round
from .rubrics import reviewing
from .views import lines_of, trail


class PanelView(DeskView):
    """One scored stage: who has done what, and the ranks."""

    def panel(self, slug: str, stage: str) -> panel.Panel:
        mine = panel.panels_of(self.request.user)
        found = next((one for one in mine if (one.slug, one.how.stage) == (slug, stage)), None)
        if found is None:
            raise Http404
        return found

    def get(self, request: HttpRequest, slug: str, stage: str) -> HttpResponse:
        one = self.panel(slug, stage)
        rows = panel.rows_for(request.user, one)
        audit.record(request.user, "list", ReviewRound, {"panel": slug, "rows": len(rows)})
        context = {
            "panel": one,
            "rows": rows,
            "has_groups": any(row.group for row in rows),
            "labels": dict(one.how.rubric.recommendations),
            "waiting": sum(row.waiting for row in rows),
            "may_export": request.user.has_perm("workflows.export_case"),
            "breadcrumbs_items": trail(("", one.stage_name)),
        }
        return render(request, "workflows/reviews/panel.html", context)


class TakePanelView(PanelView):
    """The ranks as a file: references and numbers, no name and no comment."""

    def get(self, request: HttpRequest, slug: str, stage: str, kind: str) -> HttpResponse:
        if not request.user.has_perm("workflows.export_case"):
            raise PermissionDenied
        if kind not in exports.CONTENT_TYPES:
            raise Http404
        one = self.panel(slug, stage)
        may = Case.objects.for_user(request.user, "export")
        keys = set(may.filter(version__definition__slug=slug).values_list("pk", flat=True))
        rows = [row for row in panel.rows_for(request.user, one) if row.case.pk in keys]
        audit.record(request.user, "export", ReviewRound, {"panel": slug, "rows": len(rows)})
        head = ["Group", "Place", "Shared", "Reference", "Score", "Before moderation", "Spread"]
        table = exports.table(
            kind,
            [*head, "Reviews", "Wanted", "Conflicts"],
            (
                [
                    *(row.group, row.place, row.is_tied, row.case.reference),
                    *(row.score, row.combined, row.spread),
                    *(row.reviews, row.needed, row.recused),
                ]
                for row in rows
            ),
        )
        return FileResponse(
            table,
            as_attachment=True,
            filename=f"{slug}-{stage}.{kind}",
            content_type=exports.CONTENT_TYPES[kind],
        )


class LoadView(DeskView):
    def get(self, request: HttpRequest) -> HttpResponse:
        panels = panel.panels_of(request.user)
        if not panels:
            raise Http404
        context = {
            "loads": panel.loads(request.user, panels),
            "breadcrumbs_items": trail(("", _("Who is how busy"))),
        }
        return render(request, "workflows/reviews/load.html", context)


class RoundView(DeskView):
    """One case's latest round in a stage: its sheets, and what the officer may do about them."""

    def round(self, pk: int) -> ReviewRound:
        cases = Case.objects.for_user(self.request.user, "change").order_by().values("pk")
        made = get_object_or_404(
            ReviewRound.objects.filter(case__in=cases).select_related(
                "case__version", "case__centre"
            ),
            pk=pk,
        )
        if not panel.may_run(self.request.user, made.case, made.stage_key):
            raise Http404
        return made

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        made = self.round(pk)
        audit.record(request.user, "inspect", made.case, {"reviews of round": made.number})
        return render(request, "workflows/reviews/round.html", self.context(made))

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        made = self.round(pk)
        try:
            said = self.act(request, made)
        except rounds.ReviewProblemError as problem:
            context = self.context(made, problem=str(problem), posted=request.POST)
            return render(request, "workflows/reviews/round.html", context, status=422)
        messages.success(request, said)
        return redirect("reviews:round", pk=pk)

    def act(self, request: HttpRequest, made: ReviewRound) -> str:
        """Carry out one of the page's buttons. Raises ReviewProblemError."""
        reason = request.POST.get("reason", "").replace("\0", "")
        if "ask" in request.POST:
            chosen = request.POST.get("reviewer", "")
            user = get_object_or_404(User, pk=int(chosen) if chosen.isdigit() else 0)
            rounds.ask(made, user, by=request.user)
            return _("%(user)s was asked.") % {"user": user}
        if "moderate" in request.POST:
            if panel.must_wait(request.user, [made]):
                raise rounds.ReviewProblemError(_("Submit your own review first."))
            scoring.moderate(made, self.score(request), reason, by=request.user)
            return _("The moderated score is kept beside what the reviews say.")
        chosen = request.POST.get("review", "")
        review = get_object_or_404(made.reviews, pk=int(chosen) if chosen.isdigit() else 0)
        if "reopen" in request.POST:
            scoring.reopen(review, reason, by=request.user)
            return _("%(name)s can change the review again.") % {"name": review.reviewer_name}
        rounds.recuse(review, reason, by=request.user)
        return _("%(name)s does not review this any more.") % {"name": review.reviewer_name}

    def score(self, request: HttpRequest) -> Decimal | None:
        posted = request.POST.get("score", "").strip()
        if not posted:
            return None
        try:
            return Decimal(posted[:12])
        except InvalidOperation:
            raise rounds.ReviewProblemError(
                _("A moderated score is a number from 0 to 100.")
            ) from None

    def context(self, made: ReviewRound, **more: object) -> dict:
        how = reviewing(made.case.version.plan, made.stage_key)
        waits = bool(panel.must_wait(self.request.user, [made]))
        asked = list(made.reviews.select_related("reviewer"))
        there = {review.reviewer_id for review in asked}
        labels = dict(how.rubric.recommendations)
        return {
            "round": made,
            "case": made.case,
            "how": how,
            "waits": waits,
            "row": None if waits else score_of_round(made),
            "reviews": [
                {
                    "review": one,
                    "lines": lines_of(how, scoring.Sheet.of(one), {})
                    if one.is_submitted and not waits
                    else [],
                    "recommendation": labels.get(one.recommendation, ""),
                }
                for one in asked
            ],
            "candidates": [c for c in candidates(made.case, how) if c.user.pk not in there],
            "breadcrumbs_items": trail(
                (reverse("reviews:panel", args=[made.case.version.plan.slug, made.stage_key]),
                 made.case.version.plan.by_key[made.stage_key].staff_name),
                ("", made.case.reference),
            ),
            **more,
        }  # fmt: skip
