"""Every address of the hub's own views, filled in with the records at hand, to be opened by one
person: so a screen that somebody adds later is looked at too.
"""

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice, product

from django.urls import URLPattern, URLResolver, get_resolver

OURS = ("cms.", "workflows.", "forms.", "imports.", "pages.")
#: Addresses that end something, or that are made for one person by a token.
NOT = ("logout", "password_reset")
MOST_OF_ONE = 12


def addresses(values: Mapping[str, Iterable[object]], *, within: tuple[str, ...] = ()) -> list[str]:
    """The paths to open. `values` are candidates by the name of an address's part.

    A part that nothing is known for leaves its address out. `within` keeps to addresses that
    begin so.
    """
    found = []
    for pattern, parts in _patterns(get_resolver(), ""):
        if any(word in (pattern.name or "") for word in NOT):
            continue
        names = [name for name in parts if name.startswith("<")]
        choices = [list(values.get(_name(one), ())) for one in names]
        for chosen in islice(product(*choices), MOST_OF_ONE):
            given = iter(chosen)
            path = "/" + "".join(
                str(next(given)) if part.startswith("<") else part for part in parts
            )
            if not within or path.startswith(within):
                found.append(path)
    return list(dict.fromkeys(found))


def _name(part: str) -> str:
    return part.strip("<>").partition(":")[2] or part.strip("<>")


def _patterns(resolver: URLResolver, before: str) -> Iterator[tuple[URLPattern, list[str]]]:
    for one in resolver.url_patterns:
        route = getattr(one.pattern, "_route", None)
        if route is None:  # a pattern of characters: only the empty one can be written out
            regex = one.pattern.regex.pattern
            if regex not in ("", "^", "^$"):
                continue
            route = ""
        if isinstance(one, URLResolver):
            yield from _patterns(one, before + str(route))
        elif _is_ours(one):
            yield one, _parts(before + str(route))


def _is_ours(pattern: URLPattern) -> bool:
    view = pattern.callback
    view = getattr(view, "view_class", None) or getattr(view, "__wrapped__", view)
    return str(getattr(view, "__module__", "")).startswith(OURS)


def _parts(route: str) -> list[str]:
    """The route cut into what is written and what is filled in."""
    parts, rest = [], route
    while "<" in rest:
        written, _open, rest = rest.partition("<")
        name, _close, rest = rest.partition(">")
        parts += [written, f"<{name}>"]
    return [*parts, rest]
