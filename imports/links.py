# ruff: noqa: ANN001, ANN201 - the signatures are those of django-import-export, which has no types
"""Cells that name another record: a school by its URN, a centre by its name, instruments by theirs.

A value is the other record's natural key, as text, so that a plan can be read by people and
outlives primary keys. `Lookup` turns words into keys with one query for a batch of new words and
remembers them; nothing is looked up row by row.
"""

from collections.abc import Callable, Iterable
from typing import NamedTuple

from django.db.models import Model
from import_export.widgets import ManyToManyWidget

from .errors import CellProblem
from .widgets import Repaired, TextWidget, tidy

REMEMBERED = 50_000


class Target(NamedTuple):
    """The record that a word means: its key in the database, its natural key, and a warning."""

    pk: int
    key: str | int
    problem: str = ""
    hint: str = ""
    note: str = ""


class LinkWidget(TextWidget):
    """One other record. `key` is the field that names it; `also` are other fields that may."""

    kind = "names another record"

    def __init__(self, model: type[Model], key: str, also: tuple[str, ...] = (), what: str = ""):
        super().__init__(160)
        self.model = model
        self.key = key
        self.also = also
        self.what = what or str(model._meta.verbose_name)

    def fetch(self, words: Iterable[str]) -> dict[str, Target]:
        """Folded word -> Target, for those of the words that name a record. A query per field."""
        wanted = set(words)
        found: dict[str, Target] = {}
        for name in (*reversed(self.also), self.key):
            rows = self.model._default_manager.order_by()
            # Names are compared without regard to case, which SQL does differently per engine;
            # they belong to short tables, so those are read whole.
            if name == self.key and not self.also:
                rows = rows.filter(**{f"{name}__in": wanted})
            for pk, key, value, *extra in rows.values_list("pk", self.key, name, *self.extra):
                if value and (word := self.fold(value)) in wanted:
                    found[word] = self.target(pk, key, *extra)
        return found

    extra: tuple[str, ...] = ()

    def fold(self, word: str) -> str:
        return word.casefold() if self.also else word

    def target(self, pk: int, key: str, *extra) -> Target:
        return Target(pk, key)

    def words(self, text: str) -> list[str]:
        return [super().parse(text)]

    def value(self, targets: list[Target]):
        return targets[0].key

    def clean(self, value, row=None, **kwargs):
        """The record itself, for django-import-export's own engine. Raises CellProblem."""
        text = "" if value is None else str(value)
        if not text.strip():
            return None
        return self.model._default_manager.get(pk=self._targets(text)[0].pk)

    def _targets(self, text: str) -> list[Target]:
        words = self.words(text)
        return self.resolve(words, self.fetch(self.fold(word) for word in words))

    def resolve(self, words: list[str], known: dict[str, Target]) -> list[Target]:
        """The targets of these words, by folded word. Raises CellProblem for one that has none."""
        targets = [known.get(self.fold(word)) for word in words]
        for word, target in zip(words, targets, strict=True):
            if target is None:
                raise CellProblem(
                    f"There is no {self.what} “{word[:60]}” here.",
                    f"Bring in the roster that holds this {self.what} first, or mend the cell.",
                )
            if target.problem:
                raise CellProblem(target.problem, target.hint)
        return targets

    def render(self, value, obj=None, **kwargs):
        return "" if value is None else str(getattr(value, self.key) or "")


class SchoolWidget(LinkWidget):
    """A school by its URN. One that has closed is read as its only successor, and that is said."""

    extra = ("status", "closed_on", "name")

    def __init__(self, model: type[Model]):
        super().__init__(model, "urn", what="school")

    def fetch(self, words):
        found = super().fetch(words)
        closed = [target.pk for target in found.values() if target.problem]
        if not closed:
            return found
        heirs: dict[int, list[tuple[int, str, str, str]]] = {}
        rows = self.model._default_manager.filter(pk__in=closed, successors__isnull=False)
        names = ("pk", "successors", "successors__urn", "successors__name", "successors__status")
        for pk, *heir in rows.order_by("successors__urn").values_list(*names):
            heirs.setdefault(pk, []).append(tuple(heir))
        return {
            word: self._inherited(word, target, heirs[target.pk]) if target.pk in heirs else target
            for word, target in found.items()
        }

    def _inherited(self, word: str, target: Target, heirs: list[tuple]) -> Target:
        heir, urn, name, status = heirs[0]
        if len(heirs) == 1 and status != "closed":
            return Target(
                heir, urn, note=f"School {word} closed; read as its successor {urn}, {name}."
            )
        urns = " or ".join(urn for _heir, urn, _name, _status in heirs)
        hint = f"Its successor is {urns}." if len(heirs) == 1 else f"Which is it: {urns}?"
        return target._replace(hint=hint)

    def target(self, pk, key, status, closed_on, name):
        if status != "closed":
            return Target(pk, key)
        day = f" on {closed_on:%d/%m/%Y}" if closed_on else ""
        return Target(pk, key, f"School {key} closed{day}.", "Which school is it now?")

    def value(self, targets):
        [target] = targets
        return Repaired(target.key, target.note) if target.note else target.key


class LinksWidget(LinkWidget, ManyToManyWidget):
    """Several other records in one cell, separated by semicolons or commas; order means nothing."""

    kind = "names other records"

    def words(self, text):
        text = tidy(text).replace("|", ";")
        parts = text.split(";") if ";" in text else text.split(",")
        return [word for part in parts if (word := part.strip())]

    def value(self, targets):
        return sorted({target.key for target in targets})

    def clean(self, value, row=None, **kwargs):
        text = "" if value is None else str(value)
        targets = self._targets(text) if text.strip() else []
        return self.model._default_manager.filter(pk__in=[target.pk for target in targets])

    def render(self, value, obj=None, **kwargs):
        if value is None:
            return ""
        return "; ".join(sorted(str(getattr(other, self.key)) for other in value.all()))


class Lookup:
    """What the words of one link column mean, asked in batches and remembered for one run.

    `planned(words)` says which of these an earlier part of the same bundle is about to create.
    """

    def __init__(self, widget: LinkWidget, planned: Callable[[set[str]], set[str]] | None = None):
        self.widget = widget
        self._planned = planned
        self._known: dict[str, Target] = {}
        self._unknown: set[str] = set()

    def learn(self, texts: Iterable[str]) -> None:
        """Look up the words of these cells that were not met before: one query for all of them."""
        self.learn_words(word for text in set(texts) for word in _safe_words(self.widget, text))

    def learn_words(self, words: Iterable[str]) -> None:
        """The same for words or natural keys that stand by themselves."""
        widget = self.widget
        words = {widget.fold(word) for word in words}
        new = words - self._known.keys() - self._unknown
        if not new:
            return
        if len(self._known) + len(self._unknown) > REMEMBERED:
            self._known.clear()
            self._unknown.clear()
            new = words
        found = widget.fetch(new)
        if self._planned is not None and (missing := new - found.keys()):
            found |= {word: Target(0, word) for word in self._planned(missing)}
        self._known |= found
        self._unknown |= new - found.keys()

    def parse(self, text: str):
        """The value of a cell whose words were learnt. Raises CellProblem."""
        return self.widget.value(self.widget.resolve(self.widget.words(text), self._known))

    def knows(self, key: str) -> bool:
        return self.widget.fold(key) in self._known

    def pk(self, key: str) -> int:
        """The primary key behind a natural key that was learnt. Raises KeyError."""
        return self._known[self.widget.fold(key)].pk


def _safe_words(widget: LinkWidget, text: str) -> list[str]:
    try:
        return widget.words(text)
    except CellProblem:
        return []  # reported when the cell is parsed
