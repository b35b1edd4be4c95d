"""A whole season, from applications to seats: no seat twice, nothing early, every state reached,
and no panellist reads a name, an address or what a family pays.

One season is played for all of these tests, which is taken out again at the end; each test's own
doings are undone after it. 48 players reach every stage; `make trust` plays 750.
"""

from dataclasses import replace

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from cms import sandbox, wallclock
from cms.models import OutboxMessage, User
from forms.demo_season import play, proof
from forms.demo_season.people import CANARY
from forms.demo_season.setting import HALL
from tests.trust import at_length
from workflows.appointments.models import AppointmentSession
from workflows.engine import latest_version
from workflows.models import DecisionEvent, Offer, Placement, Review, Seat
from workflows.reviews.crawl import addresses
from workflows.reviews.proof import prove

SIZE = at_length(48, 750)


@pytest.fixture(scope="module")
def played(django_db_setup, django_db_blocker):
    with django_db_blocker.unblock(), sandbox.nothing_stays(at=timezone.now()):
        yield play.play(SIZE, turn_to=wallclock.turn_to)


@pytest.fixture
def season(played):
    """The season as it was played, with what it had seen on its way."""
    with transaction.atomic():
        yield replace(played, stages=played.stages.copy())
        transaction.set_rollback(True)


def read(client, path):
    answer = client.get(path)
    body = b"".join(answer.streaming_content) if answer.streaming else answer.content
    return f"{dict(answer.items())} {body.decode(errors='replace')}"


def everything_panellists_reach(season):
    """Each address of the admin with this season's keys, opened by each panellist; their mail."""
    cases = season.cases[:6]
    reviews = Review.objects.filter(round__case__in=season.cases)
    found = {}
    hearings = AppointmentSession.objects.filter(name=HALL).values_list("pk", flat=True)
    for user in User.objects.filter(username__startswith="season-panel-")[:4]:
        client = Client(raise_request_exception=False)
        client.force_login(user)
        mine = list(reviews.filter(reviewer=user).values_list("pk", flat=True)[:4])
        values = {
            "pk": [*mine, cases[0], season.round.pk, *hearings],
            "case": cases[:1],
            "file": [1],
            "slug": ["auditions"],
            "stage": ["panel"],
            "kind": ["csv"],
            "what": ["proposal", "fairness"],
            "placement": list(Placement.objects.values_list("pk", flat=True)[:1]),
            "name": ["auditions"],
        }
        for path in addresses(
            values,
            within=("/admin/reviews/", "/admin/cases/", "/admin/seasons/", "/admin/appointments/"),
        ):
            found[f"{user} {path}"] = read(client, path)
        for letter in OutboxMessage.objects.filter(to=user.email):
            found[f"{user} letter {letter.pk}"] = f"{letter.subject} {letter.text} {letter.html}"
    return found


def test_a_season_is_played_from_applications_to_seats(season):
    assert proof.wrong(season) == []

    numbers = proof.numbers(season)
    assert numbers["applications"] == SIZE
    assert numbers["seats accepted"] > 0
    assert numbers["members"] > 0
    seen = everything_panellists_reach(season)
    told = [where for where, text in seen.items() if CANARY.casefold() in text.casefold()]
    assert told == []
    opened = [where for where in seen if "/admin/reviews/" in where]
    assert len(opened) > 20
    days = [text for where, text in seen.items() if where.endswith("/day/")]
    assert [text for text in days if "Player 1, " in text]
    assert DecisionEvent.objects.filter(words__startswith="Proposal by hand").exists()
    by_hand = Placement.objects.filter(is_by_hand=True, entrant__round=season.round)
    assert [one.reason for one in by_hand] == ["The panel asked to hear them in the group."]


def test_the_proof_of_a_season_finds_a_seat_too_many_and_a_result_too_early(season):
    offer = Offer.objects.filter(state="accepted").first()
    for number in range(90, 99):
        Seat.objects.create(pool=offer.pool, offer=offer, number=number)
    season.early_letters = 2
    del season.stages["seated"]

    found = " ".join(proof.wrong(season))

    assert "seats of" in found
    assert "2 results were written before the release." in found
    assert "Nobody ever stood in: seated." in found


def test_a_panellist_can_read_nothing_that_the_process_hides(season):
    found = prove(latest_version("auditions"), most=1)

    assert found.leaks == []
    assert found.screens > 50


def test_the_crawl_would_find_a_name_that_is_not_hidden(season, monkeypatch):
    monkeypatch.setattr("workflows.reviews.blind.hidden_keys", lambda *_args: set())
    monkeypatch.setattr("workflows.reviews.blind.hidden_values", lambda *_args: set())
    user = User.objects.get(
        pk=Review.objects.filter(round__case__in=season.cases, state="submitted").values_list(
            "reviewer", flat=True
        )[0]
    )
    review = Review.objects.filter(reviewer=user, state="submitted").first()
    client = Client()
    client.force_login(user)

    assert CANARY in read(client, reverse("reviews:review", args=[review.pk]))
