"""Where the names on the map stand, so that none lies over another name or a place. Pure."""

from dataclasses import dataclass

SIZE = 2.6  # of the letters, as in pages.css
WIDE = 0.6  # of a letter beside its size, about
DOT = 1.8
MARGIN = 0.5


@dataclass(frozen=True)
class Box:
    left: float
    top: float
    right: float
    bottom: float

    def overlap(self, other: "Box") -> float:
        """The area that both cover."""
        across = min(self.right, other.right) - max(self.left, other.left)
        down = min(self.bottom, other.bottom) - max(self.top, other.top)
        return across * down if across > 0 and down > 0 else 0.0


def place(entries: list[dict], *, width: float) -> None:
    """Give each entry (`x`, `y` of its dot, `name`) `label_x`, `label_y` and `anchor`.

    The freest of eight sides, in the order of the crowd around: those with most neighbours first.
    """
    dots = [_dot(entry) for entry in entries]
    taken: list[Box] = []
    for entry in sorted(entries, key=lambda one: -_neighbours(one, entries)):
        own = _dot(entry)
        others = [*taken, *(dot for dot in dots if dot != own)]
        best = min(_sides(entry), key=lambda side: _cost(side[3], others, width))
        entry["label_x"], entry["label_y"], entry["anchor"] = best[:3]
        taken.append(best[3])


def _dot(entry: dict) -> Box:
    x, y = entry["x"], entry["y"]
    return Box(x - DOT, y - DOT, x + DOT, y + DOT)


def _neighbours(entry: dict, entries: list[dict]) -> int:
    return sum(
        abs(entry["x"] - other["x"]) < 20 and abs(entry["y"] - other["y"]) < 8 for other in entries
    )


def _sides(entry: dict) -> list[tuple[float, float, str, Box]]:
    """(x, baseline, anchor, box) above, below, right, left, and at the four corners."""
    x, y, long = entry["x"], entry["y"], len(entry["name"]) * SIZE * WIDE
    found = []
    for dx, dy in ((0, -1), (0, 1), (1, 0), (-1, 0), (1, -1), (-1, -1), (1, 1), (-1, 1)):
        anchor = {0: "middle", 1: "start", -1: "end"}[dx]
        at = x + dx * (DOT + 0.8 if dy == 0 else 0.8)
        baseline = y + {0: SIZE * 0.35, -1: -DOT - 0.8, 1: DOT + 0.6 + SIZE * 0.8}[dy]
        left = {"middle": at - long / 2, "start": at, "end": at - long}[anchor]
        box = Box(
            left - MARGIN, baseline - SIZE * 0.85, left + long + MARGIN, baseline + SIZE * 0.25
        )
        found.append((round(at, 1), round(baseline, 1), anchor, box))
    return found


def _cost(box: Box, others: list[Box], width: float) -> float:
    outside = max(0.0, -box.left) + max(0.0, box.right - width)
    return sum(box.overlap(other) for other in others) + 10 * outside
