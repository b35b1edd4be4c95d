"""The desks: inbox and case page. Parse, check, call one function, answer.

Each view finds its case through `Case.objects.for_user`; one out of reach is a 404, like one that
is not there. Opening a case is written to the access log.
"""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import FileResponse, Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.generic import View

from cms import audit, exports, jobs
from cms.models import Job, User

from . import casepage, checklist, flowfigures, lists, seen
from .appointments import oncase
from .deskrows import Rows
from .diagram import counts_for, draw, forms_of
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
from .hiding import hidden_from, hides_who, mask_for, veiled, veiled_cases
from .inbox import COLUMNS, TABS, Filters, Inbox, colleagues
from .models import Case, SavedView
from .reviews.panel import rounds_of
from .running import restart_actions


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
        counts = inbox.counts
        page = inbox.page(filters, request.GET.get("p"))
        page.object_list = veiled_cases(page.object_list, request.user)
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
            "rows": Rows(filters.columns).draw(page),
            "workflows": inbox.workflows(),
            "stages": inbox.stages(filters.workflow) if filters.workflow else [],
            "breadcrumbs_items": breadcrumbs(),
            "is_filtered": filters.is_narrow,
            "columns": COLUMNS,
            "views": SavedView.objects.filter(user=request.user),
        }
        return render(request, "workflows/inbox.html", context)


class CaseView(DeskView):
    def get(self, request, pk):
        case = self.case(pk)
        audit.record(request.user, "inspect", case)
        context = case_context(request.user, case)
        context["news"] = seen.visit(
            case, request.user, [event for event, _runs in context["events"]]
        )
        return render(request, "workflows/case.html", context)


def case_context(user, case, **more):
    hidden = hidden_from(case, user)
    mask, is_nobody = mask_for(case, hidden), hides_who(case, hidden)
    events = [
        veiled(event, mask, "summary", "comment") for event in case.events.prefetch_related("runs")
    ]
    plan = case.version.plan.by_key
    available = available_buttons(case, user)
    buttons = [
        {"button": button, "effects": casepage.effects(button, plan)} for button in available
    ]
    return {
        "case": veiled(case, mask, "title", "contact_name", "contact_email"),
        "stage": case.stage,
        "steps": casepage.strip(case, events),
        "sections": casepage.sections(case, user),
        "buttons": buttons,
        "checklist": checklist.lines(case),
        "may_tick": user.has_perm("workflows.change_case") and checklist.may_tick(case, user),
        "choices": casepage.choices(case, available, user),
        "events": [(event, list(event.runs.all())) for event in reversed(events)],
        "letters": [
            veiled(letter, mask, "subject", "to", "text") for letter in casepage.letters(case)
        ],
        "files": casepage.files(case, user),
        "earlier": [] if is_nobody else veiled_cases(casepage.earlier(case, user), user),
        "others": seen.others_here(case, user),
        "kin": [] if is_nobody else veiled_cases(casepage.kin(case, user), user),
        "people": [] if is_nobody else casepage.people(case, user),
        "links": casepage.links(case, user),
        "panels": [] if is_nobody else casepage.panels(case, user),
        "appointments": oncase.of_case(case),
        "review_rounds": rounds_of(case, user),
        "may_change": user.has_perm("workflows.change_case"),
        "colleagues": colleagues(case),
        "stage_names": {stage.key: stage.staff_name for stage in case.version.plan.stages},
        "breadcrumbs_items": breadcrumbs({"url": "", "label": case.reference}),
        **more,
    }


class MovingView(DeskView):
    """What is done to a case in the stage that its page showed.

    Who comes too late gets a page that says who was first and keeps the comment.
    """

    def too_late(self, request, case, problem, comment):
        context = {"case": self.case(case.pk), "problem": problem, "comment": comment}
        context["breadcrumbs_items"] = breadcrumbs({"url": "", "label": case.reference})
        return render(request, "workflows/stale.html", context, status=409)

    def refused(self, request, case, problem, comment):
        context = case_context(request.user, case, problem=str(problem), comment=comment)
        return render(request, "workflows/case.html", context, status=422)


class TickView(MovingView):
    """An item of the checklist; a comment that is being written stays in its box."""

    def post(self, request, pk):
        case = self.case(pk)
        comment = request.POST.get("comment", "")
        key, _space, take_back = request.POST.get("tick", "").partition(" ")
        try:
            checklist.tick(
                case.pk,
                key,
                by=request.user,
                is_done=not take_back,
                expected_stage=request.POST.get("stage", ""),
            )
        except StaleStageError as problem:
            return self.too_late(request, case, problem, comment)
        except TransitionNotAllowedError as problem:
            return self.refused(request, case, problem, comment)
        except Case.DoesNotExist:
            raise PermissionDenied from None
        audit.record(request.user, "tick", case, {"item": key, "done": not take_back})
        if comment.strip():
            context = case_context(request.user, self.case(pk), comment=comment)
            return render(request, "workflows/case.html", context)
        return redirect(f"{reverse('cases:case', args=[case.pk])}#panel-next-section")


class PressView(MovingView):
    """A button."""

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
                chosen={"questions": request.POST.getlist("questions")},
            )
        except StaleStageError as problem:
            return self.too_late(request, case, problem, comment)
        except TransitionNotAllowedError as problem:
            return self.refused(request, case, problem, comment)
        except Case.DoesNotExist:
            raise Http404 from None
        audit.record(request.user, "press", case, {"button": event.button_key})
        messages.success(request, f"{case.reference}: {event.summary}")
        return redirect("cases:case", pk=case.pk)


class NoteView(DeskView):
    def post(self, request, pk):
        case = self.case(pk)
        try:
            with transaction.atomic():
                event = add_note(case.pk, request.POST.get("text", ""), by=request.user)
                _told, refused = seen.tell_mentioned(event, by=request.user)
            for user in refused:
                messages.warning(
                    request, _("%(user)s may not see this case, so was not told.") % {"user": user}
                )
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
        asked = request.GET.get("days", "")
        days = int(asked) if asked in map(str, flowfigures.PERIODS) else flowfigures.DAYS
        context = {
            "version": version,
            "plan": version.plan,
            "drawing": draw(
                version.plan,
                counts_for(slug, request.user),
                flowfigures.figures_for(slug, request.user, days=days),
                forms_of(slug),
            ),
            "days": days,
            "periods": flowfigures.PERIODS,
            "linked": True,
            "breadcrumbs_items": breadcrumbs({"url": "", "label": version.plan.title}),
        }
        return render(request, "workflows/flow.html", context)


class ListsView(DeskView):
    """The lists that buttons add rows to."""

    def get(self, request):
        context = {
            "lists": lists.lists_of(request.user),
            "breadcrumbs_items": breadcrumbs({"url": "", "label": _("Lists")}),
        }
        return render(request, "workflows/lists.html", context)


class TakeListView(DeskView):
    """One list as a file, for whoever may export cases."""

    def get(self, request, name, kind):
        if name not in lists.lists_of(request.user) or kind not in exports.CONTENT_TYPES:
            raise Http404
        return FileResponse(
            lists.take(request.user, name, kind),
            as_attachment=True,
            filename=f"{name}.{kind}",
            content_type=exports.CONTENT_TYPES[kind],
        )
