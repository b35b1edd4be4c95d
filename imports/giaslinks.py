"""The register's file of links: which school became which. It is read as a roster of schools.

The register (GIAS) writes one row a link, in either direction; here each school that the hub holds
gets the URNs of its successors that the hub holds too. Links to other schools are left out.
"""

import csv
import io
import re
from collections import defaultdict

from cms.models import School

from .reader import Table

HEADINGS = {"URN", "LinkURN", "LinkType"}
URN_SHAPE = re.compile(r"\d{6}")


def is_links(table: Table) -> bool:
    return set(table.header) >= HEADINGS


def as_roster(table: Table) -> bytes:
    """The same as a CSV that the roster of schools reads: URN; Successors."""
    at = {heading: table.header.index(heading) for heading in HEADINGS}
    pairs: list[tuple[str, str]] = []
    for _line, cells in table.rows():
        urn, other, kind = (cells[at[name]].strip() for name in ("URN", "LinkURN", "LinkType"))
        if URN_SHAPE.fullmatch(urn) and URN_SHAPE.fullmatch(other):
            if kind.startswith("Successor"):
                pairs.append((urn, other))
            elif kind.startswith("Predecessor"):
                pairs.append((other, urn))
    named = {urn for pair in pairs for urn in pair}
    here = set(School.objects.filter(urn__among=named).values_list("urn", flat=True))
    successors: dict[str, set[str]] = defaultdict(set)
    for old, new in pairs:
        if old in here and new in here and old != new:
            successors[old].add(new)
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(["URN", "Successors"])
    writer.writerows([urn, "; ".join(sorted(found))] for urn, found in sorted(successors.items()))
    return out.getvalue().encode()
