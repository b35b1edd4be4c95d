"""Places before questions: the start page of a form asks for the date and how many children come.

A form's author chooses it (`settings.places_first`) where the first step asks for places. What is
chosen on the start page is held before anything else is asked; a start without a choice begins at
that step as ever. The page knows nobody and sets no cookie before it is posted.
"""

from collections.abc import Mapping
from typing import Any

from django.utils import timezone

from cms.models import CourseDate
from forms.field_types import Asking
from forms.field_types.offerings import APART, PlacesField
from forms.models import FormVersion, facts_for
from forms.stepforms import StepForm
from forms.walk import form_class


def first_step(compiled: Mapping) -> dict | None:
    """The step that the start page asks; None where the form does not want that."""
    steps = compiled["steps"]
    if not (compiled.get("settings") or {}).get("places_first") or not steps:
        return None
    step = steps[0]
    asks = any(question["type"] == "places" for question in step["questions"])
    return step if asks and not step["repeat"] and step["show_if"] is None else None


def start_form(
    version: FormVersion, offering: CourseDate | None = None, data: Any = None
) -> StepForm | None:
    """The first step as the start page shows it, with the date that was asked for; None where it
    does not."""
    step = first_step(version.compiled)
    if step is None:
        return None
    make = form_class(version.sha256, version.compiled, step["key"])
    chosen = {"offering": offering.reference, "children": 1} if offering else None
    form = make(
        data,
        initial_answers={
            question["key"]: chosen
            for question in step["questions"]
            if question["type"] == "places" and chosen
        },
        facts=facts_for(offering),
        asking=Asking(today=timezone.localdate(), form_id=version.form_id),
    )
    for field in form.fields.values():
        if isinstance(field, PlacesField):
            # How many come is never assumed: a family of two must not find itself with one place.
            field.widget.asks_number = data is None
    return form


def was_chosen(version: FormVersion, data: Mapping) -> bool:
    """Whether the date and the number were posted with the start page; else the step asks them."""
    step = first_step(version.compiled)
    return step is not None and any(
        data.get(key) and (data.get(f"children-{key}") or data[key] == APART)
        for key in (question["key"] for question in step["questions"])
    )
