"""The rosters of a hub, one class each: their columns and the names that sources give them.

Headings are the hub's own words; synonyms come from the register of schools (GIAS), OneRoster,
School Data Sync and what management systems of schools write. A new roster is one class here.
"""

from collections.abc import Iterator
from typing import Any

from cms.models import (
    Area,
    Award,
    Enrolment,
    Guardian,
    Instrument,
    MusicCentre,
    MusicGroup,
    Pupil,
    School,
    Teacher,
)

from .links import LinksWidget, LinkWidget, SchoolWidget
from .resources import Column, RosterResource, rosters
from .widgets import (
    ChoiceWidget,
    DateWidget,
    EmailWidget,
    IdWidget,
    LaestabWidget,
    NumberWidget,
    PhoneWidget,
    PostcodeWidget,
    TextWidget,
    TimeWidget,
    YearWidget,
)

FIRST_NAME = (
    "First name", "Forename", "Given name", "givenName", "Firstname", "Legal forename",
    "Christian name",
)  # fmt: skip
LAST_NAME = (
    "Last name", "Surname", "Family name", "familyName", "Lastname", "Legal surname",
    "Legal last name", "Legal family name",
)  # fmt: skip
PHONE = (
    "Phone", "Telephone", "Mobile", "Phone number", "Telephone number", "TelephoneNum",
    "Contact number", "Mobile number", "Tel",
)  # fmt: skip
EMAIL = ("Email", "E-mail address", "Email address", "Contact email", "Secondary Email")
POSTCODE = ("Post code", "Postal code", "Home postcode", "Zip")
PUPIL_ID = (
    "Pupil ID", "Student ID", "Pupil number", "Learner ID", "MIS ID", "Admission number",
    "Student SIS ID", "Pupil reference", "Student Number",
)  # fmt: skip
SCHOOL = ("School", "School URN", "School number (URN)", "Establishment URN")
INSTRUMENT = ("Instrument", "Instruments", "Instrument(s)", "Instrument played")
CENTRE = ("Centre", "Music centre", "Center", "Venue", "Centre code", "Centre name")
GROUP_ID = ("Group", "Group code", "Class ID", "Section SIS ID", "classSourcedId", "Ensemble ID")
DAYS = [*MusicGroup.Weekday.choices]
SHORT_DAYS = {label[:3].casefold(): value for value, label in DAYS}


def instruments_column(attribute: str = "instruments") -> Column:
    widget = LinksWidget(Instrument, "name", also=("slug",), what="instrument")
    return Column(attribute, "Instruments", widget, synonyms=INSTRUMENT)


@rosters("schools")
class Schools(RosterResource):
    title, one, key = "Schools", "school", ("urn",)

    urn = Column("urn", "URN", IdWidget(6, r"\d{6}", "117137"), synonyms=(
        "School URN", "Unique reference number"), required=True)  # fmt: skip
    laestab = Column("laestab", "LAESTAB", LaestabWidget(), synonyms=(
        "DfE number", "LA Estab", "School DfE Number"),
        combines=("LA (code)", "EstablishmentNumber"), when_bad="leave")  # fmt: skip
    name = Column("name", "Name", TextWidget(150), synonyms=(
        "EstablishmentName", "School name", "School"), required=True)  # fmt: skip
    phase = Column("phase", "Phase", TextWidget(40), synonyms=("PhaseOfEducation (name)",))
    kind = Column("kind", "Type", TextWidget(80), synonyms=(
        "TypeOfEstablishment (name)", "Type of establishment"))  # fmt: skip
    status = Column("status", "Status", ChoiceWidget(School.Status.choices, {
        "1": "open", "2": "closed", "3": "closing", "4": "proposed"}),
        synonyms=("EstablishmentStatus (name)", "EstablishmentStatus (code)"))  # fmt: skip
    closed_on = Column("closed_on", "Closed on", DateWidget(), synonyms=("CloseDate",))
    local_authority = Column("local_authority", "Local authority", TextWidget(80), synonyms=(
        "LA (name)", "LA"))  # fmt: skip
    district = Column("district", "District", TextWidget(80), synonyms=(
        "DistrictAdministrative (name)",))  # fmt: skip
    street = Column("street", "Street", TextWidget(120), synonyms=("Address",))
    town = Column("town", "Town", TextWidget(80), synonyms=("City",))
    postcode = Column("postcode", "Postcode", PostcodeWidget(), synonyms=POSTCODE, when_bad="leave")
    easting = Column("easting", "Easting", NumberWidget(), when_bad="leave")
    northing = Column("northing", "Northing", NumberWidget(), when_bad="leave")
    phone = Column("phone", "Phone", PhoneWidget(), synonyms=PHONE, when_bad="leave")
    email = Column("email", "Email", EmailWidget(254), synonyms=EMAIL, when_bad="leave")
    website = Column("website", "Website", TextWidget(200), synonyms=("SchoolWebsite",),
        when_bad="leave")  # fmt: skip
    trust = Column("trust", "Trust", TextWidget(150), synonyms=("Trusts (name)", "MAT"))
    pupils_on_roll = Column("pupils_on_roll", "Pupils on roll", NumberWidget(), synonyms=(
        "NumberOfPupils",), when_bad="leave")  # fmt: skip
    area = Column("area", "Area", LinkWidget(Area, "slug", also=("name",)))
    successors = Column("successors", "Successors", LinksWidget(School, "urn", what="school"))
    keeps_links = frozenset({"successors"})

    class Meta:
        model = School
        import_id_fields = ("urn",)
        fields = (
            "urn", "laestab", "name", "phase", "kind", "status", "closed_on", "local_authority",
            "district", "street", "town", "postcode", "easting", "northing", "phone", "email",
            "website", "trust", "pupils_on_roll", "area", "successors",
        )  # fmt: skip
        import_order = export_order = fields


@rosters("centres")
class Centres(RosterResource):
    title, one, key = "Music centres", "music centre", ("slug",)
    left_field, has_hash = "is_open", False

    slug = Column("slug", "Centre code", IdWidget(50, r"[a-z0-9-]+", "mid-herts"), required=True,
        synonyms=("Code", "Centre ID", "sourcedId", "Slug"))  # fmt: skip
    name = Column("name", "Name", TextWidget(100), synonyms=CENTRE, required=True)
    area = Column("area", "Area", LinkWidget(Area, "slug", also=("name",)), required=True)
    address = Column("address", "Address", TextWidget(250), required=True)
    postcode = Column("postcode", "Postcode", PostcodeWidget(), synonyms=POSTCODE, required=True)
    phone = Column("phone", "Phone", PhoneWidget(), synonyms=PHONE)
    email = Column("email", "Email", EmailWidget(254), synonyms=EMAIL)
    opening_hours = Column("opening_hours", "Opening hours", TextWidget(200))
    host_school = Column("host_school", "Host school URN", LinkWidget(School, "urn"))

    class Meta:
        model = MusicCentre
        import_id_fields = ("slug",)
        fields = (
            "slug", "name", "area", "address", "postcode", "phone", "email", "opening_hours",
            "host_school",
        )  # fmt: skip
        import_order = export_order = fields


@rosters("pupils")
class Pupils(RosterResource):
    title, one, key = "Pupils", "pupil", ("external_id",)
    scope = "school__name"

    external_id = Column("external_id", "Pupil ID", IdWidget(), required=True, synonyms=(
        *PUPIL_ID, "sourcedId", "SIS ID", "ID", "External ID"))  # fmt: skip
    legal_first_name = Column("legal_first_name", "Legal first name", TextWidget(80),
        synonyms=FIRST_NAME, required=True)  # fmt: skip
    legal_last_name = Column("legal_last_name", "Legal last name", TextWidget(80),
        synonyms=LAST_NAME, required=True)  # fmt: skip
    known_as = Column("known_as", "Known as", TextWidget(80), synonyms=(
        "Preferred name", "Preferred first name", "Preferred forename", "Chosen name"))  # fmt: skip
    date_of_birth = Column("date_of_birth", "Date of birth", DateWidget(latest_days=0), synonyms=(
        "DOB", "Birth date", "Birthdate", "D.O.B.", "birthDate", "Born"))  # fmt: skip
    year_override = Column("year_override", "Year override", YearWidget())
    school = Column("school", "School URN", SchoolWidget(School), synonyms=(
        *SCHOOL, "URN", "orgSourcedId", "School SIS ID"))  # fmt: skip
    postcode = Column("postcode", "Postcode", PostcodeWidget(), synonyms=POSTCODE)
    instruments = instruments_column()

    class Meta:
        model = Pupil
        import_id_fields = ("external_id",)
        fields = (
            "external_id", "legal_first_name", "legal_last_name", "known_as", "date_of_birth",
            "year_override", "school", "postcode", "instruments",
        )  # fmt: skip
        import_order = export_order = fields


@rosters("teachers")
class Teachers(RosterResource):
    title, one, key = "Teachers", "teacher", ("staff_number",)

    staff_number = Column("staff_number", "Staff number", IdWidget(40), required=True, synonyms=(
        "Staff no", "Staff ID", "Teacher ID", "Employee number", "sourcedId", "SIS ID", "ID",
        "Teacher Number", "Staff no."))  # fmt: skip
    first_name = Column("first_name", "First name", TextWidget(80), synonyms=FIRST_NAME,
        required=True)  # fmt: skip
    last_name = Column("last_name", "Last name", TextWidget(80), synonyms=LAST_NAME,
        required=True)  # fmt: skip
    email = Column("email", "Email", EmailWidget(254), synonyms=EMAIL)
    phone = Column("phone", "Phone", PhoneWidget(), synonyms=PHONE)
    instruments = instruments_column()
    centres = Column("centres", "Centres", LinksWidget(MusicCentre, "slug", also=("name",),
        what="music centre"), synonyms=(*CENTRE, "Music centres"))  # fmt: skip
    qualification = Column("qualification", "Qualification", TextWidget(120), synonyms=(
        "Qualifications", "Highest qualification"))  # fmt: skip
    qualified_on = Column("qualified_on", "Qualified on", DateWidget(latest_days=0), synonyms=(
        "Qualification date", "Date qualified"))  # fmt: skip

    class Meta:
        model = Teacher
        import_id_fields = ("staff_number",)
        fields = (
            "staff_number", "first_name", "last_name", "email", "phone", "instruments", "centres",
            "qualification", "qualified_on",
        )  # fmt: skip
        import_order = export_order = fields


@rosters("guardians")
class Guardians(RosterResource):
    """Links to pupils are only ever added: a court order or a missing line must not undo one."""

    title, one, key = "Guardians", "guardian", ("external_id",)
    keeps_links = frozenset({"pupils"})

    external_id = Column("external_id", "Guardian ID", IdWidget(), required=True, synonyms=(
        "Parent ID", "Contact ID", "Carer ID", "sourcedId", "ID", "External ID"))  # fmt: skip
    first_name = Column("first_name", "First name", TextWidget(80), synonyms=FIRST_NAME,
        required=True)  # fmt: skip
    last_name = Column("last_name", "Last name", TextWidget(80), synonyms=LAST_NAME,
        required=True)  # fmt: skip
    email = Column("email", "Email", EmailWidget(254), synonyms=EMAIL)
    phone = Column("phone", "Phone", PhoneWidget(), synonyms=PHONE)
    address = Column("address", "Address", TextWidget(250), synonyms=("Home address",))
    postcode = Column("postcode", "Postcode", PostcodeWidget(), synonyms=POSTCODE)
    pupils = Column("pupils", "Pupil IDs", LinksWidget(Pupil, "external_id", what="pupil"),
        synonyms=(*PUPIL_ID, "Children", "Pupils"))  # fmt: skip

    class Meta:
        model = Guardian
        import_id_fields = ("external_id",)
        fields = (
            "external_id", "first_name", "last_name", "email", "phone", "address", "postcode",
            "pupils",
        )  # fmt: skip
        import_order = export_order = fields


@rosters("groups")
class Groups(RosterResource):
    title, one, key = "Groups", "group", ("external_id",)
    scope = "centre__name"

    external_id = Column("external_id", "Group ID", IdWidget(), required=True, synonyms=(
        *GROUP_ID, "sourcedId", "SIS ID", "ID", "Code"))  # fmt: skip
    name = Column("name", "Name", TextWidget(120), required=True, synonyms=(
        "Group name", "Section Name", "Title", "Class name", "Ensemble"))  # fmt: skip
    centre = Column("centre", "Centre", LinkWidget(MusicCentre, "slug", also=("name",),
        what="music centre"), synonyms=CENTRE, required=True)  # fmt: skip
    teachers = Column("teachers", "Teachers", LinksWidget(Teacher, "staff_number", what="teacher"),
        synonyms=("Teacher", "Staff number", "Staff numbers", "Tutor"))  # fmt: skip
    weekday = Column("weekday", "Day", ChoiceWidget(DAYS, SHORT_DAYS), synonyms=("Weekday",))
    starts_at = Column("starts_at", "Starts at", TimeWidget(), synonyms=("Start time", "From"))
    ends_at = Column("ends_at", "Ends at", TimeWidget(), synonyms=("End time", "Until", "To"))

    class Meta:
        model = MusicGroup
        import_id_fields = ("external_id",)
        fields = (
            "external_id", "name", "centre", "teachers", "weekday", "starts_at", "ends_at",
        )  # fmt: skip
        import_order = export_order = fields


@rosters("enrolments")
class Enrolments(RosterResource):
    title, one, key = "Enrolments", "enrolment", ("pupil", "group")
    scope = "group__centre__name"

    pupil = Column("pupil", "Pupil ID", LinkWidget(Pupil, "external_id", what="pupil"),
        synonyms=(*PUPIL_ID, "userSourcedId", "SIS ID", "Pupil"), required=True)  # fmt: skip
    group = Column("group", "Group ID", LinkWidget(MusicGroup, "external_id", what="group"),
        synonyms=GROUP_ID, required=True)  # fmt: skip
    status = Column("status", "Status", ChoiceWidget(Enrolment.Status.choices))
    instrument = Column("instrument", "Instrument", LinkWidget(Instrument, "name", also=("slug",),
        what="instrument"), synonyms=INSTRUMENT)  # fmt: skip
    seat = Column("seat", "Seat", TextWidget(40), synonyms=("Role", "Part", "Desk"))
    starts_on = Column("starts_on", "Starts on", DateWidget(), synonyms=("Start date", "From"))
    ends_on = Column("ends_on", "Ends on", DateWidget(), synonyms=("End date", "Until"))

    def check(self, values: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
        begins, ends = values.get("starts_on"), values.get("ends_on")
        if begins and ends and ends < begins:
            yield "ends_on", "It ends before it starts.", "Are the two dates swapped?"

    class Meta:
        model = Enrolment
        import_id_fields = ("pupil", "group")
        fields = ("pupil", "group", "status", "instrument", "seat", "starts_on", "ends_on")
        import_order = export_order = fields


@rosters("awards")
class Awards(RosterResource):
    title, one, key = "Awards", "award", ("external_id",)

    external_id = Column("external_id", "Award ID", IdWidget(), required=True, synonyms=(
        "ID", "Certificate number"))  # fmt: skip
    pupil = Column("pupil", "Pupil ID", LinkWidget(Pupil, "external_id", what="pupil"),
        synonyms=PUPIL_ID, required=True)  # fmt: skip
    title_ = Column("title", "Award", TextWidget(120), synonyms=("Title", "Exam"), required=True)
    level = Column("level", "Level", TextWidget(40), synonyms=("Grade",))
    result = Column("result", "Result", TextWidget(40), synonyms=("Outcome",))
    instrument = Column("instrument", "Instrument", LinkWidget(Instrument, "name", also=("slug",),
        what="instrument"), synonyms=INSTRUMENT)  # fmt: skip
    awarded_on = Column("awarded_on", "Awarded on", DateWidget(latest_days=1), synonyms=(
        "Date", "Date awarded"))  # fmt: skip

    class Meta:
        model = Award
        import_id_fields = ("external_id",)
        fields = (
            "external_id", "pupil", "title_", "level", "result", "instrument", "awarded_on",
        )  # fmt: skip
        import_order = export_order = fields
