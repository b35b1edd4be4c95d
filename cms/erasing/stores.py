"""The stores of personal data: one function for each place, which finds a person and erases them.

    @stores("Letters")
    def letters(person, order):
        rows = ...
        if order:
            rows.delete()
        yield Found("E-mails", rows, "Deleted.")

Without an order nothing is changed. With one, the rows are gone (or without the person) when the
generator ends. What may not go now is found with `kept`, a sentence that says why.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from django.db import models
from django.utils.translation import gettext_lazy

from cms.models import User
from cms.registry import Registry

from .person import Person


@dataclass(frozen=True)
class Order:
    """Who erases and why; `reference` is that of the ledger."""

    reference: str
    reason: str
    by: User | None
    #: (model, key) of what is held back whole; the sweep leaves it and what hangs on it alone.
    held: set[tuple[type[models.Model], object]] = field(default_factory=set)

    @property
    def because(self) -> dict:
        return {"erasure": self.reference}


@dataclass
class Found:
    """Rows of one kind, and their files. `then` says what becomes of them; `kept` why they stay."""

    what: str
    rows: list[models.Model]
    then: str
    kept: str = ""
    files: list[tuple[str, object]] = field(default_factory=list)
    number: int | None = None

    def __post_init__(self) -> None:
        self.rows = list(self.rows)
        if self.number is None:
            self.number = len(self.rows)


Store = Callable[[Person, Order | None], Iterable[Found]]
#: In the order in which they are emptied: what was sent in goes before what it points to.
stores: Registry[Store] = Registry("store of personal data")
DELETED = gettext_lazy("Deleted.")


def looked(people: Iterable[Person], order: Order | None = None) -> Iterator[tuple[str, Found]]:
    """(store, what was found) of everything that is found of these people, store after store."""
    people = list(people)
    for name, store in sorted(stores.items(), key=lambda entry: ORDER.index(entry[0])):
        for person in people:
            for found in store(person, order):
                if found.number:
                    yield name, found


#: A store that is not named here cannot be looked into, and its module says so when it is loaded.
ORDER = [
    "Answers and files",
    "Cases",
    "Money",
    "Rosters",
    "Partners",
    "Roster imports",
    "Sign-in links",
    "Letters",
    "Newsletter",
    "Notes and pages",
    "Access log",
]
