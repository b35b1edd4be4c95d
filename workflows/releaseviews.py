"""The desk of decisions: enter them quietly, read every letter, release at one moment.

Only for roles that may decide, and there only for cases within reach; a release that holds cases
out of reach is not shown. Nothing here appears on any other screen before the release.
"""

from datetime import datetime

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from cms import audit
from cms.mail import UnknownTemplateError
from cms.mailmarkup import MailMarkupError
from cms.models import Job, User

from . import releases
from .engine import NoSuchWorkflowError
from .models import Case, Decision, Release, WorkflowDefinition
from .offers import ReasonMissingError
from .plan import FINAL
from .views import DeskView, breadcrumbs

DECIDE = "workflows.decide_case"
Outcome = Decision.Outcome


class DecisionsDesk(DeskView):
    """Only for those who decide."""

    def dispatch(self, request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        if not request.user.has_perm(DECIDE):
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)


def may_run(user: User, release: Release) -> bool:
    """Whether every case of it is within this user's reach: a release is whole or not theirs."""
    reach = Case.objects.for_user(user, "change").order_by().values("pk")
    return not releases.cases_of(release).exclude(pk__in=reach).exists()


def stages_for(user: User) -> list[tuple[str, str]]:
    """`(workflow/stage, words)` of every stage that has cases this user may change."""
    reach = Case.objects.for_user(user, "change").exclude(stage_kind=FINAL).order_by()
    pairs = set(reach.values_list("version__definition__slug", "stage_key"))
    found = []
    for definition in WorkflowDefinition.objects.filter(slug__in={slug for slug, _key in pairs}):
        version = definition.versions.order_by("-number").first()
        found += [
            (f"{definition.slug}/{stage.key}", f"{definition}: {stage.staff_name}")
            for stage in version.plan.stages
            if (definition.slug, stage.key) in pairs and stage.buttons
        ]
    return found


class ReleasesView(DecisionsDesk):
    """Every release, and a new one."""

    def get(self, request: HttpRequest) -> HttpResponse:
        shown = [one for one in Release.objects.all()[:100] if may_run(request.user, one)]
        context = {
            "releases": shown,
            "stages": stages_for(request.user),
            "breadcrumbs_items": breadcrumbs({"url": "", "label": _("Decisions")}),
        }
        return render(request, "workflows/releases.html", context)

    def post(self, request: HttpRequest) -> HttpResponse:
        title, chosen = request.POST.get("title", "").strip(), request.POST.get("stage", "")
        if not title or chosen not in dict(stages_for(request.user)):
            messages.error(request, _("Give it a name, and choose a stage."))
            return redirect("cases:releases")
        workflow, _slash, stage = chosen.partition("/")
        release = Release.objects.create(
            title=title[:120],
            workflow=workflow,
            stage_key=stage,
            group=request.POST.get("group", "").strip()[:60],
            needs_feedback="needs_feedback" in request.POST,
            actor_name=str(request.user)[:160],
        )
        return redirect("cases:release", pk=release.pk)


class ReleaseView(DecisionsDesk):
    """One release: decisions, checks, letters, when; afterwards how it went."""

    def release(self, pk: int) -> Release:
        release = get_object_or_404(Release, pk=pk)
        if not may_run(self.request.user, release):
            raise Http404("There is no such page.")
        return release

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        release = self.release(pk)
        try:
            stage = releases.stage_of(release)
        except (releases.ReleaseError, NoSuchWorkflowError) as problem:
            messages.error(request, str(problem))
            return redirect("cases:releases")
        cases = list(releases.cases_of(release).select_related("decision").order_by("reference"))
        audit.record(request.user, "list", Decision, {"release": release.pk, "rows": len(cases)})
        decided = [one.decision for one in cases if hasattr(one, "decision")]
        placed = releases.by_scores(decided)
        context = {
            "release": release,
            "stage": stage,
            "cases": [
                (case, getattr(case, "decision", None), placed.get(case.pk)) for case in cases
            ],
            "outcomes": [
                (key, label, release.buttons.get(key, "")) for key, label in Outcome.choices
            ],
            "problems": releases.problems(release) if release.state == "draft" else [],
            "letters": self.letters(release),
            "told": release.decisions.exclude(released_at=None).select_related("case"),
            "job": Job.objects.filter(key=release.job_key).first(),
            "is_open": release.state in ("planned", "running"),
            "breadcrumbs_items": breadcrumbs({"url": "", "label": str(release)}),
        }
        return render(request, "workflows/release.html", context)

    @staticmethod
    def letters(release: Release) -> list[tuple]:
        """`(decision, letters)`: each as it will be read; a broken one is among the problems."""
        found = []
        for decision in releases.decisions_of(release)[:200]:
            try:
                found.append((decision, releases.letters(release, decision)))
            except (MailMarkupError, UnknownTemplateError):
                continue
        return found

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        release = self.release(pk)
        verbs = {
            "decide": self.decide,
            "buttons": self.choose,
            "plan": self.plan,
            "now": self.plan,
            "call_off": self.call_off,
        }
        what = request.POST.get("do", "")
        try:
            if what in verbs:
                messages.success(request, verbs[what](release))
        except (releases.ReleaseError, ReasonMissingError) as problem:
            messages.error(request, str(problem))
        return redirect("cases:release", pk=release.pk)

    def decide(self, release: Release) -> str:
        """Every line of the table that says something."""
        posted, number = self.request.POST, 0
        for case in releases.cases_of(release).order_by("pk"):
            outcome = posted.get(f"outcome_{case.pk}", "")
            rank = posted.get(f"rank_{case.pk}", "")
            if outcome:
                releases.decide(
                    case.pk,
                    outcome,
                    by=self.request.user,
                    feedback=posted.get(f"feedback_{case.pk}", "")[:4000],
                    group=posted.get(f"group_{case.pk}", "") or release.group,
                    reason=posted.get(f"reason_{case.pk}", "")[:1000],
                    rank=int(rank) if rank.isascii() and rank.isdigit() and len(rank) < 5 else None,
                )
                number += 1
        return _("%(n)s decisions are kept. Nobody else sees them.") % {"n": number}

    def choose(self, release: Release) -> str:
        if release.state != "draft":
            raise releases.ReleaseError(_("It is planned already. Call it off first."))
        known = {button.key for button in releases.stage_of(release).buttons}
        chosen = {key: self.request.POST.get(f"button_{key}", "") for key in Outcome.values}
        release.buttons = {key: button for key, button in chosen.items() if button in known}
        release.save(update_fields=["buttons"])
        return _("Saved.")

    def plan(self, release: Release) -> str:
        at = None
        if self.request.POST["do"] == "plan":
            at = _moment(self.request.POST.get("at", ""))
            if at is None or at <= timezone.now():
                raise releases.ReleaseError(_("Give a day and time that are to come."))
        releases.plan(release.pk, at=at, by=self.request.user)
        return _("Planned. Letters go when it is carried out.")

    def call_off(self, release: Release) -> str:
        releases.call_off(release.pk)
        return _("Called off. Nobody was told anything.")


def _moment(text: str) -> datetime | None:
    try:
        found = parse_datetime(text)
    except ValueError:
        return None
    if found is None:
        return None
    return found if timezone.is_aware(found) else timezone.make_aware(found)
