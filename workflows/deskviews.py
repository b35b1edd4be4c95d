"""What officers do around a case: write to the family, see who else is there, run batches, save
views. Parse, check, call one function, answer; cases are found as in workflows.views."""

from urllib.parse import parse_qsl

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from cms import audit

from . import batch, family, moving, seen
from .engine import NoSuchWorkflowError, TransitionNotAllowedError
from .hiding import veiled_cases
from .inbox import Filters
from .models import BatchRun, Case, MoveRun, SavedView
from .views import DeskView, breadcrumbs

MOST_VIEWS = 30


class ReplyView(DeskView):
    """A message to the family, or "dealt with" without one."""

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        case = self.case(pk)
        try:
            if "dealt" in request.POST:
                family.deal_with(case.pk, by=request.user)
                messages.success(request, _("Marked as dealt with."))
            else:
                family.reply(case.pk, request.POST.get("text", ""), by=request.user)
                messages.success(request, _("The family is told that there is a message."))
        except (family.EmptyMessageError, TransitionNotAllowedError) as problem:
            messages.error(request, str(problem))
        except Case.DoesNotExist:
            raise PermissionDenied from None
        return redirect(reverse("cases:case", args=[case.pk]) + "#family")


class HereView(DeskView):
    """The open page asks who else is there and whether the case has moved: names and keys only."""

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        case = self.case(pk)
        seen.still_here(case, request.user)
        last = case.events.order_by("-pk").values_list("pk", flat=True).first()
        others = [str(user) for user in seen.others_here(case, request.user)]
        return JsonResponse({"others": others, "last": last or 0})


class BatchView(DeskView):
    """Many cases at once: shows what each button would do to which, then runs it."""

    def post(self, request: HttpRequest) -> HttpResponse:
        if "button" in request.POST:
            return self.begin(request)
        if "all" in request.POST:
            cases = batch.all_of(request.user, Filters.read(dict(parse_qsl(request.POST["all"]))))
        else:
            cases = batch.chosen(request.user, request.POST.getlist("case"))
        if not cases:
            messages.warning(request, _("Tick the cases first."))
            return redirect("cases:inbox")
        context = {
            "cases": veiled_cases(cases, request.user),
            "choices": batch.preview(request.user, cases),
            "most": batch.MOST if len(cases) == batch.MOST else 0,
            "breadcrumbs_items": breadcrumbs({"url": "", "label": _("Several cases")}),
        }
        return render(request, "workflows/batch.html", context)

    def begin(self, request: HttpRequest) -> HttpResponse:
        parts = (part.split(":", 1) for part in request.POST.get("at", "").split() if ":" in part)
        stages = {int(key): stage for key, stage in parts if key.isdigit() and len(key) < 18}
        run = batch.begin(
            request.user,
            stages,
            request.POST["button"],
            label=request.POST.get("label", ""),
            comment=request.POST.get("comment", "").strip(),
        )
        audit.record(
            request.user, "press", Case, {"button": run.button_key, "cases": len(run.stages)}
        )
        return redirect("cases:batch_run", pk=run.pk)


class BatchRunView(DeskView):
    """How far a batch is, and at the end what was refused and why. Only for who began it."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        run = get_object_or_404(BatchRun, pk=pk, user=request.user)
        context = {
            "run": run,
            "progress": batch.progress(run),
            "breadcrumbs_items": breadcrumbs({"url": "", "label": _("Several cases")}),
        }
        return render(request, "workflows/batch_run.html", context)


class SavedViewsView(DeskView):
    """Keep the inbox as it is filtered now under a name, or forget one."""

    def post(self, request: HttpRequest) -> HttpResponse:
        own = SavedView.objects.filter(user=request.user)
        if "forget" in request.POST:
            own.filter(name=request.POST["forget"]).delete()
            return redirect("cases:inbox")
        name = " ".join(request.POST.get("name", "").replace("\0", "").split())[:60]
        filters = Filters.read(dict(parse_qsl(request.POST.get("query", ""))))
        if not name:
            messages.error(request, _("Give the view a name first."))
        elif own.count() >= MOST_VIEWS and not own.filter(name=name).exists():
            messages.error(request, _("You have many views already. Forget one first."))
        else:
            SavedView.objects.update_or_create(
                user=request.user, name=name, defaults={"query": filters.as_query()}
            )
            messages.success(request, _("Saved as “%(name)s”.") % {"name": name})
        return redirect(f"{reverse('cases:inbox')}?{filters.as_query()}")


class MoveView(DeskView):
    """Where running cases of older versions would come to; POST takes them along."""

    def dispatch(self, request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        if not request.user.has_perm("workflows.change_workflowdefinition"):
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)

    def get(self, request: HttpRequest, slug: str) -> HttpResponse:
        return self.show(request, slug)

    def post(self, request: HttpRequest, slug: str) -> HttpResponse:
        chosen = {name: value for name, value in request.POST.items() if name.startswith("to-")}
        try:
            run = moving.begin(slug, request.user, chosen)
        except moving.MappingError as problem:
            return self.show(request, slug, problem=str(problem), chosen=chosen, status=422)
        except NoSuchWorkflowError:
            raise Http404 from None
        audit.record(request.user, "change", Case, {"moved to version": run.version.number})
        return redirect("cases:move_run", pk=run.pk)

    def show(
        self, request: HttpRequest, slug: str, *, status: int = 200, **more: object
    ) -> HttpResponse:
        try:
            target, rows = moving.preview(slug, request.user)
        except NoSuchWorkflowError:
            raise Http404 from None
        chosen = more.get("chosen") or {}
        context = {
            "target": target,
            "rows": [(row, chosen.get(row.field, row.proposed)) for row in rows],
            "number": sum(row.number for row in rows),
            "stages": [stage for stage in target.plan.stages if not stage.is_final],
            "breadcrumbs_items": breadcrumbs({"url": "", "label": target.plan.title}),
            **more,
        }
        return render(request, "workflows/move.html", context, status=status)


class MoveRunView(DeskView):
    """How far a move is. Only for who began it."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        run = get_object_or_404(MoveRun.objects.select_related("version"), pk=pk, user=request.user)
        context = {
            "run": run,
            "breadcrumbs_items": breadcrumbs({"url": "", "label": run.version.plan.title}),
        }
        return render(request, "workflows/move_run.html", context)
