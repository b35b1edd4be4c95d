"""Conditions of a board's decision: set by a button, reminded of, met or waived, seen where due."""

from datetime import date, timedelta

import pytest
from django.contrib.auth import get_user_model
from django.urls import reverse

from cms import wallclock
from cms.models import OutboxMessage, PartnerCondition
from cms.partners import conditions, drafting, night, standing
from cms.roles import grant
from tests.casework import run_until_over
from tests.partnership import TODAY, a_partner, a_person, noon
from tests.test_partners_canary import application
from workflows.engine import perform
from workflows.models import Case

pytestmark = pytest.mark.django_db
State = PartnerCondition.State


@pytest.fixture(autouse=True)
def _today():
    with wallclock.instead(noon()):
        yield


@pytest.fixture
def manager(db):
    user = get_user_model().objects.create_user("mo", email="mo@example.org")
    grant(user, "hub_manager")
    return user


def test_lines_are_read_with_their_days():
    assert conditions.read("- Send the new policy by 1 March 2027.\n\nTrain a deputy") == [
        ("Send the new policy", date(2027, 3, 1)),
        ("Train a deputy", TODAY + timedelta(days=90)),
    ]
    assert conditions.read("Done by 31 Feb 2027", days=7) == [
        ("Done by 31 Feb 2027", TODAY + timedelta(days=7))
    ]


def test_the_button_of_the_shipped_workflow_sets_them(manager):
    case, _answers = application()
    Case.objects.filter(pk=case.pk).update(stage_key="board")
    said = "Send the new policy by 1 March 2027\nTrain a deputy"

    run_until_over(perform(case.pk, "conditions", by=manager, comment=said))

    partner = drafting.partner_of(case.reference)
    rows = list(partner.conditions.values_list("words", "due_on", "reference"))
    assert rows == [
        ("Train a deputy", TODAY + timedelta(days=90), case.reference),
        ("Send the new policy", date(2027, 3, 1), case.reference),
    ]
    assert "new policy" not in str(list(partner.history.values_list("words", flat=True)))


def test_they_are_reminded_of_and_staff_hear_when_the_day_has_passed(manager):
    partner = a_partner()
    a_person(partner)
    conditions.add(partner, [("Send the secret policy", TODAY + timedelta(days=30))], by=manager)

    def letters_on(days):
        before = OutboxMessage.objects.count()
        night.remind(partner, TODAY + timedelta(days=days))
        night.remind(partner, TODAY + timedelta(days=days))
        return OutboxMessage.objects.count() - before

    assert [letters_on(days) for days in (0, 10, 23, 29, 31, 60)] == [1, 0, 1, 0, 2, 0]
    told = OutboxMessage.objects.get(to="mo@example.org")
    assert "a condition is not met" in told.subject
    assert not OutboxMessage.objects.filter(text__contains="secret").exists()


def test_after_nights_in_which_nothing_ran_there_is_one_letter():
    partner = a_partner()
    a_person(partner)
    conditions.add(partner, [("One", TODAY + timedelta(days=5))])
    night.remind(partner, TODAY)
    assert OutboxMessage.objects.count() == 1


def test_met_or_waived_once_with_a_reason_for_a_waiver(manager):
    partner = a_partner()
    a_person(partner)
    one, two = conditions.add(partner, [("One", TODAY), ("Two", TODAY)], by=manager)
    conditions.end(one, State.MET, by=manager)
    with pytest.raises(conditions.ConditionProblemError, match="why"):
        conditions.end(two, State.WAIVED, by=manager)
    conditions.end(two, State.WAIVED, because="Not needed any more", by=manager)
    conditions.end(one, State.WAIVED, because="Again", by=manager)
    one.refresh_from_db()
    assert one.state == State.MET
    night.remind(partner, TODAY)
    assert not OutboxMessage.objects.exists()
    assert conditions.add(partner, [("Three", TODAY)]) == conditions.add(
        partner, [("Three", TODAY)]
    )


def test_staff_set_and_end_them_on_the_desk(client, manager):
    partner, other = a_partner(), a_partner("Elm Brass", "elm-brass")
    (foreign,) = conditions.add(other, [("Theirs", TODAY)])
    client.force_login(manager)
    desk = reverse("partner_desk", args=[partner.pk])
    given = {
        "do": "condition",
        "condition-words": "Train a deputy",
        "condition-due_on": "2027-01-05",
    }
    assert client.post(desk, given).status_code == 302
    one = partner.conditions.get()
    assert "Train a deputy" in client.get(desk).content.decode()
    wrong = {"do": "ended", "ended-condition": foreign.pk, "ended-state": "met"}
    assert client.post(desk, wrong).status_code == 422
    right = {"do": "ended", "ended-condition": one.pk, "ended-state": "waived"}
    assert client.post(desk, right).status_code == 422
    assert client.post(desk, right | {"ended-because": "It closed"}).status_code == 302
    one.refresh_from_db()
    assert (one.state, one.ended_by) == ("waived", str(manager))
    foreign.refresh_from_db()
    assert foreign.state == "open"


def test_nobody_outside_sees_them(client, manager):
    partner = a_partner()
    conditions.add(partner, [("Quillback words", TODAY)], by=manager)
    standing.unlist(partner, "", by=manager)
    standing.leave(partner, by=manager)
    editor = get_user_model().objects.create_user("ed", email="ed@example.org")
    grant(editor, "comms_lead")
    client.force_login(editor)
    assert client.get(reverse("partner_desk", args=[partner.pk])).status_code == 302
