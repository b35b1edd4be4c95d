"""A workflow drawn from its own data: boxes for stages, lines for buttons, numbers for cases.

Pure layout: stages in layers by how few presses lead to them; the template draws the SVG and the
same thing as a list, for those who do not see it.
"""

from dataclasses import dataclass
from typing import Any

from django.db.models import Count

from cms.models import User
from cms.roles import ROLES

from .blocks import to_data
from .compile import check, compiled
from .models import Case, WorkflowDefinition
from .plan import Button, Plan, Stage

BOX_WIDTH, BOX_HEIGHT, GAP_X, GAP_Y, MARGIN, SIDE = 190, 68, 40, 84, 30, 120


@dataclass(frozen=True)
class Box:
    stage: Stage
    x: int
    y: int
    count: int

    @property
    def lines(self) -> list[tuple[int, str]]:
        """The name in at most two lines, each with its height."""
        words, lines = self.stage.staff_name.split(), [""]
        for word in words:
            if len(lines[-1]) + len(word) > 22 and lines[-1] and len(lines) < 2:
                lines.append(word)
            else:
                lines[-1] = f"{lines[-1]} {word}".strip()
        short = [line if len(line) <= 26 else f"{line[:25]}…" for line in lines]
        return [(self.y + 22 + 18 * index, line) for index, line in enumerate(short)]

    @property
    def owners(self) -> list[str]:
        return [ROLES[key].label if key in ROLES else key for key in self.stage.roles]

    @property
    def middle(self) -> int:
        return self.x + BOX_WIDTH // 2


@dataclass(frozen=True)
class Line:
    """One button, as an SVG path and where its label stands."""

    button: Button
    path: str
    label_x: int
    label_y: int


@dataclass(frozen=True)
class Drawing:
    boxes: list[Box]
    lines: list[Line]
    width: int
    height: int


def layers(plan: Plan) -> list[list[Stage]]:
    """Stages by the fewest presses from the start; those nobody can reach come last."""
    seen: dict[str, int] = {}
    ahead = [stage.key for stage in plan.stages if stage.start][:1]
    depth = 0
    while ahead:
        following = []
        for key in ahead:
            if key in seen or key not in plan.by_key:
                continue
            seen[key] = depth
            following += [button.to for button in plan.by_key[key].buttons]
        ahead, depth = following, depth + 1
    last = max(seen.values(), default=-1) + 1
    result: dict[int, list[Stage]] = {}
    for stage in plan.stages:
        result.setdefault(seen.get(stage.key, last), []).append(stage)
    return [result[level] for level in sorted(result)]


def draw(plan: Plan, counts: dict[str, int] | None = None) -> Drawing:
    """Where each stage and each button stands, in pixels from the top left."""
    rows = layers(plan)
    widest = max((len(row) for row in rows), default=1)
    width = 2 * SIDE + widest * (BOX_WIDTH + GAP_X) - GAP_X
    boxes: dict[str, Box] = {}
    for level, row in enumerate(rows):
        left = (width - len(row) * (BOX_WIDTH + GAP_X) + GAP_X) // 2
        for place, stage in enumerate(row):
            boxes[stage.key] = Box(
                stage,
                left + place * (BOX_WIDTH + GAP_X),
                MARGIN + level * (BOX_HEIGHT + GAP_Y),
                (counts or {}).get(stage.key, 0),
            )
    lines = [line for stage in plan.stages for line in _lines(stage, boxes)]
    height = 2 * MARGIN + len(rows) * (BOX_HEIGHT + GAP_Y)
    return Drawing(list(boxes.values()), lines, width, height)


def _lines(stage: Stage, boxes: dict[str, Box]) -> list[Line]:
    """The stage's buttons, in the order of where they lead, so that lines do not cross."""
    start = boxes[stage.key]
    buttons = [button for button in stage.buttons if button.to in boxes]
    buttons.sort(key=lambda button: boxes[button.to].middle)
    step = BOX_WIDTH // (len(buttons) + 1)
    return [
        _line(button, start, boxes[button.to], start.x + step * (index + 1), index)
        for index, button in enumerate(buttons)
    ]


def _line(button: Button, start: Box, end: Box, leave: int, index: int) -> Line:
    """Down to a later stage, under the row to one beside it, round the left side to an earlier."""
    bottom = start.y + BOX_HEIGHT
    if end.y > start.y:
        arrive, landing = end.middle + (leave - start.middle) // 3, end.y - 6
        bend = (landing - bottom) // 2
        path = f"M{leave},{bottom} C{leave},{bottom + bend} {arrive},{landing - bend} "
        path += f"{arrive},{landing}"
        return Line(button, path, (leave + arrive) // 2, bottom + 26 + 16 * (index % 3))
    if end.y == start.y:
        arrive = end.middle + (30 if end.middle <= start.middle else -30)
        low = bottom + 54
        path = f"M{leave},{bottom} C{leave},{low} {arrive},{low} {arrive},{bottom + 6}"
        return Line(button, path, (leave + arrive) // 2, bottom + 46)
    side = min(start.x, end.x) - 60 - 10 * index
    leave_y, arrive_y = start.y + BOX_HEIGHT // 2, end.y + BOX_HEIGHT // 2
    path = f"M{start.x},{leave_y} C{side},{leave_y} {side},{arrive_y} {end.x - 6},{arrive_y}"
    return Line(button, path, side + 30, (leave_y + arrive_y) // 2)


def counts_for(slug: str, user: User) -> dict[str, int]:
    """How many cases this user may see stand in each stage, over all versions. One query."""
    rows = (
        Case.objects.for_user(user)
        .filter(version__definition__slug=slug)
        .order_by()
        .values_list("stage_key")
        .annotate(number=Count("pk"))
    )
    return dict(rows)


def preview(definition: WorkflowDefinition, user: User) -> dict[str, Any]:
    """What the editor's preview shows of a draft: the drawing, and what is still wrong."""
    data = to_data(definition.slug, definition.title, definition.stages)
    plan = Plan(compiled(data))
    return {
        "definition": definition,
        "plan": plan,
        "drawing": draw(plan, counts_for(definition.slug, user)),
        "findings": check(data),
    }
