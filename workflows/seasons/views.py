"""The season's desk: rounds, vacancies, players, proposal, seats, figures. Thin views.

Only for roles that run a season, and only rounds all of whose applications are within reach: a
season is whole or not theirs. What is proposed appears on these pages alone before the release.
"""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cms import audit
from workflows.models import Case, DecisionEvent
from workflows.views import DeskView

from . import entering, fees, inviting, panels, proposal, vacancies
from .models import AuditionRound, Entrant, Placement

RUN = "workflows.run_season"
TABS = (
    ("board", gettext_lazy("Seats")),
    ("players", gettext_lazy("Players")),
    ("proposal", gettext_lazy("Proposal")),
    ("seating", gettext_lazy("Seating")),
    ("fairness", gettext_lazy("Fairness")),
)
PROBLEMS = (
    vacancies.VacancyError, entering.WaiverError, fees.FeeError, panels.PanelError,
    proposal.ProposalError,
)  # fmt: skip


def number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


class SeasonDesk(DeskView):
    """Only for those who run seasons."""

    tab = ""

    def dispatch(self, request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        if not request.user.has_perm(RUN):
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)

    def round(self, pk: int) -> AuditionRound:
        found = get_object_or_404(AuditionRound, pk=pk)
        reach = Case.objects.for_user(self.request.user, "change").order_by().values("pk")
        if found.entrants.exclude(case__in=reach).exists():
            raise Http404("There is no such page.")
        return found

    def page(self, made: AuditionRound, **context: object) -> HttpResponse:
        trail = [
            {"url": reverse("wagtailadmin_home"), "label": _("Home")},
            {"url": reverse("seasons:rounds"), "label": _("Auditions")},
            {"url": "", "label": str(made)},
        ]
        tabs = [
            (reverse(f"seasons:{key}", args=[made.pk]), label, key == self.tab)
            for key, label in TABS
        ]
        context = {"round": made, "tabs": tabs, "breadcrumbs_items": trail, **context}
        return render(self.request, f"workflows/seasons/{self.tab}.html", context)

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        made = self.round(pk)
        verb = getattr(self, f"do_{request.POST.get('do', '')}", None)
        if verb is None:
            raise Http404("There is no such page.")
        try:
            messages.success(request, verb(made))
        except PROBLEMS as problem:
            messages.error(request, str(problem))
        return redirect(request.path)


class RoundsView(SeasonDesk):
    def get(self, request: HttpRequest) -> HttpResponse:
        context = {
            "rounds": AuditionRound.objects.all()[:50],
            "may_add": request.user.has_perm("workflows.add_auditionround"),
            "breadcrumbs_items": [
                {"url": reverse("wagtailadmin_home"), "label": _("Home")},
                {"url": "", "label": _("Auditions")},
            ],
        }
        return render(request, "workflows/seasons/rounds.html", context)


class BoardView(SeasonDesk):
    """Vacancies by group and instrument, as a table and a chart."""

    tab = "board"

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        made = self.round(pk)
        lines = vacancies.board(made)
        most = max((max(line.target, line.open, line.applied) for line in lines), default=1)
        return self.page(
            made,
            lines=[(line, _widths(line, most)) for line in lines],
            members=len(inviting.members(made)),
            invited=made.invitations.count(),
        )

    def do_prepare(self, made: AuditionRound) -> str:
        vacancies.prepare(made)
        return _("Every section has its seats, as the roster has them now.")

    def do_seats(self, made: AuditionRound) -> str:
        posted = self.request.POST
        vacancy = get_object_or_404(made.vacancies, pk=number(posted.get("vacancy", "")) or 0)
        text = posted.get("seats", "").strip()
        if text and number(text) is None:
            raise vacancies.VacancyError(_("A number of seats is a whole number."))
        seats_ = number(text) if text else None
        vacancies.set_seats(vacancy, seats_, posted.get("reason", ""), by=self.request.user)
        return _("Saved.")

    def do_invite(self, made: AuditionRound) -> str:
        sent = inviting.invite(made, by=self.request.user)
        return _("%(n)s members were invited. Nobody is written to twice.") % {"n": sent}


def _widths(line: vacancies.Line, most: int) -> dict[str, str]:
    most = max(most, 1)
    return {
        name: f"{100 * getattr(line, name) / most:.1f}" for name in ("target", "open", "applied")
    }


class PlayersView(SeasonDesk):
    """Who applied, with notes; exceptions are made here."""

    tab = "players"

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        made = self.round(pk)
        entrants = list(made.entrants.select_related("case__version").defer("case__version__data"))
        audit.record(request.user, "list", Entrant, {"round": made.pk, "rows": len(entrants)})
        names = entering.names_of(slug for one in entrants for slug in one.instruments)
        groups = dict(made.ensembles.values_list("ensemble__slug", "ensemble__name"))
        paid = fees.states(made, request.user)
        rows = [
            {
                "entrant": one,
                "instruments": [names.get(slug, slug) for slug in one.instruments],
                "choices": [groups.get(slug, slug) for slug in one.choices],
                "fee": paid.get(one.case.reference, ""),
            }
            for one in entrants
        ]
        return self.page(made, rows=rows)

    def asked(self, made: AuditionRound) -> tuple[Entrant, str]:
        """The application that a button is about, and the reason given."""
        posted = self.request.POST
        found = get_object_or_404(made.entrants, pk=number(posted.get("entrant", "")) or 0)
        return found, posted.get("reason", "")

    def do_waive_fee(self, made: AuditionRound) -> str:
        entrant, reason = self.asked(made)
        fees.waive(entrant, reason, by=self.request.user)
        return _("The fee is waived, with your name and reason.")

    def do_waive(self, made: AuditionRound) -> str:
        entrant, reason = self.asked(made)
        entering.waive(entrant.pk, reason, by=self.request.user)
        return _("The exception is noted with your name and reason.")


class ProposalView(SeasonDesk):
    """Panels that have finished, the proposal, and the way into the pending decisions."""

    tab = "proposal"

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        made = self.round(pk)
        found = proposal.basis(made)
        outcome = proposal.allocate(found.players, found.sections)
        placements = Placement.objects.filter(entrant__round=made).select_related(
            "entrant__case", "vacancy__section__ensemble", "vacancy__section__instrument"
        )
        rows = list(
            placements.order_by(
                "vacancy__section__ensemble__name",
                "vacancy__section__instrument__name",
                "outcome",
                "rank",
                "pk",
            )
        )
        audit.record(request.user, "list", Placement, {"round": made.pk, "rows": len(rows)})
        numbers = [
            (label, sum(row.outcome == key for row in rows))
            for key, label in Placement.Outcome.choices
        ]
        return self.page(
            made,
            rows=rows,
            numbers=numbers,
            panels=panels.standing(made, found.marks),
            equals=[
                (
                    f"{found.names[section[0]]}: {found.names[section[1]]}",
                    [found.entrants[key] for key in keys],
                )
                for section, keys in outcome.ties.items()
            ],
            problems=proposal.problems_of(made, found) if rows else [],
            may_export=request.user.has_perm("workflows.export_case"),
        )

    def do_sign(self, made: AuditionRound) -> str:
        panels.sign_off(made, self.request.POST.get("instrument", ""), by=self.request.user)
        return _("Signed off. A mark that changes now undoes it.")

    def do_propose(self, made: AuditionRound) -> str:
        found = proposal.propose(made, by=self.request.user)
        return _("%(n)s players have a proposal. Nobody was told anything.") % {
            "n": sum(found.numbers.values())
        }

    def do_equals(self, made: AuditionRound) -> str:
        order = [
            (number(key.removeprefix("hand_")) or 0, number(value.strip()))
            for key, value in self.request.POST.items()
            if key.startswith("hand_")
        ]
        known = set(made.entrants.values_list("pk", flat=True))
        order = [one for one in order if one[0] in known]
        proposal.order_equals(made, order, by=self.request.user)
        proposal.propose(made, by=self.request.user)
        return _("The order is kept, and the proposal worked out again.")

    def do_fill(self, made: AuditionRound) -> str:
        filled = proposal.fill_decisions(made, by=self.request.user)
        return _("%(n)s decisions are entered and pending. Read the letters, then release.") % {
            "n": filled
        }


class WhyView(SeasonDesk):
    """One placement explained, and changed by hand with a reason."""

    tab = "why"

    def placement(self, made: AuditionRound, placement: int) -> Placement:
        found = Placement.objects.filter(entrant__round=made).select_related(
            "entrant__case", "vacancy__section__ensemble", "vacancy__section__instrument"
        )
        return get_object_or_404(found, pk=placement)

    def get(self, request: HttpRequest, pk: int, placement: int) -> HttpResponse:
        made = self.round(pk)
        one = self.placement(made, placement)
        audit.record(request.user, "inspect", one.entrant.case, {"as": "proposal"})
        return self.page(
            made,
            one=one,
            outcomes=Placement.Outcome.choices,
            vacancies=vacancies.board(made),
            events=DecisionEvent.objects.filter(case=one.entrant.case_id),
        )

    def post(self, request: HttpRequest, pk: int, placement: int) -> HttpResponse:
        made = self.round(pk)
        one = self.placement(made, placement)
        posted = request.POST
        try:
            if posted.get("do") == "again":
                proposal.leave_to_the_proposal(one.pk, by=request.user)
                messages.success(request, _("The next proposal decides."))
            else:
                vacancy = made.vacancies.filter(pk=number(posted.get("vacancy", "")) or 0).first()
                proposal.place_by_hand(
                    one.pk, posted.get("outcome", ""), vacancy, posted.get("reason", ""),
                    by=request.user, rank=number(posted.get("rank", "")),
                )  # fmt: skip
                messages.success(request, _("Changed, with your reason. Propose again."))
        except PROBLEMS as problem:
            messages.error(request, str(problem))
        return redirect(request.path)
