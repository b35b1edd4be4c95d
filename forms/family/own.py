"""What a family does with its folder as a whole: begin a form anew, take everything away, ask to
be forgotten, open its files, let a young person act for themselves."""

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import activate, get_language_info
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from cms import audit, throttle
from forms import doors as form_doors
from forms.family import again, forgetting, offering
from forms.family import download as taking
from forms.family.doors import for_family
from forms.family.folder import answers_of
from forms.family.links import plain
from forms.family.views import case_page, folder_of, opened
from forms.filepages import may_be_opened
from forms.models import FormDefinition, Submission
from forms.translating import chosen as chosen_language
from forms.translating import languages_of, spoken
from forms.wizard import right_place, see_other
from workflows import family

LET_IN_PER_ADDRESS, LET_IN_SECONDS = 10, 3600


@for_family
@require_safe
def new(request: HttpRequest) -> HttpResponse:
    """The forms that are open now."""
    forms = FormDefinition.objects.open().order_by("title")
    context = {"forms": forms, "back_url": reverse("family:home")}
    return render(request, "family/new.html", context)


@for_family
@require_http_methods(["GET", "HEAD", "POST"])
def begin(request: HttpRequest, form: str) -> HttpResponse:
    """Ask for whom; POST begins a journey with what the family has told us before."""
    definition = get_object_or_404(FormDefinition.objects.open(), slug=form)
    version = definition.current_version
    version.form = definition
    language = chosen_language(version.compiled, request.GET.get("lang", ""))
    activate(language or settings.LANGUAGE_CODE)
    submissions = folder_of(request).submissions()
    if request.method == "POST":
        chosen = {int(one) for one in request.POST.getlist("child") if one.isdigit()}
        owner = form_doors.owner_token_or_new(request)
        known = submissions if "filled_in" in request.POST else []
        journey = again.begin(
            version,
            known,
            wanted=chosen,
            owner=owner,
            address=request.family.address,
            language=language,
        )
        response = see_other(right_place(journey))
        form_doors.give_owner_cookie(response, owner)
        return response
    known = again.suggestions(version, submissions, wanted=set())
    context = {
        "form": definition,
        "title": spoken(version, language).title,
        "languages": [
            {"code": code, "name": get_language_info(code)["name_local"].capitalize()}
            for code in languages_of(version.compiled)
            if code != language
        ],
        "children": again.children(version, submissions),
        "knows": bool(known),
        "back_url": reverse("family:new"),
    }
    return render(request, "family/begin.html", context)


@for_family
@require_POST
def go_on(request: HttpRequest, pk: int) -> HttpResponse:
    """Go on with a form that is not sent yet, in this browser."""
    journey = next((one for one in folder_of(request).unsent() if one.pk == pk), None)
    if journey is None:
        raise Http404("There is no such page.")
    owner = form_doors.owner_token_or_new(request)
    response = see_other(offering.adopt(journey, owner))
    form_doors.give_owner_cookie(response, owner)
    return response


@for_family
@require_safe
def download(request: HttpRequest) -> HttpResponse:
    """Everything in the folder, to read, print or save."""
    everything = _everything(request)
    context = {"everything": everything, "back_url": reverse("family:home")}
    return render(request, "family/download.html", context)


@for_family
@require_safe
def download_data(request: HttpRequest) -> HttpResponse:
    """The same as data."""
    response = JsonResponse(
        _everything(request), json_dumps_params={"indent": 1, "ensure_ascii": False}
    )
    name = f"family-folder-{timezone.localdate():%Y-%m-%d}.json"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _everything(request: HttpRequest) -> dict:
    found = taking.everything(folder_of(request))
    number = len(found["applications"]) + len(found["other_forms"])
    audit.record(None, "download", Submission, {"by": "the family itself", "records": number})
    return found


@for_family
@require_http_methods(["GET", "HEAD", "POST"])
def forget(request: HttpRequest) -> HttpResponse:
    """Say what may have to stay; POST asks the office to delete the rest."""
    folder = folder_of(request)
    already = forgetting.open_wish(folder)
    if already:
        return see_other(reverse("family:case", args=[already.reference]))
    if request.method == "POST":
        case = forgetting.ask(folder, request.POST.get("words", ""))
        return see_other(reverse("family:case", args=[case.reference]))
    context = {"holds": forgetting.holds(folder), "back_url": reverse("family:home")}
    return render(request, "family/forget.html", context)


@for_family
@require_safe
def loose_form(request: HttpRequest, reference: str) -> HttpResponse:
    """A form that only had to be sent."""
    sent = next(
        (one for one in folder_of(request).loose_forms() if one.reference == reference), None
    )
    if sent is None:
        raise Http404("There is no such page.")
    context = {"sent": sent, "answers": answers_of(sent), "back_url": reverse("family:home")}
    return render(request, "family/loose.html", context)


@for_family
@require_safe
def file(request: HttpRequest, reference: str, pk: int) -> HttpResponse:
    """A file that this family has sent, as a download that no browser runs."""
    found = next((one for one in opened(request, reference).files if one.pk == pk), None)
    if found is None or not may_be_opened(found):
        raise Http404("There is no such file.")
    return FileResponse(
        found.file.open("rb"),
        as_attachment=True,
        filename=found.name,
        content_type="application/octet-stream",
    )


@for_family
@require_http_methods(["POST"])
def young_person(request: HttpRequest, reference: str) -> HttpResponse:
    """Let a young person act on this with an address of their own, or no longer."""
    page = opened(request, reference)
    if not page.may_let_in:
        raise Http404("There is no such page.")
    back = reverse("family:case", args=[reference]) + "#young-person"
    if "stop" in request.POST:
        family.let_out(page.case)
        return see_other(back)
    email = request.POST.get("email", "").strip()
    try:
        validate_email(email)
    except ValidationError:
        message = _("Enter an e-mail address like name@example.org")
        return _again(request, reference, email, message)
    if plain(email) == plain(page.case.contact_email):
        message = _("Enter an address of their own: this one is yours")
        return _again(request, reference, email, message)
    who = request.family.seal
    throttle.count("let-in", who, limit=LET_IN_PER_ADDRESS, seconds=LET_IN_SECONDS)
    family.let_in(page.case, email)
    return see_other(back)


def _again(request: HttpRequest, reference: str, email: str, message: str) -> HttpResponse:
    errors = [{"id": "id_young", "message": message}]
    return case_page(request, reference, status=422, young_errors=errors, young=email)
