"""Many families at one moment, over HTTP, against real gunicorn: nobody's place is sold twice."""

from collections import Counter

import pytest

from tests.harness import a_hub, at_once, post
from tests.trust import at_length

pytestmark = [pytest.mark.load]

TOKEN = "c" * 32  # a CSRF token is right when cookie and field agree
FULL = b"data-full"


def send(hub, family, step, **data):
    path, owner = family
    return post(
        f"{hub.address}{path}{step}/",
        {"csrfmiddlewaretoken": TOKEN, **data},
        cookies=f"apply={owner}; csrftoken={TOKEN}",
    )


def book(hub, family):
    """What a family meets: "booked", "full", or the status that it should never have seen."""
    status, headers, body = send(
        hub, family, "date", **{"places": "SW-WAT-1", "children-places": "1"}
    )
    if status == 200 and FULL in body:
        return "full"
    if status != 303 or not headers["Location"].endswith("/contact/"):
        return f"date {status}"
    status, headers, _body = send(hub, family, "submit")
    return "booked" if status == 303 and headers["Location"].endswith("/done/") else status


@pytest.mark.parametrize("round_", range(at_length(1, 20)))
def test_twenty_places_and_400_families_at_once_make_exactly_20_bookings(tmp_path, round_):
    with a_hub(tmp_path, patches=["tests.crash:slow_count"]) as hub:
        families = hub.call("tests.formrace:families_at_the_date", number=400, capacity=20)
        hub.start_web(workers=3)
        met = Counter(at_once(400, lambda n: book(hub, families[n])))
        counted = hub.call("tests.formrace:counts")

    assert met == {"booked": 20, "full": 380}
    assert counted == {
        "confirmed": 20,
        "occupying": 20,
        "submissions": 20,
        "references": 20,
        "cases": 20,
        "letters": 20,
    }


def test_twin_without_the_lock_and_the_seat_numbers_it_oversells(tmp_path):
    patches = [
        "tests.formrace:very_slow_count",
        "tests.crash:no_lock",
        "tests.formrace:no_transaction",
    ]
    with a_hub(tmp_path, patches=patches) as hub:
        families = hub.call("tests.formrace:families_at_the_date", number=120, capacity=20)
        hub.call("tests.crash:drop_seat_constraint")
        hub.start_web(workers=3)
        met = Counter(at_once(120, lambda n: book(hub, families[n])))

    assert met["booked"] > 20, met


PRESSED = at_length(1, 100)


def press_twenty_times(hub, number=1):
    """Each family presses 20 times at once: [(how often it came to its own end, how it ended)]."""
    families = hub.call("tests.formrace:families_at_the_date", number=number, capacity=2 * number)
    hub.start_web(workers=3)
    ends = []
    for family in families:
        send(hub, family, "date", **{"places": "SW-WAT-1", "children-places": "2"})
        answers = at_once(20, lambda _n, family=family: send(hub, family, "submit"))
        where = Counter((status, headers["Location"]) for status, headers, _body in answers)
        ends.append((where[(303, f"{family[0]}done/")], where))
    return ends, hub.call("tests.formrace:counts")


def test_twenty_presses_at_once_of_one_button_make_one_booking(tmp_path):
    with a_hub(tmp_path) as hub:
        ends, counted = press_twenty_times(hub, PRESSED)

    assert [where for done, where in ends if done != 20] == []
    assert counted == {
        "confirmed": 2 * PRESSED,
        "occupying": 2 * PRESSED,
        "submissions": PRESSED,
        "references": PRESSED,
        "cases": PRESSED,
        "letters": PRESSED,
    }


def test_twin_that_forgets_who_sent_meets_the_databases_refusal(tmp_path):
    with a_hub(tmp_path, patches=["tests.formrace:forget_who_sent"]) as hub:
        ends, counted = press_twenty_times(hub)

    assert ends[0][0] < 20
    assert counted["submissions"] == 1


def test_the_last_uses_of_a_code_go_to_as_many_families_and_no_more(tmp_path):
    with a_hub(tmp_path) as hub:
        families = hub.call("tests.formrace:families_with_a_code", number=24, uses=5)
        hub.start_web(workers=3)
        answers = at_once(24, lambda n: send(hub, families[n], "submit", price="1000"))
        prices = hub.call("tests.formrace:prices")

    assert Counter(status for status, _headers, _body in answers) == {303: 5, 409: 19}
    assert prices == [1000] * 5
