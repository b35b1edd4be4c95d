"""The rosters beside people: instruments on loan, places booked elsewhere, partners, terms."""

import re
from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import Any

from cms.models import (
    AcademicYear,
    Area,
    Course,
    Instrument,
    LoanInstrument,
    MusicCentre,
    OrganisationType,
    OutsideBooking,
    Partner,
    Pupil,
    StrategicFunction,
    Term,
)

from .links import LinksWidget, LinkWidget, Target
from .resources import Column, RosterResource, rosters
from .rosters import CENTRE, INSTRUMENT, PUPIL_ID
from .widgets import ChoiceWidget, DateWidget, IdWidget, TextWidget, WebAddressWidget, YesNoWidget

Found = Iterator[tuple[str, str, str]]


def centre_column() -> Column:
    widget = LinkWidget(MusicCentre, "slug", also=("name",), what="music centre")
    return Column("centre", "Centre", widget, synonyms=CENTRE)


def in_order(values: dict[str, Any], first: str, last: str) -> Found:
    """A finding when the one day comes after the other."""
    begins, ends = values.get(first), values.get(last)
    if begins and ends and ends < begins:
        yield last, "It ends before it starts.", "Are the two dates swapped?"


@rosters("instruments")
class Instruments(RosterResource):
    """The stock. Whoever has an instrument at home is its borrower; a blank one is on the shelf."""

    title, one, key = "Instruments", "instrument", ("asset_number",)
    scope = "centre__name"

    asset_number = Column("asset_number", "Asset number", IdWidget(40), required=True, synonyms=(
        "Asset no", "Asset no.", "Asset ID", "Asset", "Inventory number", "Barcode"))  # fmt: skip
    instrument = Column("instrument", "Instrument", LinkWidget(Instrument, "name", also=("slug",),
        what="kind of instrument"), synonyms=(*INSTRUMENT, "Type", "Instrument type"),
        required=True)  # fmt: skip
    serial_number = Column("serial_number", "Serial number", IdWidget(60, blank=""), synonyms=(
        "Serial no", "Serial no.", "Serial"))  # fmt: skip
    make = Column("make", "Make", TextWidget(80), synonyms=("Brand", "Maker", "Manufacturer"))
    size = Column("size", "Size", TextWidget(20))
    condition = Column("condition", "Condition", ChoiceWidget(LoanInstrument.Condition.choices, {
        "excellent": "new", "worn": "fair", "in repair": "repair", "written off": "retired",
        "scrapped": "retired"}), synonyms=("State",))  # fmt: skip
    centre = centre_column()
    borrower = Column("borrower", "Borrower", LinkWidget(Pupil, "external_id", what="pupil"),
        synonyms=(*PUPIL_ID, "On loan to", "Loaned to", "Borrower ID", "Hirer"))  # fmt: skip
    lent_on = Column("lent_on", "Lent on", DateWidget(), synonyms=(
        "Loan date", "Date lent", "Out on", "Hired on"))  # fmt: skip
    due_back = Column("due_back", "Due back", DateWidget(), synonyms=(
        "Return date", "Due", "Due date", "Loan ends"))  # fmt: skip

    def check(self, values: dict[str, Any]) -> Found:
        yield from in_order(values, "lent_on", "due_back")

    class Meta:
        model = LoanInstrument
        import_id_fields = ("asset_number",)
        fields = (
            "asset_number", "instrument", "serial_number", "make", "size", "condition", "centre",
            "borrower", "lent_on", "due_back",
        )  # fmt: skip
        import_order = export_order = fields


@rosters("bookings")
class Bookings(RosterResource):
    title, one, key = "Bookings made elsewhere", "booking", ("external_id",)
    scope = "centre__name"

    external_id = Column("external_id", "Booking ID", IdWidget(), required=True, synonyms=(
        "Booking reference", "Booking number", "Order number", "Reference"))  # fmt: skip
    pupil = Column("pupil", "Pupil ID", LinkWidget(Pupil, "external_id", what="pupil"),
        synonyms=(*PUPIL_ID, "Pupil"), required=True)  # fmt: skip
    title_ = Column("title", "Booked as", TextWidget(150), required=True, synonyms=(
        "Title", "Event", "Activity", "Course title", "Product"))  # fmt: skip
    course = Column("course", "Course", LinkWidget(Course, "slug", also=("title",), what="course"))
    provider = Column("provider", "Provider", TextWidget(100), synonyms=("Booked with", "System"))
    centre = centre_column()
    status = Column(
        "status",
        "Status",
        ChoiceWidget(
            OutsideBooking.Status.choices,
            {
                "confirmed": "booked",
                "paid": "booked",
                "waitlist": "waiting",
                "canceled": "cancelled",
            },
        ),
    )
    booked_on = Column("booked_on", "Booked on", DateWidget(), synonyms=(
        "Booking date", "Order date"))  # fmt: skip
    starts_on = Column("starts_on", "Starts on", DateWidget(), synonyms=(
        "Start date", "Course date", "From"))  # fmt: skip
    ends_on = Column("ends_on", "Ends on", DateWidget(), synonyms=("End date", "Until"))

    def check(self, values: dict[str, Any]) -> Found:
        yield from in_order(values, "starts_on", "ends_on")

    class Meta:
        model = OutsideBooking
        import_id_fields = ("external_id",)
        fields = (
            "external_id", "pupil", "title_", "course", "provider", "centre", "status",
            "booked_on", "starts_on", "ends_on",
        )  # fmt: skip
        import_order = export_order = fields


@rosters("partners")
class Partners(RosterResource):
    """A new partner is a draft unless the file says otherwise: somebody looks before it is live."""

    title, one, key = "Partners", "partner", ("slug",)

    slug = Column("slug", "Partner code", IdWidget(50, r"[a-z0-9-]+", "west-arts"), required=True,
        synonyms=("Code", "Partner ID", "Slug"))  # fmt: skip
    name = Column("name", "Name", TextWidget(150), required=True, synonyms=(
        "Partner", "Organisation", "Organisation name"))  # fmt: skip
    organisation_type = Column("organisation_type", "Type of organisation", LinkWidget(
        OrganisationType, "slug", also=("name",), what="type of organisation"), required=True,
        synonyms=("Organisation type", "Type"))  # fmt: skip
    summary = Column("summary", "Summary", TextWidget(600), required=True, synonyms=(
        "Description", "About"))  # fmt: skip
    website = Column(
        "website",
        "Website",
        WebAddressWidget(200),
        synonyms=("URL", "Web address"),
        when_bad="leave",
    )
    areas = Column("areas", "Areas", LinksWidget(Area, "slug", also=("name",), what="area"),
        synonyms=("Area",))  # fmt: skip
    works_beyond_county = Column("works_beyond_county", "Works beyond the county", YesNoWidget(),
        synonyms=("National",))  # fmt: skip
    function = Column("function", "Function", ChoiceWidget(StrategicFunction.choices))
    status = Column("status", "Status", ChoiceWidget(Partner.Status.choices))

    class Meta:
        model = Partner
        import_id_fields = ("slug",)
        fields = (
            "slug", "name", "organisation_type", "summary", "website", "areas",
            "works_beyond_county", "function", "status",
        )  # fmt: skip
        import_order = export_order = fields


class SchoolYearWidget(LinkWidget):
    """A school year by the calendar year in which it begins: `2026`, or `2026/27`."""

    kind = "school year, such as 2026/27"

    def __init__(self):
        super().__init__(AcademicYear, "start_year", what="school year")

    def words(self, text):  # noqa: ANN001, ANN201 - as LinkWidget has it
        return [re.sub(r"^(\d{4}) ?[/-] ?\d{2,4}$", r"\1", word) for word in super().words(text)]

    def fold(self, word: str | int) -> str:
        return str(word)

    def fetch(self, words: Iterable[str]) -> dict[str, Target]:
        wanted = [word for word in set(words) if re.fullmatch(r"\d{4}", word)]
        rows = self.model._default_manager.filter(start_year__in=wanted)
        return {str(year): Target(pk, year) for pk, year in rows.values_list("pk", "start_year")}


@rosters("terms")
class Terms(RosterResource):
    """The county's terms. None ever leaves: a past term stays where it was."""

    title, one, key = "Terms", "term", ("academic_year", "season")
    left_field, has_hash = "", False

    academic_year = Column("academic_year", "School year", SchoolYearWidget(), required=True,
        synonyms=("Academic year", "Year"))  # fmt: skip
    season = Column("season", "Term", ChoiceWidget(Term.Season.choices), required=True,
        synonyms=("Season",))  # fmt: skip
    starts_on = Column("starts_on", "Starts on", DateWidget(), required=True, synonyms=(
        "Start date", "First day", "From"))  # fmt: skip
    half_term_starts_on = Column("half_term_starts_on", "Half-term starts on", DateWidget(),
        required=True)  # fmt: skip
    half_term_ends_on = Column("half_term_ends_on", "Half-term ends on", DateWidget(),
        required=True)  # fmt: skip
    ends_on = Column("ends_on", "Ends on", DateWidget(), required=True, synonyms=(
        "End date", "Last day", "Until"))  # fmt: skip

    def check(self, values: dict[str, Any]) -> Found:
        names = ("starts_on", "half_term_starts_on", "half_term_ends_on", "ends_on")
        for first, last in pairwise(names):
            yield from in_order(values, first, last)

    class Meta:
        model = Term
        import_id_fields = ("academic_year", "season")
        fields = (
            "academic_year", "season", "starts_on", "half_term_starts_on", "half_term_ends_on",
            "ends_on",
        )  # fmt: skip
        import_order = export_order = fields
