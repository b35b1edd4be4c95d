"""The pages of a journey: one step each, on django-formtools' named-URL wizard.

formtools gives the list of steps, what comes before and after, and how a step's form is made. What
it keeps in a session we keep in the Journey row (JourneyStorage), and these of its habits are
switched off, each with a test (tests/test_forms_pitfalls.py): a GET never stores or finishes
anything; the step is the one in the address, whatever was posted; answers are saved as cleaned
values of the page's own questions, never as the raw POST; the end is a POST of its own (views).
"""

from collections import OrderedDict
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.forms.utils import ErrorDict
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.generic import TemplateView
from formtools.wizard.storage.base import BaseStorage
from formtools.wizard.views import NamedUrlWizardView, StepsHelper

from cms import places
from forms import doors, journeys
from forms.field_types import field_types
from forms.models import Journey
from forms.stepforms import StepForm
from forms.summary import sections
from forms.walk import VisibleStep

MARK, ITEM, BACK_TO = "rev", "item", "return"


class JourneyStorage(BaseStorage):
    """formtools' storage protocol over a Journey row. Nothing is kept in a session or a cookie."""

    def __init__(self, journey: Journey):
        super().__init__(prefix=journey.key)
        self.journey = journey
        self.init_data()

    def get_step_data(self, step: str) -> None:
        """No raw POST is ever stored, so there is none to give back; pages use stored answers."""

    def set_step_data(self, step: str, cleaned_data: dict) -> None:
        """Save one page: `cleaned_data` are the arguments of journeys.save_page."""
        self.journey = journeys.save_page(self.journey, step, **cleaned_data)


def address(journey: Journey, name: str, *, item: int | None = None, back_to: str = "") -> str:
    """Where a page of a journey is: a step's key, or "check", "submit", "done", "save"."""
    parts: dict[str, Any] = {"form": journey.version.form.slug, "key": journey.key, "step": name}
    path = (
        reverse("forms:item", kwargs=parts | {"item": item})
        if item
        else reverse("forms:step", kwargs=parts)
    )
    return f"{path}?{urlencode({BACK_TO: back_to})}" if back_to else path


def see_other(url: str) -> HttpResponse:
    """Go there with a GET, whatever this was."""
    return HttpResponse(status=303, headers={"Location": url})


def right_place(journey: Journey, *, back_to: str = "") -> str:
    """Where this family should be now: the first page with something to ask, an exit, or check."""
    if journey.submitted_at:
        return address(journey, "done")
    seen = journeys.walked(journey)
    missing = seen.first_incomplete
    if missing is not None:
        return address(journey, missing.key, back_to=back_to)
    if seen.exit is not None:
        return address(journey, seen.exit.key)
    return address(journey, "check")


def own_journey(request: HttpRequest, form: str, key: str) -> Journey:
    """The journey of this address for this browser; 404 for anybody else."""
    try:
        return journeys.find(form, key, owner=doors.owner_token(request))
    except journeys.NoSuchJourneyError:
        raise Http404("There is no such page.") from None


def timer_of(journey: Journey) -> dict[str, Any] | None:
    """What components/timer.html needs, while places are held."""
    if journey.held_until is None:
        return None
    left = (journey.held_until - timezone.now()).total_seconds()
    return {"expires_at": journey.held_until, "minutes_left": int(left // 60) + (left > 0)}


@method_decorator(doors.private, name="dispatch")
@method_decorator(csrf_exempt, name="dispatch")  # protected below, once the size is known
class JourneyWizard(NamedUrlWizardView):
    """One step of a journey: GET shows it, POST saves it."""

    # as_view insists on a list; the real one is made from the walk, for each request.
    form_list = [("nothing", forms.Form)]
    template_name = "forms/step.html"
    journey: Journey

    def dispatch(self, request, *args, **kwargs):
        if doors.is_too_large(request):
            return render(request, "forms/too_large.html", status=413)
        return self._dispatch(request, *args, **kwargs)

    @method_decorator(csrf_protect)
    def _dispatch(self, request, *args, **kwargs):
        self.journey = own_journey(request, kwargs["form"], kwargs["key"])
        if self.journey.submitted_at:
            return see_other(address(self.journey, "done"))
        self.prefix = self.journey.key
        self.storage = JourneyStorage(self.journey)
        self.look()
        self.steps = StepsHelper(self)
        if not self.seen.may_visit(kwargs["step"]):
            return see_other(right_place(self.journey))
        self.step: VisibleStep = self.seen[kwargs["step"]]
        if self.step.kind == "check":
            return see_other(address(self.journey, "check"))
        self.storage.current_step = self.step.key
        return TemplateView.dispatch(self, request, *args, **kwargs)

    def look(self) -> None:
        """Walk the form with the answers of this moment: formtools' list of steps is the walk's."""
        self.seen = journeys.walked(self.journey)
        self.form_list = OrderedDict(
            (step.key, StepForm) for step in self.seen.steps if step.kind != "check"
        )
        self.condition_dict = {}

    def get_step_url(self, step):
        return address(self.journey, step)

    def get_form(self, step=None, data=None, files=None):
        return journeys.page_form(
            self.journey, self.seen, self.step, number=self.number, data=data, files=files
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
        return self.show_form()

    def post(self, request, *args, **kwargs):
        if self.step.kind == "exit":
            return see_other(address(self.journey, self.step.key))
        self.number = self.posted_item()
        if self.step.repeat and self.number is None:
            journeys.skip_repeat(self.journey, self.step.key)
            return see_other(self.following())
        if not self.item_exists():
            return see_other(address(self.journey, self.step.key))
        if "more_time" in request.POST:
            return self.more_time()
        form = self.get_form(data=request.POST, files=request.FILES)
        if form.is_valid() or "later" in request.POST:
            return self.save(form)
        return self.show_form(form, status=422)

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
        except journeys.StalePageError as stale:
            self.journey = stale.journey
            self.look()
            self.step = self.seen[self.step.key]
            return self.show_form(form, status=409, saved=self.saved_lines())
        except journeys.AlreadySubmittedError:
            return see_other(address(self.journey, "done"))
        except journeys.NoSuchPageError:
            self.journey.refresh_from_db()
            return see_other(right_place(self.journey))
        except places.PlacesError as problem:
            return self.show_full(form, problem)
        self.journey = self.storage.journey
        if "later" in self.request.POST:
            return see_other(address(self.journey, "save"))
        return self.render_next_step(form)

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
            return right_place(self.journey, back_to=self.back_to)
        step = self.seen[self.step.key]
        if step.repeat:
            missing = journeys.item_to_ask(step, self.journey.answers)
            if missing is not None:
                return address(self.journey, step.key, back_to=self.back_to)
            may_vary = step.least != step.most
            if self.number is not None and (
                self.back_to == "list" or (may_vary and not self.back_to)
            ):
                return address(self.journey, step.key)
        elif not step.is_complete:
            return address(self.journey, step.key, back_to=self.back_to)
        if self.back_to == "check":
            return right_place(self.journey, back_to="check")
        following = self.get_next_step(step.key)
        return self.get_step_url(following) if following else right_place(self.journey)

    def more_time(self) -> HttpResponse:
        """Extend the hold, and show the page again with what was typed, not yet judged."""
        try:
            self.journey = journeys.more_time(self.journey)
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
        asked = [row for row in rows if row["field"] is not None]
        stored = journeys.page_answers(self.journey, step.step, self.number)
        for row in rows:
            is_file = row["question"]["type"] == "file"
            row["files"] = stored.get(row["question"]["key"]) or [] if is_file else []
        context = {
            "form": form,
            "rows": rows,
            "errors": form.error_list if form.is_bound and judged else [],
            "saved": saved,
            "title": self.item_title() if step.repeat else step.title,
            "is_one_question": len(rows) == 1 and len(asked) == 1 and not step.repeat,
            "mark": journeys.page_mark(self.journey, step.step, self.number),
            "item": self.number,
            "return_to": self.back_to,
        }
        return self.answer(
            "forms/stale.html" if saved is not None else "forms/step.html", context, status
        )

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
            part["change_url"] = address(
                self.journey, step.key, item=part["number"], back_to=self.back_to or "list"
            )
            if len(items) > step.least:
                part["remove_url"] = (
                    f"{address(self.journey, step.key, item=part['number'])}remove/"
                )
        can_add = len(step.items) < step.most
        return self.answer(
            "forms/items.html",
            {
                "title": step.title,
                "items": items,
                "item_name": step.repeat["item_name"],
                "add_url": address(self.journey, step.key, item=len(step.items) + 1)
                if can_add
                else "",
                "return_to": self.back_to,
            },
        )

    def show_full(self, form: StepForm, problem: Exception) -> HttpResponse:
        from forms.views import full_page  # noqa: PLC0415 - views imports this module

        return full_page(self.request, self.journey, problem, back=self.step.key)

    def answer(self, template: str, context: dict, status: int = 200) -> HttpResponse:
        shown = self.steps.all
        previous = self.get_prev_step(self.step.key)
        numbered = self.step.kind == "questions"
        return render(
            self.request,
            template,
            {
                "journey": self.journey,
                "step": self.step,
                "step_number": shown.index(self.step.key) + 1 if numbered else None,
                "step_total": len(shown) + 1 if numbered else None,
                "timer": timer_of(self.journey) if numbered else None,
                "back_url": self.back_url(previous),
                "form_title": self.journey.version.form.title,
                "save_url": address(self.journey, "save"),
                **context,
            },
            status=status,
        )

    def back_url(self, previous: str | None) -> str:
        if self.back_to == "check":
            return address(self.journey, "check")
        if self.step.repeat and getattr(self, "number", None) and self.number > 1:
            if self.back_to == "list":
                return address(self.journey, self.step.key)
            return address(self.journey, self.step.key, item=self.number - 1)
        if previous:
            return address(self.journey, previous)
        return reverse("forms:start", kwargs={"form": self.journey.version.form.slug})
