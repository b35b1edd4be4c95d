"""Builds small roster files in the shapes that real sources write. All people are invented."""

import csv
import io
import zipfile

GIAS = (
    "URN", "LA (code)", "LA (name)", "EstablishmentNumber", "EstablishmentName",
    "TypeOfEstablishment (code)", "TypeOfEstablishment (name)", "EstablishmentStatus (code)",
    "EstablishmentStatus (name)", "CloseDate", "PhaseOfEducation (code)",
    "PhaseOfEducation (name)", "NumberOfPupils", "PercentageFSM", "Street", "Town", "Postcode",
    "SchoolWebsite", "TelephoneNum", "HeadFirstName", "HeadLastName",
    "DistrictAdministrative (name)", "Easting", "Northing",
)  # fmt: skip


def gias_row(urn: str, name: str, *, closed_on: str = "", phone: str = "01632960001") -> list[str]:
    status = ("2", "Closed") if closed_on else ("1", "Open")
    return [
        urn, "919", "Hertfordshire", "0" + urn[-3:], name, "01", "Community school", *status,
        closed_on, "2", "Primary", "210", "7.5", "Hill Road", "Hilltown", "SG4 9UJ",
        "http://www.example.org", phone, "", "", "North Herts", "516436", "207205",
    ]  # fmt: skip


def gias(*rows: list[str]) -> bytes:
    """An extract of the register of schools: Windows-1252, everything quoted, CRLF."""
    out = io.StringIO(newline="")
    csv.writer(out, quoting=csv.QUOTE_ALL).writerows([GIAS, *rows])
    return out.getvalue().encode("cp1252")


PUPIL_HEADINGS = "Pupil ID,Surname,Forename,DOB,School URN,Postcode,Instrument,SEN notes"


def pupil_line(number: int, **cells: str) -> str:
    row = {
        "id": f"P{number:05}",
        "surname": f"Sample{number}",
        "forename": f"Child{number % 50}",
        "dob": f"{number % 28 + 1:02}/{number % 12 + 1:02}/{2009 + number % 8}",
        "school": "117137",
        "postcode": "sg49uj",
        "instrument": "Violin",
        "notes": "not ours to keep",
    } | cells
    return ",".join(row.values())


def pupils(*lines: str) -> bytes:
    return "\n".join([PUPIL_HEADINGS, *lines, ""]).encode()


def xlsx(sheets: dict[str, list[list]]) -> bytes:
    from openpyxl import Workbook

    book = Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def raw_xlsx(sheet_xml: bytes, **more: bytes) -> bytes:
    """A workbook with one sheet of exactly this XML, and other members by name."""
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    relations = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = "http://schemas.openxmlformats.org/package/2006"
    members = {
        "[Content_Types].xml": f'<Types xmlns="{package}/content-types"/>'.encode(),
        "_rels/.rels": (
            f'<Relationships xmlns="{package}/relationships"><Relationship Id="r1" '
            f'Type="{relations}/officeDocument" Target="xl/workbook.xml"/></Relationships>'
        ).encode(),
        "xl/workbook.xml": (
            f'<workbook xmlns="{main}" xmlns:r="{relations}"><sheets>'
            '<sheet name="Pupils" sheetId="1" r:id="r1"/></sheets></workbook>'
        ).encode(),
        "xl/_rels/workbook.xml.rels": (
            f'<Relationships xmlns="{package}/relationships"><Relationship Id="r1" '
            f'Type="{relations}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>'
        ).encode(),
        "xl/worksheets/sheet1.xml": sheet_xml,
    } | more
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return out.getvalue()
