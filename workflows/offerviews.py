"""The desk of offers and lists: one line for each date or group, one page for each.

Parse, check, call one function, answer. Whoever runs lists for one centre finds the dates of that
centre; names are shown of cases within reach only, and looking at a list is in the access log.
"""

from collections.abc import Callable

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext as _

from cms import audit
from cms.access import held_by, may_in_whole_hub
from cms.models import User

from . import offers, queues
from .models import Case, ListEntry, Offer, Pool
from .offer_letters import say_until
from .pools import (
    NoPlaceError,
    What,
    capacity,
    free,
    locked,
    named_pool,
    note,
    order_is_open,
)
from .views import DeskView, breadcrumbs

RUN = "workflows.run_pool"
HISTORY = 100


def pools_for(user: User) -> QuerySet[Pool]:
    """The pools that this user runs: all, or those of dates in their centres and areas."""
    found = Pool.objects.select_related("course_date__course", "course_date__centre", "section")
    if may_in_whole_hub(user, RUN):
        return found
    held = [one for one in held_by(user) if RUN in one.permissions and not one.is_whole_hub]
    return found.filter(
        Q(course_date__centre__in=[one.centre for one in held if one.centre])
        | Q(course_date__centre__area__in=[one.area for one in held if one.area])
    )


class RulesForm(forms.ModelForm):
    """The rules of one pool that staff may change."""

    class Meta:
        model = Pool
        fields = (
            "seats",
            "window_hours",
            "quiet_from",
            "quiet_until",
            "ends_at",
            "max_skips",
            "finish_hours",
            "is_open",
        )
        widgets = dict.fromkeys(
            ("quiet_from", "quiet_until", "ends_at"),
            forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
        )

    def __init__(self, *args: object, **kwargs: object):
        super().__init__(*args, **kwargs)
        if self.instance.course_date_id:
            del self.fields["seats"]

    def clean_window_hours(self) -> int:
        hours = self.cleaned_data["window_hours"]
        if not 1 <= hours <= 336:
            raise forms.ValidationError(_("Give from 1 to 336 hours."))
        return hours


class PoolsDesk(DeskView):
    """Only for those who run lists."""

    def dispatch(self, request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        if not request.user.has_perm(RUN):
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)


class PoolsView(PoolsDesk):
    """Every date or group with a list or an offer, what is coming first."""

    def get(self, request: HttpRequest) -> HttpResponse:
        waiting = Count("entries", Q(entries__state=ListEntry.State.WAITING), distinct=True)
        live = Q(offers__state=Offer.State.LIVE, offers__answer_by__gt=timezone.now())
        found = pools_for(request.user).annotate(
            waiting=waiting,
            live=Count("offers", live, distinct=True),
            accepted=Count("offers", Q(offers__state=Offer.State.ACCEPTED), distinct=True),
        )
        context = {
            "pools": found.order_by("-live", "-waiting", "name")[:200],
            "may_add": may_in_whole_hub(request.user, RUN),
            "breadcrumbs_items": breadcrumbs({"url": "", "label": _("Offers and waiting lists")}),
        }
        return render(request, "workflows/pools.html", context)

    def post(self, request: HttpRequest) -> HttpResponse:
        if not may_in_whole_hub(request.user, RUN):
            raise PermissionDenied
        name, seats = request.POST.get("name", "").strip()[:200], request.POST.get("seats", "")
        if not slugify(name) or not (seats.isascii() and seats.isdigit() and int(seats) < 1000):
            messages.error(request, _("Give it a name, and a number of places from 0 to 999."))
            return redirect("cases:pools")
        pool = named_pool(slugify(name)[:80], name=name, seats=int(seats))
        messages.success(request, _("Buttons can offer it under the name “%s”.") % pool.key)
        return redirect("cases:pool", pk=pool.pk)


class PoolView(PoolsDesk):
    """One list: who is on it, what is offered, why; its buttons and rules."""

    def get(self, request: HttpRequest, pk: int, form: RulesForm | None = None) -> HttpResponse:
        pool = self._pool(pk)
        with locked(pool.pk) as now:
            left, most = free(now), capacity(now)
        reach = set(
            Case.objects.for_user(request.user)
            .filter(Q(entries__pool=pool) | Q(offers__pool=pool))
            .order_by()
            .values_list("pk", flat=True)
        )
        entries = list(
            pool.entries.filter(state__in=ListEntry.ON_LIST)
            .select_related("case")
            .order_by("position", "pk")
        )
        made = list(pool.offers.select_related("case").order_by("-pk")[:HISTORY])
        for offer in made:
            offer.is_open, offer.until = offer.is_live(), say_until(offer)
        for one in (*entries, *made):
            one.in_reach = one.case_id in reach
        audit.record(request.user, "list", ListEntry, {"pool": pool.pk, "rows": len(entries)})
        context = {
            "pool": pool,
            "left": left,
            "most": most,
            "entries": entries,
            "live": [offer for offer in made if offer.is_open],
            "past": [offer for offer in made if not offer.is_open],
            "log": pool.log.order_by("-pk")[:HISTORY],
            "form": form or RulesForm(instance=pool),
            "breadcrumbs_items": breadcrumbs({"url": "", "label": str(pool)}),
            "may_overbook": pool.course_date_id
            and request.user.has_perm("cms.overbook_coursedate"),
            "is_to_be_drawn": order_is_open(pool),
        }
        return render(request, "workflows/pool.html", context)

    def _pool(self, pk: int) -> Pool:
        return get_object_or_404(pools_for(self.request.user), pk=pk)

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        pool = self._pool(pk)
        if "rules" in request.POST:
            return self._rules(pool)
        try:
            said = self._do(pool, request.POST.get("do", ""), request.POST.get("reason", ""))
        except (
            offers.ReasonMissingError,
            offers.OfferOverError,
            queues.ListError,
            NoPlaceError,
        ) as problem:
            messages.error(request, str(problem))
        else:
            messages.success(request, said)
        return redirect("cases:pool", pk=pool.pk)

    def _do(self, pool: Pool, what: str, reason: str) -> str:
        verbs: dict[str, Callable[[Pool, str], str]] = {
            "move": self._move,
            "offer": self._offer,
            "withdraw": self._withdraw,
            "give_up": self._give_up,
            "leave": self._leave,
            "rest": self._rest,
        }
        if what not in verbs:
            raise queues.ListError(_("There is no such button."))
        return verbs[what](pool, reason)

    def _number(self, name: str) -> int:
        given = self.request.POST.get(name, "")
        if not (given.isascii() and given.isdigit() and len(given) < 18):
            raise queues.ListError(_("Say where it is to stand: a number from 1."))
        return int(given)

    def _entry(self, pool: Pool) -> ListEntry:
        reach = Case.objects.for_user(self.request.user, "change").order_by().values("pk")
        return get_object_or_404(pool.entries, pk=self._number("entry"), case__in=reach)

    def _offered(self, pool: Pool) -> Offer:
        reach = Case.objects.for_user(self.request.user, "change").order_by().values("pk")
        return get_object_or_404(pool.offers, pk=self._number("offer"), case__in=reach)

    def _move(self, pool: Pool, reason: str) -> str:
        entry = self._entry(pool)
        queues.move(entry.pk, self._number("to"), by=self.request.user, reason=reason)
        return _("Moved. The reason is in the history.")

    def _offer(self, pool: Pool, reason: str) -> str:
        queues.offer_now(
            self._entry(pool).pk,
            by=self.request.user,
            reason=reason,
            beyond="beyond" in self.request.POST,
        )
        return _("Offered. The family has a letter.")

    def _withdraw(self, pool: Pool, reason: str) -> str:
        offers.withdraw(self._offered(pool).pk, by=self.request.user, reason=reason)
        return _("Taken back. The family has a letter with your reason.")

    def _give_up(self, pool: Pool, reason: str) -> str:
        offers.give_up(self._offered(pool).pk, by=self.request.user, reason=reason)
        return _("The place is free again.")

    def _leave(self, pool: Pool, reason: str) -> str:
        if not reason.strip():
            raise offers.ReasonMissingError(_("Say why it leaves the list."))
        queues.leave(self._entry(pool).pk, by=self.request.user, reason=reason)
        return _("Taken off the list.")

    def _rest(self, pool: Pool, reason: str) -> str:
        is_open = not pool.rest_is_open
        queues.open_the_rest(pool.pk, is_open=is_open, by=self.request.user, reason=reason)
        return _("Others may book now.") if is_open else _("Waiting families come first again.")

    def _rules(self, pool: Pool) -> HttpResponse:
        form = RulesForm(self.request.POST, instance=pool)
        if not form.is_valid():
            return self.get(self.request, pool.pk, form=form)
        with locked(pool.pk) as held:
            changed = {name: form.cleaned_data[name] for name in form.changed_data}
            for name, value in changed.items():
                setattr(held, name, value)
            if changed:
                held.save(update_fields=list(changed))
                words = ", ".join(f"{name}: {value}" for name, value in changed.items())
                note(held, What.RULES, words, by=self.request.user)
                offers.ring_fill(held.pk)
        messages.success(self.request, _("Saved. Offers that are out keep their time."))
        return redirect("cases:pool", pk=pool.pk)
