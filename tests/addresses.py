"""Every address pattern of the hub, who may go there, and real rows to put into its arguments.

`tests/addresses.txt` classifies them: a heading says for whom, a line is one pattern as Django
prints it. "*" stands for any run of letters, and classifies only screens that Wagtail or another
library makes for a registered model: an address of our own is always written out. An address
that no line knows fails the build (tests/test_trust_addresses.py) with what to do about it.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import translate
from functools import cache
from pathlib import Path

from django.urls import URLPattern, URLResolver, get_resolver

FILE = Path(__file__).with_name("addresses.txt")
OURS = ("cms.", "forms.", "imports.", "pages.", "workflows.")
KINDS = ("public", "family", "staff", "machine")
WHAT_TO_DO = (
    "Say in tests/addresses.txt who may reach it: put the pattern under [public], [family], "
    "[machine] or [staff: the roles that may], and give its arguments real rows in "
    "tests/canaries.py when it shows records of people."
)


@dataclass(frozen=True)
class Address:
    """One URL pattern: `path` as Django prints it, `module` of the view that answers."""

    path: str
    module: str

    @property
    def is_ours(self) -> bool:
        """Not made by a library for a registered model."""
        return self.module.startswith(OURS) and "^cms/" not in self.path

    @property
    def takes_arguments(self) -> bool:
        return bool(re.search(r"[<(\[]", self.path.replace("^", "")))


@dataclass(frozen=True)
class Rule:
    """One line of the file: for whom (`kind`), for which roles ("" for all), which pattern."""

    kind: str
    roles: str
    pattern: str

    def fits(self, address: Address) -> bool:
        if self.pattern == address.path:
            return True
        return (
            "*" in self.pattern
            and not address.is_ours
            and bool(re.match(translate(self.pattern.replace("[", "[[]")), address.path))
        )


def addresses(patterns: list | None = None, prefix: str = "") -> Iterator[Address]:
    """Every pattern of the URL configuration."""
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        path = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from addresses(pattern.url_patterns, path)
        elif isinstance(pattern, URLPattern):
            view = getattr(pattern.callback, "view_class", pattern.callback)
            yield Address(path, f"{getattr(view, '__module__', '')}.")


@cache
def rules() -> tuple[Rule, ...]:
    """The file's lines, in order; the first that fits an address is its class."""
    kind = roles = ""
    found = []
    for line in FILE.read_text().splitlines():
        words = line.partition(" #")[0].strip()
        if not words or words.startswith("#"):
            continue
        if heading := re.fullmatch(r"\[(\w+)(?:: ([\w ,]+))?\]", words):
            kind, roles = heading[1], heading[2] or ""
            if kind not in KINDS:
                raise ValueError(f"{FILE.name}: no kind of address is called {kind!r}.")
        else:
            found.append(Rule(kind, roles, words))
    return tuple(found)


def class_of(address: Address) -> Rule | None:
    """The rule that classifies an address; None for one that nobody thought about."""
    exact = next((rule for rule in rules() if rule.pattern == address.path), None)
    return exact or next((rule for rule in rules() if rule.fits(address)), None)


def unclassified(found: Iterator[Address] | list[Address]) -> list[str]:
    """A sentence for each address that no line of the file knows."""
    return [
        f"The address /{address.path} is not classified. {WHAT_TO_DO}"
        for address in found
        if class_of(address) is None
    ]


def filled(address: Address, values: dict[str, dict]) -> str:
    """A path to ask for: each argument from the longest prefix in `values` that knows it."""
    known: dict = {}
    for prefix in sorted(values, key=len):
        if address.path.startswith(prefix):
            known |= values[prefix]

    def value(match: re.Match) -> str:
        return str(known.get(match["name"], known.get("pk", 1)))

    path = re.sub(r"\(\?P<(?P<name>\w+)>(?:[^()]|\([^()]*\))*\)", value, address.path)
    path = re.sub(r"<(?:\w+:)?(?P<name>\w+)>", value, path)
    path = re.sub(r"\((?:[^()]|\([^()]*\))*\)[*+]?", "1", path)
    return "/" + path.replace("^", "").replace("$", "").replace("\\Z", "").replace("\\", "").lstrip(
        "/"
    )
