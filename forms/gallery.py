"""The forms that come with the hub, to begin a new one from, and copies of forms that there are.

A form that is begun so is a draft of its own: nothing that staff have since changed, a review
process or a letter, is written over by it.
"""

import copy
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from django.utils.html import strip_tags
from django.utils.text import Truncator, slugify

from cms.models import MailTemplate, User
from workflows.models import WorkflowDefinition

from . import package
from .compile import compiled
from .coverage import Survey, survey
from .models import FormDefinition

FOLDER = Path(__file__).with_name("packages")
LONGEST_SLUG = 80


@dataclass(frozen=True)
class Sample:
    """One form of the gallery, as it is shown."""

    name: str
    title: str
    about: str
    steps: list[str]
    questions: int
    families: int
    survey: Survey
    workflow: str


@cache
def _read(name: str) -> dict:
    return package.read(FOLDER / f"{name}.json")


def names() -> list[str]:
    return sorted(path.stem for path in FOLDER.glob("*.json"))


@cache
def shown(name: str) -> Sample:
    """What the gallery says of one package."""
    whole = _read(name)
    form = compiled(whole["form"])
    samples = whole.get("samples") or []
    return Sample(
        name=name,
        title=form["title"],
        about=Truncator(strip_tags(form["intro"].replace("><", "> <"))).words(30),
        steps=[step["title"] for step in form["steps"] if step["kind"] != "exit"],
        questions=sum(len(step["questions"]) for step in form["steps"]),
        families=len(samples),
        survey=survey(form, samples),
        workflow=(whole.get("workflow") or {}).get("title", ""),
    )


def free_slug(wanted: str) -> str:
    """`wanted`, or with a number that no form has."""
    stem = (slugify(wanted) or "form")[: LONGEST_SLUG - 5]
    slug, number = stem, 1
    while FormDefinition.objects.filter(slug=slug).exists():
        number += 1
        slug = f"{stem}-{number}"
    return slug


def begin(name: str, *, title: str, by: User | None = None) -> FormDefinition:
    """A new draft from a package of the gallery. Raises KeyError for an unknown name."""
    if name not in names():
        raise KeyError(name)
    whole = copy.deepcopy(_read(name))
    whole["form"] |= {"slug": free_slug(title), "title": title}
    workflow = whole.get("workflow")
    if workflow and WorkflowDefinition.objects.filter(slug=workflow["slug"]).exists():
        whole["form"]["workflow"] = whole.pop("workflow")["slug"]
    known = set(MailTemplate.objects.values_list("key", flat=True))
    whole["emails"] = [one for one in whole.get("emails") or [] if one["key"] not in known]
    return package.load(whole, by=by)
