"""The pack of one case for a board: answers, reviews, references and history, to be printed.

For whoever may change the case; what a role may not read, and scores before the own ones, are left
out as on the case page. That somebody opened it is in the access log as an export.
"""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from cms import audit

from . import casepage
from .hiding import hidden_from, hides_who, mask_for, veiled
from .models import Case
from .reviews import panel, scoring
from .reviews.models import Review, ReviewRound
from .reviews.ranking import score_of_round
from .reviews.rubrics import reviewing
from .reviews.views import lines_of
from .views import DeskView, breadcrumbs


class PackView(DeskView):
    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        cases = Case.objects.for_user(request.user, "change")
        case = get_object_or_404(cases.select_related("version__definition", "subject_type"), pk=pk)
        audit.record(request.user, "export", case, {"pack": True})
        made = panel.rounds_of(case, request.user)
        waits = panel.must_wait(request.user, made)
        hidden = hidden_from(case, request.user)
        mask = mask_for(case, hidden)
        panels = [] if hides_who(case, hidden) else casepage.panels(case, request.user)
        context = {
            "case": veiled(case, mask, "title", "contact_name", "contact_email"),
            "stage": case.stage,
            "printed_at": timezone.now(),
            "sections": casepage.sections(case, request.user),
            "files": casepage.files(case, request.user),
            "rounds": [_round(one, is_open=one.pk not in waits) for one in made],
            "panels": [part for part in panels if part.get("in_pack")],
            "events": [
                veiled(event, mask, "summary", "comment")
                for event in case.events.all()
                if event.comment
            ],
            "breadcrumbs_items": breadcrumbs({"url": "", "label": _("Pack for the board")}),
        }
        return render(request, "workflows/pack.html", context)


def _round(made: ReviewRound, *, is_open: bool) -> dict:
    """One round as it is printed; without scores while the reader's own are not in."""
    how = reviewing(made.case.version.plan, made.stage_key)
    if not is_open or how is None:
        return {"round": made, "waits": True}
    labels = dict(how.rubric.recommendations)
    asked = list(made.reviews.all())
    return {
        "round": made,
        "row": score_of_round(made),
        "sheets": [
            {
                "review": review,
                "lines": lines_of(how, scoring.Sheet.of(review), {}),
                "recommendation": labels.get(review.recommendation, ""),
            }
            for review in asked
            if review.is_submitted
        ],
        "conflicts": [one for one in asked if one.state == Review.State.RECUSED],
    }
