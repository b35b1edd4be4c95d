"""The short page by which a family joins a date's waiting list: no account, no long form.

Like a form's start page it sets no cookie, and its POST is guarded by where it comes from. Whoever
is on the list already gets the same answer, so that nobody can ask who waits.
"""

from django import forms
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from cms import throttle
from cms.models import CourseDate
from forms import doors, waiting
from forms.addresses import see_other
from workflows import draws, pools, queues
from workflows.models import Draw, ListEntry, Pool

MOST = 6
JOINS_PER_ADDRESS, JOINS_SECONDS = 20, 3600
RULES = [
    ("all", gettext_lazy("All together, or none")),
    ("these", gettext_lazy("At least the children that I tick below, together")),
    ("any", gettext_lazy("Any of them: a place for one is better than none")),
]


class WaitingForm(forms.Form):
    """Who asks, for which children, and how they may be placed."""

    contact_name = forms.CharField(label=gettext_lazy("Your name"), max_length=160)
    email = forms.EmailField(label=gettext_lazy("Your e-mail address"), max_length=254)
    rule = forms.ChoiceField(
        label=gettext_lazy("More than one child?"),
        choices=RULES,
        initial="all",
        widget=forms.RadioSelect,
    )

    def __init__(self, *args: object, **kwargs: object):
        super().__init__(*args, **kwargs)
        for name, token in (("contact_name", "name"), ("email", "email")):
            self.fields[name].widget.attrs["autocomplete"] = token
        self.fields["contact_name"].error_messages["required"] = _("Enter your name")
        self.fields["email"].error_messages["required"] = _("Enter your e-mail address")
        self.fields["email"].error_messages["invalid"] = _(
            "Enter an e-mail address like name@example.org"
        )
        for number in range(1, MOST + 1):
            words = {"n": number}
            name = forms.CharField(
                label=_("First name of child %(n)s") % words, max_length=60, required=number == 1
            )
            name.error_messages["required"] = _("Enter the first name of a child")
            self.fields[f"child_{number}"] = name
            self.fields[f"with_{number}"] = forms.BooleanField(
                label=_("Child %(n)s must have a place") % words, required=False
            )

    def clean(self) -> dict:
        """`names` in the order given and `together` as their numbers, whatever was left out."""
        data = super().clean()
        given = [n for n in range(1, MOST + 1) if (data.get(f"child_{n}") or "").strip()]
        data["names"] = [data[f"child_{n}"].strip() for n in given]
        data["together"] = [
            number for number, n in enumerate(given, start=1) if data.get(f"with_{n}")
        ]
        if data.get("rule") == "these" and not data["together"]:
            raise ValidationError(
                _("Tick the children who must have a place, or choose another answer")
            )
        if data.get("rule") != "these":
            data["together"] = []
        return data

    @property
    def children(self) -> list[tuple]:
        return [(self[f"child_{n}"], self[f"with_{n}"]) for n in range(1, MOST + 1)]

    @property
    def problems(self) -> list[dict]:
        """For components/error_summary.html."""
        found = []
        for name, messages in self.errors.items():
            to = "id_rule_0" if name in ("__all__", "rule") else f"id_{name}"
            found += [{"id": to, "message": message} for message in messages]
        return found


@csrf_exempt  # guarded by where it comes from, like every start page
@doors.private
@require_http_methods(["GET", "HEAD", "POST"])
def waiting_list(request: HttpRequest, reference: str) -> HttpResponse:
    """What the list is and how it works; POST joins it."""
    date = CourseDate.objects.select_related("course", "centre").filter(reference=reference).first()
    if date is None or not date.course.form_slug:
        raise Http404("There is no such page.")
    if request.method == "POST":
        return _join(request, date)
    return _page(request, date, WaitingForm())


def _page(
    request: HttpRequest, date: CourseDate, form: WaitingForm, *, status: int = 200, why: str = ""
) -> HttpResponse:
    pool = Pool.objects.filter(course_date=date).first()
    left = CourseDate.objects.with_places().get(pk=date.pk).places_left
    errors = form.problems if form.is_bound else []
    context = {
        "date": date,
        "form": form,
        "errors": [*errors, {"id": "", "message": why}] if why else errors,
        "waits": pools.queue(pool).count() if pool else 0,
        "hours": pool.window_hours if pool else Pool._meta.get_field("window_hours").default,
        "can_wait": waiting.can_wait(date),
        "can_book": date.is_bookable() and left > 0 and not date.is_collecting(),
        "is_draw": date.is_collecting(),
        "has_draw": date.draw_minutes is not None,
        "is_done": "joined" in request.GET,
    }
    return render(request, "forms/waiting.html", context, status=status)


@doors.private
@require_safe
def draw(request: HttpRequest, reference: str) -> HttpResponse:
    """How a date's draw works, what was promised before it, and afterwards how it came out.

    It names nobody: a family knows its own reference.
    """
    found = Draw.objects.select_related("pool__course_date__course", "pool__course_date__centre")
    row = found.filter(pool__course_date__reference=reference).first()
    date = row.pool.course_date if row else None
    if date is None or date.status == CourseDate.Status.DRAFT:
        raise Http404("There is no such page.")
    order = [
        {**one, "place": place, "lot": draws.lot_of(row.seed, one["reference"])[:16]}
        for place, one in enumerate(row.order, start=1)
    ]
    waiting = row.pool.entries.filter(state__in=ListEntry.ON_LIST).count()
    context = {"draw": row, "date": date, "order": order, "waiting": waiting}
    return render(request, "forms/draw.html", context)


def _join(request: HttpRequest, date: CourseDate) -> HttpResponse:
    if not doors.comes_from_here(request):
        return render(request, "403.html", {"reason": "origin"}, status=403)
    who = throttle.client_address(request)
    throttle.count("wait", who, limit=JOINS_PER_ADDRESS, seconds=JOINS_SECONDS)
    form = WaitingForm(request.POST)
    if not form.is_valid():
        return _page(request, date, form, status=422)
    if not waiting.can_wait(date):
        return _page(request, date, form, status=409)
    data = form.cleaned_data
    wish = waiting.Wish(
        contact_name=data["contact_name"],
        email=data["email"],
        names=data["names"],
        rule=data["rule"],
        together=data["together"],
    )
    try:
        waiting.join(date, wish)
    except queues.ListError as problem:
        return _page(request, date, form, status=422, why=str(problem))
    return see_other(reverse("forms:waiting", args=[date.reference]) + "?joined")
