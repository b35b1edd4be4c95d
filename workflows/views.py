"""The desks: inbox and case page. Parse, check, call one function, answer.

Each view finds its case through `Case.objects.for_user`; one out of reach is a 404, like one that
is not there. Opening a case is written to the access log.
"""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.generic import View
from wagtail.admin.paginator import WagtailPaginator

from cms import audit, jobs
from cms.models import Job, User

from . import batch, casepage
from .diagram import counts_for, draw
from .engine import (
    NoSuchWorkflowError,
    StaleStageError,
    TransitionNotAllowedError,
    add_note,
    assign,
    available_buttons,
    latest_version,
    perform,
)
from .inbox import TABS, Filters, Inbox, colleagues
from .models import Case
from .running import restart_actions

PER_PAGE = 50


class DeskView(View):
    """Only for those with a role that has cases."""

    def dispatch(self, request, *args, **kwargs):
        if not request.user.has_perm("workflows.view_case"):
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)

    def case(self, pk):
        cases = Case.objects.for_user(self.request.user).select_related(
            "version__definition", "centre__area", "area", "assignee", "subject_type"
        )
        return get_object_or_404(cases, pk=pk)


def breadcrumbs(*trail):
    """The trail of the slim header, from the admin's home to here."""
    start = [
        {"url": reverse("wagtailadmin_home"), "label": _("Home")},
        {"url": reverse("cases:inbox"), "label": _("Inbox")},
    ]
    return [*start, *trail]


class InboxView(DeskView):
    def get(self, request):
        filters = Filters.read(request.GET)
        inbox = Inbox(request.user)
        page = WagtailPaginator(inbox.cases(filters), PER_PAGE).get_page(request.GET.get("p"))
        counts = inbox.counts()
        audit.record(
            request.user,
            "list",
            Case,
            {"tab": filters.tab, "rows": len(page.object_list), "searched": bool(filters.search)},
        )
        context = {
            "filters": filters,
            "tabs": [(key, label, counts[key]) for key, label in TABS.items()],
            "page": page,
            "workflows": inbox.workflows(),
            "stages": inbox.stages(filters.workflow) if filters.workflow else [],
            "breadcrumbs_items": breadcrumbs(),
            "is_filtered": bool(filters.search or filters.workflow or filters.stage),
        }
        return render(request, "workflows/inbox.html", context)


class CaseView(DeskView):
    def get(self, request, pk):
        case = self.case(pk)
        audit.record(request.user, "inspect", case)
        return render(request, "workflows/case.html", case_context(request.user, case))


def case_context(user, case, **more):
    events = list(case.events.prefetch_related("runs"))
    plan = case.version.plan.by_key
    buttons = [
        {"button": button, "effects": casepage.effects(button, plan)}
        for button in available_buttons(case, user)
    ]
    files = getattr(case.subject, "case_files", None)
    return {
        "case": case,
        "stage": case.stage,
        "steps": casepage.strip(case, events),
        "sections": casepage.sections(case, user),
        "buttons": buttons,
        "events": [(event, list(event.runs.all())) for event in reversed(events)],
        "letters": list(casepage.letters(case)),
        "files": files() if files else [],
        "earlier": list(casepage.earlier(case, user)),
        "may_change": user.has_perm("workflows.change_case"),
        "colleagues": colleagues(case),
        "stage_names": {stage.key: stage.staff_name for stage in case.version.plan.stages},
        "breadcrumbs_items": breadcrumbs({"url": "", "label": case.reference}),
        **more,
    }


class PressView(DeskView):
    """A button. A stale press gets a page that says who was first and keeps the comment."""

    def post(self, request, pk):
        case = self.case(pk)
        comment = request.POST.get("comment", "")
        try:
            event = perform(
                case.pk,
                request.POST.get("button", ""),
                by=request.user,
                comment=comment,
                expected_stage=request.POST.get("stage", ""),
            )
        except StaleStageError as problem:
            context = {"case": self.case(pk), "problem": problem, "comment": comment}
            context["breadcrumbs_items"] = breadcrumbs({"url": "", "label": case.reference})
            return render(request, "workflows/stale.html", context, status=409)
        except TransitionNotAllowedError as problem:
            context = case_context(request.user, case, problem=str(problem), comment=comment)
            return render(request, "workflows/case.html", context, status=422)
        except Case.DoesNotExist:
            raise Http404 from None
        audit.record(request.user, "press", case, {"button": event.button_key})
        messages.success(request, f"{case.reference}: {event.summary}")
        return redirect("cases:case", pk=case.pk)


class NoteView(DeskView):
    def post(self, request, pk):
        case = self.case(pk)
        try:
            add_note(case.pk, request.POST.get("text", ""), by=request.user)
        except ValueError:
            messages.error(request, _("Write something in the note first."))
        except Case.DoesNotExist:
            raise PermissionDenied from None
        return redirect("cases:case", pk=case.pk)


class AssignView(DeskView):
    def post(self, request, pk):
        case = self.case(pk)
        chosen = request.POST.get("to", "")
        to = get_object_or_404(User, pk=int(chosen), is_active=True) if chosen.isdigit() else None
        try:
            event = assign(case.pk, to, by=request.user)
        except TransitionNotAllowedError as problem:
            messages.error(request, str(problem))
        except Case.DoesNotExist:
            raise PermissionDenied from None
        else:
            messages.success(request, f"{case.reference}: {event.summary}")
        return redirect("cases:case", pk=case.pk)


class RestartView(DeskView):
    """Try an event's failed actions again."""

    def post(self, request, pk, event):
        case = self.case(pk)
        if not request.user.has_perm("workflows.change_case"):
            raise PermissionDenied
        try:
            restart_actions(get_object_or_404(case.events, pk=event), by=request.user)
        except (jobs.JobIsRunningError, Job.DoesNotExist):
            messages.warning(request, _("That is being tried already."))
        else:
            messages.success(request, _("It is being tried again now."))
        return redirect("cases:case", pk=case.pk)


class FlowView(DeskView):
    """A published workflow, drawn, with the number of the user's cases in each stage."""

    def get(self, request, slug):
        if slug not in {workflow.slug for workflow in Inbox(request.user).workflows()}:
            raise Http404
        try:
            version = latest_version(slug)
        except NoSuchWorkflowError:
            raise Http404 from None
        context = {
            "version": version,
            "plan": version.plan,
            "drawing": draw(version.plan, counts_for(slug, request.user)),
            "breadcrumbs_items": breadcrumbs({"url": "", "label": version.plan.title}),
        }
        return render(request, "workflows/flow.html", context)


class BatchView(DeskView):
    """Many cases at once: shows what each button would do to which, then presses it on them."""

    def post(self, request):
        context = {"breadcrumbs_items": breadcrumbs({"url": "", "label": _("Several cases")})}
        if "button" not in request.POST:
            cases = batch.chosen(request.user, request.POST.getlist("case"))
            if not cases:
                messages.warning(request, _("Tick the cases first."))
                return redirect("cases:inbox")
            context |= {"cases": cases, "choices": batch.preview(request.user, cases)}
            return render(request, "workflows/batch.html", context)
        stages = dict(
            part.split(":", 1) for part in request.POST.getlist("at") if part.count(":") == 1
        )
        outcome = batch.carry_out(
            request.user,
            {int(key): stage for key, stage in stages.items() if key.isdigit()},
            request.POST["button"],
            request.POST.get("comment", ""),
        )
        audit.record(
            request.user,
            "press",
            Case,
            {"button": request.POST["button"][:60], "cases": len(outcome.done)},
        )
        return render(request, "workflows/batch.html", context | {"outcome": outcome})
