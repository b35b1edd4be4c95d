"""A web worker killed -9 at eight moments of a booking: nothing, or one whole booking, ever."""

import http.client

import pytest

from tests.harness import a_hub
from tests.test_forms_race import book, send
from tests.trust import at_length

pytestmark = [pytest.mark.crash]

#: By name, so that the list is checked against tests/failpoints.py, which loads the hub.
MOMENTS = {
    "before the places are held": "date",
    "places held, not committed": "date",
    "page kept, not answered": "date",
    "sent, nothing done": "submit",
    "places confirmed, no submission": "submit",
    "submission written, no case": "submit",
    "letter promised, not committed": "submit",
    "committed, not answered": "submit",
}
KILLS = at_length(1, 25)
DATE = {"places": "SW-WAT-1", "children-places": "1"}


def kill_at(hub, family, moment, step):
    """Do `step` of a booking; the worker that does it dies at that moment."""
    asked = hub.folder / "die-at"
    if step == "submit":
        assert send(hub, family, "date", **DATE)[0] == 303
    asked.write_text(moment)
    with pytest.raises((http.client.HTTPException, ConnectionError)):
        send(hub, family, step, **(DATE if step == "date" else {}))
    assert not asked.exists()


def whole(counted, number):
    """Whether so many bookings stand, each with its place, its case and its letter."""
    parts = ("confirmed", "submissions", "references", "cases", "letters")
    return {name: counted[name] for name in parts} == dict.fromkeys(parts, number)


def test_a_worker_killed_at_any_moment_leaves_nothing_or_one_whole_booking(tmp_path):
    number = KILLS * len(MOMENTS)
    with a_hub(tmp_path) as hub:
        assert hub.call("tests.failpoints:names") == list(MOMENTS)
        families = iter(
            hub.call("tests.formrace:families_at_the_date", number=number, capacity=number)
        )
        hub.start_web(workers=2, patches=["tests.failpoints:armed"], preload=True)
        booked = 0
        for moment, step in MOMENTS.items():
            for _kill in range(KILLS):
                family = next(families)
                kill_at(hub, family, moment, step)
                counted = hub.call("tests.formrace:counts")
                there = booked + (moment == "committed, not answered")
                assert whole(counted, there), (moment, counted)
                assert counted["occupying"] - there <= 1, (moment, counted)
                # The family goes on where it was, and ends with its one booking.
                assert (book if step == "date" else end)(hub, family) == "booked"
                booked += 1
                counted = hub.call("tests.formrace:counts")
                assert whole(counted, booked), (moment, counted)
                assert counted["occupying"] == booked


def end(hub, family):
    status, headers, _body = send(hub, family, "submit")
    return "booked" if status == 303 and headers["Location"].endswith("/done/") else status


def test_twin_that_books_in_two_transactions_leaves_a_place_without_a_booking(tmp_path):
    with a_hub(tmp_path) as hub:
        (family,) = hub.call("tests.formrace:families_at_the_date", number=1, capacity=1)
        hub.start_web(workers=1, patches=["tests.failpoints:two_transactions"], preload=True)
        kill_at(hub, family, "places confirmed, no submission", "submit")
        counted = hub.call("tests.formrace:counts")
        assert (counted["confirmed"], counted["submissions"]) == (1, 0)
