"""A form drawn: its steps from top to bottom, what leads past them, who is where.

Pure: a compiled form (and figures, and the steps of one path) in, SVG and a text outline out. The
outline says everything that the drawing says, for those who do not see it. Colours are classes of
cms/admin/builder.css, so that the drawing follows light and dark.
"""

from dataclasses import dataclass, field
from itertools import pairwise

from django.template.loader import render_to_string
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from forms.field_types import field_types
from forms.rulewords import RuleWords

WIDTH, HEIGHT, GAP = 300, 64, 40
INDENT, MARGIN = 34, 14
MOST_LETTERS = 34


@dataclass
class Node:
    """One step in the drawing, and in words."""

    key: str
    block_id: str
    number: int
    title: str
    kind: str
    asks: str
    rule: str
    repeat: str
    now: int = 0
    reached: int = 0
    left: int = 0
    is_lit: bool = False
    questions: list[str] = field(default_factory=list)
    y: int = 0

    @property
    def x(self) -> int:
        return MARGIN + (INDENT if self.rule else 0)

    @property
    def drop_off(self) -> int:
        """Share of those who came here and went no further, in per cent."""
        return round(100 * self.left / self.reached) if self.reached else 0


def _short(text: str, most: int = MOST_LETTERS) -> str:
    return text if len(text) <= most else f"{text[: most - 1].rstrip()}…"


def _count(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"


def _asks(step: dict) -> str:
    if step["kind"] == "check":
        return "check and send"
    if step["kind"] == "exit":
        return "the form ends here"
    asked = [
        question
        for question in step["questions"]
        if question["type"] in field_types and field_types[question["type"]].is_answerable
    ]
    return _count(len(asked), "question", "questions") if asked else "words to read"


def nodes_of(
    compiled: dict, *, figures: dict | None = None, path: set[str] | None = None
) -> list[Node]:
    """The steps in order, with their rules as sentences. `path` are keys of steps to light."""
    words_of = RuleWords(compiled)
    nodes = []
    for number, step in enumerate(compiled["steps"], start=1):
        repeat = step["repeat"]
        node = Node(
            key=step["key"],
            block_id=step["id"],
            number=number,
            title=step["title"] or "Step without a title",
            kind=step["kind"],
            asks=_asks(step),
            rule=words_of.say(step["show_if"]),
            repeat=f"once for each {repeat['item_name']}" if repeat else "",
            is_lit=bool(path and step["key"] in path),
            y=MARGIN + (number - 1) * (HEIGHT + GAP),
            **(figures or {}).get(step["key"], {}),
        )
        for question in step["questions"]:
            words = question["label"] or "Question without words"
            node.questions.append(f"{words} {words_of.say(question['show_if'])}".strip())
        nodes.append(node)
    return nodes


def _box(node: Node) -> SafeString:
    classes = f"hub-map__step hub-map__step--{node.kind}{' is-lit' if node.is_lit else ''}"
    facts = ", ".join(part for part in (node.asks, node.repeat) if part)
    badge = (
        format_html(
            '<g class="hub-map__now"><rect x="{}" y="{}" width="36" height="22" rx="11"/>'
            '<text x="{}" y="{}" text-anchor="middle">{}</text></g>',
            node.x + WIDTH - 46,
            node.y + 10,
            node.x + WIDTH - 28,
            node.y + 25,
            node.now,
        )
        if node.now
        else ""
    )
    return format_html(
        '<g class="{}" data-block="{}"><rect x="{}" y="{}" width="{}" height="{}" rx="6"/>'
        '<text class="hub-map__title" x="{}" y="{}">{}. {}</text>'
        '<text class="hub-map__asks" x="{}" y="{}">{}</text>{}{}</g>',
        classes,
        node.block_id,
        node.x,
        node.y,
        WIDTH,
        HEIGHT,
        node.x + 12,
        node.y + 24,
        node.number,
        _short(node.title, 30 if node.now else MOST_LETTERS),
        node.x + 12,
        node.y + 44,
        _short(facts, 44),
        _rule(node),
        badge,
    )


def _rule(node: Node) -> SafeString | str:
    if not node.rule:
        return ""
    return format_html(
        '<text class="hub-map__rule" x="{}" y="{}">{}</text>',
        node.x + 12,
        node.y + 58,
        _short(node.rule, 52),
    )


def _arrows(nodes: list[Node]) -> SafeString:
    """Straight down from each step to the next; past every step that has a rule."""
    lines = []
    middle = MARGIN + INDENT + WIDTH // 2
    for here, there in pairwise(nodes):
        if here.kind != "exit":
            lit = " is-lit" if here.is_lit and there.is_lit else ""
            lines.append((f"hub-map__arrow{lit}", f"M{middle} {here.y + HEIGHT}V{there.y - 4}"))
    at = 0
    while at < len(nodes):
        if not nodes[at].rule:
            at += 1
            continue
        end = at
        while end + 1 < len(nodes) and nodes[end + 1].rule:
            end += 1
        if end + 1 < len(nodes):
            top, bottom = nodes[at].y - GAP // 2, nodes[end + 1].y - GAP // 2
            x = MARGIN + 10
            lines.append(
                ("hub-map__past", f"M{middle} {top}H{x}V{bottom}H{middle}V{nodes[end + 1].y - 4}")
            )
        at = end + 1
    return format_html_join("", '<path class="{}" d="{}" marker-end="url(#hub-map-end)"/>', lines)


def _drop_offs(nodes: list[Node]) -> SafeString:
    return format_html_join(
        "",
        '<text class="hub-map__left" x="{}" y="{}">{} went no further ({}%)</text>',
        [
            (MARGIN + INDENT + WIDTH // 2 + 10, node.y + HEIGHT + 17, node.left, node.drop_off)
            for node in nodes
            if node.left and node.reached
        ],
    )


def svg(nodes: list[Node], *, title: str) -> SafeString:
    """The drawing. It carries a title, and its description is the outline beside it."""
    height = MARGIN * 2 + len(nodes) * (HEIGHT + GAP) - GAP if nodes else MARGIN * 2
    width = WIDTH + INDENT + MARGIN * 2
    boxes = mark_safe("".join(_box(node) for node in nodes))  # noqa: S308 - each is escaped
    return format_html(
        '<svg viewBox="0 0 {} {}" width="{}" role="img" aria-label="{}" focusable="false">'
        '<defs><marker id="hub-map-end" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="10" '
        'markerHeight="10" markerUnits="userSpaceOnUse" orient="auto">'
        '<path class="hub-map__tip" d="M0 0L8 4L0 8z"/></marker></defs>{}{}{}</svg>',
        width,
        height,
        width,
        f"Drawing of “{title}”. The same in words is below.",
        _arrows(nodes),
        boxes,
        _drop_offs(nodes),
    )


def outline(nodes: list[Node]) -> str:
    """The same as a list in words."""
    return render_to_string("forms/builder/outline.html", {"nodes": nodes})
