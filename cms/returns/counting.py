"""A return as a table: a row for each open school, a column for each heading, and totals.

Every school stands in it, those with nothing too: they are the cold spots. One query a heading.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from django.db.models import Count, QuerySet
from django.utils.translation import gettext as _

from cms.models import Pupil, ReturnDefinition, School

from .hiding import Hidden, hide
from .measures import Year, measures

NO_SCHOOL = ""


@dataclass
class Row:
    """One school; `urn` is "" for pupils whose school is not known."""

    urn: str
    name: str
    area: str
    easting: int | None = None
    northing: int | None = None
    numbers: list[int] = field(default_factory=list)

    @property
    def is_cold(self) -> bool:
        return bool(self.urn) and not any(self.numbers)


@dataclass
class Table:
    """The whole return. `hidden[i]` says what of column i is not shown."""

    year: int
    below: int
    headings: list[dict]
    rows: list[Row]
    hidden: list[Hidden]

    def cells(self, row: Row, *, whole: bool = False) -> list[int | None]:
        """The row's numbers, None where one is hidden; `whole` hides nothing."""
        return [
            None if not whole and row.urn in hidden.keys else number
            for number, hidden in zip(row.numbers, self.hidden, strict=True)
        ]

    def totals(self, *, whole: bool = False) -> list[int | None]:
        if whole:
            return [sum(row.numbers[at] for row in self.rows) for at in range(len(self.headings))]
        return [hidden.total for hidden in self.hidden]

    def as_data(self) -> dict:
        """What a snapshot keeps: every number as it is, and which of them are hidden."""
        return {
            "below": self.below,
            "headings": self.headings,
            "rows": [[row.urn, row.name, row.area, row.numbers] for row in self.rows],
            "hidden": [sorted(hidden.keys) for hidden in self.hidden],
            "totals": self.totals(),
        }


def count(definition: ReturnDefinition, year: int) -> Table:
    """The return of that academic year, as the records stand now."""
    headings = definition.heading_list()
    columns = [_column(heading, Year(year)) for heading in headings]
    rows = [
        Row(school.urn, school.name, school.area.name if school.area else "", school.easting,
            school.northing)
        for school in _schools(columns)
    ]  # fmt: skip
    if any(NO_SCHOOL in column for column in columns):
        rows.append(Row(NO_SCHOOL, _("School not known"), ""))
    for row in rows:
        row.numbers = [column.get(row.urn, 0) for column in columns]
    hidden = [
        hide({row.urn: row.numbers[at] for row in rows}, definition.hide_below)
        for at in range(len(headings))
    ]
    return Table(year, definition.hide_below, headings, rows, hidden)


def _schools(columns: Iterable[dict]) -> list[School]:
    """Open schools, and closed ones that something was counted for."""
    met = set().union(*columns) if columns else set()
    schools = School.objects.select_related("area").order_by("name", "urn")
    return [one for one in schools if one.status != School.Status.CLOSED or one.urn in met]


def _column(heading: dict, year: Year) -> dict[str, int]:
    """`{urn: number}`; several things of one pupil are counted as the measure says."""
    measure = measures[heading["measure"]]
    rows = measure.rows(year, heading).order_by()
    school = f"{measure.pupil}__school__urn"
    counted = rows.values_list(school).annotate(number=Count(measure.distinct, distinct=True))
    return {urn or NO_SCHOOL: number for urn, number in counted}


def pupils(heading: dict, year: int, urn: str) -> QuerySet:
    """The pupils behind one number. Whoever shows them asks `for_user`, and writes it down."""
    measure = measures[heading["measure"]]
    rows = measure.rows(Year(year), heading)
    school = f"{measure.pupil}__school"
    rows = rows.filter(**({f"{school}__urn": urn} if urn else {f"{school}__isnull": True}))
    return Pupil.objects.filter(pk__in=rows.order_by().values(measure.pupil))
