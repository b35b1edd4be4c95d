"""Cold spots: schools for which nothing was counted, by area and on a map drawn here.

Only whether there was anything is told, which the table tells too; so a map gives nothing away.
"""

from collections import Counter
from dataclasses import dataclass

from django.utils.translation import gettext as _

from .counting import Row, Table

WIDTH, HEIGHT, MARGIN = 640, 480, 20


@dataclass(frozen=True)
class Spot:
    """A school on the map, in units of the drawing."""

    x: float
    y: float
    name: str
    is_cold: bool


def by_area(table: Table) -> list[tuple[str, int, int, list[Row]]]:
    """`(area, schools, cold ones, which)`, where most is missing first."""
    schools = [row for row in table.rows if row.urn]
    number = Counter(row.area for row in schools)
    cold = {area: [row for row in schools if row.area == area and row.is_cold] for area in number}
    found = [(area or _("No area"), number[area], len(cold[area]), cold[area]) for area in number]
    return sorted(found, key=lambda one: (-one[2] / one[1], one[0]))


def drawing(table: Table) -> list[Spot]:
    """Every school whose place is known (easting and northing in metres); [] without any."""
    placed = [row for row in table.rows if row.urn and row.easting and row.northing]
    if not placed:
        return []
    west, south = min(row.easting for row in placed), min(row.northing for row in placed)
    across = max(row.easting for row in placed) - west
    up = max(row.northing for row in placed) - south
    scale = min((WIDTH - 2 * MARGIN) / (across or 1), (HEIGHT - 2 * MARGIN) / (up or 1))
    spots = [
        Spot(
            round(MARGIN + (row.easting - west) * scale, 1),
            round(HEIGHT - MARGIN - (row.northing - south) * scale, 1),
            row.name,
            row.is_cold,
        )
        for row in placed
    ]
    return sorted(spots, key=lambda spot: spot.is_cold)  # cold ones on top
