"""A worker killed with -9 at each point of sending a form: afterwards a draft or exactly one booking."""

import http.client

import pytest

from tests.harness import a_hub, post
from tests.submitcrash import POINTS

pytestmark = [pytest.mark.load]

TOKEN = "c" * 32
DRAFT = {
    "places": ["held", "held"],
    "submissions": 0,
    "cases": 0,
    "accounts": 0,
    "charged": [],
    "letters": [],
    "is_draft": True,
}


def press(hub, family, step, **data):
    """Where it led; None when the worker died under it."""
    path, owner = family
    try:
        status, headers, _body = post(
            f"{hub.address}{path}{step}/",
            {"csrfmiddlewaretoken": TOKEN, **data},
            cookies=f"apply={owner}; csrftoken={TOKEN}",
        )
    except (OSError, http.client.HTTPException):
        return None
    return status, headers.get("Location")


def kill_at(hub, family, point):
    """How the family stands after its worker was killed there."""
    chosen = press(hub, family, "date", **{"places": "SW-WAT-1", "children-places": "2"})
    assert chosen == (303, f"{family[0]}contact/")
    (hub.folder / "die-at").write_text(point)
    assert press(hub, family, "submit") is None
    assert not (hub.folder / "die-at").exists()
    return hub.call("tests.submitcrash:standing", path=family[0])


def press_again(hub, family):
    """How it stands when the family has pressed once more."""
    assert press(hub, family, "submit") == (303, f"{family[0]}done/")
    return hub.call("tests.submitcrash:standing", path=family[0])


def test_killed_at_any_point_of_sending_it_is_a_draft_or_one_booking(tmp_path):
    with a_hub(tmp_path) as hub:
        families = hub.call("tests.submitcrash:families_at_the_check", number=len(POINTS))
        hub.start_web(workers=2, patches=["tests.submitcrash:die_where_told"])
        found = {
            point: (kill_at(hub, family, point), press_again(hub, family))
            for point, family in zip(POINTS, families, strict=True)
        }

    booked = found["committed, not answered"][1]
    assert booked["places"] == ["confirmed", "confirmed"]
    assert (booked["submissions"], booked["cases"], booked["accounts"]) == (1, 1, 1)
    assert booked["charged"] == [7000]
    assert len(booked["letters"]) == len(set(booked["letters"])) == 2
    for point, (killed, again) in found.items():
        assert again == booked, point
        assert killed == (booked if point == "committed, not answered" else DRAFT), point


def test_twin_without_the_transaction_half_a_booking_stays(tmp_path):
    with a_hub(tmp_path) as hub:
        (family,) = hub.call("tests.submitcrash:families_at_the_check", number=1)
        patches = ["tests.submitcrash:no_transaction", "tests.submitcrash:die_where_told"]
        hub.start_web(workers=2, patches=patches)
        killed = kill_at(hub, family, "places confirmed")

    assert (killed["places"], killed["submissions"]) == (["confirmed", "confirmed"], 0)
