"""Pictures for the demo hub, painted from a number: light, colour and shapes, no people.

The same seed, motif and size give the same bytes with the same Pillow. Nothing is downloaded and
nothing depends on the fonts of a machine. Only the demo uses these: a real hub has photographs.
"""

import io
import math
import random
from collections.abc import Callable, Sequence

from PIL import Image, ImageChops, ImageDraw, ImageFilter

Colour = tuple[int, int, int]
Path = Sequence[tuple[float, float]]
Paint = Callable[[ImageDraw.ImageDraw, int], None]
PALETTES: tuple[tuple[Colour, ...], ...] = (
    ((0, 80, 63), (255, 193, 77), (255, 143, 107), (246, 169, 196), (251, 246, 234)),
    ((122, 34, 74), (255, 143, 107), (255, 193, 77), (246, 169, 196), (253, 238, 222)),
    ((28, 60, 92), (246, 169, 196), (255, 193, 77), (120, 190, 190), (250, 244, 230)),
    ((20, 48, 44), (120, 190, 160), (255, 193, 77), (255, 143, 107), (238, 240, 224)),
    ((152, 66, 28), (255, 193, 77), (255, 221, 160), (246, 169, 196), (40, 52, 60)),
)
OVERSAMPLING = 2


class Canvas:
    """A picture under way, in units of its own width (0 to 1) so that motifs know no pixels."""

    def __init__(self, seed: int, motif: str, size: tuple[int, int]):
        self.dice = random.Random(f"{motif}-{seed}")  # noqa: S311 - a picture, not a secret
        self.ground, *self.paints = PALETTES[seed % len(PALETTES)]
        self.width, self.height = (side * OVERSAMPLING for side in size)
        self.ratio = self.height / self.width
        self.image = self._sky()

    def _sky(self) -> Image.Image:
        """The ground, lit from one corner."""
        light = Image.radial_gradient("L").resize((self.width * 2, self.height * 2))
        x, y = self.dice.choice((0, self.width)), self.dice.choice((0, self.height // 2))
        light = light.crop((x, y, x + self.width, y + self.height))
        lit = tuple(min(255, int(part * 1.25 + 34)) for part in self.ground)
        return Image.composite(
            Image.new("RGB", (self.width, self.height), self.ground),
            Image.new("RGB", (self.width, self.height), lit),
            light,
        )

    def shape(self, colour: Colour, paint: Paint, *, soft: float = 0, strength: float = 1) -> None:
        """Lay one colour through a mask that `paint(draw, scale)` draws; `soft` blurs its edge."""
        mask = Image.new("L", (self.width, self.height), 0)
        paint(ImageDraw.Draw(mask), self.width)
        if soft:
            # A blurred edge has no detail to lose: blur a quarter of the size, at a tenth the cost.
            small = mask.reduce(4).filter(ImageFilter.GaussianBlur(soft * self.width / 4))
            mask = small.resize(mask.size, Image.Resampling.BILINEAR)
        if strength < 1:
            mask = mask.point(lambda value: int(value * strength))
        self.image.paste(colour, (0, 0), mask)

    def disc(self, x: float, y: float, radius: float, colour: Colour, **how) -> None:
        def paint(draw: ImageDraw.ImageDraw, scale: int) -> None:
            box = [(x - radius) * scale, (y - radius) * scale]
            draw.ellipse([*box, (x + radius) * scale, (y + radius) * scale], fill=255)

        self.shape(colour, paint, **how)

    def line(self, points: Path, width: float, colour: Colour, **how) -> None:
        def paint(draw: ImageDraw.ImageDraw, scale: int) -> None:
            path = [(x * scale, y * scale) for x, y in points]
            draw.line(path, fill=255, width=max(1, int(width * scale)), joint="curve")
            for x, y in (path[0], path[-1]):
                half = width * scale / 2
                draw.ellipse([x - half, y - half, x + half, y + half], fill=255)

        self.shape(colour, paint, **how)

    def polygon(self, points: Path, colour: Colour, **how) -> None:
        self.shape(
            colour,
            lambda draw, scale: draw.polygon([(x * scale, y * scale) for x, y in points], fill=255),
            **how,
        )

    def finish(self, size: tuple[int, int]) -> Image.Image:
        """Down to size, with a little of the grain that print on paper has."""
        picture = self.image.resize(size, Image.Resampling.LANCZOS)
        grain = random.Random(f"grain-{size}")  # noqa: S311 - a picture, not a secret
        tile = Image.frombytes("L", (96, 96), bytes(grain.randint(122, 134) for _ in range(9216)))
        noise = Image.new("L", size)
        for x in range(0, size[0], 96):
            for y in range(0, size[1], 96):
                noise.paste(tile, (x, y))
        return ImageChops.overlay(picture, Image.merge("RGB", [noise] * 3))


def _swing(phase: float, turns: float, reach: float, base: float) -> list[tuple[float, float]]:
    return [
        (x / 60, base + reach * math.sin(phase + x / 60 * turns * math.tau)) for x in range(-3, 64)
    ]


def _waves(art: Canvas) -> None:
    dice, low = art.dice, art.ratio
    art.disc(dice.uniform(0.2, 0.8), low * 0.3, 0.13, art.paints[0])
    turns, phase = dice.uniform(0.7, 1.4), dice.uniform(0, 6)
    for band in range(5):
        crest = _swing(phase + band * 0.9, turns, low * 0.07, low * (0.42 + band * 0.13))
        colour = (*art.paints, art.ground)[(band + 1) % 5]
        art.polygon(
            [(x, y + 0.012) for x, y in crest] + [(1.1, 2), (-0.1, 2)],
            (0, 0, 0),
            soft=0.02,
            strength=0.22,
        )
        art.polygon([*crest, (1.1, 2), (-0.1, 2)], colour)


def _strings(art: Canvas) -> None:
    dice, low = art.dice, art.ratio
    art.disc(dice.uniform(0.55, 0.8), low * 0.55, low * 0.36, art.paints[0], soft=0.002)
    turns, phase = dice.uniform(1, 1.7), dice.uniform(0, 6)
    for string in range(6):
        base = low * (0.16 + string * 0.135)
        points = [
            (x, base + (y - base) * min(max(x, 0) * 1.6, 1))
            for x, y in _swing(phase + string * 0.55, turns, low * 0.1, base)
        ]
        thick = 0.006 + 0.0028 * string
        colour = art.paints[(string + 1) % 4]
        art.line([(x, y + 0.012) for x, y in points], thick, (0, 0, 0), soft=0.008, strength=0.3)
        art.line(points, thick, colour)
        x, y = points[dice.randint(14, 60)]
        art.disc(x, y, dice.choice((0.012, 0.02, 0.032)), colour)


def _drums(art: Canvas) -> None:
    dice, low = art.dice, art.ratio
    spots = [(0.26, 0.62, 0.3), (0.72, 0.34, 0.24), (0.9, 0.86, 0.17), (0.5, 0.1, 0.1)]
    for x, y, size in spots:
        cx, cy = x + dice.uniform(-0.05, 0.05), low * y
        radius = size * min(1, low * 1.4)
        colours = art.paints[:]
        dice.shuffle(colours)
        art.disc(cx + 0.012, cy + 0.018, radius * 1.02, (0, 0, 0), soft=0.018, strength=0.35)
        for ring, colour in zip((1, 0.9, 0.62, 0.2), [*colours], strict=True):
            art.disc(cx, cy, radius * ring, colour)
        art.disc(
            cx - radius * 0.3,
            cy - radius * 0.35,
            radius * 0.3,
            (255, 255, 255),
            soft=0.04,
            strength=0.28,
        )


def _pipes(art: Canvas) -> None:
    dice, low = art.dice, art.ratio
    middle, phase = dice.uniform(0.3, 0.7), dice.uniform(0, 6)
    for pipe in range(13):
        x = 0.04 + pipe * 0.0767
        tall = low * (0.32 + 0.42 * math.exp(-(((x - middle) / 0.26) ** 2)))
        tall += low * 0.07 * math.sin(phase + pipe)
        top, half = low - tall, 0.029
        colour = art.paints[(pipe * 3 + pipe // 4) % 4]
        body = [(x - half, top), (x + half, top), (x + half, 2), (x - half, 2)]
        art.polygon([(a + 0.014, b) for a, b in body], (0, 0, 0), soft=0.012, strength=0.3)
        art.disc(x, top, half, colour)
        art.polygon(body, colour)
        art.line(
            [(x - half * 0.45, top + 0.03), (x - half * 0.45, 2)],
            half * 0.3,
            (255, 255, 255),
            soft=0.004,
            strength=0.35,
        )
        art.disc(x, top + low * 0.08, half * 0.42, art.ground)


def _keys(art: Canvas) -> None:
    dice, low = art.dice, art.ratio
    tilt, white = dice.uniform(-0.16, 0.16), art.paints[3]
    for key in range(-1, 12):
        x, y = key * 0.095, low * 0.3 + tilt * key * 0.095
        corners = [(x, y), (x + 0.089, y + tilt * 0.089), (x + 0.089, 2), (x, 2)]
        lit = art.paints[key % 3] if dice.random() < 0.4 else white
        art.polygon(corners, lit)
    for key in range(-1, 12):
        if key % 7 in {2, 6}:
            continue
        x, y = key * 0.095 + 0.065, low * 0.3 + tilt * (key * 0.095 + 0.065)
        corners = [(x, y), (x + 0.05, y), (x + 0.05, y + low * 0.4), (x, y + low * 0.4)]
        art.polygon([(a + 0.01, b + 0.012) for a, b in corners], (0, 0, 0), soft=0.01, strength=0.4)
        art.polygon(corners, art.ground)
    art.polygon([(0, 0), (1, 0), (1, low * 0.3 + tilt), (0, low * 0.3)], art.ground)
    for note in range(4):
        art.disc(0.14 + note * 0.23, low * dice.uniform(0.07, 0.19), 0.022, art.paints[note % 3])


def _stage(art: Canvas) -> None:
    dice, low = art.dice, art.ratio
    for beam in range(4):
        top = 0.1 + beam * 0.27 + dice.uniform(-0.05, 0.05)
        foot = top + dice.uniform(-0.25, 0.25)
        cone = [(top - 0.01, -0.05), (top + 0.01, -0.05), (foot + 0.2, low), (foot - 0.2, low)]
        art.polygon(cone, art.paints[beam % 4], soft=0.012, strength=0.34)
        art.disc(foot, low * 0.93, 0.16, art.paints[beam % 4], soft=0.03, strength=0.3)
    for stand in range(5):
        x = 0.12 + stand * 0.19 + dice.uniform(-0.02, 0.02)
        top = low * dice.uniform(0.58, 0.68)
        art.line([(x, top), (x, low)], 0.006, (14, 20, 18))
        sheet = [
            (x - 0.055, top - 0.01),
            (x + 0.055, top - 0.035),
            (x + 0.055, top + 0.055),
            (x - 0.055, top + 0.08),
        ]
        art.polygon(sheet, art.paints[3])
        for rule in range(4):
            y = top + 0.012 + rule * 0.016
            art.line([(x - 0.042, y), (x + 0.042, y - 0.019)], 0.002, art.ground)


MOTIFS = {
    "drums": _drums,
    "keys": _keys,
    "pipes": _pipes,
    "stage": _stage,
    "strings": _strings,
    "waves": _waves,
}


def make_picture(seed: int, motif: str, size: tuple[int, int] = (1600, 1067)) -> bytes:
    """A WebP picture of `size` pixels. `motif` is one of MOTIFS; raises KeyError for another."""
    art = Canvas(seed, motif, size)
    MOTIFS[motif](art)
    out = io.BytesIO()
    art.finish(size).save(out, "WEBP", quality=78, method=4)
    return out.getvalue()
