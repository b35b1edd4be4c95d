"""Two sections free a seat at the same moment, and the same player is next in both: one offer."""

import threading

import pytest
from django.db import connection

from tests.panelwork import a_user
from tests.seasons import a_round, an_application
from workflows import offers, queues
from workflows.models import ListEntry, Offer, Pool, Vacancy

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def next_in_both(centres):
    """A player who stands first among the reserves of both sections, each with a free seat."""
    a_user("Enid Manager", "ensembles_manager")
    made = a_round(centres["west"])
    case = an_application(made, "oboe", "flute")
    Pool.objects.update(seats=0)  # nothing is free while the player joins
    for vacancy in Vacancy.objects.all():
        queues.join(vacancy.pool_id, case, letter=False)
    Pool.objects.update(seats=1)
    assert not Offer.objects.exists()
    return case


def fill_at_once():
    """What two workers make of both lists at the same moment."""
    problems, ready = [], threading.Barrier(2)

    def fill(pool):
        ready.wait()
        try:
            queues.fill(pool)
        except Exception as problem:
            problems.append(repr(problem))
        finally:
            connection.close()

    pools = Vacancy.objects.values_list("pool", flat=True)
    threads = [threading.Thread(target=fill, args=(pool,)) for pool in pools]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return problems


def test_a_player_who_is_next_in_two_sections_is_offered_one_seat(next_in_both):
    assert fill_at_once() == []

    assert Offer.objects.filter(case=next_in_both, state="live").count() == 1
    states = set(ListEntry.objects.values_list("state", flat=True))
    assert states == {"offered", "paused"}


def test_with_the_guards_off_there_would_be_two(next_in_both, monkeypatch):
    name = "one seat for each player"
    monkeypatch.setitem(offers.bars._entries, name, lambda *_args: "")
    monkeypatch.setitem(offers.listeners._entries, name, lambda _offer: None)

    assert fill_at_once() == []
    assert Offer.objects.filter(case=next_in_both, state="live").count() == 2
