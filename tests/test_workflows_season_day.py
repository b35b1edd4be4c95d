"""The day of an audition with the process as it is shipped: a time chosen, played, missed, given
back for a film; and who comes along to play."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from cms import wallclock
from cms.models import OutboxMessage
from forms.demo_season.play import work
from tests.panelwork import a_user
from tests.seasons import a_round, an_application
from tests.test_workflows_season_rules import heard, proposed, released, stage_of
from workflows import offers
from workflows.appointments import booking, clashes, clockwork, slots
from workflows.appointments.booking import FAMILY
from workflows.appointments.models import Appointment, AppointmentSession
from workflows.engine import perform
from workflows.models import CaseEvent, Offer, Review, WorkflowDefinition
from workflows.plan import FINAL

pytestmark = pytest.mark.django_db
WRENLEY = {"first": "Wrenley", "last": "Zanzibar"}


@pytest.fixture
def manager(db):
    return a_user("Enid Manager", "ensembles_manager")


@pytest.fixture
def panel(db):
    return [a_user(name, "panellist") for name in ("Pat Alto", "Pia Bass")]


@pytest.fixture
def made(centres, manager, panel):
    return a_round(centres["west"], panel="pat.alto, pia.bass")


def a_morning(centre, people=(), hours=0, **more):
    """A session of an hour, a week from now, of ten minutes for each."""
    begins = timezone.now().replace(minute=0, second=0, microsecond=0) + timedelta(days=7)
    session = AppointmentSession(
        **{
            "name": "Woodwind", "workflow": WorkflowDefinition.objects.get(slug="auditions"),
            "purpose": "audition", "starts_at": begins + timedelta(hours=hours),
            "ends_at": begins + timedelta(hours=hours + 1), "minutes": 10, "centre": centre,
            "room": "Studio 2",
        } | more
    )  # fmt: skip
    slots.save(session, list(people))
    return session


def invited(made, manager, **answers):
    case = an_application(made, mode="live", video="", film="", free=["sat_am"], **answers)
    perform(case.pk, "invite", by=manager)
    work()
    case.refresh_from_db()
    return case


def mark(client, user, row, to):
    client.force_login(user)
    page = reverse("appointments:mark", args=[row.slot.session_id])
    answer = client.post(page, {"appointment": row.pk, "version": row.day_version, "to": to})
    row.refresh_from_db()
    return answer


def test_played_goes_to_the_panel_and_who_did_not_come_is_missed(
    client, made, manager, panel, centres
):
    session = a_morning(centres["west"], panel)
    wren, lark = (invited(made, manager) for _one in range(2))
    rows = [
        booking.book(case.pk, slot.pk, purpose="audition", actor=FAMILY)
        for case, slot in zip((wren, lark), session.slots.all(), strict=False)
    ]
    assert [stage_of(wren), stage_of(lark)] == ["has_time", "has_time"]

    for to in ("arrived", "now", "done"):
        assert mark(client, panel[0], rows[0], to).status_code == 302
    mark(client, panel[0], rows[1], "no_show")
    with wallclock.instead(session.ends_at + timedelta(hours=2)):
        for step in clockwork.due_work(Appointment.objects.filter(state="booked")):
            step()
        work()

    assert [stage_of(wren), stage_of(lark)] == ["panel", "missed"]
    assert Review.objects.filter(round__case=wren).count() == 2
    assert not Review.objects.filter(round__case=lark).exists()


def test_a_film_instead_gives_the_time_back_and_says_so(made, manager, centres):
    session = a_morning(centres["west"])
    case = invited(made, manager)
    slot = session.slots.first()
    booking.book(case.pk, slot.pk, purpose="audition", actor=FAMILY)
    stage_of(case)
    perform(case.pk, "video", by=manager, comment="They have a cold that week.")
    work()

    assert stage_of(case) == "video_problem"
    assert not Appointment.objects.filter(slot=slot, state="booked").exists()
    letter = OutboxMessage.objects.get(template="audition-video", to=case.contact_email)
    assert "They have a cold that week." in letter.text
    perform(case.pk, "sent", by=manager)
    work()
    assert stage_of(case) == "panel"


def test_who_comes_along_to_play_is_not_expected_in_two_rooms_at_once(
    made, manager, panel, centres
):
    session = a_morning(centres["west"], name="Oboes")
    other = a_morning(centres["west"], [panel[0]], name="Flutes", room="Studio 3")
    one = invited(made, manager, accompanist="Anna Keys")
    two = invited(made, manager, accompanist="anna keys")
    three = invited(made, manager, accompanist="Pat Alto")
    booking.book(two.pk, other.slots.first().pk, purpose="audition", actor=FAMILY)
    slot = session.slots.first()

    assert any("Who comes along to play is in another room" in one for one in
               clashes.of_slot(one, slot))  # fmt: skip
    assert any("sits in “Flutes” then" in one for one in clashes.of_slot(three, slot))


def test_the_panel_reads_no_name_of_who_comes_along(client, made, manager, panel, centres):
    session = a_morning(centres["west"], panel)
    case = invited(made, manager, accompanist="Anna Keys")
    booking.book(case.pk, session.slots.first().pk, purpose="audition", actor=FAMILY)
    stage_of(case)
    perform(case.pk, "played", by=manager)
    work()
    review = Review.objects.filter(round__case=case).select_related("reviewer").first()
    client.force_login(review.reviewer)

    text = client.get(reverse("reviews:review", args=[review.pk])).content.decode()
    assert "Anna" not in text


def test_the_running_order_holds_no_address_for_the_panel(client, made, manager, panel, centres):
    session = a_morning(centres["west"], panel)
    case = invited(made, manager, accompanist="Anna Keys", phone="+441632960123")
    booking.book(case.pk, session.slots.first().pk, purpose="audition", actor=FAMILY)
    for name in ("day", "sheet"):
        client.force_login(panel[0])
        answer = client.get(reverse(f"appointments:{name}", args=[session.pk]))
        body = b"".join(answer.streaming_content) if answer.streaming else answer.content
        for hidden in (case.contact_email, "960123", case.contact_name):
            assert hidden not in body.decode(errors="replace"), (name, hidden)


def test_the_panel_knows_the_players_of_the_day_by_number_and_the_office_by_name(
    client, made, manager, panel, centres
):
    """The piece says a name too: it is blacked out, and what is not hidden stays."""
    session = a_morning(centres["west"], panel)
    case = invited(made, manager, piece="Wrenley’s own song", player_name=WRENLEY)
    booking.book(case.pk, session.slots.all()[2].pk, purpose="audition", actor=FAMILY)
    pages = [
        reverse(f"appointments:{name}", args=[session.pk]) for name in ("day", "lines", "sheet")
    ]

    for page in pages:
        client.force_login(panel[0])
        blind = client.get(page).text
        assert "Player 3, W." in blind and case.reference in blind and "Oboe" in blind, page
        assert "Wrenley" not in blind and "Zanzibar" not in blind, page
        client.force_login(manager)
        assert "Wrenley Zanzibar" in client.get(page).text, page


def test_every_stage_of_the_process_can_be_reached_and_left(made):
    """By its buttons, or by what the clock, the offers and the forms press."""
    from workflows.engine import latest_version

    plan = latest_version("auditions").plan
    reached = {button.to for stage in plan.stages for button in stage.buttons}
    start = {stage.key for stage in plan.stages if stage.start}

    assert {stage.key for stage in plan.stages} == reached | start
    assert all(stage.buttons for stage in plan.stages if stage.kind != FINAL)


LETTERS = {
    "audition-invited", "audition-video", "audition-offer", "audition-reserve", "audition-no",
    "audition-member", "audition-another", "audition-trial", "audition-accepted",
    "audition-seat-free",
}  # fmt: skip


def test_every_letter_of_the_process_hangs_on_a_button_and_has_its_words(made):
    from cms import mail
    from workflows.engine import latest_version

    plan = latest_version("auditions").plan
    sent = {
        action["template"]
        for stage in plan.stages
        for button in stage.buttons
        for action in button.actions
        if action["type"] in ("send_email", "tell_player")
    }

    assert sent == LETTERS
    for key in sorted(sent):
        assert mail.template_for(key).subject


def test_a_withdrawal_is_open_to_the_family_until_the_decision(made, manager, centres):
    session = a_morning(centres["west"])
    case = invited(made, manager)
    booking.book(case.pk, session.slots.first().pk, purpose="audition", actor=FAMILY)
    stage_of(case)
    perform(case.pk, "withdraw", by=None, as_family=True)
    work()

    for step in clockwork.due_work(Appointment.objects.filter(state="booked")):
        step()

    assert stage_of(case) == "withdrawn"
    assert not Appointment.objects.filter(state="booked").exists()
    assert CaseEvent.objects.filter(case=case).exists()


def test_a_reserve_of_sixteen_hears_that_a_seat_is_free(made, manager):
    first = heard(an_application(made), manager, 9)
    second = heard(an_application(made, age=16, player_email="own@example.org"), manager, 8)
    proposed(made, manager)
    released(made, manager)
    offers.decline(Offer.objects.get(case=first).pk)
    work()

    assert stage_of(second) == "offered"
    letter = OutboxMessage.objects.get(template="audition-seat-free")
    assert letter.to == "own@example.org"
