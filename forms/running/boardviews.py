"""The course board: every date with its figures, one date, going ahead or not, taking it away.

For staff who may list places, within their scope; money and help with costs for those who may read
it. Calling a date off is for those who may change it too, and is shown before it is done.
"""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.generic import View

from cms import audit, exports
from cms.downloads import as_download
from cms.models import Course, CourseDate, Place
from cms.roles import restricted_fields_of
from cms.running.reach import EXPORT, LIST, dates_for, may_call_off
from forms.amounts import in_pounds
from forms.running import calloff, figures, reach
from forms.running.plans import PlanForm, RunForm, TeamForm, save_team
from forms.running.roll import plan_of

MOST = 60


class BoardView(View):
    """Only for those who may list places somewhere."""

    def dispatch(self, request: HttpRequest, *args, **kwargs) -> HttpResponse:
        if not request.user.has_perm(LIST):
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)

    def dates(self, permission: str = LIST) -> QuerySet[CourseDate]:
        seen = dates_for(self.request.user, permission).exclude(status=CourseDate.Status.DRAFT)
        return seen.select_related("course", "centre__area")

    def date(self, pk: int, permission: str = LIST) -> CourseDate:
        found = self.dates(permission).filter(pk=pk).first()
        if found is None:
            raise Http404("There is no such page.")
        return found

    @property
    def sees_money(self) -> bool:
        return "money" in restricted_fields_of(self.request.user)


def trail(*steps: tuple[str, str]) -> list[dict]:
    start = [
        {"url": reverse("wagtailadmin_home"), "label": _("Home")},
        {"url": reverse("courses:board"), "label": _("Course board")},
    ]
    return [*start, *({"url": url, "label": label} for url, label in steps)]


def chosen(view: BoardView) -> tuple[list[CourseDate], bool]:
    """The dates to come, or the past ones; sixty at most."""
    is_past = view.request.GET.get("when") == "past"
    now = timezone.now()
    dates = view.dates()
    if is_past:
        return list(dates.filter(ends_at__lte=now).order_by("-starts_at")[:MOST]), True
    return list(dates.filter(ends_at__gt=now).order_by("starts_at")[:MOST]), False


class AllView(BoardView):
    def get(self, request: HttpRequest) -> HttpResponse:
        dates, is_past = chosen(self)
        rows = figures.of_dates(dates)
        total = figures.together(rows)
        context = {
            "rows": rows,
            "undecided": sorted(
                (row for row in rows if row.is_undecided), key=lambda row: row.date.decision_day
            ),
            "total": total,
            "is_past": is_past,
            "registers": reach.open_registers(request.user),
            "may_export": request.user.has_perm(EXPORT),
            "breadcrumbs_items": trail(),
            **charts(self, total),
        }
        return render(request, "running/board.html", context)


def charts(view: BoardView, of: figures.Figures) -> dict:
    """What both pages draw."""
    return {
        "years": figures.year_bars(of),
        "schools": figures.school_bars(of),
        "curve": figures.curve(of),
        "sees_money": view.sees_money,
        "money": in_pounds(of.pence),
    }


class DateView(BoardView):
    """One date: its figures, its decision, its team, what families are told."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        return self.show(self.date(pk))

    def show(self, date: CourseDate, *, status: int = 200, **more) -> HttpResponse:
        row = figures.of_dates([date])[0]
        context = {
            "row": row,
            "date": date,
            "run": row.run,
            "full_at": figures.when_full(row),
            "misfits": sorted(row.misfits),
            "may_decide": may_call_off(self.request.user, date),
            "run_form": RunForm(instance=row.run),
            "team": date.team.select_related("user"),
            "team_form": TeamForm(),
            "register_open": reach.is_open(date),
            "window": reach.window_of(date),
            "is_on_team": reach.seat_of(self.request.user, date) is not None,
            "breadcrumbs_items": trail(("", str(date))),
            **charts(self, row),
            **more,
        }
        return render(self.request, "running/date.html", context, status=status)


class SaveRunView(DateView):
    """When it is decided, until when families change, the words of the joining letters."""

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        date = self.date(pk, "cms.change_coursedate")
        form = RunForm(request.POST, instance=calloff.run_of(date))
        if not form.is_valid():
            return self.show(date, status=422, run_form=form)
        form.save()
        audit.record(request.user, "change", date, {"run": sorted(form.changed_data)})
        messages.success(request, _("Saved."))
        return redirect("courses:date", pk=pk)


class TeamView(DateView):
    """Who runs the day: somebody joins the team, or leaves it."""

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        date = self.date(pk, "cms.change_coursedate")
        form = TeamForm(request.POST)
        if not save_team(date, form, leave=request.POST.get("leave", ""), by=request.user):
            return self.show(date, status=422, team_form=form)
        return redirect("courses:date", pk=pk)


class GoView(BoardView):
    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        date = self.date(pk, "cms.change_coursedate")
        try:
            calloff.go_ahead(date.pk, by=request.user)
        except calloff.CannotDecideError as problem:
            messages.error(request, str(problem))
        else:
            messages.success(request, _("Written down: it goes ahead."))
        return redirect("courses:date", pk=pk)


class CallOffView(BoardView):
    """What calling it off would do; POST does it, once."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        return self.ask(self.date(pk, "cms.change_coursedate"))

    def ask(self, date: CourseDate, *, problem: str = "", status: int = 200) -> HttpResponse:
        effects = calloff.preview(date)
        context = {
            "date": date,
            "run": calloff.run_of(date),
            "effects": effects,
            "refund": in_pounds(effects.refund_pence) if effects.refund_pence else "",
            "alternatives": calloff.alternatives(date),
            "problem": problem,
            "reason": self.request.POST.get("reason", ""),
            "breadcrumbs_items": trail(
                (reverse("courses:date", args=[date.pk]), str(date)), ("", _("Cancel this date"))
            ),
        }
        return render(self.request, "running/calloff.html", context, status=status)

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        date = self.date(pk, "cms.change_coursedate")
        wanted = request.POST.get("alternative", "")
        other = next((one for one in calloff.alternatives(date) if str(one.pk) == wanted), None)
        try:
            calloff.call_off(
                date.pk, by=request.user, reason=request.POST.get("reason", ""), alternative=other
            )
        except calloff.CannotDecideError as problem:
            return self.ask(date, problem=str(problem), status=422)
        messages.success(
            request, _("Cancelled. Families are being told now; this may take a minute.")
        )
        return redirect("courses:date", pk=pk)


HEADINGS = (
    *(_("Reference"), _("Course"), _("Centre"), _("Starts"), _("State"), _("Places"), _("Sold")),
    *(_("Held"), _("Offered"), _("Waiting"), _("Minimum"), _("Decide by"), _("Bookings")),
)


class ExportView(BoardView):
    """The board as a file: counts by date, and money for those who may read it."""

    def post(self, request: HttpRequest) -> HttpResponse:
        if not request.user.has_perm(EXPORT):
            raise PermissionDenied
        within = self.dates(EXPORT).values("pk")
        dates = [date for date in chosen(self)[0] if date.pk in {row["pk"] for row in within}]
        rows = figures.of_dates(dates)
        headings = [str(heading) for heading in HEADINGS]
        if self.sees_money:
            headings += [_("Price in pounds"), _("Children with help, %")]
        content = exports.table("csv", headings, (self.cells(row) for row in rows))
        audit.record(request.user, "export", Place, {"rows": len(rows), "what": "course board"})
        name = f"course-board-{timezone.localdate():%Y-%m-%d}.csv"
        return as_download(content, name=name, content_type=exports.CONTENT_TYPES["csv"])

    def cells(self, row: figures.Figures) -> list:
        date = row.date
        found = [
            *(date.reference, str(date.course), str(date.centre), date.starts_at),
            *(date.get_status_display(), row.capacity, row.sold, row.held, row.offered),
            *(row.waiting, row.minimum, row.date.decision_day, row.bookings),
        ]
        return [*found, row.pence / 100, row.helped_percent] if self.sees_money else found


class PlanView(BoardView):
    """Which questions the register of a course reads: the same for all of its dates."""

    def dispatch(self, request: HttpRequest, *args, **kwargs) -> HttpResponse:
        if not request.user.has_perm("cms.change_course"):
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)

    def course(self, pk: int) -> Course:
        return get_object_or_404(Course.objects.filter(dates__in=self.dates()).distinct(), pk=pk)

    def show(self, course: Course, form: PlanForm, status: int = 200) -> HttpResponse:
        context = {
            "course": course,
            "form": form,
            "breadcrumbs_items": trail(("", _("Register of %(course)s") % {"course": course})),
        }
        return render(self.request, "running/plan.html", context, status=status)

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        course = self.course(pk)
        return self.show(course, PlanForm(instance=plan_of(course.pk)))

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        course = self.course(pk)
        form = PlanForm(request.POST, instance=plan_of(course.pk))
        if not form.is_valid():
            return self.show(course, form, 422)
        form.save()
        audit.record(request.user, "change", course, {"register": sorted(form.changed_data)})
        messages.success(request, _("Saved."))
        return redirect("courses:plan", pk=pk)
