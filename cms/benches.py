"""What the kernel measures: claiming places while many ask at once."""

from collections.abc import Callable
from datetime import timedelta

from django.db import connection, transaction
from django.utils import timezone

from cms import places
from cms.bench import Case, WrongResultError, cases, in_processes
from cms.models import Area, Course, CourseDate, MusicCentre, Place

PROCESSES = 4


@cases("booking.one_course_1500_places_2000_attempts")
class OneCourse(Case):
    """One date, 1 500 places, 2 000 attempts from four processes: places claimed each second.

    Ours is the whole of `places.hold`: rules, lock, count, seat, row. The limit keeps a number in
    the date's row, takes one from it on condition and inserts a bare row: correct, and with no
    holds, no families, no way to give a place back.
    """

    unit = "places/s"
    capacity = 1500
    attempts = 2000

    def prepare(self) -> None:
        area = Area.objects.create(name="Bench", slug="bench")
        centre = MusicCentre.objects.create(
            name="Bench", slug="bench", area=area, address="-", postcode="AL1 1AA"
        )
        course = Course.objects.create(title="Bench", slug="bench", summary="-", code="BE")
        now = timezone.now()
        self.date = CourseDate.objects.create(
            course=course,
            centre=centre,
            reference="bench",
            capacity=self.capacity,
            price_pence=0,
            starts_at=now + timedelta(days=9),
            ends_at=now + timedelta(days=9, hours=1),
            booking_opens_at=now - timedelta(days=1),
            booking_closes_at=now + timedelta(days=8),
        )
        with connection.cursor() as cursor:
            cursor.execute("CREATE TABLE bench_date (id integer PRIMARY KEY, taken integer)")
            key = "id serial" if connection.vendor == "postgresql" else "id integer"
            cursor.execute(f"CREATE TABLE bench_place ({key} PRIMARY KEY, holder varchar(64))")

    def ours(self) -> float:
        Place.objects.all().delete()
        seconds = self._race(self._hold)
        if Place.objects.occupying().count() != self.capacity:
            raise WrongResultError("The date was not filled exactly.")
        return self.capacity / seconds

    def limit(self) -> float:
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM bench_place")
            cursor.execute("DELETE FROM bench_date")
            cursor.execute("INSERT INTO bench_date (id, taken) VALUES (1, 0)")
        return self.capacity / self._race(self._take_one)

    def _race(self, ask: Callable[[str], bool]) -> float:
        each = self.attempts // PROCESSES
        seconds, got = in_processes(
            PROCESSES, lambda turn: sum(ask(f"{turn}-{n}") for n in range(each))
        )
        if got != self.capacity:
            raise WrongResultError(f"{got} places were given, of {self.capacity}.")
        return seconds

    def _hold(self, holder: str) -> bool:
        try:
            places.hold(self.date.pk, holder=holder, children=1)
        except places.FullError:
            return False
        return True

    def _take_one(self, holder: str) -> bool:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(
                "UPDATE bench_date SET taken = taken + 1 WHERE id = 1 AND taken < %s",
                [self.capacity],
            )
            if cursor.rowcount:
                cursor.execute("INSERT INTO bench_place (holder) VALUES (%s)", [holder])
            return bool(cursor.rowcount)
