"""The desks for sessions and the appointment on a case: rights, forms, previews, copies."""

import pytest
from django.urls import reverse

from tests.appointing import a_session, applied, offered, publish, set_clock, slot_at, staff, times
from workflows.appointments import booking
from workflows.appointments.booking import book
from workflows.appointments.models import Appointment, AppointmentSession
from workflows.models import WorkflowDefinition

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _clock(monkeypatch):
    set_clock(monkeypatch, "2026-10-01T09:00")


@pytest.fixture
def form(centres):
    return publish()


@pytest.fixture
def manager(client, db):
    user = staff("mia", "ensembles_manager")
    client.force_login(user)
    return user


def typed(centres, **more):
    return {
        "name": "Strings",
        "workflow": WorkflowDefinition.objects.get(slug="try-outs").pk,
        "purpose": "audition",
        "groups": "Violin, Viola",
        "day": "2026-10-24",
        "begins": "10:00",
        "ends": "11:00",
        "minutes": 10,
        "buffer_minutes": 0,
        "breaks": "10:20-10:30",
        "capacity": 1,
        "centre": centres["west"].pk,
        "room": "Studio 2",
        "warm_up_room": "",
        "warm_up_minutes": 0,
        "offered_from": "2026-10-02T09:00",
        "offered_until": "",
        "cutoff_hours": 48,
        "reminders": "3 days",
        **more,
    }


def test_a_session_is_shown_before_it_is_made_and_then_has_its_times(
    client, manager, form, centres
):
    address = reverse("appointments:new")
    shown = client.post(address, typed(centres, preview="1"))

    assert "5 times. Nothing is saved yet." in shown.text
    assert not AppointmentSession.objects.exists()
    client.post(address, typed(centres))
    session = AppointmentSession.objects.get()
    assert times(session) == ["10:00", "10:10", "10:30", "10:40", "10:50"]
    page = client.get(reverse("appointments:session", args=[session.pk])).text
    assert "0 of 5 booked." in page
    again = client.get(reverse("appointments:edit", args=[session.pk])).text
    assert 'value="2026-10-24"' in again
    assert 'value="2026-10-02T09:00"' in again


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"ends": "09:00"}, "The end must be after the beginning."),
        ({"breaks": "lunch"}, "is no break"),
        ({"reminders": "soon"}, "is no reminder"),
        ({"minutes": 0}, "Enter a number from 1 to 480."),
        ({"capacity": 999}, "Enter a number from 1 to 50."),
        ({"offered_until": "2026-10-01T09:00"}, "This must be after the moment above."),
        ({"workflow": 999}, "Select a valid choice"),
        ({"name": ""}, "This field is required"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_saved(client, manager, form, centres, wrong, words):
    answer = client.post(reverse("appointments:new"), typed(centres, **wrong))

    assert answer.status_code == 422
    assert words in answer.text
    assert not AppointmentSession.objects.exists()


def test_an_area_officer_makes_sessions_only_where_the_role_holds(client, form, centres):
    eve = staff("eve", "ensembles_manager", area=centres["east"].area)
    client.force_login(eve)
    west = a_session(centre=centres["west"])

    refused = client.post(reverse("appointments:new"), typed(centres))
    client.post(reverse("appointments:new"), typed(centres, centre=centres["east"].pk))

    assert refused.status_code == 422
    assert [one.centre_id for one in AppointmentSession.objects.exclude(pk=west.pk)] == [
        centres["east"].pk
    ]
    for page in ("session", "edit", "assign"):
        address = reverse(f"appointments:{page}", args=[west.pk])
        assert client.get(address).status_code == 404
    assert "Strings, morning" not in client.get(reverse("appointments:list")).text


def test_a_role_without_a_part_in_the_process_sees_none_of_its_sessions(client, form, centres):
    client.force_login(staff("bob", "bookings"))
    session = a_session()

    page = client.get(reverse("appointments:list"))

    assert "No session is planned." in page.text
    assert client.get(reverse("appointments:session", args=[session.pk])).status_code == 404


def test_the_list_warns_and_shows_how_full_it_is(client, manager, form):
    session = a_session()
    a_session(name="Brass", begins="10:30", ends="11:30")
    book(offered(applied(form)).pk, slot_at(session, "10:00").pk, purpose="audition")

    page = client.get(reverse("appointments:list")).text

    assert "1 of 6" in page
    assert "Studio 2 is also used by “Brass” (10:30am to 11:30am)." in page
    assert (
        "No session has ended yet."
        in client.get(reverse("appointments:list"), {"when": "past"}).text
    )


def test_a_session_is_copied_and_called_off_with_a_reason(client, manager, form):
    session = a_session()
    book(offered(applied(form)).pk, slot_at(session, "10:00").pk, purpose="audition")

    client.post(reverse("appointments:copy", args=[session.pk]), {"day": "2026-10-31"})
    client.post(reverse("appointments:copy", args=[session.pk]), {"day": "never"})
    client.post(reverse("appointments:call_off", args=[session.pk]), {"why": " "})
    still = Appointment.objects.filter(state="booked").count()
    client.post(reverse("appointments:call_off", args=[session.pk]), {"why": "Snow"})

    assert AppointmentSession.objects.count() == 2
    assert (still, Appointment.objects.filter(state="booked").count()) == (1, 0)
    assert AppointmentSession.objects.get(pk=session.pk).cancelled_at


def test_times_are_given_from_a_plan_that_can_be_changed(client, manager, form):
    session = a_session()
    wren, lark = (
        offered(applied(form, name, email=f"{name}@example.org")) for name in ("Wren", "Lark")
    )
    address = reverse("appointments:assign", args=[session.pk])
    page = client.get(address).text
    slot = session.slots.first()

    assert f'value="{wren.pk}:{slot.pk}" checked' in page
    client.post(address, {"give": [f"{wren.pk}:{slot.pk}", "nonsense", "1:", f"{lark.pk}:999999"]})

    assert booking.live(wren, "audition").slot == slot
    assert booking.live(lark, "audition") is None
    assert "Lark" in client.get(address).text


def test_the_case_page_gives_moves_and_cancels_with_a_reason(client, manager, form):
    session, case = a_session(), offered(applied(form))
    give = reverse("cases:give_time", args=[case.pk, "audition"])

    assert "Nothing is booked yet." in client.get(reverse("cases:case", args=[case.pk])).text
    client.post(give, {"slot": slot_at(session, "10:00").pk})
    without = client.post(give, {"slot": slot_at(session, "10:10").pk})
    client.post(give, {"slot": slot_at(session, "10:10").pk, "why": "A clash"})

    mine = booking.live(case, "audition")
    assert (without.status_code, mine.slot) == (422, slot_at(session, "10:10"))
    assert "Say why" in without.text
    page = client.get(reverse("cases:case", args=[case.pk])).text
    assert "10:10" in page
    assert client.post(give, {"slot": "99999"}).status_code == 422
    cancel = reverse("cases:cancel_time", args=[case.pk, mine.pk])
    client.post(cancel, {"why": ""})
    assert booking.live(case, "audition")
    client.post(cancel, {"why": "Moved away"})
    assert booking.live(case, "audition") is None
    client.post(reverse("cases:close_times", args=[case.pk, "audition"]))
    case.refresh_from_db()
    assert booking.offers_of(case) == []


def test_who_may_only_look_at_a_case_gives_no_time(client, form):
    session, case = a_session(), offered(applied(form))
    client.force_login(staff("pia", "panellist"))
    give = reverse("cases:give_time", args=[case.pk, "audition"])

    answers = [client.get(give), client.post(give, {"slot": slot_at(session, "10:00").pk})]

    assert {answer.status_code for answer in answers} <= {302, 403}
    assert not Appointment.objects.exists()
