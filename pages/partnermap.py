"""Partners on a drawing of the county, from the postcode districts that the project ships.

Nothing is fetched: the dots of all districts are the county, those with partners are larger and
numbered. The list beside it says the same, and is what keyboards and screen readers use.
"""

from collections.abc import Iterable
from functools import lru_cache

from cms.models import Partner
from pages import maplabels
from pages.distance import Point, districts, towns

WIDTH, MARGIN = 100.0, 5.0
#: A degree of longitude at 52 degrees north is 0.62 of one of latitude.
SHRINK = 0.62


@lru_cache(maxsize=1)
def _frame() -> tuple[dict[str, tuple[float, float]], float]:
    """Every district's place on the drawing, and the drawing's height."""
    known = districts()
    west = min(point.longitude for point in known.values())
    north = max(point.latitude for point in known.values())
    east = max(point.longitude for point in known.values())
    south = min(point.latitude for point in known.values())
    scale = (WIDTH - 2 * MARGIN) / ((east - west) * SHRINK)

    def at(point: Point) -> tuple[float, float]:
        across = (point.longitude - west) * SHRINK * scale
        return round(MARGIN + across, 1), round(MARGIN + (north - point.latitude) * scale, 1)

    height = round((north - south) * scale + 2 * MARGIN, 1)
    return {code: at(point) for code, point in known.items()}, height


def draw(partners: Iterable[Partner]) -> dict:
    """`width`, `height`, the county's `dots`, `places` with their partners, and the `rest`.

    A place is `{district, name, x, y, partners}`, for maplabels; the rest have none.
    """
    at, height = _frame()
    places: dict[str, dict] = {}
    rest = []
    for partner in partners:
        if partner.district not in at:
            rest.append(partner)
            continue
        x, y = at[partner.district]
        place = places.setdefault(
            partner.district,
            {
                "district": partner.district,
                "name": towns().get(partner.district, partner.district),
                "x": x,
                "y": y,
                "partners": [],
            },
        )
        place["partners"].append(partner)
    shown = sorted(places.values(), key=lambda place: place["district"])
    maplabels.place(shown, width=WIDTH)
    return {"width": WIDTH, "height": height, "dots": list(at.values()), "places": shown,
            "rest": rest}  # fmt: skip
