"""Which part of the county something lies in, and so which office answers: by postcode, by school.

An area says itself which postcodes are its own (`Area.postcodes`); the longest one that fits wins,
so that `SG` may be East's and `SG4` North's. A school's own area comes before its postcode.
"""

import re

from .models import Area, School

INWARD = re.compile(r"[0-9][A-Z]{2}$")


def area_of_postcode(postcode: str) -> Area | None:
    """The area whose own a full postcode is, or None. One query."""
    outward = INWARD.sub("", re.sub(r"\s", "", postcode.upper()))
    letters = re.match(r"[A-Z]*", outward)[0]
    if not letters or letters == outward:
        return None
    found = {}
    for area in Area.objects.exclude(postcodes=""):
        for own in re.split(r"[ ,]+", area.postcodes.upper()):
            found.setdefault(own, area)
    return found.get(outward) or found.get(letters)


def area_of_school(urn: str) -> Area | None:
    """The area of the school with this URN, or None. Two queries at most."""
    school = School.objects.select_related("area").filter(urn=urn).first()
    if school is None:
        return None
    return school.area or area_of_postcode(school.postcode)
