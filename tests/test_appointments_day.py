"""The day: what the panel sees and what it never does, marks that nobody writes over, undo."""

import pytest
from django.urls import reverse

from cms.models import AccessLogEntry
from tests.appointing import PHONE, STREET, a_session, applied, offered, publish, set_clock, staff
from workflows.appointments import day, facts
from workflows.appointments.booking import book
from workflows.appointments.models import Appointment, AppointmentMark

pytestmark = pytest.mark.django_db

EMAIL = "canarybird@example.org"
PAGES = ("appointments:day", "appointments:lines", "appointments:sheet")


@pytest.fixture(autouse=True)
def _clock(monkeypatch):
    set_clock(monkeypatch, "2026-10-01T09:00")


@pytest.fixture
def panel(db):
    return staff("pia", "panellist")


@pytest.fixture
def session(centres, panel):
    form = publish()
    found = a_session(people=[panel], warm_up_minutes=15, warm_up_room="Room 5")
    for number, name in enumerate(("Wren", "Lark")):
        case = offered(
            applied(
                form,
                name,
                email=EMAIL,
                phone=PHONE,
                contact={"first": "Canarina", "last": "Secretbird"},
                adjust=f"Large print. Ring {PHONE} or write to {EMAIL}.",
            )
        )
        book(case.pk, found.slots.all()[number].pk, purpose="audition")
    return found


def rows(session):
    return list(Appointment.objects.filter(slot__session=session).order_by("slot__starts_at"))


def press(client, user, session, row, to, version=None):
    client.force_login(user)
    return client.post(
        reverse("appointments:mark", args=[session.pk]),
        {
            "appointment": row.pk,
            "version": row.day_version if version is None else version,
            "to": to,
        },
        follow=True,
    )


@pytest.mark.parametrize("page", PAGES)
def test_the_panel_sees_who_when_and_what_helps_and_never_how_to_reach_a_family(
    client, session, panel, page
):
    client.force_login(panel)

    text = client.get(reverse(page, args=[session.pk])).text

    for shown in ("Wren Ashdown", "10:00", "Violin", "Large print", "09:45"):
        assert shown in text
    for hidden in (EMAIL, "canarybird", PHONE, PHONE[6:], "Secretbird", "Canarina", STREET):
        assert hidden not in text


def test_the_twin_with_the_guard_off_shows_the_address(client, session, panel, monkeypatch):
    monkeypatch.setattr(facts, "CONTACT_TYPES", frozenset())
    monkeypatch.setattr(facts, "hide_contact", lambda words: words)
    client.force_login(panel)

    text = client.get(reverse("appointments:sheet", args=[session.pk])).text

    assert EMAIL in text
    assert PHONE[6:] in text


def test_only_the_panel_of_the_very_session_and_those_with_reach_see_the_day(
    client, session, panel, centres
):
    other = staff("other", "panellist")
    manager = staff("mia", "ensembles_manager")
    eastern = staff("eve", "ensembles_manager", area=centres["east"].area)
    stranger = staff("sam", "comms_editor")

    def answers(user, page="appointments:sheet"):
        client.force_login(user)
        return client.get(reverse(page, args=[session.pk])).status_code

    assert [answers(user) for user in (panel, manager, other, eastern)] == [200, 200, 404, 404]
    assert answers(stranger) in (302, 403)
    # A panel runs its day and nothing else.
    assert answers(panel, "appointments:session") in (302, 403)
    assert answers(panel, "appointments:edit") in (302, 403)
    assert press(client, other, session, rows(session)[0], "arrived").status_code == 404
    panel.is_active = False
    panel.save()
    assert answers(panel) == 302


def test_opening_the_day_is_written_to_the_access_log(client, session, panel):
    client.force_login(panel)
    client.get(reverse("appointments:sheet", args=[session.pk]))

    entry = AccessLogEntry.objects.latest("id")
    assert (entry.user_id, entry.action, entry.record_id) == (panel.pk, "inspect", str(session.pk))


def test_the_day_goes_from_the_door_to_the_end_and_can_be_undone(client, session, panel):
    row = rows(session)[0]
    for to in ("late", "arrived", "now", "done", "undo", "undo"):
        row.refresh_from_db()
        press(client, panel, session, row, to)

    row.refresh_from_db()
    assert (row.day_state, row.day_version) == ("arrived", 6)
    marks = row.marks.values_list("from_state", "to_state", "is_undo")
    assert list(marks)[-2:] == [("done", "now", True), ("now", "arrived", True)]
    press(client, panel, session, row, "undo")
    row.refresh_from_db()
    assert row.day_state == "late"


def test_two_at_once_never_write_over_one_another(client, session, panel):
    steward = staff("mia", "ensembles_manager")
    row = rows(session)[0]
    press(client, steward, session, row, "no_show")

    page = press(client, panel, session, row, "arrived", version=0)

    assert "Mia Staff has just set this to “Did not come”." in page.text
    row.refresh_from_db()
    assert (row.day_state, AppointmentMark.objects.count()) == ("no_show", 1)


def test_a_step_that_does_not_follow_and_nonsense_are_refused(client, session, panel):
    row = rows(session)[0]

    assert "comes first" in press(client, panel, session, row, "done").text
    assert "comes first" in press(client, panel, session, row, "<script>").text
    assert "nothing to undo" in press(client, panel, session, row, "undo").text
    client.force_login(panel)
    answer = client.post(
        reverse("appointments:mark", args=[session.pk]),
        {"appointment": "x", "version": "9" * 40, "to": "late"},
    )
    assert answer.status_code == 302
    row.refresh_from_db()
    assert row.day_version == 0


def test_the_lines_take_a_fixed_number_of_queries(session, django_assert_max_num_queries):
    with django_assert_max_num_queries(5):
        assert len(day.lines(session, names=True)) == 2


def test_an_empty_session_says_so(client, session, panel):
    Appointment.objects.all().delete()
    client.force_login(panel)

    for page in PAGES:
        assert (
            "Nobody has booked this session yet."
            in client.get(reverse(page, args=[session.pk])).text
        )
