"""What editors learn from the daily counts: what is read, from where, what is looked for, where
forms are left. Numbers by day; nothing in them is about anybody.
"""

from dataclasses import dataclass
from datetime import date, timedelta

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Max, QuerySet, Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST, require_safe

from forms.models import FormDefinition
from pages.counts import KEPT_DAYS
from pages.models import DailyCount

Kind = DailyCount.Kind
MAY_SEE, MAY_FORGET = "pages.view_dailycount", "pages.delete_dailycount"
PERIODS = {7: _("7 days"), 30: _("30 days"), 90: _("90 days"), 365: _("a year")}
USUAL_DAYS = 30
MOST_ROWS = 25


@dataclass(frozen=True)
class Bar:
    """One row of a table with its bar: `share` is in per cent of the largest."""

    label: str
    number: int
    share: float
    note: str = ""
    url: str = ""


def bars(rows: list[tuple[str, int, str, str]]) -> list[Bar]:
    """(label, number, note, url) rows with their bars."""
    most = max((row[1] for row in rows), default=0) or 1
    return [
        Bar(label, number, round(100 * number / most, 1), note, url)
        for label, number, note, url in rows
    ]


def since(days: int) -> date:
    return timezone.localdate() - timedelta(days=days - 1)


def _counts(kind: str, days: int) -> QuerySet:
    return DailyCount.objects.filter(kind=kind, day__gte=since(days))


def by_what(kind: str, days: int) -> list[Bar]:
    """The most frequent, with the last day of each. One query."""
    found = (
        _counts(kind, days)
        .values("what")
        .annotate(total=Sum("number"), last=Max("day"))
        .order_by("-total", "what")[:MOST_ROWS]
    )
    return bars(
        [
            (
                row["what"],
                row["total"],
                f"{row['last'].day} {row['last']:%B}",
                row["what"] if kind == Kind.PAGE else "",
            )
            for row in found
        ]
    )


def by_day(days: int) -> list[Bar]:
    """Pages read on each day, oldest first, days without any included. One query."""
    found = dict(
        _counts(Kind.PAGE, days)
        .order_by()
        .values("day")
        .annotate(total=Sum("number"))
        .values_list("day", "total")
    )
    first = since(days)
    every = [first + timedelta(days=number) for number in range(days)]
    return bars([(f"{day:%a} {day.day} {day:%B}", found.get(day, 0), "", "") for day in every])


def by_form(days: int) -> list[tuple[str, list[Bar]]]:
    """Each form with its steps in order and how often each was shown. Two queries."""
    found: dict[str, dict[str, int]] = {}
    totals = _counts(Kind.STEP, days).values("what").annotate(total=Sum("number"))
    for row in totals.order_by("what"):
        form, _slash, step = row["what"].partition("/")
        found.setdefault(form, {})[step] = row["total"]
    definitions = {form.slug: form for form in FormDefinition.objects.filter(slug__in=found)}
    return [
        (definitions[form].title, _steps(definitions[form], shown))
        for form, shown in found.items()
        if form in definitions
    ]


def _steps(definition: FormDefinition, shown: dict[str, int]) -> list[Bar]:
    """Steps in the order of the form; "left" is the share that did not come to the next."""
    titles = {"start": _now("Start page")}
    titles |= {
        step["key"]: step.get("title") or step["key"] for step in definition.data.get("steps", [])
    }
    titles |= {"check": _now("Check your answers"), "done": _now("Sent")}
    steps = [(key, title, shown[key]) for key, title in titles.items() if key in shown]
    rows = []
    for number, (_key, title, total) in enumerate(steps):
        before = steps[number - 1][2] if number else 0
        fewer = round(100 * (before - total) / before) if before > total else 0
        note = _now("%s%% fewer than the step before") % fewer if fewer else ""
        rows.append((str(title), total, note, ""))
    return bars(rows)


@require_safe
def readers(request: HttpRequest) -> HttpResponse:
    """The dashboard. Eight queries or so, whatever there is to show."""
    if not request.user.has_perm(MAY_SEE):
        raise PermissionDenied
    asked = request.GET.get("days", "")
    days = int(asked) if asked in {str(period) for period in PERIODS} else USUAL_DAYS
    daily = by_day(days)
    return render(
        request,
        "pages/desks/readers.html",
        {
            "days": days,
            "periods": PERIODS.items(),
            "daily": daily,
            "total": sum(day.number for day in daily),
            "pages": by_what(Kind.PAGE, days),
            "referrers": by_what(Kind.REFERRER, days),
            "searches": by_what(Kind.SEARCH, days),
            "nothing": by_what(Kind.NOTHING, days),
            "forms": by_form(days),
            "kept": KEPT_DAYS[Kind.NOTHING],
            "may_forget": request.user.has_perm(MAY_FORGET),
            "may_explain": request.user.has_perm("pages.add_searchword"),
        },
    )


class ForgetForm(forms.Form):
    words = forms.CharField(max_length=DailyCount._meta.get_field("what").max_length)


@require_POST
def forget_words(request: HttpRequest) -> HttpResponse:
    """Take words out of both lists of searches: somebody's name, or something unkind."""
    if not request.user.has_perm(MAY_FORGET):
        raise PermissionDenied
    form = ForgetForm(request.POST)
    if form.is_valid():
        words = form.cleaned_data["words"]
        DailyCount.objects.filter(kind__in=[Kind.SEARCH, Kind.NOTHING], what=words).delete()
        messages.success(request, _now("Those words are gone from the lists."))
    return redirect(f"{reverse('readers')}#nothing")
