"""Chapters that other apps add to the comms handbook: each a function, asked when it is opened."""

from collections.abc import Callable
from dataclasses import dataclass

from cms.registry import Registry


@dataclass(frozen=True)
class Entry:
    """`html` is safe to show; `facts` are short lines about it."""

    key: str
    title: str
    when: str
    html: str = ""
    facts: tuple[str, ...] = ()


@dataclass(frozen=True)
class Chapter:
    key: str
    title: str
    entries: tuple[Entry, ...]


chapters: Registry[Callable[[], Chapter]] = Registry("chapter of the handbook")
