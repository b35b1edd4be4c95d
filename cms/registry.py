"""Key in the database -> the class that gives it meaning.

A registry is an object, so that a test can make its own. Field types, actions, rosters and job
handlers are each one registry; a new one of any of them is one class in one file.
"""

from collections.abc import Callable, ItemsView, Iterator
from typing import Generic, TypeVar

T = TypeVar("T")


class DuplicateKeyError(Exception):
    """Two classes asked for the same key."""


class UnknownKeyError(LookupError):
    """A key that no class answers to."""


class Registry(Generic[T]):
    """Entries by key, in the order they came. `name` says what an entry is: "field type"."""

    def __init__(self, name: str):
        self.name = name
        self._entries: dict[str, T] = {}

    def __call__(self, key: str) -> Callable[[T], T]:
        """Register the decorated class or function under `key`. Raises DuplicateKeyError."""

        def register(entry: T) -> T:
            if key in self._entries:
                raise DuplicateKeyError(f"There is already a {self.name} called {key!r}.")
            self._entries[key] = entry
            return entry

        return register

    def __getitem__(self, key: str) -> T:
        """The entry. Raises UnknownKeyError, naming those that exist."""
        try:
            return self._entries[key]
        except KeyError:
            known = ", ".join(sorted(self._entries)) or "none"
            raise UnknownKeyError(f"No {self.name} is called {key!r}. Known: {known}.") from None

    def __contains__(self, key: str) -> bool:
        return key in self._entries

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def items(self) -> ItemsView[str, T]:
        return self._entries.items()
