"""The register on a phone: its page, its marks, health by a tap, the sheet to print, its worker.

Each view asks forms.running.reach whether the register is this person's and open now; if not, one
kind 404 tells nothing. What is opened is written to the access log. The service worker's scope is
the register's own address, so no other page of the hub is ever kept on a phone.
"""

import json
import uuid
from datetime import datetime

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.templatetags.static import static
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.generic import View

from cms import audit
from forms.models import RegisterLine, RegisterMark
from forms.running import marks, reach, register, roll

MOST_MARKS = 300
ASSETS = ("cms/running/register.css", "cms/running/register.js")
Outcome = RegisterMark.Outcome


class ListView(View):
    """The registers that are open for this person now."""

    def get(self, request: HttpRequest) -> HttpResponse:
        if not request.user.has_perm("wagtailadmin.access_admin"):
            raise PermissionDenied
        context = {"registers": reach.open_registers(request.user)}
        return render(request, "running/registers.html", context)


class RegisterView(View):
    """Only for the team of this date, within its window."""

    def dispatch(self, request: HttpRequest, *args, **kwargs) -> HttpResponse:
        found = reach.register_for(request.user, kwargs["pk"])
        if found is None:
            return render(request, "running/closed.html", status=404)
        self.course_date, self.seat = found
        return super().dispatch(request, *args, **kwargs)

    def row(self, place_id: int) -> register.Row | None:
        rows = register.rows(self.course_date, self.seat)
        return next((row for row in rows if row.pk == place_id), None)


class PageView(RegisterView):
    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        rows = register.rows(self.course_date, self.seat)
        kept = request.headers.get("X-Kept-On-Phone") == "1"
        audit.record(request.user, "inspect", self.course_date, {"register": True, "kept": kept})
        _opens, closes = reach.window_of(self.course_date)
        context = {
            "date": self.course_date,
            "seat": self.seat,
            "rows": [(row, uuid.uuid4()) for row in rows],
            "counts": counts(rows),
            "until": int(closes.timestamp() * 1000),
            "closes": closes,
            "conflicts": conflicts(self.course_date, rows) if self.seat.sees_all else [],
        }
        return render(request, "running/register.html", context)


def counts(rows: list[register.Row]) -> list[tuple[str, str, int]]:
    """`(state, words, how many)` of each state."""
    found = dict.fromkeys(RegisterLine.State, 0)
    for row in rows:
        found[RegisterLine.State(row.state)] += 1
    return [(state.value, state.label, number) for state, number in found.items()]


def conflicts(date, rows: list[register.Row]) -> list[tuple[str, RegisterMark]]:  # noqa: ANN001
    """`(child, mark)`: what was tapped today and not done, newest first."""
    names = {row.pk: row.name for row in rows}
    found = RegisterMark.objects.filter(
        line__place__in=names, line__day=marks.day_of(date), outcome=Outcome.CONFLICT
    ).select_related("line")
    return [(names[mark.line.place_id], mark) for mark in found.order_by("-pk")[:20]]


class MarkView(RegisterView):
    """One mark from a plain form."""

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        try:
            tap = tap_of(
                {
                    "id": request.POST.get("client_id"),
                    "place": request.POST.get("place"),
                    "kind": request.POST.get("kind"),
                    "at": timezone.now().isoformat(),
                    "collector": request.POST.get("collector_other")
                    or request.POST.get("collector", ""),
                    "step": request.POST.get("step", ""),
                }
            )
            mark = self.take(tap, is_sure="sure" in request.POST)
        except marks.MarkError as problem:
            messages.warning(request, str(problem))
            return redirect("register:page", pk=pk)
        if mark.outcome == Outcome.CONFLICT:
            messages.warning(request, mark.words)
        back = reverse("register:page", args=[pk]) + f"#p{tap.place_id}"
        if tap.kind == marks.STEP:
            back = reverse("register:uncollected", args=[pk, tap.place_id])
        return redirect(back)

    def take(self, tap: marks.Tap, *, is_sure: bool) -> RegisterMark:
        if tap.kind == marks.OUT and not tap.collector:
            tap = self.alone(tap)
        held = ""
        if tap.kind == marks.OUT and not (is_sure and self.seat.sees_all):
            barred = register.is_barred(self.course_date, tap.place_id, tap.collector)
            held = _("Ask the course lead before this child leaves.") if barred else ""
        return marks.take(self.course_date, tap, by=self.request.user, held_back=held)

    def alone(self, tap: marks.Tap) -> marks.Tap:
        """Nobody was named: only for a child whose family said that it goes home alone."""
        child = register.one(self.course_date, tap.place_id)
        if child and not child.chose(roll.plan_of(self.course_date.course_id).goes_home):
            raise marks.MarkError(_("Say who collects this child: it does not go home alone."))
        return tap


class MarksView(MarkView):
    """Marks that a phone has kept, as JSON; how every child stands now."""

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        try:
            sent = json.loads(request.body)["marks"]
        except (ValueError, KeyError, TypeError):
            sent = None
        if not isinstance(sent, list) or len(sent) > MOST_MARKS:
            return JsonResponse({"problem": "unreadable"}, status=400)
        answers = [self.answer(one) for one in sent]
        return JsonResponse({"marks": answers, "rows": self.state()})

    def answer(self, one: object) -> dict:
        given = one if isinstance(one, dict) else {}
        known = {"id": str(given.get("id", ""))[:36]}
        try:
            mark = self.take(tap_of(given), is_sure=given.get("sure") is True)
        except marks.MarkError as problem:
            return known | {"outcome": "refused", "words": str(problem)}
        return known | {"outcome": mark.outcome, "words": mark.words}

    def state(self) -> list[dict]:
        return [register.as_data(row) for row in register.rows(self.course_date, self.seat)]

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        """How every child stands, for a page that is open already. Its opening was logged."""
        return JsonResponse({"marks": [], "rows": self.state()})


def tap_of(given: dict) -> marks.Tap:
    """What was sent, read. Raises MarkError."""
    try:
        at = datetime.fromisoformat(str(given["at"]))
        return marks.Tap(
            client_id=uuid.UUID(str(given["id"])),
            place_id=int(str(given["place"])[:17]),
            kind=str(given["kind"]),
            at=at if timezone.is_aware(at) else timezone.make_aware(at),
            collector=str(given.get("collector") or "").replace("\0", "")[: marks.LONGEST],
            step=str(given.get("step") or "")[:6],
        )
    except (KeyError, ValueError, TypeError, OverflowError):
        raise marks.MarkError(_("That mark could not be read.")) from None


class HealthView(RegisterView):
    """What the family said about health: one child, by a tap that is written down."""

    def get(self, request: HttpRequest, pk: int, place: int) -> HttpResponse:
        row = self.row(place)
        if row is None:
            return render(request, "running/closed.html", status=404)
        audit.record(request.user, "inspect", row.child.place, {"health": True})
        context = {"date": self.course_date, "row": row, "said": roll.health_of(row.child)}
        return render(request, "running/health.html", context)


class UncollectedView(RegisterView):
    """What to do for a child whom nobody has collected, step by step, each ticked off."""

    def get(self, request: HttpRequest, pk: int, place: int) -> HttpResponse:
        row = self.row(place)
        if row is None:
            return render(request, "running/closed.html", status=404)
        audit.record(request.user, "inspect", row.child.place, {"uncollected": True})
        steps = [
            (key, words, row.steps.get(key), uuid.uuid4()) for key, words in register.CHECKLIST
        ]
        context = {"date": self.course_date, "row": row, "steps": steps, "seat": self.seat}
        return render(request, "running/uncollected.html", context)


class SheetView(RegisterView):
    """The register to print, for a day without phones. Health is on it for the lead alone."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        rows = register.rows(self.course_date, self.seat)
        audit.record(
            request.user,
            "inspect",
            self.course_date,
            {"register": True, "sheet": True, "health": self.seat.sees_all},
        )
        context = {
            "date": self.course_date,
            "seat": self.seat,
            "rows": [
                (row, roll.health_of(row.child) if self.seat.sees_all else []) for row in rows
            ],
            "checklist": register.CHECKLIST,
        }
        return render(request, "running/sheet.html", context)


class WorkerView(RegisterView):
    """The service worker of this register alone: it knows when it must forget everything."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        _opens, closes = reach.window_of(self.course_date)
        context = {
            "facts": json.dumps(
                {
                    "cache": f"register-{pk}",
                    "page": reverse("register:page", args=[pk]),
                    "assets": [static(path) for path in ASSETS],
                    "until": int(closes.timestamp() * 1000),
                }
            )
        }
        return render(request, "running/worker.js", context, content_type="text/javascript")
