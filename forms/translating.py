"""A form in another language: its own words where the author gave them, else as the form says it.

A version carries its translations (forms/package.schema.json, "translation"). `in_language` puts
the words in their places, so everything that shows a form shows that language without knowing of
it; keys, rules and prices are the same. What staff read stays in the form's first language.
"""

import copy
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache

from django.conf import settings
from django.utils import translation

from forms.models import FormVersion, Journey, Submission


def languages_of(compiled: Mapping) -> list[str]:
    """The languages that a form has words in, besides its first."""
    known = dict(settings.LANGUAGES)
    return [language for language in compiled.get("translations") or {} if language in known]


def chosen(compiled: Mapping, wanted: str) -> str:
    """The language that was asked for when the form has it, else ""."""
    return wanted if wanted in languages_of(compiled) else ""


def in_language(compiled: Mapping, language: str) -> dict:
    """The compiled form with the words of that language. Pure; changes nothing."""
    words = (compiled.get("translations") or {}).get(language) or {}
    made = {**copy.deepcopy(dict(compiled)), **_said(words, "title", "intro")}
    for step in made["steps"]:
        own = (words.get("steps") or {}).get(step["key"]) or {}
        step.update(_said(own, "title", "intro"))
        if step["repeat"]:
            step["repeat"].update(_said(own, "item_name"))
        for question in step["questions"]:
            _translate(question, (words.get("questions") or {}).get(question["key"]) or {})
    _translate_prices(made.get("pricing") or {}, words.get("prices") or {})
    return made


def _said(words: Mapping, *names: str) -> dict:
    return {name: words[name] for name in names if words.get(name)}


def _translate(question: dict, words: Mapping) -> None:
    question |= _said(words, "label", "help")
    question["settings"] |= _said(words, "error", "reason")
    for option in question["options"] or []:
        option.update(_said((words.get("options") or {}).get(option["key"]) or {}, "label", "help"))
    for row in question["settings"].get("rows") or []:
        if label := (words.get("rows") or {}).get(row["key"]):
            row["label"] = label


def _translate_prices(pricing: dict, words: Mapping) -> None:
    for part in [*(pricing.get("items") or []), *(pricing.get("discounts") or [])]:
        if label := words.get(part.get("key")):
            part["label"] = label
    if pricing.get("remission") and words.get("remission"):
        pricing["remission"]["label"] = words["remission"]


def normal(translations: Mapping, form: Mapping) -> dict:
    """Translations by key throughout, whether they were written by key or by id."""
    steps = {step["id"]: step["key"] for step in form["steps"]}
    questions = {q["id"]: q for step in form["steps"] for q in step["questions"]}
    keys = {id_: question["key"] for id_, question in questions.items()}
    by_key = {question["key"]: question for question in questions.values()}
    made = {}
    for language, words in translations.items():
        asked = {keys.get(k, k): dict(own) for k, own in (words.get("questions") or {}).items()}
        for key, own in asked.items():
            options = (by_key.get(key) or {}).get("options") or []
            option_keys = {option["id"]: option["key"] for option in options}
            if own.get("options"):
                own["options"] = {option_keys.get(k, k): v for k, v in own["options"].items()}
        made[language] = {
            **words,
            "steps": {steps.get(k, k): own for k, own in (words.get("steps") or {}).items()},
            "questions": asked,
        }
    return made


class _ByVersion:
    """A hashable stand-in for a version, so that the cache is keyed by its content alone."""

    def __init__(self, version: FormVersion):
        self.sha256, self.compiled = version.sha256, version.compiled

    def __eq__(self, other: object) -> bool:
        return self.sha256 == other.sha256

    def __hash__(self) -> int:
        return hash(self.sha256)


@lru_cache(maxsize=128)
def _cached(version: _ByVersion, language: str) -> dict:
    return in_language(version.compiled, language)


def spoken(version: FormVersion, language: str) -> FormVersion:
    """A copy of a version, and of its form, that speaks this language. Never saved.

    Its sha256 says the language too: the classes of its pages are cached by it.
    """
    if not chosen(version.compiled, language):
        return version
    made = copy.copy(version)
    made.compiled = _cached(_ByVersion(version), language)
    made.sha256, made.plain = f"{version.sha256}/{language}", version
    made.form = copy.copy(version.form)
    made.form.title = made.compiled["title"]
    return made


def plain(version: FormVersion) -> FormVersion:
    """The version as it is stored, in its first language."""
    return getattr(version, "plain", version)


def speak(told: Journey | Submission) -> None:
    """Let a journey, and everything said in answer to this request, speak its language.

    Or what became of one; staff's words are to be written from the plain version.
    """
    language = told.language if isinstance(told, Journey) else told.journey.language
    translation.activate(language or settings.LANGUAGE_CODE)
    told.version = spoken(told.version, language)


@contextmanager
def speaking(language: str) -> Iterator[None]:
    """The hub's own words in this language, or in its first when there is none."""
    with translation.override(language or settings.LANGUAGE_CODE):
        yield
