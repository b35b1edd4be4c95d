"""The pages of the family folder. Each begins with the folder of who is signed in."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST

from cms import throttle
from forms.addresses import see_other
from forms.doors import private
from forms.family import asking, doors, links
from forms.family.folder import Folder, NotHereError
from forms.family.language import speak_to
from workflows import family
from workflows.engine import StaleStageError, TransitionNotAllowedError

WRITES_PER_ADDRESS, WRITES_SECONDS = 60, 3600


def folder_of(request: HttpRequest) -> Folder:
    """The folder of who is signed in."""
    return Folder(request.family.address)


def opened(request: HttpRequest, reference: str):
    """One application of this family; 404 for anybody else's."""
    try:
        return folder_of(request).opened(reference)
    except NotHereError:
        raise Http404("There is no such page.") from None


@csrf_exempt  # asking.ask guards its POST by where it comes from
@private
@require_http_methods(["GET", "HEAD", "POST"])
def home(request: HttpRequest) -> HttpResponse:
    """The folder, or the page that asks for an e-mail address."""
    session = doors.signed_in(request)
    speak_to(session)
    if session is None or request.method == "POST":
        return asking.ask(request)
    request.family = session
    return home_page(request)


def home_page(request: HttpRequest) -> HttpResponse:
    """The first page of the folder of who is signed in."""
    folder = folder_of(request)
    context = {
        "items": folder.items(),
        "loose": folder.loose_forms(),
        "unsent": folder.unsent(),
        "passports": folder.passports(),
        "address": request.family.address,
    }
    return render(request, "family/home.html", context)


@doors.for_family
@require_http_methods(["GET", "HEAD"])
def case(request: HttpRequest, reference: str) -> HttpResponse:
    """One application: where it stands, what may be done, what was written and sent."""
    return case_page(request, reference)


def case_page(
    request: HttpRequest, reference: str, *, status: int = 200, **more: object
) -> HttpResponse:
    context = {"opened": opened(request, reference), "back_url": reverse("family:home"), **more}
    return render(request, "family/case.html", context, status=status)


@doors.for_family
@require_http_methods(["GET", "HEAD", "POST"])
def press(request: HttpRequest, reference: str, button: str) -> HttpResponse:
    """Ask whether it is meant; POST presses the button."""
    page = opened(request, reference)
    wanted = next((one for one in page.buttons if one.key == button), None)
    if wanted is None:
        return moved_on(request, reference)
    target = page.case.version.plan.by_key[wanted.to]
    context = {
        "opened": page,
        "button": wanted,
        "target": target,
        "comment": request.POST.get("comment", "")[: family.LONGEST],
        "back_url": reverse("family:case", args=[reference]),
    }
    if request.method != "POST":
        return render(request, "family/press.html", context)
    if wanted.needs_comment and not context["comment"].strip():
        errors = [{"id": "id_comment", "message": _("Write a few words that say why")}]
        return render(request, "family/press.html", context | {"errors": errors}, status=422)
    try:
        family.press(
            page.case.pk,
            button,
            expected_stage=request.POST.get("stage", ""),
            comment=context["comment"],
            actor_name=family.name_for(page.case, request.family.address),
        )
    except (StaleStageError, TransitionNotAllowedError):
        return moved_on(request, reference)
    return see_other(reverse("family:case", args=[reference]) + "#status")


def moved_on(request: HttpRequest, reference: str) -> HttpResponse:
    """The button is gone: the page as it stands now, with why."""
    notice = _(
        "That could no longer be chosen, because this has moved on since you opened the page. "
        "Nothing was changed. Below is how it stands now."
    )
    return case_page(request, reference, status=409, notice=notice)


@doors.for_family
@require_POST
def write(request: HttpRequest, reference: str) -> HttpResponse:
    """A message to the hub."""
    page = opened(request, reference)
    text = request.POST.get("text", "")
    try:
        who = request.family.seal
        throttle.count("family-write", who, limit=WRITES_PER_ADDRESS, seconds=WRITES_SECONDS)
        family.write(page.case, text, actor_name=family.name_for(page.case, request.family.address))
    except family.EmptyMessageError as problem:
        errors = [{"id": "id_text", "message": str(problem)}]
        return case_page(request, reference, status=422, errors=errors, text=text)
    return see_other(reverse("family:case", args=[reference]) + "#messages")


@doors.for_family
@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """End this session, or with `everywhere` each one of the address."""
    links.sign_out(request.family, everywhere="everywhere" in request.POST)
    response = see_other(reverse("family:out"))
    doors.take_cookie(response)
    return response


@private
@require_http_methods(["GET", "HEAD"])
def signed_out(request: HttpRequest) -> HttpResponse:
    """You are signed out."""
    return render(request, "family/out.html")
