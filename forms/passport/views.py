"""The pages of a partner's passport: each for those who act for that partner, and no others."""

from collections.abc import Callable
from functools import wraps

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from cms import throttle
from cms.models import GoverningVersion, Partner, PartnerPaper, PartnerPerson
from cms.partners import letters, papers, standing, terms
from forms import doors as form_doors
from forms.addresses import right_place, see_other
from forms.family import again
from forms.family.doors import for_family
from forms.family.links import plain
from forms.models import FormDefinition, Submission

from .forms import AgreeForm, LeaveForm, PaperForm, PassportForm, PersonForm

INVITES, INVITE_SECONDS = 10, 3600
#: What of the history its own people read: what they did, and what the night did.
SHOWN = (
    "paper",
    "agreed",
    "listed",
    "renamed",
    "merged",
    "drafted",
    "applied",
    "person",
    "condition",
)
COLOURS = {"ok": "", "soon": "marigold", "over": "danger", "missing": "marigold"}


def of_person(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Gives the view the person whose passport it is; 404 for everybody else's."""

    @for_family
    @wraps(view)
    def guarded(request: HttpRequest, slug: str, **kwargs: object) -> HttpResponse:
        person = (
            PartnerPerson.objects.filter(partner__slug=slug, email=plain(request.family.address))
            .select_related("partner__organisation_type")
            .first()
        )
        if person is None:
            raise Http404("There is no such page.")
        return view(request, person, **kwargs)

    return guarded


def home_of(partner: Partner) -> str:
    return reverse("family:passport", args=[partner.slug])


@of_person
@require_http_methods(["GET", "HEAD"])
def passport(request: HttpRequest, person: PartnerPerson) -> HttpResponse:
    """Everything that runs out, what to agree to, who acts for the partner, what happened."""
    return page(request, person, PersonForm())


def page(
    request: HttpRequest, person: PartnerPerson, form: PassportForm, *, status: int = 200
) -> HttpResponse:
    partner = person.partner
    context = {
        "partner": partner,
        "person": person,
        "clocks": [
            {
                "clock": clock,
                "colour": COLOURS[clock.state],
                "url": reverse("family:passport_agree", args=[partner.slug, clock.version.pk])
                if clock.version
                else reverse("family:passport_paper", args=[partner.slug, clock.key]),
            }
            for clock in papers.clocks(partner)
        ],
        "is_listed": Partner.objects.live().filter(pk=partner.pk).exists(),
        "conditions": partner.conditions.all(),
        "today": timezone.localdate(),
        "agreements": partner.agreements.select_related("version__text"),
        "people": partner.people.all(),
        "history": partner.history.filter(kind__in=SHOWN)[:20],
        "renewal": renewal_form(partner),
        "form": form,
        "errors": form.error_list() if form.is_bound else [],
        "back_url": reverse("family:home"),
    }
    return render(request, "passport/passport.html", context, status=status)


@of_person
@require_http_methods(["GET", "HEAD", "POST"])
def paper(request: HttpRequest, person: PartnerPerson, kind: str) -> HttpResponse:
    """Say that something was renewed: the days of the last one are filled in."""
    if kind not in PartnerPaper.Kind.values:
        raise Http404("There is no such page.")
    kind, partner = PartnerPaper.Kind(kind), person.partner
    last = papers.current(partner).get(kind)
    form = PaperForm(kind, last, request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            papers.give(partner, kind, actor=person.name, **form.cleaned_data)
            return see_other(home_of(partner) + "#clocks")
        except papers.PaperProblemError as problem:
            form.add_error(problem.field, str(problem))
    context = {
        "partner": partner,
        "title": kind.label,
        "help": papers.HELP[kind],
        "last": last,
        "form": form,
        "errors": form.error_list() if form.is_bound else [],
        "back_url": home_of(partner),
    }
    return render(request, "passport/paper.html", context, status=422 if form.errors else 200)


@of_person
@require_http_methods(["GET", "HEAD", "POST"])
def agree(request: HttpRequest, person: PartnerPerson, pk: int) -> HttpResponse:
    """The terms, as a difference from those agreed to before; POST keeps the agreement."""
    partner = person.partner
    version = get_object_or_404(
        GoverningVersion.objects.select_related("text"), pk=pk, text__partners_agree=True
    )
    before = terms.last_agreed(partner, version.text)
    start = {"name": person.name, "sha256": version.sha256}
    form = AgreeForm(request.POST or None, initial=start)
    if request.method == "POST" and not person.may_sign:
        raise Http404("There is no such page.")
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            terms.agree(partner, version, name=given["name"], sha256=given["sha256"])
            return see_other(home_of(partner) + "#agreements")
        except terms.TermsProblemError as problem:
            form.add_error(None, str(problem))
    context = {
        "partner": partner,
        "person": person,
        "version": version,
        "before": before,
        "is_agreed": bool(before and before.version_id == version.pk),
        "difference": terms.difference(before.version.words if before else version.words,
                                       version.words),
        "form": form,
        "errors": form.error_list() if form.is_bound else [],
        "back_url": home_of(partner),
    }  # fmt: skip
    return render(request, "passport/agree.html", context, status=422 if form.errors else 200)


@of_person
@require_POST
def people(request: HttpRequest, person: PartnerPerson) -> HttpResponse:
    """Let a colleague in, by their own address; or let one go."""
    partner = person.partner
    back = home_of(partner) + "#people"
    if gone := request.POST.get("remove", ""):
        partner.people.filter(pk=int(gone) if gone.isdigit() else 0).exclude(pk=person.pk).delete()
        return see_other(back)
    form = PersonForm(request.POST)
    if not form.is_valid():
        return page(request, person, form, status=422)
    throttle.count("passport-invite", request.family.seal, limit=INVITES, seconds=INVITE_SECONDS)
    letters.add_person(partner, name=form.cleaned_data["name"], email=form.cleaned_data["email"],
                       invited_by=person.name)  # fmt: skip
    return see_other(back)


@of_person
@require_http_methods(["GET", "HEAD", "POST"])
def leave(request: HttpRequest, person: PartnerPerson) -> HttpResponse:
    """End the partnership, by somebody who may sign for it."""
    if not person.may_sign:
        raise Http404("There is no such page.")
    form = LeaveForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        standing.leave(person.partner, actor=person.name, words=_("They left the hub"))
        return see_other(reverse("family:home"))
    context = {
        "partner": person.partner,
        "form": form,
        "errors": form.error_list() if form.is_bound else [],
        "back_url": home_of(person.partner),
    }
    return render(request, "passport/leave.html", context, status=422 if form.errors else 200)


@of_person
@require_http_methods(["GET", "HEAD", "POST"])
def renew(request: HttpRequest, person: PartnerPerson) -> HttpResponse:
    """The yearly form; POST begins it with what the partner answered last, whoever sent that."""
    partner = person.partner
    found = renewal_form(partner)
    if found is None:
        raise Http404("There is no such page.")
    form, last = found
    if request.method != "POST":
        context = {"partner": partner, "form": form, "last": last, "back_url": home_of(partner)}
        return render(request, "passport/renew.html", context)
    version = form.current_version
    version.form = form
    everyone = {one.number for one in again.children(version, [last])}
    owner = form_doors.owner_token_or_new(request)
    journey = again.begin(version, [last], wanted=everyone, owner=owner)
    response = see_other(right_place(journey))
    form_doors.give_owner_cookie(response, owner)
    return response


def renewal_form(partner: Partner) -> tuple[FormDefinition, Submission] | None:
    """The form that the partner sent last and that is open now, with what was sent."""
    references = partner.history.exclude(reference="").values_list("reference", flat=True)
    last = (
        Submission.objects.filter(reference__in=list(references), anonymised_at=None)
        .select_related("version")
        .order_by("-submitted_at")
        .first()
    )
    if last is None:
        return None
    form = FormDefinition.objects.open().filter(pk=last.version.form_id).first()
    return (form, last) if form else None
