"""The pages of a rehearsal: which there are, playing one, and what publishing would change.

Only for those who design processes. A page that is played is never one that can be used: it is
served under a policy that lets no form be sent and no script run.
"""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.views.generic import View

from workflows.compile import check_all
from workflows.findings import ERROR, NotPublishableError
from workflows.models import Rehearsal, WorkflowDefinition

from . import keeping, stage
from .play import MOST_DAYS, MOST_STEPS
from .story import Story

NO_USE = "sandbox; default-src 'none'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
NO_USE += "font-src 'self'; frame-ancestors 'self'"
WAITS = (1, 3, 7, 14)


class RehearsalView(View):
    """Finds the process and its latest draft."""

    permission = "workflows.change_workflowdefinition"

    def dispatch(self, request, *args, **kwargs):
        if not request.user.has_perm(self.permission):
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)

    @cached_property
    def definition(self) -> WorkflowDefinition:
        return get_object_or_404(WorkflowDefinition, slug=self.kwargs["slug"])

    @cached_property
    def draft(self) -> WorkflowDefinition:
        if not self.definition.latest_revision_id:
            return self.definition
        return self.definition.get_latest_revision_as_object()

    @cached_property
    def data(self) -> dict:
        """The latest draft. `problems` say why it cannot be played."""
        return stage.data_of(self.draft)

    @cached_property
    def problems(self) -> list:
        return [one for one in check_all(self.data) if one.level == ERROR]

    def crumbs(self, *trail: tuple[str, str]) -> list[dict]:
        snippets = WorkflowDefinition.snippet_viewset
        items = [
            ("Review processes", reverse(snippets.get_url_name("list"))),
            (
                self.draft.title,
                reverse(snippets.get_url_name("edit"), args=[self.definition.pk]),
            ),
            *trail,
        ]
        return [{"label": label, "url": url} for label, url in items]

    @property
    def index(self) -> str:
        return reverse("cases:rehearsals", args=[self.definition.slug])


class RehearsalsView(RehearsalView):
    """Those that are kept, and the sample families one can begin with."""

    def get(self, request: HttpRequest, slug: str) -> HttpResponse:
        context = {
            "definition": self.draft,
            "problems": self.problems,
            "kept": keeping.kept_of(self.definition),
            "families": stage.offered(slug),
            "breadcrumbs_items": self.crumbs((_("Rehearse"), "")),
        }
        return render(request, "workflows/rehearsal/index.html", context)

    def post(self, request: HttpRequest, slug: str) -> HttpResponse:
        family = request.POST.get("family", "")
        if family not in {one.key for one in stage.offered(slug)}:
            messages.error(request, _("Choose a family first."))
            return redirect(self.index)
        begins_at = timezone.now().replace(second=0, microsecond=0)
        made = Rehearsal.objects.create(
            definition=self.definition, family=family, begins_at=begins_at, user=request.user
        )
        return redirect("cases:rehearsal", slug, made.pk)


class PlayView(RehearsalView):
    """One rehearsal: what has happened so far, and what may be done next."""

    @cached_property
    def rehearsal(self) -> Rehearsal:
        found = Rehearsal.objects.select_related("definition").filter(definition=self.definition)
        return get_object_or_404(found, pk=self.kwargs["pk"])

    def story(self, screen: str = "") -> Story:
        if self.problems:
            return Story(problem=_("It cannot be played yet: %s") % self.problems[0])
        return keeping.played(self.rehearsal, self.data, screen)

    def get(self, request: HttpRequest, slug: str, pk: int) -> HttpResponse:
        story, rehearsal = self.story(), self.rehearsal
        said = (
            keeping.differences(rehearsal.expected, keeping.expectation(story))
            if rehearsal.name
            else []
        )
        context = {
            "definition": self.draft,
            "rehearsal": rehearsal,
            "story": story,
            "steps": story.by_step() if story.happenings else [],
            "said": said,
            "waits": WAITS,
            "most_days": MOST_DAYS,
            "is_full": len(rehearsal.steps) >= MOST_STEPS,
            "breadcrumbs_items": self.crumbs(
                (_("Rehearse"), self.index), (rehearsal.name or _("A rehearsal"), "")
            ),
        }
        return render(request, "workflows/rehearsal/play.html", context)

    def post(self, request: HttpRequest, slug: str, pk: int) -> HttpResponse:
        do, rehearsal = request.POST.get("do", ""), self.rehearsal
        if do == "forget":
            rehearsal.delete()
            messages.success(request, _("Forgotten."))
            return redirect(self.index)
        if do == "keep":
            self.keep(request)
        elif do == "back":
            rehearsal.steps = rehearsal.steps[:-1]
            rehearsal.save(update_fields=["steps"])
        elif (step := _step(request.POST)) and len(rehearsal.steps) < MOST_STEPS:
            rehearsal.steps = [*rehearsal.steps, step]
            rehearsal.save(update_fields=["steps"])
        return redirect(reverse("cases:rehearsal", args=[slug, pk]) + "#now")

    def keep(self, request: HttpRequest) -> None:
        if self.problems:
            messages.error(request, _("Mend the process first, then keep its rehearsals."))
            return
        try:
            keeping.keep(self.rehearsal, request.POST.get("name", ""), self.data)
        except ValueError as problem:
            messages.error(request, str(problem))
        else:
            messages.success(request, _("Kept. It is played again before each publishing."))


def _step(posted: dict) -> dict | None:
    """The step that was posted, or None when it is none."""
    do = posted.get("do")
    if do == "press" and posted.get("press", "").count(":") == 1:
        by, button = posted["press"].split(":")
        comment = posted.get("comment", "").replace("\0", "").strip()[:1000]
        return {"do": "press", "by": by[:80], "button": button[:60], "comment": comment}
    if do == "wait" and posted.get("days", "").isdigit() and len(posted["days"]) < 5:
        return {"do": "wait", "days": min(max(int(posted["days"]), 1), MOST_DAYS)}
    if do == "next":
        return {"do": "next"}
    if do == "move" and "/" in posted.get("move", ""):
        move, _slash, offer = posted["move"].partition("/")
        return {"do": "move", "move": move[:60], "offer": offer[:120]}
    return None


class ScreenView(PlayView):
    """One page as somebody would see it at the end of the steps: to look at, not to use."""

    def get(self, request: HttpRequest, slug: str, pk: int, screen: str) -> HttpResponse:
        kind, _slash, key = screen.partition("/")
        if kind == "letter":
            letters = self.story().letters
            if not key.isdigit() or len(key) > 4 or int(key) >= len(letters):
                raise Http404
            html = letters[int(key)].html
        else:
            html = self.story(screen).screen
        if html is None:
            raise Http404
        response = HttpResponse(html)
        response["Content-Security-Policy"] = NO_USE
        response["X-Frame-Options"] = "SAMEORIGIN"
        return response

    def post(self, *args: object, **kwargs: object) -> HttpResponse:
        return self.http_method_not_allowed(self.request)


class PublishView(RehearsalView):
    """What goes otherwise in the kept rehearsals; publishing says that it is meant."""

    permission = "workflows.publish_workflowdefinition"

    def get(self, request: HttpRequest, slug: str) -> HttpResponse:
        return self.show(request)

    def show(self, request: HttpRequest, problem: str = "", status: int = 200) -> HttpResponse:
        found = [] if self.problems else keeping.findings(self.definition, self.data)
        context = {
            "definition": self.draft,
            "problems": self.problems,
            "problem": problem,
            "findings": found,
            "revision": self.definition.latest_revision_id,
            "breadcrumbs_items": self.crumbs((_("Publish"), "")),
        }
        return render(request, "workflows/rehearsal/publish.html", context, status=status)

    def post(self, request: HttpRequest, slug: str) -> HttpResponse:
        lock = self.draft.get_lock()
        if lock and lock.for_user(request.user):
            raise PermissionDenied
        try:
            version = keeping.publish_as_meant(
                self.definition, seen_revision=request.POST.get("revision", ""), by=request.user
            )
        except keeping.DraftChangedError:
            problem = _("Somebody saved the process meanwhile. Look again at what would change.")
            return self.show(request, problem, status=409)
        except NotPublishableError as error:
            return self.show(request, str(error), status=422)
        messages.success(
            request,
            _("“%(title)s” is live, version %(number)s.")
            % {"title": self.draft.title, "number": version.number},
        )
        return redirect(self.index)
