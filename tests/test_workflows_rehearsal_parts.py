"""Rehearsals play offers, lists, releases and appointments by the real engine, and touch nothing."""

import copy
from datetime import UTC, datetime

import pytest

from cms.models import MailTemplate
from tests import appointing
from tests.offering import BUTTONS, a_case, a_group, publish_flow
from tests.test_workflows_rehearsal import PLAIN, everything, keys
from tests.test_workflows_releases import FLOW as AUDITIONS
from workflows import queues
from workflows.appointments.models import Appointment, AppointmentSession
from workflows.compile import publish
from workflows.models import Decision, ListEntry, Offer, Release, Seat
from workflows.rehearsal import offered, stage, timed
from workflows.rehearsal.play import play

pytestmark = pytest.mark.django_db

BEGINS = datetime(2026, 10, 20, 9, 0, tzinfo=UTC)
FAMILY, STAFF = "rowan.ashdown@example.org", "bookings@example.org"
TABLES = (Appointment, AppointmentSession, Decision, ListEntry, Offer, Release, Seat)


def press(button, by="bookings"):
    return {"do": "press", "button": button, "by": by, "comment": "Rehearsed"}


def move(name, offer):
    return {"do": "move", "move": name, "offer": offer}


def wait(days):
    return {"do": "wait", "days": days}


def rehearsed(definition, *steps, screen=""):
    return play(
        definition,
        stage.data_of(definition),
        family=PLAIN,
        begins_at=BEGINS,
        steps=list(steps),
        screen=screen,
    )


def offers_now(story):
    return [f"{name}/{offer.key}" for name, offer in story.offers]


def refusals(story):
    return [one.words for one in story.happenings if one.kind == "refused"]


@pytest.fixture
def auditions(db):
    MailTemplate.objects.create(
        key="result",
        name="Result",
        subject="Your result, {{ reference }}",
        body="{{ status }}\n\n{{ comment }}",
        placeholders={"reference": "-", "status": "-", "comment": "-"},
    )
    a_group(seats=1)
    return publish(AUDITIONS).definition


@pytest.fixture
def tryouts(db, centres):
    return publish(appointing.FLOW).definition


def test_an_offer_is_made_reminded_at_half_time_and_accepted(auditions):
    story = rehearsed(auditions, press("offer"), {"do": "next"}, move("offer", "1:accept"))

    assert refusals(story) == []
    assert "letter:offer-made:family" in keys(story, 1)
    assert "letter:offer-reminder:family" in keys(story, 2)
    assert "moved:offered>in:yes" in keys(story, 3)
    assert story.stage.key == "in"


def test_an_offer_that_nobody_answers_runs_out_to_the_minute(auditions):
    story = rehearsed(auditions, press("offer"), wait(4))

    lapse = next(one for one in story.happenings if one.key == "letter:offer-lapsed:family")
    assert lapse.at >= datetime(2026, 10, 21, 9, 0, tzinfo=UTC)
    assert (lapse.at.second, lapse.day) == (0, 1)
    assert story.stage.key == "out"
    assert offers_now(story) == []


def test_an_offer_is_declined(auditions):
    story = rehearsed(auditions, press("offer"), move("offer", "1:decline"))

    assert "Declined 1 place for County Choir, altos (The family)" in [
        one.words for one in story.happenings
    ]
    assert refusals(rehearsed(auditions, move("offer", "1:accept"))) == [
        "There is nothing to answer now."
    ]


def test_a_reserve_waits_until_a_place_comes_free(auditions):
    waits = rehearsed(auditions, press("reserve"), wait(10))
    promoted = rehearsed(auditions, press("reserve"), wait(10), move("offer", "1:free"))

    assert offers_now(waits) == ["offer/1:free", "offer/1:leave"]
    assert "letter:offer-made:family" not in keys(waits)
    assert "outside:workflows.pool_fill" in keys(waits)
    assert "letter:offer-made:family" in keys(promoted, 3)
    assert promoted.stage.key == "offered"
    left = rehearsed(auditions, press("reserve"), move("offer", "1:leave"))
    assert offers_now(left) == []


def test_nobody_who_really_waits_is_in_a_rehearsal_and_a_full_choir_has_room(auditions, officer):
    publish_flow()
    pool = a_group()
    for number in (1, 2, 3):
        queues.join(pool.pk, a_case(officer, number), buttons=BUTTONS)
    queues.fill(pool.pk)
    assert Seat.objects.count() == 1
    before = everything()["rows"]

    story = rehearsed(auditions, press("reserve"), move("offer", "1:free"), wait(6))

    assert {letter.to for letter in story.letters} == {STAFF, FAMILY}
    assert "family1@example.org" not in repr(story)
    assert everything()["rows"] == before


def test_without_the_preparation_a_real_family_would_be_in_it(auditions, officer, monkeypatch):
    """The twin of the one above."""
    publish_flow()
    pool = a_group()
    queues.join(pool.pk, a_case(officer, 1), buttons=BUTTONS)
    monkeypatch.setitem(offered.preparations._entries, "offers", lambda definition, plan: None)

    story = rehearsed(auditions, press("reserve"), move("offer", "1:free"))

    assert "family1@example.org" in {letter.to for letter in story.letters}


def test_a_decision_is_seen_by_no_family_before_its_release(auditions):
    decided = rehearsed(auditions, move("decision", "decide:no"), screen="family/case")
    planned = rehearsed(
        auditions, move("decision", "decide:no"), move("decision", "release:week"), wait(6)
    )
    released = rehearsed(
        auditions, move("decision", "decide:no"), move("decision", "release:week"), wait(7)
    )

    assert refusals(released) == []
    assert decided.screen and "Not this time" not in decided.screen
    assert offers_now(decided) == ["decision/release:now", "decision/release:week"]
    assert planned.stage.key == "heard"
    assert planned.letters == []
    assert released.stage.key == "out"
    [letter] = released.letters
    assert "Rehearsed." in letter.text


def test_a_release_leads_to_an_offer_and_touches_no_real_case(auditions, officer):
    publish_flow()
    steps = [move("decision", "decide:offer"), move("decision", "release:now")]

    story = rehearsed(auditions, *steps, move("offer", "1:accept"))

    assert refusals(story) == []
    assert story.stage.key == "in"
    assert [model for model in TABLES if model.objects.exists()] == []


def test_only_a_role_that_may_decide_decides(auditions):
    data = copy.deepcopy(stage.data_of(auditions))
    for one in data["stages"]:
        if one.get("roles"):
            one["roles"] = ["panellist"]
            for button in one["buttons"]:
                button["roles"] = ["panellist"]
    story = play(
        auditions,
        data,
        family=PLAIN,
        begins_at=BEGINS,
        steps=[move("decision", "decide:no")],
    )

    assert refusals(story) == ["Nobody in this process may decide here."]


def test_a_family_chooses_a_time_is_reminded_comes_and_the_case_goes_on(tryouts):
    story = rehearsed(
        tryouts,
        press("invite", "ensembles_manager"),
        move("appointment", "audition:first"),
        wait(14),
        move("appointment", "audition:came"),
        {"do": "next"},
    )

    assert refusals(story) == []
    assert "letter:appointment-offered:family" in keys(story, 1)
    assert "moved:invited>booked:has_time" in keys(story, 2)
    reminders = [one for one in story.happenings if one.key == "letter:appointment-reminder:family"]
    assert [one.day for one in reminders] == [11, 13]
    assert story.stage.key == "heard"


def test_another_time_a_cancelled_one_and_nobody_there(tryouts):
    invite = press("invite", "ensembles_manager")
    first = move("appointment", "audition:first")

    changed = rehearsed(tryouts, invite, first, move("appointment", "audition:later"))
    assert "letter:appointment-changed:family" in keys(changed, 3)
    cancelled = rehearsed(tryouts, invite, first, move("appointment", "audition:cancel"))
    assert "letter:appointment-cancelled:family" in keys(cancelled, 3)
    missed = rehearsed(
        tryouts, invite, first, wait(14), move("appointment", "audition:missed"), {"do": "next"}
    )
    assert missed.stage.key == "gone"
    early = rehearsed(tryouts, invite, first, move("appointment", "audition:came"))
    assert refusals(early) == ["The day of the appointment has not come yet."]
    late = rehearsed(tryouts, invite, first, wait(13), move("appointment", "audition:cancel"))
    assert "could be changed here until" in refusals(late)[0]


def test_the_hub_gives_the_next_time_and_no_real_session_is_used(tryouts):
    real = appointing.a_session(day=BEGINS.date().replace(day=24))

    story = rehearsed(tryouts, press("next", "ensembles_manager"))

    booked = next(one for one in story.happenings if one.key == "action:book_appointment:done")
    assert "3 November" in booked.words
    real.refresh_from_db()
    assert real.cancelled_at is None
    assert AppointmentSession.objects.count() == 1


def test_it_goes_the_same_way_each_time_it_is_played(auditions, tryouts):
    for definition, steps in (
        (auditions, [press("reserve"), move("offer", "1:free"), wait(3), wait(30)]),
        (tryouts, [press("next", "ensembles_manager"), wait(20)]),
    ):
        first, second = (keys(rehearsed(definition, *steps)) for _each in range(2))
        assert first == second


def test_appointments_of_other_cases_are_left_alone_by_the_clock_of_a_rehearsal(
    tryouts, time_machine
):
    time_machine.move_to(BEGINS)
    version = appointing.publish()
    session = appointing.a_session(day=BEGINS.date().replace(day=24))
    case = appointing.offered(appointing.applied(version, email="real@example.org"))
    timed.booking.book(case.pk, session.slots.first().pk, purpose="audition")

    story = rehearsed(tryouts, press("next", "ensembles_manager"), wait(12))

    assert "real@example.org" not in {letter.to for letter in story.letters}
