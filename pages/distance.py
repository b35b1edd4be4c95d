"""How far a postcode is from a place, in miles, with no service and no map.

A postcode is known by its first half alone (SG4 of SG4 9UJ): pages/data/outcodes.csv says where
each of those districts is, so a distance is good to a mile or two and is said as "about". The
second half of what was typed is never looked at, so it need not be typed.
"""

import csv
import re
from dataclasses import dataclass
from functools import lru_cache
from math import asin, cos, radians, sin, sqrt
from pathlib import Path

OUTCODES = Path(__file__).parent / "data" / "outcodes.csv"
DISTRICT = re.compile(r"[A-Z]{1,2}[0-9][0-9A-Z]?")
WHOLE = re.compile(r"([A-Z]{1,2}[0-9][0-9A-Z]?)[0-9][A-Z]{2}")
EARTH_MILES = 3958.8


@dataclass(frozen=True)
class Point:
    latitude: float
    longitude: float


@lru_cache(maxsize=1)
def districts() -> dict[str, Point]:
    """Every district of the file by its outcode."""
    with OUTCODES.open(encoding="utf-8", newline="") as lines:
        rows = csv.DictReader(line for line in lines if not line.startswith("#"))
        return {
            row["outcode"]: Point(float(row["latitude"]), float(row["longitude"])) for row in rows
        }


@lru_cache(maxsize=1)
def towns() -> dict[str, str]:
    """The town or village that each district of the file is named after."""
    with OUTCODES.open(encoding="utf-8", newline="") as lines:
        rows = csv.DictReader(line for line in lines if not line.startswith("#"))
        return {row["outcode"]: row["place"] for row in rows}


def outcode_of(typed: str) -> str | None:
    """`sg4 9uj`, `SG49UJ`, `sg4 9` or `sg4` -> `SG4`; None when it has not that shape."""
    parts = typed.upper().split()
    if len(parts) > 1 and DISTRICT.fullmatch(parts[0]):
        return parts[0]
    squeezed = "".join(parts)
    if whole := WHOLE.fullmatch(squeezed):
        return whole[1]
    return squeezed if DISTRICT.fullmatch(squeezed) else None


def point_of(postcode: str) -> Point | None:
    """Where the district of a postcode is; None when the file does not know it."""
    return districts().get(outcode_of(postcode) or "")


def miles(one: Point, other: Point) -> float:
    """Along the ground as the crow flies."""
    latitudes = radians(one.latitude), radians(other.latitude)
    across = radians(other.longitude - one.longitude)
    half = sin((latitudes[1] - latitudes[0]) / 2) ** 2
    half += cos(latitudes[0]) * cos(latitudes[1]) * sin(across / 2) ** 2
    return 2 * EARTH_MILES * asin(sqrt(half))
