"""Staves, waves and strings, drawn as SVG from a number: the hub's pictures without a picture.

The same seed gives the same drawing for ever, so a page keeps its melody. Colours are classes
(`m1`, `f2`) that hub.css paints, never values, so that dark mode and print follow.
"""

import math
import random
from html import escape

Point = tuple[float, float]


def _curve(points: list[Point]) -> str:
    """A path of cubic curves through `points` (Catmull-Rom), one decimal: small and smooth."""
    path = f"M{points[0][0]:g} {points[0][1]:.1f}"
    for index in range(len(points) - 1):
        before = points[max(index - 1, 0)]
        start, end = points[index], points[index + 1]
        after = points[min(index + 2, len(points) - 1)]
        first = (start[0] + (end[0] - before[0]) / 6, start[1] + (end[1] - before[1]) / 6)
        second = (end[0] - (after[0] - start[0]) / 6, end[1] - (after[1] - start[1]) / 6)
        path += "C" + " ".join(f"{value:.1f}" for value in (*first, *second, *end))
    return path


def _svg(width: int, height: int, kind: str, body: str, keep: str = "xMidYMid") -> str:
    """`keep` is the part that stays in sight where the drawing is wider or taller than its box."""
    return (
        f'<svg class="motif motif--{escape(kind)}" viewBox="0 0 {width} {height}" '
        f'preserveAspectRatio="{keep} slice" aria-hidden="true" focusable="false">{body}</svg>'
    )


def strings(seed: int) -> str:
    """Five strings from one bridge, plucked: thick and thin, with the notes they leave behind."""
    dice = random.Random(f"strings-{seed}")  # noqa: S311 - a drawing, not a secret
    lines, notes = [], []
    turns, lift = dice.uniform(1.15, 1.7), dice.uniform(0, 1.2)
    for line, colour in enumerate("10203"):
        base = 110 + line * 95
        reach, phase = dice.uniform(70, 150), lift + line * dice.uniform(0.5, 0.8)
        points = []
        for step in range(17):
            x = 16 + step * 50.0
            swing = math.sin(min(x / 800, 1) * math.pi / 2) ** 1.4
            points.append((x, base + swing * reach * math.sin(phase + x / 800 * turns * math.tau)))
        lines.append(f'<path class="m{colour}" d="{_curve(points)}"/>')
        for at in dice.sample(range(4, 15), 2 if colour != "0" else 1):
            x, y = points[at]
            size = dice.choice((14, 20, 28, 40)) if colour != "0" else 9
            notes.append(f'<circle class="f{colour}" cx="{x:g}" cy="{y:.1f}" r="{size}"/>')
    return _svg(800, 600, "strings", "".join(lines + notes), keep="xMinYMid")


def rest(seed: int = 0) -> str:
    """Five lines and a crotchet rest: silence, for pages that have nothing to play."""
    lines = "".join(f'<path class="m0" d="M0 {22 + line * 14}H600"/>' for line in range(5))
    sign = "M46 20l16 20c-12 9-10 16 3 30-16-6-24 4-10 18"
    return _svg(600, 100, "rest", f'{lines}<path class="m2 rest" d="{sign}"/>', keep="xMinYMid")


def stave(seed: int) -> str:
    """A short tune on five lines: steps and small leaps of the pentatonic scale."""
    dice = random.Random(f"stave-{seed}")  # noqa: S311 - a drawing, not a secret
    body = [f'<path class="m0" d="M0 {16 + line * 10}H1200"/>' for line in range(5)]
    place, x = dice.randint(2, 6), 60.0
    while x < 1160:
        y = 56 - place * 5
        colour = dice.choice("0123")
        stem = (
            f"M{x + 6:g} {y - 1:g}V{y - 26:g}" if place < 5 else f"M{x - 6:g} {y + 1:g}V{y + 26:g}"
        )
        body.append(
            f'<path class="m{colour} stem" d="{stem}"/>'
            f'<ellipse class="f{colour}" cx="{x:g}" cy="{y:g}" rx="7" ry="5"/>'
        )
        place = min(8, max(0, place + dice.choice((-2, -1, -1, 1, 1, 2, 3, -3))))
        x += dice.choice((44, 44, 66, 88, 132))
    return _svg(1200, 72, "stave", "".join(body), keep="xMinYMid")


def waves(seed: int) -> str:
    """Bands of sound, one behind the other."""
    dice = random.Random(f"waves-{seed}")  # noqa: S311 - a drawing, not a secret
    colours = list("1230")
    dice.shuffle(colours)
    body = []
    for band, colour in enumerate(colours):
        base, reach = 110 + band * 65, dice.uniform(18, 46)
        turns, phase = dice.uniform(0.8, 2.2), dice.uniform(0, 6.3)
        points = [
            (x, base + reach * math.sin(phase + x / 600 * turns * math.tau))
            for x in range(0, 601, 50)
        ]
        body.append(f'<path class="f{colour}" d="{_curve(points)}V400H0Z"/>')
    return _svg(600, 400, "waves", "".join(body))


def drums(seed: int) -> str:
    """Skins seen from above, ring in ring."""
    dice = random.Random(f"drums-{seed}")  # noqa: S311 - a drawing, not a secret
    spots = [(150, 250, 210), (440, 120, 150), (510, 350, 95), (300, 40, 60)]
    body = []
    for x, y, size in dice.sample(spots, 3):
        colours = list("1203")
        dice.shuffle(colours)
        cx, cy = x + dice.randint(-30, 30), y + dice.randint(-20, 20)
        for ring, colour in zip((1, 0.74, 0.5, 0.16), colours, strict=True):
            body.append(f'<circle class="f{colour}" cx="{cx}" cy="{cy}" r="{size * ring:.0f}"/>')
    return _svg(600, 400, "drums", "".join(body))


def pipes(seed: int) -> str:
    """A rank of pipes, tall and short, as a swell of sound makes them."""
    dice = random.Random(f"pipes-{seed}")  # noqa: S311 - a drawing, not a secret
    middle, phase = dice.uniform(150, 450), dice.uniform(0, 6.3)
    body = []
    for pipe in range(12):
        x, colour = 8 + pipe * 50, "1230"[(pipe + seed) % 4]
        tall = 110 + 180 * math.exp(-(((x - middle) / 180) ** 2)) + 40 * math.sin(phase + pipe)
        top = round(400 - tall)
        body.append(
            f'<rect class="f{colour}" x="{x}" y="{top}" width="36" height="460" rx="18"/>'
            f'<circle class="hole" cx="{x + 18}" cy="{top + 24}" r="7"/>'
        )
    return _svg(600, 400, "pipes", "".join(body))


def bows(seed: int) -> str:
    """Quarter circles laid like tiles: bows, bells and the curve of a harp."""
    dice = random.Random(f"bows-{seed}")  # noqa: S311 - a drawing, not a secret
    corners = ("M{x} {y}h100a100 100 0 0 1-100 100Z", "M{r} {y}v100a100 100 0 0 1-100-100Z")
    corners += ("M{r} {b}h-100a100 100 0 0 1 100-100Z", "M{x} {b}v-100a100 100 0 0 1 100 100Z")
    body = []
    for column in range(6):
        for row in range(4):
            if dice.random() < 0.22:
                continue
            x, y = column * 100, row * 100
            path = dice.choice(corners).format(x=x, y=y, r=x + 100, b=y + 100)
            body.append(f'<path class="f{dice.choice("01230")}" d="{path}"/>')
    return _svg(600, 400, "bows", "".join(body))


def picture(seed: int) -> str:
    """One of the four drawings that stand where a page has no photograph."""
    return (waves, drums, pipes, bows)[seed % 4](seed)


MOTIFS = {
    "bows": bows,
    "drums": drums,
    "picture": picture,
    "pipes": pipes,
    "rest": rest,
    "stave": stave,
    "strings": strings,
    "waves": waves,
}
