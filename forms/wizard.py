"""The pages of a journey: one step each, on django-formtools' named-URL wizard.

formtools gives the list of steps, what comes before and after, and how a step's form is made. What
it keeps in a session we keep in the Journey row (JourneyStorage), and these of its habits are
switched off, each with a test (tests/test_forms_pitfalls.py): a GET never stores or finishes
anything; the step is the one in the address, whatever was posted; answers are saved as cleaned
values of the page's own questions, never as the raw POST; the end is a POST of its own (views).
"""

from collections import OrderedDict
from datetime import date

from django import forms
from django.forms.utils import ErrorDict
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext_lazy as _
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.generic import TemplateView
from formtools.wizard.storage.base import BaseStorage
from formtools.wizard.views import NamedUrlWizardView, StepsHelper

from cms import places, throttle
from forms import agefit, attachments, blankpages, doors, journeys, pagesaving, tasklist
from forms.addresses import (
    BACK_TO,
    address,
    closing_of,
    has_quick_exit,
    own_journey,
    right_place,
    see_other,
    timer_of,
)
from forms.fewer import AsksWhoGoes
from forms.field_types import field_types
from forms.field_types.codes import UNKNOWN_CODE
from forms.field_types.offerings import say_offering
from forms.models import Journey
from forms.stepforms import StepForm
from forms.summary import sections
from forms.walk import VisibleStep

TOO_MANY_FILES = _(
    "You have sent as many files as we can keep for one form. Remove one, or send a smaller one"
)
NOT_SAVED = (
    attachments.TooManyFilesError,
    journeys.AlreadySubmittedError,
    journeys.NoSuchPageError,
    journeys.StalePageError,
    places.PlacesError,
)
CODE_TRIES, CODE_SECONDS = 8, 3600
MARK, ITEM = "rev", "item"


class JourneyStorage(BaseStorage):
    """formtools' storage protocol over a Journey row. Nothing is kept in a session or a cookie."""

    def __init__(self, journey: Journey):
        super().__init__(prefix=journey.key)
        self.journey = journey
        self.init_data()

    def get_step_data(self, step: str) -> None:
        """No raw POST is ever stored, so there is none to give back; pages use stored answers."""

    def set_step_data(self, step: str, cleaned_data: dict) -> None:
        """Save one page: `cleaned_data` are the arguments of pagesaving.save_page."""
        self.journey = pagesaving.save_page(self.journey, step, **cleaned_data)


@method_decorator(doors.private, name="dispatch")
@method_decorator(csrf_exempt, name="dispatch")  # protected below, once the size is known
class JourneyWizard(AsksWhoGoes, NamedUrlWizardView):
    """One step of a journey: GET shows it, POST saves it."""

    # as_view insists on a list; the real one is made from the walk, for each request.
    form_list = [("nothing", forms.Form)]
    template_name = "forms/step.html"
    journey: Journey

    def dispatch(self, request, *args, **kwargs):
        if doors.is_too_large(request):
            return render(request, "forms/too_large.html", status=413)
        # Whose it is, before a byte of what was posted is read.
        self.journey = self.find(request)
        return self._dispatch(request, *args, **kwargs)

    def find(self, request: HttpRequest) -> Journey:
        """The journey that this request may write in; 404 for anybody else."""
        return own_journey(request, self.kwargs["form"], self.kwargs["key"])

    def at(self, name: str, *, item: int | None = None, back_to: str = "") -> str:
        """Where a page of this journey is, for whoever looks at this one."""
        return address(self.journey, name, item=item, back_to=back_to)

    def home(self, back_to: str = "") -> str:
        """Where to go on from here."""
        return right_place(self.journey, back_to=back_to)

    @method_decorator(csrf_protect)
    def _dispatch(self, request, *args, **kwargs):
        if self.journey.submitted_at:
            return see_other(self.at("done"))
        self.prefix = self.journey.key
        self.storage = JourneyStorage(self.journey)
        self.look()
        self.steps = StepsHelper(self)
        if not journeys.may_visit(self.journey, self.seen, kwargs["step"]):
            return self.not_now()
        self.step: VisibleStep = self.seen[kwargs["step"]]
        if self.step.kind == "check":
            return see_other(self.at("check"))
        self.storage.current_step = self.step.key
        if self.step.surplus:
            return self.post_surplus() if request.method == "POST" else self.show_surplus()
        return TemplateView.dispatch(self, request, *args, **kwargs)

    def not_now(self) -> HttpResponse:
        """This step cannot be opened, or not yet."""
        return see_other(self.home())

    @property
    def has_tasks(self) -> bool:
        return tasklist.is_wanted(self.journey.version.compiled)

    def look(self) -> None:
        """Walk the form with the answers of this moment: formtools' list of steps is the walk's."""
        self.seen = journeys.walked(self.journey)
        self.form_list = OrderedDict(
            (step.key, StepForm) for step in self.seen.steps if step.kind != "check"
        )
        self.condition_dict = {}

    def get_step_url(self, step):
        return self.at(step)

    def get_form(self, step=None, data=None, files=None):
        return journeys.page_form(
            self.journey,
            self.seen,
            self.step,
            number=self.number,
            data=data,
            files=files,
            same=data is None and "same" in self.request.GET,
        )

    @property
    def back_to(self) -> str:
        """Where a change link came from: "check", "list", or ""."""
        wanted = self.request.POST.get(BACK_TO) or self.request.GET.get(BACK_TO) or ""
        return wanted if wanted in ("check", "list") else ""

    def get(self, request, *args, **kwargs):
        if self.step.kind == "exit":
            return self.answer("forms/exit.html", {"title": self.step.title})
        self.number = kwargs.get("item")
        if self.step.repeat and self.number is None:
            self.number = journeys.item_to_ask(self.step, self.journey.answers)
            if self.number is None:
                return self.show_items()
        if not self.item_exists():
            return see_other(self.at(self.step.key))
        return self.show_form()

    def post(self, request, *args, **kwargs):
        if self.step.kind == "exit":
            return see_other(self.at(self.step.key))
        self.number = self.posted_item()
        if self.step.repeat and self.number is None:
            return self.post_list()
        if not self.item_exists():
            return see_other(self.at(self.step.key))
        if "more_time" in request.POST:
            return self.more_time()
        return self.autosave() if "autosave" in request.POST else self.post_page(request)

    def post_page(self, request: HttpRequest) -> HttpResponse:
        """What was answered: kept, or shown again with what is wrong with it."""
        form = self.get_form(data=request.POST, files=request.FILES)
        if form.is_valid() or "later" in request.POST:
            return self.not_this_age(form) or self.save(form)
        self.keep_files(form)
        self.count_guesses(form)
        return self.show_form(form, status=422)

    def not_this_age(self, form: StepForm) -> HttpResponse | None:
        """What to say of a child whom the date is not for: nothing of the page is kept then."""
        found = agefit.misfit(self.journey, self.seen, self.step, self.number, form.answers())
        if found is None:
            return None
        asked = journeys.places_keys(self.journey.version.compiled)
        first = next(s for s in self.seen.steps if any(q["key"] in asked for q in s.questions))
        context = {
            "title": self.step.title,
            "misfit": found,
            "others": [
                {"row": row, "course": row.course, "words": say_offering(row)}
                for row in found.others
            ],
            "again_url": self.at(self.step.key, item=self.number),
            "choose_url": self.at(first.key, back_to=self.back_to),
        }
        return self.answer("forms/not_this_age.html", context, status=422)

    def count_guesses(self, form: StepForm) -> None:
        """A wrong code is a guess, and few of them are allowed. Raises TooOftenError."""
        errors = form.errors.as_data().values()
        if any(error.code == UNKNOWN_CODE for found in errors for error in found):
            here = throttle.client_address(self.request)
            throttle.count("code", self.journey.key, limit=CODE_TRIES, seconds=CODE_SECONDS)
            throttle.count("code-address", here, limit=CODE_TRIES * 5, seconds=CODE_SECONDS)

    def post_list(self) -> HttpResponse:
        """From the page that lists the items, where nothing is typed: go on, or keep the places."""
        if "more_time" not in self.request.POST:
            pagesaving.skip_repeat(self.journey, self.step.key)
            return see_other(self.following())
        try:
            self.journey = pagesaving.more_time(self.journey)
        except (places.PlacesError, journeys.AlreadySubmittedError) as problem:
            return self.show_full(self.get_form(), problem)
        return see_other(self.at(self.step.key, back_to=self.back_to))

    def keep_files(self, form: StepForm) -> None:
        """Files that were right stay, though the page is not: nobody chooses them twice."""
        right = {key: value for key, value in form.uploads.items() if value}
        if not right:
            return
        try:
            self.journey = pagesaving.save_page(
                self.journey, self.step.key, number=self.number, answers=right
            )
        except attachments.TooManyFilesError:
            self.say_too_many(form)
        except (journeys.AlreadySubmittedError, journeys.NoSuchPageError):
            return
        else:
            self.look()
            self.step = self.seen[self.step.key]

    def autosave(self) -> HttpResponse:
        """Keep what is right of a page that is still being written; files wait for Continue.

        Answers `{mark}` for the next time, or 409 when somebody else has changed the page.
        """
        if not self.autosaves:
            return JsonResponse({}, status=404)
        form = self.get_form(data=self.request.POST)
        form.full_clean()
        self.count_guesses(form)
        known = {key: v for key, v in form.answers().items() if key not in form.uploads_asked}
        mark = self.request.POST.get(MARK, "")
        page = {"number": self.number, "answers": known, "mark": mark}
        try:
            self.storage.set_step_data(self.step.key, page)
        except NOT_SAVED:
            return JsonResponse({}, status=409)
        self.journey = self.storage.journey
        mark = journeys.page_mark(self.journey, self.step.step, self.number)
        return JsonResponse({"mark": mark})

    @property
    def autosaves(self) -> bool:
        """Long forms, which several people write over weeks; never a page that takes places."""
        return self.has_tasks and not any(q["type"] == "places" for q in self.step.questions)

    def posted_item(self) -> int | None:
        """Which item was posted: what the address says, what the page said, or the next to ask."""
        if not self.step.repeat:
            return None
        said = self.kwargs.get("item") or self.request.POST.get(ITEM, "")
        if str(said).isascii() and str(said).isdigit() and len(str(said)) < 4:
            return int(said)
        return journeys.item_to_ask(self.step, self.journey.answers)

    def item_exists(self) -> bool:
        try:
            journeys.check_item(self.step, self.number)
        except journeys.NoSuchPageError:
            return False
        return True

    def save(self, form: StepForm) -> HttpResponse:
        """Save a page; go on, or say why not. Nothing that was typed is lost."""
        try:
            self.storage.set_step_data(self.step.key, self.process_step(form))
        except NOT_SAVED as problem:
            return self.not_saved(form, problem)
        self.journey = self.storage.journey
        if self.journey.hold_problem is not None:
            # What was typed is kept; that the places are gone is said now and not at the end.
            return self.show_full(form, self.journey.hold_problem)
        if "later" in self.request.POST:
            return see_other(self.at("save"))
        return self.render_next_step(form)

    def not_saved(self, form: StepForm, problem: Exception) -> HttpResponse:
        """Why a page could not be saved, and where to go on."""
        if isinstance(problem, journeys.StalePageError):
            self.journey = problem.journey
            self.look()
            self.step = self.seen[self.step.key]
            return self.show_form(form, status=409, saved=self.saved_lines())
        if isinstance(problem, journeys.AlreadySubmittedError):
            return see_other(self.at("done"))
        if isinstance(problem, journeys.NoSuchPageError):
            self.journey.refresh_from_db()
            return see_other(self.home())
        if isinstance(problem, attachments.TooManyFilesError):
            self.say_too_many(form)
            return self.show_form(form, status=422)
        return self.show_full(form, problem)

    def say_too_many(self, form: StepForm) -> None:
        form.add_error(next(key for key, files in form.uploads.items() if files), TOO_MANY_FILES)

    def process_step(self, form):
        dropped = {
            key: {int(one) for one in form.data.getlist(f"drop-{key}") if one.isdigit()}
            for key in form.fields
        }
        return {
            "number": self.number,
            "answers": form.answers(),
            "mark": form.data.get(MARK, ""),
            "dropped": {key: ids for key, ids in dropped.items() if ids},
        }

    def render_next_step(self, form, **kwargs):
        return see_other(self.following())

    def following(self) -> str:
        """Where to go after this page was saved. Straight back, when it was only to be changed."""
        self.look()
        if self.step.key not in self.seen:
            return self.home(self.back_to)
        step = self.seen[self.step.key]
        if step.repeat:
            missing = journeys.item_to_ask(step, self.journey.answers)
            if missing is not None:
                return self.at(step.key, back_to=self.back_to)
            may_vary = step.least != step.most
            if self.number is not None and (
                self.back_to == "list" or (may_vary and not self.back_to)
            ):
                return self.at(step.key)
        elif not step.is_complete:
            return self.at(step.key, back_to=self.back_to)
        following = self.get_next_step(step.key)
        if self.back_to == "check" or not following or self.has_tasks:
            return self.home(self.back_to if self.back_to == "check" else "")
        return self.get_step_url(following)

    def more_time(self) -> HttpResponse:
        """Extend the hold, and show the page again with what was typed, not yet judged."""
        try:
            self.journey = pagesaving.more_time(self.journey)
        except (places.PlacesError, journeys.AlreadySubmittedError) as problem:
            return self.show_full(self.get_form(), problem)
        form = self.get_form(data=self.request.POST)
        form.full_clean()
        form._errors = ErrorDict()
        return self.show_form(form, judged=False)

    def saved_lines(self) -> list[dict]:
        """What another tab saved for this page, as people read it."""
        stored = journeys.page_answers(self.journey, self.step.step, self.number)
        return [
            {
                "question": question["label"],
                "lines": field_types[question["type"]].lines(question, stored[question["key"]]),
            }
            for question in self.step.questions
            if question["key"] in stored
        ]

    def show_form(self, form=None, *, status=200, saved=None, judged=True) -> HttpResponse:
        form = form or self.get_form()
        rows = form.rows
        step = self.step
        stored = journeys.page_answers(self.journey, step.step, self.number)
        refused = attachments.refused_in(self.journey) if form.uploads_asked else {}
        for row in rows:
            key, is_file = row["question"]["key"], row["question"]["type"] == "file"
            row["files"] = stored.get(key) or [] if is_file else []
            row["refused"] = refused.get(key, []) if is_file and not row["files"] else []
        context = {
            "form": form,
            "rows": rows,
            "errors": form.error_list if form.is_bound and judged else [],
            "saved": saved,
            "title": self.item_title() if step.repeat else step.title,
            "is_one_question": form.is_one_question,
            "mark": journeys.page_mark(self.journey, step.step, self.number),
            "item": self.number,
            "return_to": self.back_to,
            "same_url": self.same_url(),
            "said_on": self.said_on(),
            "is_moved": not step.is_complete and self.journey.is_moved,
            "autosaves": self.autosaves,
        }
        return self.answer(
            "forms/stale.html" if saved is not None else blankpages.TEMPLATE, context, status
        )

    def said_on(self) -> date | None:
        """The day on which the family said what this page suggests, if it suggests anything."""
        if not journeys.suggested(self.journey, self.step, self.number):
            return None
        return date.fromisoformat(self.journey.suggested["on"])

    def same_url(self) -> str:
        """Where this page is shown with the first item's answers filled in; "" if not offered."""
        if "same" in self.request.GET or self.request.method == "POST":
            return ""
        if not journeys.same_as_first(self.journey, self.step, self.number):
            return ""
        here = self.at(self.step.key, item=self.number, back_to=self.back_to)
        return f"{here}{'&' if '?' in here else '?'}same=1"

    def item_title(self) -> str:
        name = self.step.repeat["item_name"]
        if self.step.most == 1:
            return self.step.title
        of = f" of {self.step.most}" if self.step.least == self.step.most else ""
        return f"{self.step.title}: {name} {self.number}{of}"

    def show_items(self) -> HttpResponse:
        """The items of a repeated step, each with change and remove, and a way to add one."""
        step = self.step
        items = [part for part in sections(self.seen) if part["key"] == step.key]
        for part in items:
            part["change_url"] = self.at(
                step.key, item=part["number"], back_to=self.back_to or "list"
            )
            if step.may_lose_one:
                part["remove_url"] = f"{self.at(step.key, item=part['number'])}remove/"
        can_add = len(step.items) < step.most
        return self.answer(
            "forms/items.html",
            {
                "title": step.title,
                "items": items,
                "item_name": step.repeat["item_name"],
                "add_url": self.at(step.key, item=len(step.items) + 1) if can_add else "",
                "return_to": self.back_to,
            },
        )

    def show_full(self, form: StepForm, problem: Exception) -> HttpResponse:
        from forms.views import full_page  # noqa: PLC0415 - views imports this module

        late = isinstance(problem, places.HoldExpiredError)
        template = "forms/expired.html" if late else "forms/full.html"
        return full_page(self.request, self.journey, problem, back=self.step.key, template=template)

    def answer(self, template: str, context: dict, status: int = 200) -> HttpResponse:
        shown = self.steps.all
        previous = self.get_prev_step(self.step.key)
        has_timer = self.step.kind == "questions"
        numbered = has_timer and not self.has_tasks
        context = {
            "journey": self.journey,
            "step": self.step,
            "step_number": shown.index(self.step.key) + 1 if numbered else None,
            "step_total": len(shown) + 1 if numbered else None,
            "timer": timer_of(self.journey) if has_timer else None,
            "closing": closing_of(self.journey),
            "back_url": self.back_url(previous),
            "form_title": self.journey.version.title,
            "save_url": self.at("save"),
            "quick_exit": has_quick_exit(self.journey.version),
            **context,
        }
        if template == blankpages.TEMPLATE:
            return blankpages.step_page(self.request, context, self.journey.version.sha256, status)
        return render(self.request, template, context, status=status)

    def back_url(self, previous: str | None) -> str:
        if self.back_to == "check":
            return self.at("check")
        if self.step.repeat and getattr(self, "number", None) and self.number > 1:
            if self.back_to == "list":
                return self.at(self.step.key)
            return self.at(self.step.key, item=self.number - 1)
        if self.has_tasks:
            return self.at("tasks")
        if previous:
            return self.at(previous)
        return reverse("forms:start", kwargs={"form": self.journey.version.slug})
