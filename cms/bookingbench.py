"""Measuring opening day: 200 families of one to three children at 20 places, round after round.

Each family is one POST through the whole of Django: hold for all its children or none, add-ons,
confirm. Some ask for help with costs, for whom places are kept; an add-on has fewer places than the
date. Every round is judged, and one wrong place makes the figure worthless. The limit is a thin
view that takes places from a number on condition: no children, no add-ons, no way back.
"""

import random
from collections import Counter
from contextlib import suppress
from datetime import timedelta

from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse
from django.test import Client, override_settings
from django.urls import path
from django.utils import timezone

from cms import places
from cms.bench import Case, WrongResultError, cases, in_processes
from cms.models import AddOn, Area, Course, CourseDate, MusicCentre, Place, PlaceAddOn

FAMILIES, CAPACITY, KEPT, EARLY, PROCESSES = 200, 20, 4, 6, 8


@cases("booking.twenty_places_200_families")
class Families(Case):
    """Seconds until 200 families have their answer; 20 rounds, each judged."""

    unit = "s"
    lower_is_better = True
    runs = 20
    turn = 0

    def prepare(self) -> None:
        area = Area.objects.create(name="Rush", slug="rush")
        centre = MusicCentre.objects.create(
            name="Rush", slug="rush", area=area, address="-", postcode="AL1 1AA"
        )
        course = Course.objects.create(title="Rush", slug="rush", summary="-", code="RU")
        now = timezone.now()
        self.date = CourseDate.objects.create(
            course=course,
            centre=centre,
            reference="rush",
            capacity=CAPACITY,
            equity_places=KEPT,
            price_pence=0,
            starts_at=now + timedelta(days=30),
            ends_at=now + timedelta(days=30, hours=1),
            booking_opens_at=now - timedelta(days=1),
            booking_closes_at=now + timedelta(days=20),
        )
        AddOn.objects.create(course_date=self.date, name="Early", capacity=EARLY)
        with connection.cursor() as cursor:
            cursor.execute("CREATE TABLE bench_rush (id integer PRIMARY KEY, taken integer)")

    def ours(self) -> float:
        Place.objects.all().delete()
        self.turn += 1
        seconds = self._rush(f"/rush/{self.date.pk}/")
        self._judge()
        return seconds

    def limit(self) -> float:
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM bench_rush")
            cursor.execute("INSERT INTO bench_rush (id, taken) VALUES (1, 0)")
        return self._rush("/thin/")

    def _rush(self, address: str) -> float:
        round_ = self.turn

        def ask(process: int) -> int:
            client, booked = Client(), 0
            for number in range(process, FAMILIES, PROCESSES):
                answer = client.post(address, wish_of(round_, number))
                if answer.status_code not in (200, 409):
                    raise WrongResultError("A family was answered with an error.")
                booked += answer.status_code == 200
            return booked

        with override_settings(ROOT_URLCONF=__name__, ALLOWED_HOSTS=["testserver"]):
            return in_processes(PROCESSES, ask)[0]

    def _judge(self) -> None:
        taken = Place.objects.occupying()
        wanted = {
            wish["holder"]: wish["children"]
            for wish in (wish_of(self.turn, number) for number in range(FAMILIES))
        }
        by_holder = Counter(taken.values_list("holder", flat=True))
        seats = PlaceAddOn.objects.filter(seat__isnull=False).values_list("seat", flat=True)
        is_right = (
            taken.count() == CAPACITY
            and taken.filter(claims_help=False).count() <= CAPACITY - KEPT
            and all(number == wanted[holder] for holder, number in by_holder.items())
            and len(seats) == len(set(seats)) <= EARLY
        )
        if not is_right:
            raise WrongResultError(f"Round {self.turn}: {taken.count()} places, {by_holder}.")


def wish_of(round_: int, number: int) -> dict:
    """What one family asks for, the same whenever it is asked."""
    chance = random.Random(f"{round_}-{number}")  # noqa: S311 - no secret: a rush that can be had again
    return {
        "holder": f"rush-{round_}-{number}",
        "children": chance.randint(1, 3),
        "help": "yes" if chance.random() < 0.3 else "",
        "early": chance.randint(0, 1),
    }


def book(request: HttpRequest, pk: int) -> HttpResponse:
    said = request.POST
    holder, children = said["holder"], int(said["children"])
    try:
        places.hold(pk, holder=holder, children=children, claims_help=bool(said["help"]))
        if int(said["early"]):
            early = AddOn.objects.get(course_date=pk)
            with suppress(places.AddOnFullError):  # then the family goes without
                places.choose_add_ons(holder, {1: [early.pk]})
        places.confirm(holder)
    except places.FullError:
        return HttpResponse(status=409)
    return HttpResponse()


def take(request: HttpRequest) -> HttpResponse:
    number = int(request.POST["children"])
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "UPDATE bench_rush SET taken = taken + %s WHERE id = 1 AND taken + %s <= %s",
            [number, number, CAPACITY],
        )
        taken = cursor.rowcount
    return HttpResponse(status=200 if taken else 409)


urlpatterns = [path("rush/<int:pk>/", book), path("thin/", take)]
