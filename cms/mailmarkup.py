"""The small markup of letters: paragraphs, lists, links, and named placeholders.

Pure: a template's words and a dictionary in, plain text or HTML out. The markup is read before the
values are put in, so nothing that a family typed can become a link or a tag. There are no filters,
no conditions and no attributes: a placeholder is a name and nothing else. A value that was not
given is an error; one that is known to be empty ("") leaves its line out of the letter.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from django.conf import settings
from django.utils.html import escape, format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

# Always there, filled in by cms.mail from the hub's own details.
ALWAYS = ("hub_name", "hub_phone", "hub_email", "site_address")

NAME = r"\{\{\s*([a-z][a-z0-9_]*)\s*\}\}"
TOKEN = re.compile(rf"\[([^\]\n]+)\]\((\{{\{{[^}}\n]*\}}\}}|[^()\s]+)\)|{NAME}")
PLACEHOLDER = re.compile(NAME)
BREAK = SafeString("<br>")
ALLOWED_TARGET = re.compile(r"^(https://|mailto:|/(?!/))", re.IGNORECASE)


class MailMarkupError(ValueError):
    """A letter that cannot be written: the sentence says which placeholder or link is wrong."""


@dataclass(frozen=True)
class Words:
    text: str


@dataclass(frozen=True)
class Value:
    name: str


@dataclass(frozen=True)
class Link:
    label: tuple["Words | Value", ...]
    target: "Words | Value"


def _inline(text: str) -> Iterator[Words | Value | Link]:
    position = 0
    for match in TOKEN.finditer(text):
        if match.start() > position:
            yield Words(text[position : match.start()])
        label, target, name = match.groups()
        if name:
            yield Value(name)
        else:
            whole = PLACEHOLDER.fullmatch(target)
            yield Link(
                tuple(part for part in _inline(label) if not isinstance(part, Link)),
                Value(whole[1]) if whole else Words(target),
            )
        position = match.end()
    if position < len(text):
        yield Words(text[position:])


def _blocks(body: str) -> Iterator[tuple[str, list[str]]]:
    """("paragraph", lines) or ("list", items), in order."""
    for raw in re.split(r"\n\s*\n", body.replace("\r\n", "\n").strip()):
        lines = [line.rstrip() for line in raw.split("\n")]
        run: list[str] = []
        for line in lines:
            is_item = line.lstrip().startswith("- ")
            if run and is_item != run[-1].lstrip().startswith("- "):
                yield _block(run)
                run = []
            run.append(line)
        if run and any(run):
            yield _block(run)


def _block(lines: list[str]) -> tuple[str, list[str]]:
    if lines[0].lstrip().startswith("- "):
        return "list", [line.lstrip()[2:].strip() for line in lines]
    return "paragraph", lines


def names_in(text: str) -> set[str]:
    """The placeholders that a subject or body uses."""
    return set(PLACEHOLDER.findall(text))


def problems(text: str, allowed: set[str], *, is_subject: bool = False) -> list[str]:
    """Sentences on what is wrong with a subject or a body; none when it can be sent."""
    found = [
        _("There is no placeholder called “%(name)s” here. You may use: %(allowed)s.")
        % {"name": name, "allowed": ", ".join(sorted(allowed))}
        for name in sorted(names_in(text) - allowed)
    ]
    rest = PLACEHOLDER.sub("", text)
    if "{{" in rest or "}}" in rest or "{%" in rest:
        found.append(
            _("A placeholder is a name in double braces, such as {{ reference }}, nothing more.")
        )
    if is_subject:
        if "\n" in text or "\r" in text:
            found.append(_("The subject must be one line."))
        return found
    parts = [part for _kind, lines in _blocks(text) for part in _inline("\n".join(lines))]
    targets = [part.target.text for part in parts if _has_own_target(part)]
    found += [
        _("“%(target)s” is not an address to link to: begin with https:// or with /.")
        % {"target": target}
        for target in targets
        if not ALLOWED_TARGET.match(target)
    ]
    return found


def _has_own_target(part: Words | Value | Link) -> bool:
    return isinstance(part, Link) and isinstance(part.target, Words)


def site_link(path: str) -> str:
    """The whole address of a path of this site. SITE_URL decides, never the Host header."""
    if path.startswith("/") and not path.startswith("//"):
        return f"{settings.SITE_URL}{path}"
    if path.startswith(f"{settings.SITE_URL}/"):
        return path
    raise MailMarkupError("A link in a letter must be a path of this site.")


def subject(text: str, values: Mapping[str, object]) -> str:
    """The subject with its values, on one line, at most 200 characters. Raises MailMarkupError."""
    filled = PLACEHOLDER.sub(lambda match: _value(match[1], values), text)
    return " ".join(filled.split())[:200]


def as_text(body: str, values: Mapping[str, object]) -> str:
    """The body as plain text. Raises MailMarkupError when a value is missing."""
    blocks = []
    for kind, lines in _filled_blocks(body, values):
        mark = "- " if kind == "list" else ""
        blocks.append(
            "\n".join(
                mark + "".join(_text(part, values) for part in _inline(line)) for line in lines
            )
        )
    return "\n\n".join(blocks) + "\n"


def as_html(body: str, values: Mapping[str, object]) -> SafeString:
    """The body as HTML, every value escaped. Raises MailMarkupError when a value is missing."""
    blocks = []
    for kind, lines in _filled_blocks(body, values):
        rendered = [_html_line(line, values) for line in lines]
        if kind == "list":
            items = format_html_join("", "<li>{}</li>", ((line,) for line in rendered))
            blocks.append(format_html("<ul>{}</ul>", items))
        else:
            blocks.append(format_html("<p>{}</p>", _joined(rendered, BREAK)))
    return _joined(blocks, "\n")


def _filled_blocks(body: str, values: Mapping[str, object]) -> Iterator[tuple[str, list[str]]]:
    """The blocks without the lines that have placeholders and nothing to put in any of them."""
    for kind, lines in _blocks(body):
        kept = []
        for line in lines:
            names = names_in(line)
            if not names or any(_value(name, values).strip() for name in names):
                kept.append(line)
        if kept:
            yield kind, kept


def _value(name: str, values: Mapping[str, object]) -> str:
    value = values.get(name)
    if value is None:
        raise MailMarkupError(f"The letter needs a value for “{name}” and was given none.")
    return str(value)


def _target(part: Words | Value, values: Mapping[str, object]) -> str:
    if isinstance(part, Value):
        return site_link(_value(part.name, values))
    return site_link(part.text) if part.text.startswith("/") else part.text


def _text(part: Words | Value | Link, values: Mapping[str, object]) -> str:
    if isinstance(part, Words):
        return part.text
    if isinstance(part, Value):
        return _value(part.name, values)
    label = "".join(_text(piece, values) for piece in part.label)
    return f"{label} ( {_target(part.target, values)} )"


def _html_line(line: str, values: Mapping[str, object]) -> SafeString:
    return _joined(_html(part, values) for part in _inline(line))


def _joined(pieces: Iterable[str], separator: str = "") -> SafeString:
    return format_html_join(separator, "{}", ((piece,) for piece in pieces))


def _html(part: Words | Value | Link, values: Mapping[str, object]) -> SafeString:
    if isinstance(part, Words):
        return escape(part.text)
    if isinstance(part, Value):
        value = _value(part.name, values)
        if value.startswith(f"{settings.SITE_URL}/"):
            return format_html('<a href="{}">{}</a>', value, value)
        return _joined(value.split("\n"), BREAK)
    label = _joined(_html(piece, values) for piece in part.label)
    return format_html('<a href="{}">{}</a>', _target(part.target, values), label)
