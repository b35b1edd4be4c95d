"""The register: whose it is and when, what each sees, marks that count once, who was first."""

import json
import uuid
from datetime import datetime, timedelta

import pytest
from django.urls import reverse

from cms.clock import LONDON
from cms.models import AccessLogEntry, Place
from forms.models import RegisterLine, RegisterMark
from forms.running import marks, reach, register
from tests.costs import fewest_queries
from tests.courserun import (
    book,
    half_term_date,
    health,
    person,
    place_of,
    publish_songwriter,
    set_clock,
    team,
)

pytestmark = pytest.mark.django_db
NAMES = [("Wren", "Ashdown", "2014-05-02"), ("Robin", "Ashdown", "2016-11-20")]


@pytest.fixture
def course(monkeypatch):
    set_clock(monkeypatch, "2026-10-01T10:00")
    date = half_term_date()
    version = publish_songwriter()
    booked = book(version, date, children=2, names=NAMES, **health())
    set_clock(monkeypatch, "2026-10-26T09:40")
    return date, booked, team(date), version


def page(client, user, date, name="page", *more):
    client.force_login(user)
    return client.get(reverse(f"register:{name}", args=[date.pk, *more]))


def tap(place, kind, at="2026-10-26T09:40", **more):
    moment = datetime.fromisoformat(at).replace(tzinfo=LONDON)
    return marks.Tap(uuid.uuid4(), place.pk, kind, moment, **more)


def send(client, user, date, *taps):
    client.force_login(user)
    sent = [
        {
            "id": str(one.client_id),
            "place": one.place_id,
            "kind": one.kind,
            "at": one.at.isoformat(),
            "collector": one.collector,
        }
        for one in taps
    ]
    return client.post(
        reverse("register:marks", args=[date.pk]),
        json.dumps({"marks": sent}),
        content_type="application/json",
    )


PAGES = ("page", "sheet", "worker", "marks")


@pytest.mark.parametrize(
    ("moment", "status"),
    [
        ("2026-10-25T09:59", 404),  # the clocks have gone back: still 24 hours
        ("2026-10-25T10:00", 200),
        ("2026-10-27T15:59", 200),
        ("2026-10-27T16:00", 404),
    ],
)
def test_it_opens_a_day_before_and_closes_a_day_after(client, course, monkeypatch, moment, status):
    date, _booked, (lead, *_rest), _version = course
    set_clock(monkeypatch, moment)

    found = {name: page(client, lead, date, name).status_code for name in PAGES}

    assert found == dict.fromkeys(PAGES, status)


def test_the_twin_without_a_window_stays_open(client, course, monkeypatch):
    date, _booked, (lead, *_rest), _version = course
    set_clock(monkeypatch, "2026-11-27T16:00")
    monkeypatch.setattr(reach, "AFTER", timedelta(days=400))

    assert page(client, lead, date).status_code == 200


def test_nobody_but_the_team_opens_it_whatever_their_role(client, course, django_user_model):
    date, booked, (lead, helper, safeguarding), _version = course
    place = place_of(booked)
    others = [
        person("other", "course_leader"),
        person("office", "bookings"),
        person("centre", "centre_admin", centre=date.centre),
        person("far", "safeguarding_lead", centre=None),
        django_user_model.objects.create_superuser("root", password="x"),
    ]
    others[3].memberships.all().delete()
    addresses = [(name,) for name in PAGES]
    addresses += [("health", place.pk), ("uncollected", place.pk)]

    for user in others:
        for address in addresses:
            answer = page(client, user, date, *address)
            body = answer.content.decode()
            assert answer.status_code in (302, 404), (user, address)
            assert "Ashdown" not in body and "Canary" not in body
        assert send(client, user, date, tap(place, "in")).status_code in (302, 404)
    for user in (lead, helper, safeguarding):
        for address in addresses:
            assert page(client, user, date, *address).status_code == 200, (user, address)


def test_the_twin_without_the_team_shows_names_to_anybody(client, course, monkeypatch):
    date, *_rest = course
    monkeypatch.setattr(reach, "seat_of", lambda user, date: reach.Seat("helper"))

    assert "Ashdown" in page(client, person("other", "course_leader"), date).text


def test_health_is_behind_a_tap_that_is_written_down(client, course):
    date, booked, (lead, *_rest), _version = course
    place = place_of(booked)
    first = page(client, lead, date)
    assert "Canaryasthma" not in first.text
    assert reverse("register:health", args=[date.pk, place.pk]) in first.text

    opened = page(client, lead, date, "health", place.pk)

    assert "Canaryasthma" in opened.text
    assert "no-store" in opened["Cache-Control"]
    log = AccessLogEntry.objects.filter(record_type="cms.place", action="inspect")
    assert [(one.record_id, one.detail) for one in log] == [(str(place.pk), {"health": True})]
    assert "Canary" not in json.dumps(list(AccessLogEntry.objects.values_list("detail", flat=True)))


def test_who_must_not_collect_is_for_the_lead_and_safeguarding_alone(client, course):
    date, booked, (lead, helper, safeguarding), _version = course
    pages = [("page",), ("sheet",), ("uncollected", place_of(booked).pk)]

    seen = {
        user.username: ["Canaryman" in page(client, user, date, *one).text for one in pages]
        for user in (lead, helper, safeguarding)
    }

    assert seen == {"lena": [True] * 3, "sadie": [True] * 3, "henry": [False] * 3}
    assert "Canaryasthma" in page(client, lead, date, "sheet").text
    assert "Canaryasthma" not in page(client, helper, date, "sheet").text


def test_a_helper_cannot_sign_a_child_out_to_somebody_who_must_not_collect(client, course):
    date, booked, (lead, helper, _safeguarding), _version = course
    place = place_of(booked)
    marks.take(date, tap(place, "in"), by=lead)

    answer = send(client, helper, date, tap(place, "out", collector="dale")).json()

    assert answer["marks"][0]["outcome"] == "conflict"
    assert answer["marks"][0]["words"] == "Ask the course lead before this child leaves."
    assert "Canaryman" not in json.dumps(answer)
    assert RegisterLine.objects.get(place=place).state == "here"
    assert "Ask the course lead" in page(client, lead, date).text
    assert (
        send(client, helper, date, tap(place, "out", collector="Gran")).json()["marks"][0][
            "outcome"
        ]
        == "applied"
    )


def test_the_twin_without_that_check_lets_the_child_go(client, course, monkeypatch):
    date, booked, (_lead, helper, _safeguarding), _version = course
    monkeypatch.setattr(register, "is_barred", lambda *args: False)
    place = place_of(booked)

    answer = send(client, helper, date, tap(place, "out", collector="dale")).json()

    assert answer["marks"][0]["outcome"] == "applied"


def test_a_day_at_the_door_without_a_script(client, course):
    date, booked, (_lead, helper, _safeguarding), _version = course
    place = place_of(booked)
    client.force_login(helper)
    address = reverse("register:mark", args=[date.pk])

    def press(kind, **more):
        data = {"client_id": str(uuid.uuid4()), "place": place.pk, "kind": kind, **more}
        return client.post(address, data, follow=True)

    assert "Here" in press("in").text
    assert "Say who collects this child" in press("out").text
    out = press("out", collector="Jo Quill").text
    line = RegisterLine.objects.get(place=place)
    assert (line.state, line.collector, line.own_way) == ("left", "Jo Quill", False)
    assert "Jo Quill" in out
    place.refresh_from_db()
    assert place.state == Place.State.ATTENDED
    actions = AccessLogEntry.objects.filter(record_type="hub_forms.registerline")
    assert [one.detail["mark"] for one in actions] == ["in", "out"]


def test_the_same_tap_sent_thrice_counts_once(client, course):
    date, booked, (lead, *_rest), _version = course
    one = tap(place_of(booked), "in", "2026-10-26T09:31")

    answers = [send(client, lead, date, one, one).json() for _turn in range(2)]

    assert [m["outcome"] for a in answers for m in a["marks"]] == ["applied"] * 4
    assert RegisterMark.objects.count() == 1
    assert RegisterLine.objects.get().version == 1


def test_what_two_phones_did_without_a_connection_is_put_in_order(course):
    date, booked, (lead, helper, _safeguarding), _version = course
    place = place_of(booked)

    def take(by, kind, at, **more):
        mark = marks.take(date, tap(place, kind, f"2026-10-26T{at}", **more), by=by)
        return mark.outcome, mark.words

    assert take(helper, "absent", "09:20")[0] == "applied"
    assert take(lead, "in", "09:10")[0] == "applied"  # seen beats missed, whenever it comes
    assert take(helper, "in", "09:05") == ("same", "")
    line = RegisterLine.objects.get(place=place)
    assert line.in_at == datetime(2026, 10, 26, 9, 5, tzinfo=LONDON)  # the earlier counts
    outcome, words = take(helper, "absent", "09:30")
    assert (outcome, words) == (
        "conflict",
        "lena signed in at 09:10. Your “not coming” was not done.",
    )
    assert take(helper, "out", "09:35", collector="Gran")[0] == "applied"
    assert take(lead, "out", "09:34", collector="gran") == ("same", "")
    outcome, words = take(lead, "out", "09:33", collector="Jo Quill")
    assert outcome == "conflict"
    assert "Collected by Gran." in words
    assert take(lead, "in", "09:15")[0] == "same"  # made before the child left
    assert RegisterLine.objects.get(place=place).state == "left"


def test_a_phone_whose_clock_is_wrong_cannot_write_the_future(course):
    date, booked, (lead, *_rest), _version = course

    mark = marks.take(date, tap(place_of(booked), "in", "2031-01-01T10:00"), by=lead)

    assert mark.at == datetime(2026, 10, 26, 9, 40, tzinfo=LONDON)


def test_a_child_of_another_date_is_refused(client, course, monkeypatch):
    date, _booked, (lead, *_rest), version = course
    set_clock(monkeypatch, "2026-10-01T10:00")
    other = half_term_date("SW-WAT-2", days=1)
    foreign = place_of(book(version, other, names=[("Lark", "Elsewhere", "2015-01-09")]))
    set_clock(monkeypatch, "2026-10-26T09:40")

    answer = send(client, lead, date, tap(foreign, "in")).json()

    assert answer["marks"][0]["outcome"] == "refused"
    assert page(client, lead, date, "health", foreign.pk).status_code == 404
    assert not RegisterMark.objects.exists()


@pytest.mark.parametrize("body", ["", "[]", '{"marks": 1}', '{"marks": [1, {"id": "x"}]}', "{"])
def test_nonsense_is_answered_plainly(client, course, body):
    date, _booked, (lead, *_rest), _version = course
    client.force_login(lead)

    answer = client.post(
        reverse("register:marks", args=[date.pk]), body, content_type="application/json"
    )

    assert answer.status_code in (200, 400)
    assert not RegisterMark.objects.exists()


def test_the_checklist_for_an_uncollected_child_is_ticked_and_kept(client, course):
    date, booked, (_lead, helper, _safeguarding), _version = course
    place = place_of(booked)
    client.force_login(helper)
    data = {"client_id": str(uuid.uuid4()), "place": place.pk, "kind": "step", "step": "ring"}

    answer = client.post(reverse("register:mark", args=[date.pk]), data, follow=True)

    assert answer.text.count("henry") == 1
    assert "+44" in answer.text or "07700 900" in answer.text
    assert RegisterLine.objects.get(place=place).state == "expected"


def test_the_register_asks_as_often_for_one_child_as_for_nine(client, course, monkeypatch):
    date, _booked, (lead, *_rest), version = course
    first = fewest_queries(lambda: page(client, lead, date))
    set_clock(monkeypatch, "2026-10-01T10:00")
    for number in range(3):
        book(version, date, children=2, names=[("Finch", f"F{number}", "2014-01-01")] * 2)
    set_clock(monkeypatch, "2026-10-26T09:40")

    assert fewest_queries(lambda: page(client, lead, date)) <= first
