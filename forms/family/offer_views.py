"""Answering an offer, by the mailed link or in the folder, and leaving or pausing a list.

A GET shows and changes nothing: mail programs open links by themselves. The link itself is the
proof, so its page needs no cookie; it names no child, and shows no answer that was sent.
"""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST

from forms import doors as form_doors
from forms.doors import private
from forms.family import offering
from forms.family.doors import for_family
from forms.family.views import case_page, opened
from forms.wizard import see_other
from workflows import family, offer_letters, queues
from workflows.models import Offer


@csrf_exempt  # nobody can post here who does not know the link
@private
@require_http_methods(["GET", "HEAD", "POST"])
def by_link(request: HttpRequest, token: str) -> HttpResponse:
    """One offer, for whoever has its link."""
    try:
        offer = offer_letters.offer_of(token)
    except offer_letters.NoSuchOfferError:
        return render(request, "family/offer_gone.html", status=404)
    if request.method != "POST":
        return _page(request, offer)
    if "go_on" in request.POST:
        return _go_on(request, offer, by_link=True)
    wanted = request.POST.get("answer", "")
    if wanted not in ("accept", "decline"):
        return _page(request, offer, status=422)
    answer = offering.give_answer(offer, wanted, actor_name=family.NAME)
    if not answer.is_done:
        return _page(request, offer, status=409, notice=answer.words)
    return see_other(request.path)


def _page(
    request: HttpRequest, offer: Offer, *, status: int = 200, notice: str = ""
) -> HttpResponse:
    offer.refresh_from_db()
    context = {"offer": offering.described(offer), "notice": notice, "by_link": True}
    return render(request, "family/offer.html", context, status=status)


def _go_on(request: HttpRequest, offer: Offer, *, by_link: bool) -> HttpResponse:
    journey = offering.booking_of(offer)
    if journey is None or (by_link and journey.rev):
        # What is in it already is for who signs in, not for who has an old letter.
        return see_other(reverse("family:case", args=[offer.case.reference]))
    owner = form_doors.owner_token_or_new(request)
    response = see_other(offering.adopt(journey, owner))
    form_doors.give_owner_cookie(response, owner)
    return response


@for_family
@require_POST
def answer(request: HttpRequest, reference: str, pk: int) -> HttpResponse:
    """Accept or decline in the folder, or go on with the booking form."""
    case = opened(request, reference).case
    offer = case.offers.select_related("pool__course_date", "case").filter(pk=pk).first()
    wanted = request.POST.get("answer", "")
    if offer is None or (wanted not in ("accept", "decline") and "go_on" not in request.POST):
        raise Http404("There is no such page.")
    if "go_on" in request.POST:
        return _go_on(request, offer, by_link=False)
    who = family.name_for(case, request.family.address)
    given = offering.give_answer(offer, wanted, actor_name=who)
    if not given.is_done:
        return case_page(request, reference, status=409, notice=given.words)
    return see_other(reverse("family:case", args=[reference]) + "#offers")


@for_family
@require_POST
def on_list(request: HttpRequest, reference: str, pk: int) -> HttpResponse:
    """Leave a list, pause, or wait again."""
    case = opened(request, reference).case
    verbs = {"leave": queues.leave, "pause": queues.pause, "resume": queues.resume}
    verb = verbs.get(request.POST.get("do", ""))
    if verb is None or not case.entries.filter(pk=pk).exists():
        raise Http404("There is no such page.")
    try:
        verb(pk, actor_name=family.name_for(case, request.family.address))
    except queues.ListError as problem:
        notice = _("%(why)s Nothing was changed.") % {"why": problem}
        return case_page(request, reference, status=409, notice=notice)
    return see_other(reverse("family:case", args=[reference]) + "#lists")
