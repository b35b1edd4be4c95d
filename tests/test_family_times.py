"""A family chooses a time in its folder, changes it, cancels it, and never meets anybody else's."""

import pytest
from icalendar import Calendar

from tests.appointing import a_session, applied, offered, publish, set_clock, slot_at, staff
from tests.folder import AtHome
from workflows.appointments import booking
from workflows.appointments.booking import book
from workflows.appointments.models import Appointment
from workflows.family import let_in

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _clock(monkeypatch):
    set_clock(monkeypatch, "2026-10-01T09:00")


@pytest.fixture
def form(centres):
    return publish()


@pytest.fixture
def case(form):
    return offered(applied(form))


@pytest.fixture
def home(case):
    return AtHome().sign_in()


def address(case, more=""):
    return f"/family/{case.reference}/time/audition/{more}"


def test_a_time_is_chosen_changed_and_cancelled_without_a_script(case, home):
    session = a_session(warm_up_minutes=10, warm_up_room="Room 5")
    page = home.get(f"/family/{case.reference}/")
    assert page.soup.select_one(f'a[href="{address(case)}"]').text == "Choose a time"

    choice = home.get(address(case))
    assert len(choice.soup.select("input[type=radio]")) == 6
    sent = home.send(choice, slot=str(slot_at(session, "10:20").pk))
    assert (sent.status, sent.location) == (303, f"/family/{case.reference}/#times")
    page = home.get(f"/family/{case.reference}/")
    assert "Saturday 24 October 2026, 10:20am" in page.text
    assert "Room 5" in page.text
    assert "until Thursday 22 October 2026, 10:20am" in page.text

    home.send(home.get(address(case)), slot=str(slot_at(session, "10:50").pk))
    assert booking.live(case, "audition").slot == slot_at(session, "10:50")
    home.send(home.get(address(case, "cancel/")))
    assert booking.live(case, "audition") is None
    assert "You have no time yet." in home.get(f"/family/{case.reference}/").text


def test_nothing_chosen_and_a_time_just_taken_are_said_and_another_can_be_chosen(form, case, home):
    session = a_session()
    choice = home.get(address(case))
    other = offered(applied(form, "Lark", email="lark@example.org"))
    slot = slot_at(session, "10:00")
    book(other.pk, slot.pk, purpose="audition")

    nothing = home.send(choice)
    taken = home.send(choice, slot=str(slot.pk))

    assert (nothing.status, taken.status) == (422, 409)
    assert "Choose a time" in nothing.text
    assert "Somebody has just taken that time." in taken.text
    assert len(taken.soup.select("input[type=radio]")) == 5


def test_after_the_cut_off_the_folder_says_so_and_changes_nothing(case, home, monkeypatch):
    session = a_session()
    book(case.pk, slot_at(session, "10:20").pk, purpose="audition")
    late = AtHome()
    set_clock(monkeypatch, "2026-10-22T10:20")
    late.sign_in()

    page = late.get(f"/family/{case.reference}/")

    assert "It can no longer be changed here." in page.text
    assert not page.soup.select(f'a[href^="{address(case)}cancel"]')
    for path in (address(case), address(case, "cancel/")):
        assert late.get(path).status == 409
    assert booking.live(case, "audition")


def test_another_family_and_a_guessed_purpose_find_nothing(case):
    session = a_session()
    stranger = AtHome("stranger@example.org").sign_in()
    mine = AtHome().sign_in()

    for path in (address(case), address(case, "cancel/"), address(case, "calendar.ics")):
        assert stranger.get(path).status == 404
    assert mine.get(f"/family/{case.reference}/time/secret/").status == 404
    assert mine.get(address(case, "calendar.ics")).status == 404
    stranger.browser.post(address(case), {"slot": session.slots.first().pk})
    assert not Appointment.objects.exists()


def test_no_time_free_says_what_to_do(case, home):
    page = home.get(address(case))

    assert "There is no free time just now." in page.text


def test_the_diary_file_is_the_one_of_the_letter(case, home):
    session = a_session()
    mine = book(case.pk, slot_at(session, "10:20").pk, purpose="audition")

    page = home.browser.client.get(address(case, "calendar.ics"))

    event = Calendar.from_ical(page.content).walk("VEVENT")[0]
    assert str(event["uid"]).startswith(f"appointment-{mine.pk}@")
    assert b"Wren" not in page.content


def test_a_young_person_chooses_for_themselves_and_the_history_says_so(case):
    session = a_session()
    let_in(case, "wren@example.org")
    young = AtHome("wren@example.org").sign_in()

    young.send(young.get(address(case)), slot=str(slot_at(session, "10:20").pk))

    booked = case.events.get(summary__startswith="Appointment booked")
    assert booked.actor_name == "The young person"
    assert staff("mia", "ensembles_manager").pk  # staff read the same line on the case
