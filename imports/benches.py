"""What imports measure: pupils from a file to the table, beside the engine and import-export.

Ours is the whole way: file sealed, read, every cell checked, plan written, carried out with its
change log. The limit is the engine alone: the file's text into a staging table and one set-based
merge, with no check, no plan and nothing to undo by; for an unchanged file, comparing one stored
hash a row. The peer is django-import-export's own `import_data`, on fewer rows where it is slow.
"""

import csv
import hashlib
import io
import os
import time
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

import tablib
from django.db import connection, transaction
from huey.contrib.djhuey import HUEY
from import_export.fields import Field
from import_export.instance_loaders import CachedInstanceLoader
from import_export.resources import ModelResource
from import_export.widgets import CachedForeignKeyWidget, DateWidget, ForeignKeyWidget

from cms.bench import Case, WrongResultError, cases, in_processes
from cms.models import Job, Pupil, School

from . import runs
from .management.commands.roster_import import see_through
from .models import Change, ImportRun, PlanRow

HEADINGS = (
    "Pupil ID", "Legal first name", "Legal last name", "Known as", "Date of birth", "School URN",
    "Postcode",
)  # fmt: skip
FIELDS = (
    "external_id", "legal_first_name", "legal_last_name", "known_as", "date_of_birth", "school",
    "postcode",
)  # fmt: skip
SCHOOLS = 200
BATCH = 2_000


def pupil_row(number: int, *, moved: bool = False) -> list[str]:
    return [
        f"P{number:07}",
        f"First{number % 3_000}{'x' if moved else ''}",
        f"Last{number % 20_000}",
        "" if number % 5 else f"Known{number % 400}",
        f"{number % 28 + 1:02}/{number % 12 + 1:02}/{2008 + number % 10}",
        f"{100_000 + number % SCHOOLS}",
        f"SG{number % 19 + 1} {number % 9}U{'ABDEFGHJ'[number % 8]}",
    ]


def pupil_file(number: int, *, every: int = 0) -> Iterator[bytes]:
    """A CSV of so many pupils, in pieces; with `every`, one row in so many has changed."""
    yield (",".join(HEADINGS) + "\r\n").encode()
    for start in range(0, number, 10_000):
        lines = (
            ",".join(pupil_row(n, moved=bool(every) and n % every == 0))
            for n in range(start, min(number, start + 10_000))
        )
        yield ("\r\n".join(lines) + "\r\n").encode()


def bring_in(pieces: Iterator[bytes]) -> ImportRun:
    """The whole way of a file, worked off here."""
    run = runs.receive("pupils", pieces, "pupils.csv")
    for promise in (runs.start_planning, lambda run: runs.approve(run, by=None)):
        job = see_through(promise(run))
        if job.state != Job.State.DONE:
            raise WrongResultError(f"The job ended {job.state}: {job.problem}")
        run.refresh_from_db()
    return run


def empty() -> None:
    """No pupils and no runs; TRUNCATE, which costs nothing, where there is one."""
    models = (Change, PlanRow, ImportRun, Pupil)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            names = ", ".join(model._meta.db_table for model in models)
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # or what waits for a check forbids it
            cursor.execute(f"TRUNCATE {names} CASCADE")
        else:
            for model in (Pupil.instruments.through, *models):
                cursor.execute(f"DELETE FROM {model._meta.db_table}")  # noqa: S608 - a name


def timed(rows: int, work: Callable[[], None]) -> float:
    start = time.perf_counter()
    work()
    return rows / (time.perf_counter() - start)


class Stock(ModelResource):
    """A resource as the documentation of import-export writes it, told that days come first."""

    external_id, legal_first_name, legal_last_name, known_as, postcode = (
        Field(attribute=name, column_name=heading)
        for name, heading in zip(FIELDS, HEADINGS, strict=True)
        if name not in {"date_of_birth", "school"}
    )
    date_of_birth = Field("date_of_birth", "Date of birth", DateWidget("%d/%m/%Y"))
    school = Field("school", "School URN", ForeignKeyWidget(School, "urn"))

    class Meta:
        model = Pupil
        import_id_fields = ("external_id",)
        fields = FIELDS
        skip_unchanged = True


class Bulk(Stock):
    """The fastest that it can be told to be."""

    school = Field("school", "School URN", CachedForeignKeyWidget(School, "urn"))

    class Meta(Stock.Meta):
        use_bulk = True
        skip_diff = True
        instance_loader_class = CachedInstanceLoader


def stock_import(resource: type[ModelResource], rows: int, *, every: int = 0) -> float:
    """Rows a second of `import_data`, parsing the file included."""

    def work() -> None:
        text = b"".join(pupil_file(rows, every=every)).decode()
        data = tablib.Dataset().load(text, "csv")
        result = resource().import_data(data, dry_run=False)
        if result.has_errors() or Pupil.objects.count() < rows:
            raise WrongResultError("The peer's import failed.")

    return timed(rows, work)


def merge(rows: int, *, every: int = 0) -> float:
    """Rows a second of the engine alone: stage the file's text, then one statement."""

    def work() -> None:
        reader = csv.reader(
            io.TextIOWrapper(io.BytesIO(b"".join(pupil_file(rows, every=every))), newline="")
        )
        next(reader)
        with transaction.atomic(), connection.cursor() as cursor:
            columns = ", ".join(f"{name} text" for name in FIELDS)
            cursor.execute(f"CREATE TEMP TABLE bench_staged ({columns})")
            if connection.vendor == "postgresql":
                with cursor.cursor.copy("COPY bench_staged FROM STDIN") as copy:
                    for row in reader:
                        copy.write_row(row)
            else:
                cursor.cursor.executemany("INSERT INTO bench_staged VALUES (?,?,?,?,?,?,?)", reader)
            cursor.execute(MERGE[connection.vendor])
            cursor.execute("DROP TABLE bench_staged")

    return timed(rows, work)


BIRTH = " || '-' || ".join(f"substr(date_of_birth, {place})" for place in ("7", "4, 2", "1, 2"))
MERGE = {
    vendor: f"""
    INSERT INTO cms_pupil (external_id, legal_first_name, legal_last_name, known_as, date_of_birth,
        school_id, postcode, source_hash, locked_fields, edited_fields)
    SELECT external_id, legal_first_name, legal_last_name, known_as, {birth}, cms_school.id,
        bench_staged.postcode, '', '[]', '{{}}'
    FROM bench_staged JOIN cms_school ON cms_school.urn = bench_staged.school WHERE true
    ON CONFLICT (external_id) DO UPDATE SET
        legal_first_name = excluded.legal_first_name, legal_last_name = excluded.legal_last_name,
        known_as = excluded.known_as, date_of_birth = excluded.date_of_birth,
        school_id = excluded.school_id, postcode = excluded.postcode
    WHERE (cms_pupil.legal_first_name, cms_pupil.legal_last_name, cms_pupil.known_as,
        cms_pupil.date_of_birth, cms_pupil.school_id, cms_pupil.postcode) {differs}
        (excluded.legal_first_name, excluded.legal_last_name, excluded.known_as,
        excluded.date_of_birth, excluded.school_id, excluded.postcode)
    """  # noqa: S608 - our own words
    for vendor, birth, differs in (
        ("postgresql", f"({BIRTH})::date", "IS DISTINCT FROM"),
        ("sqlite", BIRTH, "IS NOT"),
    )
}


class ImportCase(Case):
    """A number of pupils in 200 schools."""

    unit = "rows/s"
    rows = 10_000

    def prepare(self) -> None:
        HUEY.immediate = True  # jobs run here and now, and no queue of a real hub is rung
        School.objects.bulk_create(
            [School(urn=str(100_000 + n), name=f"School {n}") for n in range(SCHOOLS)],
            ignore_conflicts=True,
        )
        empty()

    def check(self, run: ImportRun, **expected: int) -> None:
        found = {name: number for name, number in run.counts.items() if number}
        if found != {"rows": self.rows} | expected:
            raise WrongResultError(f"The import came to {found}.")


@cases("import.first_load_10k_peer_bulk")
class FirstLoad(ImportCase):
    """New pupils into an empty table; the peer is import-export in bulk, on as many rows."""

    peer_resource: type[ModelResource] | None = Bulk
    peer_rows = 10_000

    def ours(self) -> float:
        empty()
        figure = timed(self.rows, self.work)
        self.check(self.run, created=self.rows)
        return figure

    def work(self) -> None:
        self.run = bring_in(pupil_file(self.rows))

    def limit(self) -> float:
        empty()
        return merge(self.rows)

    def peer(self) -> float | None:
        if self.peer_resource is None:
            return None
        empty()
        return stock_import(self.peer_resource, self.peer_rows)


@cases("import.first_load_10k_peer_default")
class FirstLoadDefault(FirstLoad):
    """The same; the peer is import-export as it comes, on 500 rows."""

    peer_resource = Stock
    peer_rows = 500


@cases("import.first_load_100k")
class FirstLoadLarge(FirstLoad):
    rows = 100_000
    runs = 3
    peer_resource = None


@cases("import.resync_unchanged_100k")
class Unchanged(ImportCase):
    """The same file again. The limit compares a stored hash a row; the peer has 5 000 rows."""

    rows = 100_000
    peer_rows = 5_000

    def prepare(self) -> None:
        super().prepare()
        bring_in(pupil_file(self.rows))
        with connection.cursor() as cursor:
            cursor.execute("DROP TABLE IF EXISTS bench_hash")
            cursor.execute("CREATE TABLE bench_hash (id varchar(64) PRIMARY KEY, hash varchar(32))")
            values = [(f"P{n:07}", _hash(pupil_row(n))) for n in range(self.rows)]
            cursor.executemany("INSERT INTO bench_hash VALUES (%s, %s)", values)

    def ours(self) -> float:
        figure = timed(self.rows, self.work)
        self.check(self.run, unchanged=self.rows)
        return figure

    def work(self) -> None:
        self.run = bring_in(pupil_file(self.rows))

    def limit(self) -> float:
        return timed(self.rows, self.compare)

    def compare(self) -> None:
        reader = csv.reader(io.StringIO(b"".join(pupil_file(self.rows)).decode(), newline=""))
        next(reader)
        same = 0
        with connection.cursor() as cursor:
            while batch := {row[0]: _hash(row) for row in islice(reader, BATCH)}:
                marks = ",".join(["%s"] * len(batch))
                cursor.execute(f"SELECT id, hash FROM bench_hash WHERE id IN ({marks})", [*batch])  # noqa: S608
                same += sum(batch[key] == found for key, found in cursor.fetchall())
        if same != self.rows:
            raise WrongResultError(f"{same} rows are the same.")

    def peer(self) -> float:
        return stock_import(Bulk, self.peer_rows)


@cases("import.changed_2_percent_100k")
class Changed(Unchanged):
    """Two rows in a hundred have changed, and change back in the next run."""

    def prepare(self) -> None:
        super().prepare()
        self.turns = {"ours": 0, "limit": 0}

    def ours(self) -> float:
        figure = timed(self.rows, self.work)
        changed = self.rows // 50
        self.check(self.run, unchanged=self.rows - changed, updated=changed)
        return figure

    def work(self) -> None:
        self.run = bring_in(pupil_file(self.rows, every=self.every("ours")))

    def limit(self) -> float:
        bring_back = self.turns["ours"] % 2  # ours left the table with the changes, or without
        every = 0 if bring_back else 50
        figure = merge(self.rows, every=every)
        merge(self.rows, every=0 if every else 50)
        return figure

    def every(self, whose: str) -> int:
        self.turns[whose] += 1
        return 50 if self.turns[whose] % 2 else 0

    def peer(self) -> float:
        figure = stock_import(Bulk, self.peer_rows, every=0 if self.turns["ours"] % 2 else 50)
        stock_import(Bulk, self.peer_rows, every=50 if self.turns["ours"] % 2 else 0)
        return figure


def _hash(row: list[str]) -> str:
    return hashlib.blake2b("\x1f".join(row).encode(), digest_size=16).hexdigest()


@cases("import.memory_1m_growth_beside_100k")
class Memory(ImportCase):
    """How far a process grows above its idle size in a first load; the limit is 100 000 rows'.

    BENCH_ROWS says how many rows, a million otherwise. Each is measured in a process of its own.
    """

    unit = "MB"
    lower_is_better = True
    runs = 1
    rows = int(os.environ.get("BENCH_ROWS", "1000000"))

    def ours(self) -> float:
        return self.growth(self.rows)

    def limit(self) -> float:
        return self.growth(100_000)

    def growth(self, rows: int) -> float:
        empty()

        def work(_turn: int) -> int:
            idle = _resident("VmRSS")
            run = bring_in(pupil_file(rows))
            if run.count("created") != rows:
                raise WrongResultError(f"{run.count('created')} of {rows} rows were created.")
            return _resident("VmHWM") - idle

        _seconds, kilobytes = in_processes(1, work)
        empty()
        return kilobytes / 1024


def _resident(what: str) -> int:
    """Kilobytes of this process that are in memory now (VmRSS), or were at most (VmHWM)."""
    with Path("/proc/self/status").open() as status:
        return next(int(line.split()[1]) for line in status if line.startswith(what))
