"""The start page, check, submit, done, and the pages around a journey. Steps are in wizard.py.

The start page knows nobody: it sets and reads no cookie and may be cached. Everything else belongs
to one browser, is never cached, and answers 404 to all others. Only POST changes anything.
"""

from urllib.parse import urlencode

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.http import Http404, HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import activate, get_language_info
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from cms import places, throttle
from cms.models import CourseDate
from forms import (
    auditions,
    blankpages,
    codes,
    doors,
    firstplaces,
    journeys,
    pagesaving,
    paying,
    submissions,
    tasklist,
)
from forms.addresses import (
    address,
    closing_of,
    has_quick_exit,
    own_journey,
    right_place,
    see_other,
    timer_of,
)
from forms.field_types.offerings import open_offerings, say_offering
from forms.models import FormVersion, Journey
from forms.opening import Opening, courses_of, kept_for, next_opening
from forms.pricing import from_data
from forms.stepforms import StepForm
from forms.summary import sections
from forms.translating import chosen as chosen_language
from forms.translating import languages_of, spoken
from forms.versions import open_at
from forms.window import window_of

# Whole schools and libraries share one address; a script gains nothing from beginning journeys.
STARTS_PER_ADDRESS, STARTS_SECONDS = 3000, 600
SUBMITS_PER_JOURNEY, SUBMITS_SECONDS = 200, 600
TUNES = 24  # drawings that the last page may have


@csrf_exempt  # cookie-free and cached, so there is no token: doors.comes_from_here guards it
@require_http_methods(["GET", "HEAD", "POST"])
def start(request: HttpRequest, form: str) -> HttpResponse:
    """What the form is about; POST begins a journey."""
    stored = open_at(form)
    if stored is None:
        raise Http404("There is no such form.")
    language = chosen_language(stored.compiled, request.GET.get("lang", ""))
    activate(language or settings.LANGUAGE_CODE)
    version = spoken(stored, language)
    window = window_of(version.compiled.get("settings"))
    if not window.may_begin(timezone.now()):
        return doors.closed_page(request, window, title=version.form.title)
    wanted = request.GET.get("for", "")
    if request.method == "POST":
        return _begin(request, version, wanted, language)
    # The same page for everybody, so it must not look at who is signed in.
    request.user = AnonymousUser()
    dates, opening = _dates(version), next_opening(version)
    if opening and not dates:
        return _before_opening(request, version, opening)
    chosen = next((date for date in dates if date["reference"] == wanted), None)
    context = {
        "form_title": version.form.title,
        "languages": _languages(stored, language, wanted),
        "compiled": version.compiled,
        "dates": dates,
        "chosen": chosen,
        "action": request.get_full_path(),
        "all_full": bool(dates)
        and not any(date["left"] or date["with_help"] or date["is_draw"] for date in dates),
        "first": firstplaces.start_form(version, _offering(wanted)) if dates else None,
        "opening": opening,
    }
    response = render(request, "forms/start.html", context)
    seconds = kept_for(opening, [date["date"] for date in dates])
    response["Cache-Control"] = f"public, max-age={seconds}"
    return response


def _before_opening(request: HttpRequest, version: FormVersion, opening: Opening) -> HttpResponse:
    """What opens when, by our clock; the page asks for itself again until it does."""
    is_still = "still" in request.GET
    context = {
        "form_title": version.form.title,
        "compiled": version.compiled,
        "opening": opening,
        "is_still": is_still,
        "here": request.path,
    }
    response = render(request, "forms/opening.html", context)
    response["Cache-Control"] = f"public, max-age={min(2, kept_for(opening))}"
    if not is_still:
        response["Refresh"] = str(opening.again_in)
    return response


def _offering(reference: str) -> CourseDate | None:
    return CourseDate.objects.filter(reference=reference).first() if reference else None


def _languages(version: FormVersion, spoken_now: str, wanted: str) -> list[dict]:
    """`[{code, name, url}]` of the languages that this form can be read in, but the present one."""
    first = settings.LANGUAGE_CODE
    codes_ = [first, *languages_of(version.compiled)] if languages_of(version.compiled) else []
    found = []
    for code in codes_:
        if code == (spoken_now or first):
            continue
        said = ({"for": wanted} if wanted else {}) | ({} if code == first else {"lang": code})
        found.append(
            {
                "code": code,
                "name": get_language_info(code)["name_local"].capitalize(),
                "url": f"?{urlencode(said)}" if said else "?",
            }
        )
    return found


def _begin(request: HttpRequest, version: FormVersion, wanted: str, language: str) -> HttpResponse:
    if not doors.comes_from_here(request):
        return render(request, "403.html", {"reason": "origin"}, status=403)
    form, offering = None, _offering(wanted)
    if firstplaces.was_chosen(version, request.POST):
        form = firstplaces.start_form(version, offering, request.POST)
    owner = doors.owner_token_or_new(request)

    def begin() -> Journey | None:
        if form is not None and not form.is_valid():
            return None
        return journeys.begin(version, owner=owner, offering=offering, language=language)

    here = throttle.client_address(request)
    journey = throttle.counted(
        begin, "begin", here, limit=STARTS_PER_ADDRESS, seconds=STARTS_SECONDS
    )
    if journey is None:
        return _start_again(request, version, form)
    response = see_other(right_place(journey))
    if form is not None:
        response = _hold_first(request, journey, form)
    doors.give_owner_cookie(response, owner)
    response["Cache-Control"] = "private, no-store"
    return response


def _start_again(request: HttpRequest, version: FormVersion, form: StepForm) -> HttpResponse:
    """The start page once more, with what is wrong about the choice of places."""
    request.user = AnonymousUser()
    context = {
        "form_title": version.form.title,
        "compiled": version.compiled,
        "dates": _dates(version),
        "action": request.get_full_path(),
        "first": form,
        "errors": form.error_list,
    }
    response = render(request, "forms/start.html", context, status=422)
    response["Cache-Control"] = "private, no-store"
    return response


def _hold_first(request: HttpRequest, journey: Journey, form: StepForm) -> HttpResponse:
    """Hold what was chosen on the start page, before anything else is asked."""
    step = form.step["key"]
    try:
        journey = pagesaving.save_page(journey, step, answers=form.answers())
    except places.PlacesError as problem:
        return full_page(request, journey, problem, back=step)
    return see_other(right_place(journey))


def _dates(version: FormVersion) -> list[dict]:
    """The dates that this form books now: what the pages say of each, and its row as `date`."""
    return [
        {
            "reference": date.reference,
            "words": say_offering(date),
            "left": 0 if date.is_collecting() else date.places_left,
            "with_help": 0 if date.is_collecting() else date.places_left_with_help,
            "price_pence": date.price_pence,
            "is_draw": date.is_collecting(),
            "date": date,
        }
        for course in courses_of(version)
        for date in open_offerings(course)
    ]


@doors.private
@require_safe
def resume_here(request: HttpRequest, form: str, key: str) -> HttpResponse:
    """The address of a journey without a step: go to where the family should be."""
    return see_other(right_place(own_journey(request, form, key)))


@doors.private
@require_safe
def check(request: HttpRequest, form: str, key: str) -> HttpResponse:
    """Check your answers."""
    journey = own_journey(request, form, key)
    seen = journeys.walked(journey)
    if journey.submitted_at or not seen.is_complete:
        return see_other(right_place(journey))
    return _check_page(request, journey)


def _check_page(
    request: HttpRequest, journey: Journey, *, notice: str = "", status: int = 200
) -> HttpResponse:
    seen = journeys.walked(journey)
    parts = sections(seen)
    for part in parts:
        for row in part["rows"]:
            if row["key"]:
                row["change_url"] = (
                    address(journey, part["key"], item=part["number"], back_to="check")
                    + f"#id_{row['key']}"
                )
    has_tasks = tasklist.is_wanted(journey.version.compiled)
    steps = None if has_tasks else len(seen.asked_steps) + 1
    shared = {
        "form_title": journey.version.title,
        "step_number": steps,
        "step_total": steps,
        "quick_exit": has_quick_exit(journey.version),
    }
    own = {
        "summary": SafeString(render_to_string("forms/_summary.html", {"sections": parts})),
        "submit_url": address(journey, "submit"),
        "save_url": address(journey, "save"),
        "back_url": address(journey, "tasks" if has_tasks else seen.asked_steps[-1].key),
    }
    seldom = {
        "price": journeys.price(
            journey,
            seen,
            codes.given(journey.version, seen.answers),
            journeys.wanted_help(journey, seen),
        ),
        "fee": auditions.fee_of(journey, seen.answers),
        "timer": timer_of(journey),
        "closing": closing_of(journey),
        "notice": notice,
    }
    if any(seldom.values()):
        extend = {"extend_url": address(journey, "extend")}
        return render(request, "forms/check.html", shared | own | seldom | extend, status=status)
    own["csrf_token"] = get_token(request)
    name = f"{journey.version.sha256}:{steps}"
    return blankpages.filled(request, "forms/check.html", name, own, lambda: shared)


@doors.private
@require_http_methods(["GET", "HEAD", "POST"])
def submit(request: HttpRequest, form: str, key: str) -> HttpResponse:
    """POST sends the form in, once; GET only shows the way."""
    journey = own_journey(request, form, key)
    if request.method != "POST":
        return see_other(right_place(journey))
    try:
        throttle.counted(
            lambda: submissions.submit(journey, seen_pence=_pence(request.POST.get("price"))),
            "submit",
            journey.key,
            limit=SUBMITS_PER_JOURNEY,
            seconds=SUBMITS_SECONDS,
        )
    except submissions.IncompleteError:
        return see_other(right_place(journey, back_to="check"))
    except submissions.PriceChangedError:
        return _check_page(request, journey, notice="price", status=409)
    except places.PlacesError as problem:
        return full_page(request, journey, problem, back="", template="forms/expired.html")
    return see_other(address(journey, "done"))


def _pence(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 10 else None


def full_page(
    request: HttpRequest,
    journey: Journey,
    problem: Exception,
    *,
    back: str,
    template: str = "forms/full.html",
) -> HttpResponse:
    """There is no place: say so kindly, name the other dates, keep everything that was entered."""
    asked = journeys.places_keys(journey.version.compiled)
    question_step = next(
        (
            step["key"]
            for step in journey.version.compiled["steps"]
            if any(question["key"] in asked for question in step["questions"])
        ),
        None,
    )
    if question_step is None:  # a form without places was asked for more time with them
        return see_other(right_place(journey))
    others = [date for date in _dates(journey.version) if date["left"]]
    return render(
        request,
        template,
        {
            "problem": str(problem),
            "others": others,
            "choose_url": address(journey, question_step, back_to="" if back else "check"),
            "save_url": address(journey, "save"),
            "form_title": journey.version.title,
            "waiting_for": _reference_of(problem),
        },
    )


def _reference_of(problem: places.PlacesError) -> str:
    """Of the date that is full, "" for any other problem."""
    pk = getattr(problem, "course_date_id", None)
    date = CourseDate.objects.filter(pk=pk).first() if pk else None
    return date.reference if date else ""


@doors.private
@require_POST
def extend(request: HttpRequest, form: str, key: str) -> HttpResponse:
    """More time for the held places, from a page where nothing is typed."""
    journey = own_journey(request, form, key)
    try:
        pagesaving.more_time(journey)
    except journeys.AlreadySubmittedError:
        return see_other(address(journey, "done"))
    except places.PlacesError as problem:
        return full_page(request, journey, problem, back="")
    return see_other(right_place(journey))


@doors.private
@require_safe
def done(request: HttpRequest, form: str, key: str) -> HttpResponse:
    """The reference, and what happens next."""
    journey = own_journey(request, form, key)
    if not journey.submitted_at:
        return see_other(right_place(journey))
    submission, seed = journey.submission, journey.pk % TUNES
    shared = {
        "form_title": journey.version.title,
        "seed": seed,
        "quick_exit": has_quick_exit(journey.version),
    }
    own = {"reference": submission.reference}
    seldom = {
        "offering": submission.offering,
        "when": say_offering(submission.offering) if submission.offering else "",
        "price": from_data(submission.price),
        "money": paying.for_family(submission),
    }
    if any(seldom.values()):
        return render(request, "forms/done.html", shared | own | seldom)
    name = f"{journey.version.sha256}:{seed}"
    return blankpages.filled(request, "forms/done.html", name, own, lambda: shared)


@doors.private
@require_http_methods(["GET", "HEAD", "POST"])
def remove_item(request: HttpRequest, form: str, key: str, step: str, item: int) -> HttpResponse:
    """Ask before an item of a repeated step is taken out; POST takes it out."""
    journey = own_journey(request, form, key)
    if journey.submitted_at:
        return see_other(address(journey, "done"))
    seen = journeys.walked(journey)
    can_open = journeys.may_visit(journey, seen, step)
    if not can_open or not seen[step].repeat or not 1 <= item <= len(seen[step].items):
        return see_other(right_place(journey))
    if not seen[step].may_lose_one:
        return see_other(address(journey, step))
    if request.method == "POST":
        try:
            pagesaving.remove_item(journey, step, item)
        except (journeys.NoSuchPageError, journeys.AlreadySubmittedError):
            return see_other(right_place(journey))
        # The last of a step that needs none: the list is empty, and the family goes on from there.
        return see_other(address(journey, step))
    part = next(p for p in sections(seen) if (p["key"], p["number"]) == (step, item))
    return render(
        request,
        "forms/remove.html",
        {
            "journey": journey,
            "part": part,
            "item_name": seen[step].repeat["item_name"],
            "back_url": address(journey, step),
            "form_title": journey.version.title,
        },
    )
