"""The reviewer's side: what is to review, one review, its files. Parse, check, call, answer.

A reviewer reaches a review only through `Review.objects.for_user` and while the role that scores
is still held; anything else is a 404. What is shown is made by `blind`, and each view is logged
on the case that it is about.
"""

from django.contrib import messages
from django.core.cache import cache
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.generic import View

from cms import audit
from cms.access import held_by
from cms.downloads import as_download, as_stream
from cms.models import User
from workflows.models import Review

from . import blind, panel, scoring
from .eligible import may_still_score
from .rounds import ReviewProblemError, recuse
from .rubrics import Reviewing, reviewing

WATCHING = 15 * 60  # seconds: a player asks for a film in parts, which is one look
MOST_BUTTONS = 21  # a longer scale is a number to type


def is_reviewer(user: User) -> bool:
    """Whether this person has ever been asked for a review."""
    return Review.objects.for_user(user).exists()


def trail(*steps: tuple[str, str]) -> list[dict]:
    start = [(reverse("wagtailadmin_home"), _("Home")), (reverse("reviews:inbox"), _("To review"))]
    return [{"url": url, "label": label} for url, label in (*start, *steps)]


class ReviewerView(View):
    """For signed-in staff; what they reach is decided review by review."""

    def dispatch(self, request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        if not (request.user.is_superuser or held_by(request.user)):
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)

    def review(self, pk: int) -> Review:
        found = get_object_or_404(
            Review.objects.for_user(self.request.user).select_related(
                "round__case__version", "round__case__centre", "reviewer"
            ),
            pk=pk,
        )
        if not may_still_score(found):
            raise Http404
        return found


class ReviewerInboxView(ReviewerView):
    def get(self, request: HttpRequest) -> HttpResponse:
        found = list(
            Review.objects.for_user(request.user).select_related(
                "round__case__version", "round__case__centre", "reviewer"
            )
        )
        rows = [_row(one) for one in found if may_still_score(one)]
        now = timezone.now()
        to_do = [row for row in rows if row["review"].is_open and row["is_there"]]
        to_do.sort(key=lambda row: (row["due"] is None, row["due"] or now, row["review"].pk))
        audit.record(request.user, "list", Review, {"rows": len(rows)})
        context = {
            "to_do": to_do,
            "done": [row for row in reversed(rows) if row["review"].is_submitted][:50],
            "now": now,
            "panels": panel.panels_of(request.user),
            "breadcrumbs_items": trail(),
        }
        return render(request, "workflows/reviews/inbox.html", context)


def _row(review: Review) -> dict:
    made = review.round
    how = reviewing(made.case.version.plan, made.stage_key)
    answered = sum(one.key in review.scores for one in how.rubric.criteria)
    return {
        "review": review,
        "reference": made.case.reference,
        "process": made.case.version.plan.title,
        "due": made.due_at,
        "answered": answered,
        "of": len(how.rubric.criteria),
        "is_there": made.case.stage_key == made.stage_key,
    }


class ReviewView(ReviewerView):
    """One review. POST submits it, or saves it where there is no script."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        review = self.review(pk)
        audit.record(request.user, "inspect", review.round.case, {"as": "reviewer"})
        return render(request, "workflows/reviews/review.html", context_of(review))

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        review = self.review(pk)
        how = reviewing(review.round.case.version.plan, review.round.stage_key)
        sheet = scoring.Sheet.read(how.rubric, request.POST)
        verb = scoring.submit if "submit" in request.POST else scoring.save
        try:
            done = verb(review.pk, sheet, by=request.user, rev=_rev(request))
        except scoring.IncompleteReviewError as problem:
            review = self.review(pk)
            more = {"problems": problem.problems, "problem": str(problem)}
            return self.again(request, context_of(review, sheet, **more), 422)
        except scoring.OtherWindowError as problem:
            more = {"problem": str(problem), "other": scoring.Sheet.of(problem.review)}
            return self.again(request, context_of(problem.review, sheet, **more), 409)
        except scoring.LockedReviewError as problem:
            messages.warning(request, str(problem))
            return redirect("reviews:review", pk=pk)
        except Review.DoesNotExist:
            raise Http404 from None
        if done.is_submitted:
            audit.record(request.user, "press", review.round.case, {"review": "submitted"})
            messages.success(request, _("Your review is submitted. Thank you."))
            return redirect("reviews:inbox")
        messages.success(request, _("Saved. Nobody sees it before you submit it."))
        return redirect("reviews:review", pk=pk)

    def again(self, request: HttpRequest, context: dict, status: int) -> HttpResponse:
        return render(request, "workflows/reviews/review.html", context, status=status)


class SaveView(ReviewerView):
    """Saving by script while the reviewer writes: `{"rev", "saved"}`, or `{"problem"}`."""

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        review = self.review(pk)
        how = reviewing(review.round.case.version.plan, review.round.stage_key)
        sheet = scoring.Sheet.read(how.rubric, request.POST)
        try:
            saved = scoring.save(review.pk, sheet, by=request.user, rev=_rev(request))
        except ReviewProblemError as problem:
            return JsonResponse({"problem": str(problem)}, status=409)
        except Review.DoesNotExist:
            raise Http404 from None
        at = timezone.localtime(saved.saved_at or timezone.now())
        return JsonResponse({"rev": saved.rev, "saved": f"{at:%H:%M}"})


class ConflictView(ReviewerView):
    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        review = self.review(pk)
        try:
            recuse(review, request.POST.get("reason", "").replace("\0", ""), by=request.user)
        except ReviewProblemError as problem:
            context = context_of(review, conflict_problem=str(problem))
            return render(request, "workflows/reviews/review.html", context, status=422)
        messages.success(request, _("Thank you for saying so. Somebody else is asked instead."))
        return redirect("reviews:inbox")


class ReviewFileView(ReviewerView):
    """A file of the case. A film is played in the page, part by part, and never a download."""

    def get(self, request: HttpRequest, pk: int, file: int) -> HttpResponse:
        review = self.review(pk)
        shown = next((one for one in blind.files(review) if one["id"] == file), None)
        if shown is None:
            raise Http404
        case = review.round.case
        try:
            content, content_type = case.subject.open_case_file(file)
        except LookupError:
            raise Http404 from None
        detail = {"file": file, "as": "reviewer"}
        if shown["is_film"]:
            if cache.add(f"film-{request.user.pk}-{file}", True, timeout=WATCHING):
                audit.record(request.user, "download", case, detail | {"film": "watched"})
            return as_stream(request, content, size=content.size, content_type=content_type)
        audit.record(request.user, "download", case, detail)
        return as_download(content, name=f"{case.reference}-{file}", content_type=content_type)


def _rev(request: HttpRequest) -> int:
    posted = request.POST.get("rev", "")
    return int(posted) if posted.isdigit() and len(posted) < 10 else -1


def context_of(review: Review, sheet: scoring.Sheet | None = None, **more: object) -> dict:
    """All that the review page shows. Others' sheets only once the own one is submitted."""
    case = review.round.case
    how = reviewing(case.version.plan, review.round.stage_key)
    sheet = sheet or scoring.Sheet.of(review)
    return {
        "review": review,
        "case_reference": case.reference,
        "process": case.version.plan.title,
        "stage": case.version.plan.by_key[review.round.stage_key],
        "is_there": case.stage_key == review.round.stage_key,
        "due": review.round.due_at,
        "shown": blind.shown(review),
        "lines": lines_of(how, sheet, more.get("problems") or {}),
        "sheet": sheet,
        "how": how,
        "others": others(review, how) if review.is_submitted else [],
        "problems": {},
        "breadcrumbs_items": trail(("", case.reference)),
        **more,
    }


def lines_of(how: Reviewing, sheet: scoring.Sheet, problems: dict) -> list[dict]:
    """Each criterion with what was given for it, for a form or to be read."""
    return [
        {
            "criterion": one,
            "score": sheet.scores.get(one.key),
            "comment": sheet.comments.get(one.key, ""),
            "as_buttons": len(one.scale) <= MOST_BUTTONS,
            "problem": problems.get(f"score-{one.key}", ""),
            "comment_problem": problems.get(f"comment-{one.key}", ""),
        }
        for one in how.rubric.criteria
    ]


def others(review: Review, how: Reviewing) -> list[dict]:
    """The others' submitted sheets, blacked out like the case, by number where names are hidden."""
    mask = blind.mask_of(review.round.case, how)
    labels = dict(how.rubric.recommendations)
    found = review.round.reviews.submitted().exclude(pk=review.pk)
    return [
        {
            "name": _("Another reviewer (%(number)s)") % {"number": number}
            if "reviewers" in how.hide
            else one.reviewer_name,
            "total": one.total,
            "recommendation": labels.get(one.recommendation, ""),
            "lines": [
                line | {"comment": mask(line["comment"])}
                for line in lines_of(how, scoring.Sheet.of(one), {})
            ],
            "for_panel": mask(one.for_panel),
        }
        for number, one in enumerate(found, start=1)
    ]
