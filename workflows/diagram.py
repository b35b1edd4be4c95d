"""A process drawn from its own data: the forms that lead into it, boxes for stages, lines for
buttons, numbers for cases, how long they stay and how often each button is pressed.

Pure layout: stages in layers by how few presses lead to them; the template draws the SVG and the
same thing as a list, for those who do not see it.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from django.db.models import Count

from cms.models import User
from cms.registry import Registry
from cms.roles import ROLES

from .blocks import to_data
from .compile import check, compiled
from .flowfigures import Figures
from .models import Case, WorkflowDefinition
from .plan import Button, Plan, Stage

BOX_WIDTH, BOX_HEIGHT, GAP_X, GAP_Y, MARGIN, SIDE = 190, 68, 40, 84, 30, 120


STEP_HEIGHT, STEP_GAP, TITLE = 34, 12, 14


@dataclass(frozen=True)
class FormStep:
    """One page of a form; `now` is how many families are on it."""

    number: int
    title: str
    now: int
    rule: str


@dataclass(frozen=True)
class FormPart:
    title: str
    steps: list[FormStep]


# Given a process's slug: the forms that lead into it. Apps above register theirs.
forms_drawn: Registry[Callable[[str], Iterable[FormPart]]] = Registry("drawing of forms")


def forms_of(slug: str) -> list[FormPart]:
    return [part for draw_of in dict(forms_drawn.items()).values() for part in draw_of(slug)]


@dataclass(frozen=True)
class StepBox:
    """One page of a form where it stands in the drawing."""

    step: FormStep
    x: int
    y: int

    @property
    def words(self) -> str:
        text = f"{self.step.number}. {self.step.title}"
        return text if len(text) <= 24 else f"{text[:23].rstrip()}…"


@dataclass(frozen=True)
class FormBox:
    """A form's pages from top to bottom, and the line that leads on to the first stage."""

    title: str
    x: int
    steps: list[StepBox]
    path: str

    @property
    def middle(self) -> int:
        return self.x + BOX_WIDTH // 2

    @property
    def short(self) -> str:
        return self.title if len(self.title) <= 26 else f"{self.title[:25].rstrip()}…"


@dataclass(frozen=True)
class Box:
    stage: Stage
    x: int
    y: int
    count: int
    time: str = ""

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
    """One button of a stage, as an SVG path and where its label stands."""

    stage: str
    button: Button
    path: str
    label_x: int
    label_y: int
    number: int = 0


@dataclass(frozen=True)
class Drawing:
    boxes: list[Box]
    lines: list[Line]
    width: int
    height: int
    forms: list[FormBox] = field(default_factory=list)

    @property
    def stages(self) -> list[tuple[Box, list[tuple[Line, str]]]]:
        """For the outline: each stage with its buttons and the names of where they lead."""
        names = {box.stage.key: box.stage.staff_name for box in self.boxes}
        return [
            (
                box,
                [
                    (line, names[line.button.to])
                    for line in self.lines
                    if line.stage == box.stage.key
                ],
            )
            for box in self.boxes
        ]


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


def draw(
    plan: Plan,
    counts: dict[str, int] | None = None,
    figures: Figures | None = None,
    forms: list[FormPart] | None = None,
) -> Drawing:
    """Where each form, stage and button stands, in pixels from the top left."""
    rows, figures, forms = layers(plan), figures or Figures(), forms or []
    widest = max(max((len(row) for row in rows), default=1), len(forms))
    width = 2 * SIDE + widest * (BOX_WIDTH + GAP_X) - GAP_X
    longest = max((len(form.steps) for form in forms), default=0)
    top = MARGIN + TITLE + longest * (STEP_HEIGHT + STEP_GAP) + GAP_Y if longest else MARGIN
    boxes: dict[str, Box] = {}
    for level, row in enumerate(rows):
        left = (width - len(row) * (BOX_WIDTH + GAP_X) + GAP_X) // 2
        for place, stage in enumerate(row):
            boxes[stage.key] = Box(
                stage,
                left + place * (BOX_WIDTH + GAP_X),
                top + level * (BOX_HEIGHT + GAP_Y),
                (counts or {}).get(stage.key, 0),
                figures.words(stage.key),
            )
    lines = [
        replace(line, number=figures.pressed.get((stage.key, line.button.key), 0))
        for stage in plan.stages
        for line in _lines(stage, boxes)
    ]
    height = top + MARGIN + len(rows) * (BOX_HEIGHT + GAP_Y)
    start = next((boxes[stage.key] for stage in plan.stages if stage.start), None)
    drawn = [_form(part, place, len(forms), width, start) for place, part in enumerate(forms)]
    return Drawing(list(boxes.values()), lines, width, height, drawn)


def _form(part: FormPart, place: int, number: int, width: int, start: Box | None) -> FormBox:
    """The pages one under the other, below their form's name, all ending just above the stages."""
    left = (width - number * (BOX_WIDTH + GAP_X) + GAP_X) // 2 + place * (BOX_WIDTH + GAP_X)
    steps = [
        StepBox(step, left, MARGIN + TITLE + index * (STEP_HEIGHT + STEP_GAP))
        for index, step in enumerate(part.steps)
    ]
    bottom = steps[-1].y + STEP_HEIGHT if steps else MARGIN
    middle, path = left + BOX_WIDTH // 2, ""
    if start:
        landing = start.y - 6
        bend = (landing - bottom) // 2
        path = f"M{middle},{bottom} C{middle},{bottom + bend} {start.middle},{landing - bend} "
        path += f"{start.middle},{landing}"
    return FormBox(part.title, left, steps, path)


def _lines(stage: Stage, boxes: dict[str, Box]) -> list[Line]:
    """The stage's buttons, in the order of where they lead, so that lines do not cross."""
    start = boxes[stage.key]
    buttons = [button for button in stage.buttons if button.to in boxes]
    buttons.sort(key=lambda button: boxes[button.to].middle)
    step = BOX_WIDTH // (len(buttons) + 1)
    return [
        _line(stage.key, button, start, boxes[button.to], start.x + step * (index + 1), index)
        for index, button in enumerate(buttons)
    ]


def _line(  # noqa: PLR0917 - where it begins, ends and bends
    stage: str, button: Button, start: Box, end: Box, leave: int, index: int
) -> Line:
    """Down to a later stage, under the row to one beside it, round the left side to an earlier."""
    bottom = start.y + BOX_HEIGHT
    if end.y > start.y:
        arrive, landing = end.middle + (leave - start.middle) // 3, end.y - 6
        bend = (landing - bottom) // 2
        path = f"M{leave},{bottom} C{leave},{bottom + bend} {arrive},{landing - bend} "
        path += f"{arrive},{landing}"
        return Line(stage, button, path, (leave + arrive) // 2, bottom + 26 + 16 * (index % 3))
    if end.y == start.y:
        arrive = end.middle + (30 if end.middle <= start.middle else -30)
        low = bottom + 54
        path = f"M{leave},{bottom} C{leave},{low} {arrive},{low} {arrive},{bottom + 6}"
        return Line(stage, button, path, (leave + arrive) // 2, bottom + 46)
    side = min(start.x, end.x) - 60 - 10 * index
    leave_y, arrive_y = start.y + BOX_HEIGHT // 2, end.y + BOX_HEIGHT // 2
    path = f"M{start.x},{leave_y} C{side},{leave_y} {side},{arrive_y} {end.x - 6},{arrive_y}"
    return Line(stage, button, path, side + 30, (leave_y + arrive_y) // 2)


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
        "drawing": draw(plan, counts_for(definition.slug, user), forms=forms_of(definition.slug)),
        "findings": check(data),
    }
