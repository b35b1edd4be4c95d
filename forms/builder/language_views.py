# ruff: noqa: ANN001, ANN201 - the signatures are those of Wagtail's views
"""A form's words in another language, beside the words that they stand for.

What is left empty is shown in the form's first language, and the linter says so.
"""

from collections.abc import Iterator, Mapping

from django import forms
from django.conf import settings
from django.http import Http404
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from wagtail.admin.rich_text import DraftailRichTextArea

from forms.publishing import compiled_draft

from .convert import clean_html
from .drafts import DraftView
from .step_blocks import RICH

Part = tuple[tuple[str, ...], str, str, bool]
BETWEEN = "|"
LONG = 90


def parts_of(form: Mapping) -> Iterator[Part]:
    """`(path in a translation, what it is, the words, whether they are rich)`, in order."""
    yield ("title",), _("Title"), form["title"], False
    yield ("intro",), _("Words on the start page"), form["intro"], True
    for step in form["steps"]:
        at = ("steps", step["key"])
        yield (*at, "title"), _("Step"), step["title"], False
        yield (*at, "intro"), _("Words above"), step["intro"], True
        yield (*at, "item_name"), _("Once for each"), (step["repeat"] or {}).get("item_name"), False
        for question in step["questions"]:
            yield from _question_parts(question)
    pricing = form.get("pricing") or {}
    for one in [*(pricing.get("items") or []), *(pricing.get("discounts") or [])]:
        if one.get("key"):
            yield ("prices", one["key"]), _("Price"), one.get("label"), False
    label = (pricing.get("remission") or {}).get("label")
    yield ("prices", "remission"), _("Price"), label, False


def _question_parts(question: Mapping) -> Iterator[Part]:
    at, own = ("questions", question["key"]), question["settings"]
    yield (*at, "label"), _("Question"), question["label"], False
    yield (*at, "help"), _("Hint"), question["help"], False
    yield (*at, "reason"), _("Why we ask"), own.get("reason"), False
    yield (*at, "error"), _("What to say when it is left empty"), own.get("error"), False
    for option in question["options"] or []:
        here = (*at, "options", option["key"])
        yield (*here, "label"), _("Option"), option["label"], False
        yield (*here, "help"), _("Hint"), option.get("help"), False
    for row in own.get("rows") or [] if isinstance(own.get("rows"), list) else []:
        yield (*at, "rows", row["key"]), _("Row"), row["label"], False


def words_at(translation: Mapping, path: tuple[str, ...]) -> str:
    found = translation
    for name in path:
        found = found.get(name) or {} if isinstance(found, Mapping) else {}
    return found if isinstance(found, str) else ""


def _put(translation: dict, path: tuple[str, ...], words: str) -> None:
    for name in path[:-1]:
        translation = translation.setdefault(name, {})
    translation[path[-1]] = words


class WordsForm(forms.Form):
    """One field for each part that has words."""

    def __init__(self, *args, form, translation, **kwargs):
        super().__init__(*args, **kwargs)
        self.parts = {}
        for path, what, words, is_rich in parts_of(form):
            if not words:
                continue
            name = BETWEEN.join(path)
            if is_rich:
                widget = DraftailRichTextArea(features=RICH)
            else:
                widget = forms.Textarea({"rows": 2}) if len(words) > LONG else forms.TextInput()
            self.fields[name] = forms.CharField(
                required=False, widget=widget, initial=words_at(translation, path), label=what
            )
            self.parts[name] = (path, words, is_rich)

    @property
    def rows(self):
        return [(self[name], words, is_rich) for name, (_p, words, is_rich) in self.parts.items()]

    def translation(self) -> dict:
        made: dict = {}
        for name, (path, _words, is_rich) in self.parts.items():
            given = self.cleaned_data.get(name) or ""
            given = clean_html(given) if is_rich else given.strip()
            if given:
                _put(made, path, given)
        return made


class LanguageView(DraftView):
    """All words of the draft, with boxes for those in another language."""

    template_name = "forms/builder/language.html"
    page_title = gettext_lazy("Words in another language")

    def setup(self, request, *args, **kwargs):
        super().setup(request, *args, **kwargs)
        self.others = [one for one in settings.LANGUAGES if one[0] != settings.LANGUAGE_CODE]
        wanted = request.GET.get("to") or (self.others[0][0] if self.others else "")
        if wanted not in dict(self.others):
            raise Http404
        self.language = wanted

    def words_form(self, data=None):
        translations = (self.draft.data or {}).get("translations") or {}
        return WordsForm(
            data,
            form=compiled_draft(self.draft),
            translation=translations.get(self.language) or {},
        )

    def get_context_data(self, **kwargs):
        form = kwargs.pop("form", None) or self.words_form()
        return super().get_context_data(**kwargs) | {
            "form": form,
            "media": form.media,
            "language": dict(self.others)[self.language],
            "code": self.language,
            "others": self.others,
        }

    def post(self, request, *args, **kwargs):
        form = self.words_form(request.POST)
        if not form.is_valid():
            return self.show(status=422, form=form)
        data = dict(self.draft.data or {})
        translations = dict(data.get("translations") or {})
        if words := form.translation():
            translations[self.language] = words
        else:
            translations.pop(self.language, None)
        data["translations"] = translations
        self.draft.data = data
        self.keep_samples(self.draft.samples, _("The words are kept with the draft."))
        return self.go(f"{request.path}?to={self.language}")
