"""Pages of a journey that are drawn once, then filled in for each family.

A page of questions that nobody has answered yet is the same for everybody who is asked the same
questions of one version, but for a few things (HOLES); so are the check page around its answers,
and the page that says "we have it". It is drawn with marks in their places and kept by
cms.pagecache: in this process, for one host and language, until content changes, a minute at most,
and never for staff.
The rule a newcomer would break: nothing about a family may be in what is drawn. So a page with an
answer, an error, a hold, a suggestion, or a question whose choices depend on who asks is not
drawn here; and what is drawn is given those values alone that its name says (SAID).
"""

import re
import secrets
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.html import conditional_escape

from cms import pagecache
from forms.field_types import field_types
from forms.field_types.base import FieldType
from forms.stepforms import StepForm

TEMPLATE = "forms/step.html"
HOLES = ("csrf_token", "mark", "back_url")
#: What else a page is made of that a name can say. The version and the questions come first.
SAID = ("title", "item", "return_to", "step_number", "step_total", "autosaves", "quick_exit")
#: Where one of these is not empty, a page is one family's own.
OWN = ("errors", "saved", "timer", "closing", "same_url", "said_on", "is_moved", "invite")

_MARK = secrets.token_hex(16)  # nobody can write it into a form
_SPLIT = re.compile(f"{_MARK}-([a-z_]+)-")


def step_page(
    request: HttpRequest, context: Mapping[str, Any], digest: str, status: int = 200
) -> HttpResponse:
    """The page of a step: as it was drawn before where nothing on it is one family's own.

    `digest` is the version's, which names its language too.
    """
    form = context["form"]
    if status != 200 or any(context.get(name) for name in OWN) or not _is_blank(form):
        return render(request, TEMPLATE, context, status=status)
    said = {name: context[name] for name in SAID}
    holes = {"csrf_token": get_token(request), **{name: context[name] for name in HOLES[1:]}}
    name = f"{digest}:{_name(context, form)}"
    return filled(request, TEMPLATE, name, holes, lambda: _shared(context) | said)


def filled(
    request: HttpRequest,
    template: str,
    name: str,
    holes: Mapping[str, object],
    shared: Callable[[], Mapping[str, Any]],
) -> HttpResponse:
    """The page that `template` draws of what is `shared`, with what is one family's in its holes.

    `name` says all that `shared` gives, the version and its language first.
    """
    pieces = pagecache.shared_for(
        request,
        f"{template}:{name}",
        lambda: _SPLIT.split(_draw(request, template, shared(), holes)),
    )
    return HttpResponse(
        "".join(conditional_escape(holes[one]) if at % 2 else one for at, one in enumerate(pieces))
    )


def _is_blank(form: StepForm) -> bool:
    """Whether the form shows no answer, and no choices that are made for who asks."""
    return not form.is_bound and all(
        form.stored.get(question["key"]) is None and _is_general(field_types[question["type"]])
        for question in form.visible
    )


def _is_general(kind: FieldType) -> bool:
    return type(kind).prepare is FieldType.prepare and kind.key != "file"


def _name(context: Mapping[str, Any], form: StepForm) -> str:
    """Of everything that the page is made of, besides its version."""
    step = context["step"]
    asked = [question["key"] for question in form.visible]
    return repr([step.key, asked, *(context[name] for name in SAID)])


def _shared(context: Mapping[str, Any]) -> dict[str, Any]:
    shared = {name: context[name] for name in ("form", "rows", "is_one_question", "form_title")}
    return {**shared, "step": {"intro": context["step"].intro}}


def _draw(
    request: HttpRequest, template: str, shared: Mapping[str, Any], holes: Iterable[str]
) -> str:
    marks = {name: f"{_MARK}-{name}-" for name in holes}
    return render_to_string(template, {**shared, **marks}, request)
