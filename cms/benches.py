"""What the kernel measures: claiming places while many ask at once, and lists of 100,000 people.

Each attempt is one POST over HTTP to gunicorn, through every middleware: both ways are views of
this module, served side by side at the addresses at its end.
"""

import http.client
from contextlib import ExitStack
from datetime import date, timedelta
from urllib.parse import urlencode

from django.db import connection, transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt

from cms import bookingbench, places  # noqa: F401 - its cases register themselves
from cms.bench import Case, WrongResultError, cases, in_processes
from cms.benchdesk import ROWS, Desk
from cms.benchserver import served
from cms.models import Area, Course, CourseDate, Instrument, MusicCentre, Place, Pupil

PROCESSES = 4
HEADERS = {"Content-Type": "application/x-www-form-urlencoded"}


@cases("booking.one_course_1500_places_2000_attempts")
class OneCourse(Case):
    """One date, 1 500 places, 2 000 attempts over four connections: places claimed each second.

    Ours is the whole of `places.hold`: rules, lock, count, seat, row. The limit is a thin view that
    keeps a number in the date's row, takes one from it on condition and inserts a bare row:
    correct, and with no holds, no families, no way to give a place back.
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
        self.server = ExitStack()
        self.port = self.server.enter_context(served(addresses))

    def finish(self) -> None:
        self.server.close()

    def ours(self) -> float:
        Place.objects.all().delete()
        figure = self._race(f"/bench/ours/{self.date.pk}/")
        if Place.objects.occupying().count() != self.capacity:
            raise WrongResultError("The date was not filled exactly.")
        return figure

    def limit(self) -> float:
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM bench_place")
            cursor.execute("DELETE FROM bench_date")
            cursor.execute("INSERT INTO bench_date (id, taken) VALUES (1, 0)")
        return self._race(f"/bench/limit/{self.capacity}/")

    def _race(self, address: str) -> float:
        each = self.attempts // PROCESSES

        def ask(turn: int) -> int:
            door = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
            answers = [self._attempt(door, address, f"{turn}-{n}") for n in range(each)]
            if set(answers) - {200, 409}:
                raise WrongResultError("An attempt was answered with an error.")
            return answers.count(200)

        seconds, got = in_processes(PROCESSES, ask)
        if got != self.capacity:
            raise WrongResultError(f"{got} places were given, of {self.capacity}.")
        return self.capacity / seconds

    def _attempt(self, door: http.client.HTTPConnection, address: str, holder: str) -> int:
        door.request("POST", address, urlencode({"holder": holder}), HEADERS)
        answer = door.getresponse()
        answer.read()
        return answer.status


@csrf_exempt
def hold(request: HttpRequest, pk: int) -> HttpResponse:
    try:
        places.hold(pk, holder=request.POST["holder"], children=1)
    except places.FullError:
        return HttpResponse(status=409)
    return HttpResponse()


@csrf_exempt
def take_one(request: HttpRequest, capacity: int) -> HttpResponse:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "UPDATE bench_date SET taken = taken + 1 WHERE id = 1 AND taken < %s", [capacity]
        )
        taken = cursor.rowcount
        if taken:
            cursor.execute("INSERT INTO bench_place (holder) VALUES (%s)", [request.POST["holder"]])
    return HttpResponse(status=200 if taken else 409)


addresses = [
    path("bench/ours/<int:pk>/", hold),
    path("bench/limit/<int:capacity>/", take_one),
]


class Pupils(Desk):
    """The list of pupils, as a roster administrator of the whole hub sees it."""

    address = "/admin/cms/pupil/"
    role = "roster_admin"
    columns = ("legal_last_name", "legal_first_name", "date_of_birth", "external_id")
    searched = ("legal_first_name", "legal_last_name", "known_as", "external_id")

    def lay(self) -> None:
        if Pupil.objects.exists():
            return
        Instrument.objects.create(name="Bench fiddle", slug="bench-fiddle", family="strings")
        for start in range(0, ROWS, 5_000):
            Pupil.objects.bulk_create(
                Pupil(
                    external_id=f"P{number:07}",
                    legal_first_name=f"First{number % 3_000}",
                    legal_last_name="Ashdown" if number % 10 == 0 else f"Last{number % 20_000}",
                    date_of_birth=date(2008 + number % 10, number % 12 + 1, number % 28 + 1),
                )
                for number in range(start, start + 5_000)
            )

    def rows(self) -> QuerySet:
        return Pupil.objects.order_by("legal_last_name", "legal_first_name")


@cases("admin.pupils_page")
class PupilsPage(Pupils):
    pass


@cases("admin.pupils_page_20")
class PupilsLaterPage(Pupils):
    query = "p=20"


@cases("admin.pupils_search_common_word")
class PupilsSearched(Pupils):
    query = "q=ashdown"
    words = "ashdown"
