"""The preview beside the editor: the pages families see, made from the unsaved draft.

Nothing is written and nobody's answers are read: there is no journey. Every question of a page is
shown, also those whose rule an empty form would not meet.
"""

from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from .field_types import field_types
from .models import FormDefinition
from .publishing import compiled_draft
from .stepforms import build

START = ""
INERT = ('method="post"', 'method="dialog"')


def modes_of(definition: FormDefinition) -> list[tuple[str, str]]:
    """The start page, then each step, as `(mode, words)`."""
    steps = compiled_draft(definition)["steps"]
    return [
        (START, _("Start page")),
        *(
            (step["key"], f"{number}. {step['title'] or _('Step without a title')}")
            for number, step in enumerate(steps, start=1)
        ),
    ]


def page_of(definition: FormDefinition, request: HttpRequest, mode: str) -> HttpResponse:
    """One page of the draft; an unknown mode is the start page. Its buttons do nothing."""
    form = compiled_draft(definition)
    steps = {step["key"]: step for step in form["steps"]}
    step = steps.get(mode)
    common = {"form_title": definition.title, "compiled": form, "in_preview": True, "action": "#"}
    if step is None:
        template, context = "forms/start.html", {"dates": [], "chosen": None}
    elif step["kind"] == "exit":
        template, context = "forms/exit.html", {"title": step["title"], "step": step}
    elif step["kind"] == "check":
        template, context = "forms/check.html", {"sections": _sections(form)}
    else:
        template, context = "forms/step.html", _step_context(form, step)
    asked = [one["key"] for one in form["steps"] if one["kind"] != "exit"]
    if step and step["key"] in asked:
        context |= {"step_number": asked.index(step["key"]) + 1, "step_total": len(asked)}
    get_token(request)
    html = render_to_string(template, common | context, request=request)
    return HttpResponse(html.replace(*INERT))


def _step_context(form: dict, step: dict) -> dict:
    shown = [
        question | {"show_if": None}
        for question in step["questions"]
        if question["type"] in field_types
    ]
    open_step = step | {"questions": shown}
    page = build(form | {"steps": [open_step]}, step["key"])()
    rows = page.rows
    for row in rows:
        row["files"] = []
    title = step["title"]
    if step["repeat"]:
        title = f"{title}: {step['repeat']['item_name']} 1"
    return {
        "form": page,
        "rows": rows,
        "errors": [],
        "title": title,
        "step": step,
        "is_one_question": page.is_one_question,
    }


def _sections(form: dict) -> list[dict]:
    """Check-your-answers with an example in the place of each answer."""
    parts = []
    for step in form["steps"]:
        rows = [
            {
                "key": question["key"],
                "question": question["label"],
                "lines": kind.lines(question, kind.example(question)) or ["…"],
                "change_url": "#",
            }
            for question in step["questions"]
            if question["type"] in field_types
            and (kind := field_types[question["type"]]).is_answerable
        ]
        if rows:
            parts.append({"key": step["key"], "title": step["title"], "number": None, "rows": rows})
    return parts
