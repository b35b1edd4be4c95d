"""Whole systems in one file or folder: OneRoster 1.1 and 1.2, School Data Sync 1, 2 and 2.1.

A bundle is turned into the hub's own rosters, in the order in which they need each other, and from
there on is imported like any other file. Rows keep the numbers they have in their source file: a
row that belongs to another roster becomes a blank line. Only enrolments leave by absence, and only
those of groups that the bundle holds: ensembles are the hub's own, whatever a school's system says.
"""

import csv
import io
import zipfile
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from cms.models import MusicCentre, School

from .errors import FileTooLarge, UnreadableFile
from .mapping import LEAVES
from .reader import Table, read, tidy_heading

ORDER = ("pupils", "teachers", "guardians", "groups", "enrolments")
MAX_UNPACKED = 600 * 1024 * 1024
MAX_RATIO = 200
PUPIL_ROLES = {"student", "pupil"}
TEACHER_ROLES = {"teacher", "faculty", "professor", "instructor", "tutor"}
GUARDIAN_ROLES = {"guardian", "parent", "relative"}
NEEDED = {
    "OneRoster or School Data Sync 2": {"users", "orgs"},
    "School Data Sync 1": {"student", "school"},
}

Row = dict[str, str]


@dataclass
class Part:
    """One roster out of a bundle, as the bytes of a CSV file in the hub's own headings."""

    roster: str
    name: str
    content: bytes
    is_full: bool = False
    notes: list[str] = field(default_factory=list)


class Bundle:
    """The tables of a bundle by name in lower case (`users`), whichever way they came."""

    def __init__(self, members: dict[str, bytes]):
        self._tables: dict[str, Table] = {}
        for name, content in members.items():
            try:
                self._tables[name] = read(io.BytesIO(content), len(content))[0]
            except UnreadableFile as error:
                if not content.strip():
                    continue
                raise UnreadableFile(f"{name}.csv: {error}") from None
        self.layout = next(
            (layout for layout, needed in NEEDED.items() if needed <= self._tables.keys()), ""
        )
        if not self.layout:
            found = ", ".join(sorted(self._tables)) or "no table"
            raise UnreadableFile(
                "This is neither OneRoster (users.csv, orgs.csv) nor School Data Sync "
                f"(Student.csv, School.csv): it holds {found}."
            )

    def __contains__(self, name: str) -> bool:
        return name in self._tables

    def numbered(self, name: str) -> Iterator[tuple[int, Row]]:
        """(row number, {tidied heading: cell}) of a table; nothing when it is not there."""
        table = self._tables.get(name)
        if table is None:
            return
        headings = [tidy_heading(heading) for heading in table.header]
        for number, cells in table.rows():
            yield number, dict(zip(headings, (cell.strip() for cell in cells), strict=False))

    def rows(self, name: str) -> Iterator[Row]:
        for _number, row in self.numbered(name):
            yield row

    def is_bulk(self, name: str) -> bool:
        """Whether the manifest says that the table is complete; without a manifest it is."""
        said = {row.get("propertyname"): row.get("value") for row in self.rows("manifest")}
        return said.get(f"file.{name}", "bulk") != "delta"


def open_bundle(source: Path | IO[bytes]) -> Bundle:
    """A folder or a zip of CSV files. Raises UnreadableFile."""
    if isinstance(source, Path) and source.is_dir():
        files = {found.stem.lower(): found for found in sorted(source.glob("*.[cC][sS][vV]"))}
        if sum(found.stat().st_size for found in files.values()) > MAX_UNPACKED:
            raise FileTooLarge("The folder holds far more than a roster could.")
        return Bundle({name: found.read_bytes() for name, found in files.items()})
    try:
        with zipfile.ZipFile(source) as archive:
            entries = [entry for entry in archive.infolist() if not entry.is_dir()]
            if sum(entry.file_size for entry in entries) > MAX_UNPACKED or any(
                entry.file_size > 1_000_000 and entry.file_size > MAX_RATIO * entry.compress_size
                for entry in entries
            ):
                raise FileTooLarge("The zip file unpacks to far more than a roster could hold.")
            return Bundle(
                {
                    Path(entry.filename).stem.lower(): archive.read(entry)
                    for entry in entries
                    if entry.filename.lower().endswith(".csv")
                }
            )
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError, OSError):
        raise UnreadableFile("This is not a zip file or folder that can be opened.") from None


def parts(bundle: Bundle, *, is_full: bool) -> list[Part]:
    """The rosters of a bundle, in the order in which they must go in; empty ones left out."""
    make = _modern if "users" in bundle else _first
    return [part for part in make(bundle, is_full) if part.content.count(b"\n") > 1]


class _Writer:
    """Writes a CSV whose rows have the numbers that they have in their source."""

    def __init__(self, *headings: str):
        self._out = io.StringIO(newline="")
        self._writer = csv.writer(self._out)
        self._writer.writerow(headings)
        self._line = 1

    def row(self, number: int, *cells: str) -> None:
        while self._line + 1 < number:
            self._writer.writerow([])
            self._line += 1
        self._writer.writerow(cells)
        self._line += 1

    def bytes(self) -> bytes:
        return self._out.getvalue().encode()


class _Schools:
    """Which school or centre an organisation of the bundle is; unknown schools are named."""

    def __init__(self, orgs: dict[str, Row]):
        self._orgs = orgs
        ids = {text for key, org in orgs.items() for text in (key, *org.values()) if text}
        numbers = {text for text in ids if text.isdecimal() and len(text) in {6, 7}}
        known = School.objects.filter(urn__in=numbers).values_list("urn", "urn")
        by_laestab = School.objects.filter(laestab__in=numbers).values_list("laestab", "urn")
        self._urns = dict(by_laestab) | dict(known)
        self._centres = {
            word.casefold(): slug
            for slug, name in MusicCentre.objects.values_list("slug", "name")
            for word in (slug, name)
        }
        self.unknown: set[str] = set()

    def urn(self, org_ids: str) -> str:
        """The URN of the first organisation that is a known school, or nothing."""
        for org_id in org_ids.replace(";", ",").split(","):
            org_id = org_id.strip()  # noqa: PLW2901
            org = self._orgs.get(org_id, {})
            for text in (org.get("identifier", ""), org_id):
                if text in self._urns:
                    return self._urns[text]
            if org_id:
                self.unknown.add(org.get("name") or org_id)
        return ""

    def centre(self, org_id: str) -> str:
        """The centre's code; for one that is not known its name, which the plan will refuse."""
        name = self._orgs.get(org_id, {}).get("name") or org_id
        return self._centres.get(name.casefold()) or self._centres.get(org_id.casefold()) or name

    def note(self) -> list[str]:
        if not self.unknown:
            return []
        names = ", ".join(sorted(self.unknown)[:10])
        return [f"Schools that are not known here were left blank: {names}."]


def _leaves(row: Row) -> str:
    return "Yes" if row.get("status", "").casefold() in {"tobedeleted", "inactive"} else ""


def _modern(bundle: Bundle, is_full: bool) -> Iterator[Part]:
    """OneRoster 1.1 and 1.2, School Data Sync 2 and 2.1."""
    schools = _Schools({row.get("sourcedid", ""): row for row in bundle.rows("orgs")})
    yield from _people(bundle, schools)
    taught: dict[str, set[str]] = defaultdict(set)
    enrolments = _Writer("Pupil ID", "Group ID", "Starts on", "Ends on", LEAVES)
    for number, row in bundle.numbered("enrollments"):
        group, person = row.get("classsourcedid", ""), row.get("usersourcedid", "")
        role = row.get("role", "").casefold()
        if role in PUPIL_ROLES:
            dates = (row.get("begindate", ""), row.get("enddate", ""))
            enrolments.row(number, person, group, *dates, _leaves(row))
        elif role in TEACHER_ROLES:
            taught[group].add(person)
    groups = _Writer("Group ID", "Name", "Centre", "Teachers", LEAVES)
    for number, row in bundle.numbered("classes"):
        org = row.get("schoolsourcedid") or row.get("orgsourcedid", "")
        key = row.get("sourcedid", "")
        staff = ";".join(sorted(taught[key]))
        groups.row(number, key, row.get("title", ""), schools.centre(org), staff, _leaves(row))
    yield Part("groups", "classes.csv", groups.bytes())
    full = is_full and bundle.is_bulk("enrollments")
    yield Part("enrolments", "enrollments.csv", enrolments.bytes(), is_full=full)


def _people(bundle: Bundle, schools: _Schools) -> Iterator[Part]:
    """Pupils, teachers and guardians out of users.csv and the tables around it."""
    roles: dict[str, set[str]] = defaultdict(set)
    orgs: dict[str, str] = {}
    for row in bundle.rows("roles"):
        roles[row.get("usersourcedid", "")].add(row.get("role", "").casefold())
        orgs.setdefault(row.get("usersourcedid", ""), row.get("orgsourcedid", ""))
    born = {
        row.get("usersourcedid") or row.get("sourcedid", ""): row.get("birthdate", "")
        for row in bundle.rows("demographics")
    }
    children = _children(bundle, roles)
    pupils = _Writer("Pupil ID", "Legal first name", "Legal last name", "Known as",
        "Date of birth", "School URN", LEAVES)  # fmt: skip
    teachers = _Writer("Staff number", "First name", "Last name", "Email", "Phone", LEAVES)
    guardians = _Writer("Guardian ID", "First name", "Last name", "Email", "Phone", "Pupil IDs",
        LEAVES)  # fmt: skip
    for number, row in bundle.numbered("users"):
        key, role = row.get("sourcedid", ""), _role(row, roles)
        name = (row.get("givenname", ""), row.get("familyname", ""))
        contact = (_email(row), row.get("phone") or row.get("sms", ""))
        if role & PUPIL_ROLES:
            urn = schools.urn(orgs.get(key) or row.get("orgsourcedids", ""))
            known = row.get("preferredfirstname") or row.get("preferredgivenname", "")
            pupils.row(number, key, *name, known, born.get(key, ""), urn, _leaves(row))
        elif role & TEACHER_ROLES:
            teachers.row(number, key, *name, *contact, _leaves(row))
        elif role & GUARDIAN_ROLES or key in children:
            linked = ";".join(sorted(children.get(key, ())))
            guardians.row(number, key, *name, *contact, linked, _leaves(row))
    yield Part("pupils", "users.csv", pupils.bytes(), notes=schools.note())
    yield Part("teachers", "users.csv", teachers.bytes())
    yield Part("guardians", "users.csv", guardians.bytes())


def _children(bundle: Bundle, roles: dict[str, set[str]]) -> dict[str, set[str]]:
    """Guardian -> pupils, from either way in which the layouts say it."""
    children: dict[str, set[str]] = defaultdict(set)
    for row in bundle.rows("relationships"):
        if row.get("relationshiprole", "").casefold() in GUARDIAN_ROLES:
            children[row.get("relationshipusersourcedid", "")].add(row.get("usersourcedid", ""))
    for row in bundle.rows("users"):
        if _role(row, roles) & PUPIL_ROLES and not _leaves(row):
            for agent in row.get("agentsourcedids", "").replace(";", ",").split(","):
                if agent.strip():
                    children[agent.strip()].add(row.get("sourcedid", ""))
    return children


def _role(row: Row, roles: dict[str, set[str]]) -> set[str]:
    said = row.get("role", "").casefold()
    return ({said} if said else set()) | roles.get(row.get("sourcedid", ""), set())


def _email(row: Row) -> str:
    return row.get("email") or (row["username"] if "@" in row.get("username", "") else "")


def _first(bundle: Bundle, is_full: bool) -> Iterator[Part]:
    """School Data Sync 1, in its American and its British headings."""

    def one_of(*names: str) -> Callable[[Row], str]:
        return lambda row: next((row[name] for name in names if row.get(name)), "")

    key = one_of("sis id", "id")
    school = one_of("school sis id", "school dfe number")
    section = one_of("section sis id", "section id")
    names = (one_of("first name"), one_of("last name"))
    schools = _Schools({one_of("sis id", "dfe number")(row): row for row in bundle.rows("school")})
    pupils = _Writer("Pupil ID", "Legal first name", "Legal last name", "Date of birth",
        "School URN", LEAVES)  # fmt: skip
    for number, row in bundle.numbered("student"):
        urn = schools.urn(school(row))
        cells = (name(row) for name in names)
        pupils.row(number, key(row), *cells, row.get("birthdate", ""), urn, _leaves(row))
    yield Part("pupils", "Student.csv", pupils.bytes(), notes=schools.note())
    teachers = _Writer("Staff number", "First name", "Last name", "Email", LEAVES)
    for number, row in bundle.numbered("teacher"):
        cells = (name(row) for name in names)
        teachers.row(number, key(row), *cells, row.get("secondary email", ""), _leaves(row))
    yield Part("teachers", "Teacher.csv", teachers.bytes())
    taught: dict[str, set[str]] = defaultdict(set)
    for row in bundle.rows("teacherroster"):
        taught[section(row)].add(key(row))
    groups = _Writer("Group ID", "Name", "Centre", "Teachers", LEAVES)
    for number, row in bundle.numbered("section"):
        staff = ";".join(sorted(taught[key(row)]))
        centre = schools.centre(school(row))
        groups.row(number, key(row), row.get("section name", ""), centre, staff, _leaves(row))
    yield Part("groups", "Section.csv", groups.bytes())
    enrolments = _Writer("Pupil ID", "Group ID")
    for number, row in bundle.numbered("studentenrollment"):
        enrolments.row(number, key(row), section(row))
    yield Part("enrolments", "StudentEnrollment.csv", enrolments.bytes(), is_full=is_full)
