"""Giving and taking back times: what is offered to whom, until when, and what families are sent."""

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone
from icalendar import Calendar

from cms import jobs, mail
from cms.models import Job, OutboxMessage
from tests.appointing import (
    a_session,
    applied,
    at,
    offered,
    publish,
    set_clock,
    slot_at,
    staff,
    times,
)
from tests.casework import run_until_over
from workflows.appointments import booking, clashes, clockwork, letters, slots
from workflows.appointments.booking import Actor, book, cancel
from workflows.appointments.models import Appointment, AppointmentOffer, AppointmentSession
from workflows.engine import available_buttons, perform
from workflows.models import Case

pytestmark = pytest.mark.django_db

FAMILY = booking.FAMILY


@pytest.fixture(autouse=True)
def _clock(monkeypatch):
    set_clock(monkeypatch, "2026-10-01T09:00")


@pytest.fixture
def form(centres):
    return publish()


@pytest.fixture
def case(form):
    return offered(applied(form))


def entry(letter):
    calendar = Calendar.from_ical(mail._part(letter.attachments[0]).get_payload(decode=True))
    return calendar, calendar.walk("VEVENT")[0]


def letter_of(kind):
    return OutboxMessage.objects.filter(template=f"appointment-{kind}").latest("pk")


def tick():
    """What the clock does each five minutes."""
    with transaction.atomic():
        row = jobs.enqueue(clockwork.KIND, key=f"t{Job.objects.count()}", payload={})
    jobs.run_job.call_local(row.pk)
    assert Job.objects.get(pk=row.pk).state == Job.State.DONE


def free(case):
    row = AppointmentOffer.objects.get(case=case)
    found = booking.choices(row, case, timezone.now())
    return [(slot.session.name, f"{timezone.localtime(slot.starts_at):%H:%M}") for slot in found]


def test_the_action_offers_and_the_family_is_told(form):
    case = applied(form)
    event = perform(case.pk, "invite", by=None)

    run_until_over(event)

    row = AppointmentOffer.objects.get(case=case)
    assert (row.purpose, row.stages, row.closed_at) == ("audition", ["invited"], None)
    assert event.runs.get().result == "The family can choose a time, and was told"
    assert letter_of("offered").to == "rowan@example.org"


def test_only_what_fits_the_group_the_stage_and_the_moment_is_offered(form, case, monkeypatch):
    a_session(groups="Viola, violin")
    a_session(groups="Oboe", name="Reeds")
    a_session(purpose="interview", name="Talk")
    a_session(name="Later", begins="14:00", ends="14:20", offered_from=at("2026-10-05T12:00"))
    a_session(name="Over", begins="15:00", ends="15:20", offered_until=at("2026-10-01T09:00"))

    assert {name for name, _time in free(case)} == {"Strings, morning"}
    set_clock(monkeypatch, "2026-10-05T12:00")
    assert {name for name, _time in free(case)} == {"Strings, morning", "Later"}
    perform(case.pk, "video", by=None)
    case.refresh_from_db()
    assert booking.offers_of(case) == []


def test_a_family_books_and_the_case_moves_and_the_diary_has_it(case):
    session = a_session(warm_up_minutes=20, warm_up_room="Room 5")

    mine = book(case.pk, slot_at(session, "10:20").pk, purpose="audition", actor=FAMILY)

    case.refresh_from_db()
    assert case.stage_key == "booked"
    assert list(case.events.values_list("actor_name", "summary"))[-2:] == [
        (
            "The family",
            "Appointment booked: Saturday 24 October 2026, 10:20am to 10:30am (Strings, morning)",
        ),
        ("The hub: an appointment was booked", "Has a time: Invited → Has a time"),
    ]
    letter = letter_of("booked")
    assert "Please be there at 10:00am to warm up in Room 5." in letter.text
    assert "until Thursday 22 October 2026, 10:20am" in letter.text
    calendar, event = entry(letter)
    assert (str(calendar["method"]), event["sequence"], str(event["status"])) == (
        "REQUEST",
        0,
        "CONFIRMED",
    )
    assert str(event["uid"]) == letters.uid_of(mine)
    assert str(event["attendee"]) == "mailto:rowan@example.org"
    assert "method=REQUEST" in letter.attachments[0]["type"]
    assert "Wren" not in letter.attachments[0]["content"]


def test_a_swap_updates_the_same_diary_entry_and_a_cancellation_takes_it_away(case):
    session = a_session()
    mine = book(case.pk, slot_at(session, "10:20").pk, purpose="audition", actor=FAMILY)

    book(case.pk, slot_at(session, "10:40").pk, purpose="audition", actor=FAMILY)
    changed = entry(letter_of("changed"))
    cancel(mine.pk, actor=FAMILY)
    gone = entry(letter_of("cancelled"))

    assert Appointment.objects.count() == 1
    assert {str(event["uid"]) for _calendar, event in (changed, gone)} == {letters.uid_of(mine)}
    assert [event["sequence"] for _calendar, event in (changed, gone)] == [1, 2]
    assert [str(calendar["method"]) for calendar, _event in (changed, gone)] == [
        "REQUEST",
        "CANCEL",
    ]
    assert f"{changed[1].decoded('dtstart'):%H:%M %z}" == "10:40 +0100"
    assert str(gone[1]["status"]) == "CANCELLED"
    # The slot is free again, and the family may choose anew.
    assert ("Strings, morning", "10:40") in free(Case.objects.get(pk=case.pk))


def test_on_the_day_the_clocks_change_ten_is_ten_in_page_letter_and_diary(case, monkeypatch):
    from datetime import date

    session = a_session(day=date(2026, 10, 25), begins="10:00", ends="10:20")

    book(case.pk, slot_at(session, "10:00").pk, purpose="audition", actor=FAMILY)

    letter = letter_of("booked")
    assert "Sunday 25 October 2026, 10:00am to 10:10am" in letter.text
    assert "until Friday 23 October 2026, 10:00am" in letter.text
    assert f"{entry(letter)[1].decoded('dtstart'):%H:%M %z}" == "10:00 +0000"
    set_clock(monkeypatch, "2026-10-23T10:00")  # British Summer Time still
    with pytest.raises(booking.TooLateError):
        book(case.pk, slot_at(session, "10:10").pk, purpose="audition", actor=FAMILY)


def test_the_cut_off_holds_to_the_minute_for_families_and_not_for_staff(case, monkeypatch):
    session = a_session()
    mine = book(case.pk, slot_at(session, "10:20").pk, purpose="audition", actor=FAMILY)
    manager = staff("mia", "ensembles_manager")

    set_clock(monkeypatch, "2026-10-22T10:19")
    book(case.pk, slot_at(session, "10:40").pk, purpose="audition", actor=FAMILY)
    book(case.pk, slot_at(session, "10:20").pk, purpose="audition", actor=FAMILY)
    set_clock(monkeypatch, "2026-10-22T10:20")
    with pytest.raises(booking.TooLateError, match="Thursday 22 October 2026, 10:20am"):
        book(case.pk, slot_at(session, "10:50").pk, purpose="audition", actor=FAMILY)
    with pytest.raises(booking.TooLateError):
        cancel(mine.pk, actor=FAMILY)
    with pytest.raises(booking.AppointmentError, match="Say why"):
        cancel(mine.pk, actor=Actor(manager))
    cancel(mine.pk, actor=Actor(manager), why="The hall is cold.")

    assert "The hall is cold." in letter_of("cancelled").text
    assert case.events.latest("pk").comment == "The hall is cold."


def test_a_full_slot_a_foreign_one_and_a_called_off_one_are_refused(form, case):
    other = offered(applied(form, "Lark", email="lark@example.org"))
    session, reeds = a_session(), a_session(groups="Oboe", name="Reeds")
    slot = slot_at(session, "10:00")
    book(other.pk, slot.pk, purpose="audition", actor=FAMILY)

    with pytest.raises(booking.SlotTakenError, match="just taken"):
        book(case.pk, slot.pk, purpose="audition", actor=FAMILY)
    with pytest.raises(booking.NotOfferedError):
        book(case.pk, slot_at(reeds, "10:00").pk, purpose="audition", actor=FAMILY)
    with pytest.raises(booking.NotOfferedError):
        book(case.pk, 10**9, purpose="audition", actor=FAMILY)
    manager = staff("mia", "ensembles_manager")
    assert booking.call_off(session.pk, by=manager, why="Snow") == 1
    with pytest.raises(booking.NotOfferedError):
        book(case.pk, slot_at(session, "10:10").pk, purpose="audition", actor=FAMILY)
    assert "Snow" in letter_of("cancelled").text


def test_the_database_has_no_two_in_one_seat_and_no_two_for_one_purpose(form, case):
    other = offered(applied(form, "Lark", email="lark@example.org"))
    session = a_session()
    mine = book(case.pk, slot_at(session, "10:00").pk, purpose="audition", actor=FAMILY)

    with pytest.raises(IntegrityError), transaction.atomic():
        Appointment.objects.create(slot=mine.slot, seat=1, case=other, purpose="audition")
    with pytest.raises(IntegrityError), transaction.atomic():
        slot = slot_at(session, "10:10")
        Appointment.objects.create(slot=slot, seat=1, case=case, purpose="audition")
    with pytest.raises(IntegrityError), transaction.atomic():
        slot = slot_at(session, "10:10")
        Appointment.objects.create(slot=slot, seat=None, case=other, purpose="audition")


def test_making_the_times_anew_leaves_booked_ones_where_they_are(case):
    session = a_session()
    mine = book(case.pk, slot_at(session, "10:20").pk, purpose="audition", actor=FAMILY)

    session.minutes, session.buffer_minutes = 15, 5
    slots.save(session, [], before=slots.place_facts(session))

    assert times(session) == ["10:00", "10:20", "10:35"]
    assert Appointment.objects.get().slot_id == mine.slot_id
    assert not OutboxMessage.objects.filter(template="appointment-changed").exists()
    session.starts_at = at("2026-10-24T10:30")
    with pytest.raises(slots.SessionProblemError, match="outside these hours"):
        slots.save(session, [])


def test_another_room_is_told_to_those_who_have_booked_with_a_newer_entry(case):
    session = a_session()
    book(case.pk, slot_at(session, "10:20").pk, purpose="audition", actor=FAMILY)

    before = slots.place_facts(session)
    session.room = "Great Hall"
    slots.save(session, [], before=before)

    letter = letter_of("changed")
    assert "Great Hall" in letter.text
    assert (entry(letter)[1]["sequence"], letter.to) == (1, "rowan@example.org")


def test_a_copy_has_the_same_times_on_the_wall_across_the_clock_change(form):
    from datetime import date

    session = a_session(offered_until=at("2026-10-20T17:00"))
    copied = slots.copy_to(session, date(2026, 10, 31))

    assert times(copied) == times(session)
    assert f"{copied.starts_at:%H:%M}" == "10:00"  # UTC, after the change
    assert timezone.localtime(copied.offered_until).isoformat() == "2026-10-27T17:00:00+00:00"


def test_clashes_of_people_and_rooms_are_warned_of(form):
    anna, ben = staff("anna", "panellist"), staff("ben", "panellist")
    session = a_session(people=[anna], warm_up_room="Studio 3")
    a_session(begins="10:30", ends="11:30", people=[anna, ben], name="Brass", room="studio 2")
    a_session(begins="11:00", ends="12:00", people=[anna], name="After", room="Studio 2")
    a_session(begins="10:00", ends="11:00", people=[ben], name="Drums", room="Studio 3")

    found = clashes.of_session(session)

    assert found == [
        "The warm-up room Studio 3 is used by “Drums” (10:00am to 11:00am).",
        "Anna Staff also sits in “Brass” (10:30am to 11:30am).",
        "Studio 2 is also used by “Brass” (10:30am to 11:30am).",
    ]


def test_clashes_of_child_sibling_and_accompanist_are_warned_of(form):
    anna = staff("anna", "panellist")
    wren = offered(applied(form, born="2012-03-27", **{"with": "Anna  Staff"}))
    again = offered(applied(form, born="2012-03-27", plays="Oboe", email="aunt@example.org"))
    lark = offered(applied(form, "Lark", **{"with": "anna staff"}))
    session = a_session()
    other = a_session(name="Reeds", room="Studio 3", people=[anna])
    book(again.pk, slot_at(other, "10:00").pk, purpose="audition")
    book(lark.pk, slot_at(other, "10:10").pk, purpose="audition")

    assert clashes.of_slot(wren, slot_at(session, "10:00")) == [
        "The child has another appointment then: Reeds, 10:00am.",
        "Anna Staff, who comes along to play, sits in “Reeds” then.",
    ]
    assert clashes.of_slot(wren, slot_at(session, "10:10")) == [
        "A brother or sister has an appointment then: Reeds, 10:10am.",
        "Who comes along to play is in another room then: Reeds, 10:10am.",
        "Anna Staff, who comes along to play, sits in “Reeds” then.",
    ]
    # A family is not offered a time at which the same child is expected elsewhere.
    assert ("Strings, morning", "10:00") not in free(wren)
    assert ("Strings, morning", "10:10") in free(wren)


def test_the_hub_can_give_the_next_free_time_and_take_it_back(form):
    case, session = applied(form), a_session()
    event = perform(case.pk, "next", by=None)
    assert run_until_over(event).state == Job.State.DONE
    assert Appointment.objects.get(case=case).slot == slot_at(session, "10:00")

    back = perform(case.pk, "back", by=None)
    run_until_over(back)

    assert not Appointment.objects.filter(case=case, state="booked").exists()
    assert AppointmentOffer.objects.get(case=case).closed_at
    assert back.runs.get().result == "Appointment given back"
    assert letter_of("cancelled").to == "rowan@example.org"


def test_without_a_free_time_the_action_fails_in_words_and_works_when_there_is_one(form):
    case = applied(form)
    event = perform(case.pk, "next", by=None)
    assert run_until_over(event).state == Job.State.FAILED
    assert "No time is free that fits" in event.runs.get().problem


def test_reminders_are_sent_once_each_and_an_outage_sends_the_last_only(case, monkeypatch):
    session = a_session(reminders="3 days, 1 day, 2 hours")
    book(case.pk, slot_at(session, "10:20").pk, purpose="audition", actor=FAMILY)

    def sent(moment):
        set_clock(monkeypatch, moment)
        tick()
        tick()
        return OutboxMessage.objects.filter(template="appointment-reminder").count()

    assert [sent("2026-10-21T10:19"), sent("2026-10-21T10:20")] == [0, 1]
    assert sent("2026-10-24T08:20") == 2  # the one of the day before is dropped
    assert sent("2026-10-24T10:30") == 2
    assert "10:20am" in letter_of("reminder").text


def test_who_books_late_is_not_reminded_of_what_was_due_before(case, monkeypatch):
    session = a_session(cutoff_hours=1)
    set_clock(monkeypatch, "2026-10-23T12:00")
    book(case.pk, slot_at(session, "10:20").pk, purpose="audition", actor=FAMILY)

    tick()

    assert not OutboxMessage.objects.filter(template="appointment-reminder").exists()


def test_after_the_day_cases_move_on_by_how_it_went(form, case, monkeypatch):
    other, third = (
        offered(applied(form, name, email=f"{name}@example.org")) for name in ("Lark", "Robin")
    )
    session = a_session()
    for number, one in enumerate((case, other, third)):
        book(one.pk, session.slots.all()[number].pk, purpose="audition", actor=FAMILY)
    Appointment.objects.filter(case=case).update(day_state="done")
    Appointment.objects.filter(case=other).update(day_state="no_show")

    set_clock(monkeypatch, "2026-10-24T11:59")
    tick()
    early = [Case.objects.get(pk=one.pk).stage_key for one in (case, other, third)]
    set_clock(monkeypatch, "2026-10-24T12:00")
    tick()
    tick()

    assert early == ["booked"] * 3
    assert [Case.objects.get(pk=one.pk).stage_key for one in (case, other, third)] == [
        "heard",
        "gone",
        "booked",
    ]
    assert case.events.filter(summary="The appointment took place").count() == 1


def test_a_withdrawn_case_gives_its_time_back(form, case):
    session = a_session()
    book(case.pk, slot_at(session, "10:20").pk, purpose="audition", actor=FAMILY)
    perform(case.pk, "drop", by=None)

    tick()

    assert not Appointment.objects.filter(state="booked").exists()
    assert str(entry(letter_of("cancelled"))[0]["method"]) == "CANCEL"


def test_a_button_can_ask_for_an_appointment(case):
    manager = staff("mia", "ensembles_manager")
    assert [one.key for one in available_buttons(case, manager)] == ["video"]
    session = a_session()
    book(case.pk, slot_at(session, "10:20").pk, purpose="audition")
    case.refresh_from_db()
    assert [one.key for one in available_buttons(case, manager)] == ["back"]

    Appointment.objects.update(day_state="done")

    assert [one.key for one in available_buttons(case, manager)] == ["played", "back"]


def test_a_session_without_a_centre_has_its_room_for_a_place():
    assert AppointmentSession(room="Studio 2").where == "Studio 2"
    assert AppointmentSession().where == ""
