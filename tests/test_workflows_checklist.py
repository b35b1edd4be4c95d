"""Checklists of stages: drawn up by staff, ticked on the case by whoever works on it, never lost."""

import copy

import pytest
from django.contrib.auth import get_user_model
from django.urls import reverse

from cms.roles import grant
from tests.casework import BOOKING
from tests.test_workflows_rehearsal_parts import move, offers_now, press, refusals, rehearsed
from workflows.checklist import tick
from workflows.compile import check, publish
from workflows.engine import TransitionNotAllowedError, open_case, perform
from workflows.models import Case

pytestmark = pytest.mark.django_db


def flow(**button):
    data = copy.deepcopy(BOOKING)
    stage = data["stages"][0]
    stage["checklist"] = [{"label": "Age read"}, {"label": "School rung"}]
    stage["viewers"] = ["safeguarding_lead"]
    stage["buttons"][0] |= {"all_ticked": True} | button
    stage["buttons"].append({"key": "back", "label": "Look again", "to": "new"})
    return data


@pytest.fixture
def case(db, centres):
    publish(flow())
    return open_case(
        workflow_slug="course-booking", subject=centres["west"], title="One", reference="SW-1"
    )


def person(role):
    user = get_user_model().objects.create_user(role, first_name=role.capitalize())
    grant(user, role)
    return user


def sent(client, user, case, **data):
    client.force_login(user)
    return client.post(reverse("cases:tick", args=[case.pk]), {"stage": case.stage_key} | data)


def ticked(case):
    return list(
        Case.objects.get(pk=case.pk)
        .events.filter(kind="check")
        .values_list("actor_name", "summary")
    )


def test_a_button_waits_until_every_item_is_ticked(case, officer):
    with pytest.raises(TransitionNotAllowedError, match="Still to tick: Age read; School rung"):
        perform(case.pk, "confirm", by=officer)
    tick(case.pk, "age_read", by=officer)
    with pytest.raises(TransitionNotAllowedError, match="Still to tick: School rung"):
        perform(case.pk, "confirm", by=None, actor_name="The clock")
    tick(case.pk, "school_rung", by=officer)

    perform(case.pk, "back", by=officer)  # what was ticked stays ticked, with its name and day
    perform(case.pk, "confirm", by=officer)

    assert Case.objects.get().stage_key == "confirmed"
    with pytest.raises(TransitionNotAllowedError, match="moved this case to “Confirmed”"):
        tick(case.pk, "age_read", by=officer, expected_stage="new")


def test_the_page_shows_who_ticked_and_two_officers_never_undo_each_other(client, case, officer):
    colleague = person("hub_manager")
    client.force_login(officer)
    before = client.get(reverse("cases:case", args=[case.pk])).content.decode()

    first = sent(client, officer, case, tick="age_read")
    again = sent(client, colleague, case, tick="age_read")  # from a page that is older
    kept = sent(client, colleague, case, tick="school_rung", comment="Rang <them> at nine")

    assert 'value="age_read"' in before and "Needs the whole checklist." in before
    assert (first.status_code, again.status_code, kept.status_code) == (302, 302, 200)
    assert "Rang &lt;them&gt; at nine</textarea>" in kept.content.decode()
    names = [("Ada Officer", "Ticked: Age read"), (str(colleague), "Ticked: School rung")]
    assert ticked(case) == names
    page = client.get(reverse("cases:case", args=[case.pk])).content.decode()
    assert "Ada Officer, <time" in page and 'value="age_read back"' in page
    sent(client, colleague, case, tick="age_read back")
    assert ticked(case)[-1] == (str(colleague), "No longer ticked: Age read")
    client.force_login(officer)
    refused = client.post(
        reverse("cases:press", args=[case.pk]), {"button": "confirm", "stage": "new"}
    )
    assert (refused.status_code, "Still to tick: Age read" in refused.content.decode()) == (
        422,
        True,
    )


def test_only_who_works_on_the_stage_ticks_and_nobody_in_a_stage_that_is_left(
    client, case, officer, centres
):
    viewer = person("safeguarding_lead")
    seen = client.force_login(viewer) or client.get(reverse("cases:case", args=[case.pk]))
    eastern = get_user_model().objects.create_user("eastern")
    grant(eastern, "bookings", centre=centres["east"])

    answers = [sent(client, who, case, tick="age_read").status_code for who in (viewer, eastern)]
    unknown = sent(client, officer, case, tick="other").status_code
    perform(case.pk, "decline", by=person("hub_manager"), comment="Full")
    late = sent(client, officer, case, tick="age_read", comment="Rang them")

    assert b"Age read" in seen.content and b'name="tick"' not in seen.content
    assert answers == [422, 404]
    assert (unknown, late.status_code) == (422, 409)
    assert "Rang them</textarea>" in late.content.decode()
    assert ticked(case) == []


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda stage: stage.update(checklist=[]), "this stage has none"),
        (lambda stage: stage["checklist"].append({"label": "age read "}), "are the same"),
        (lambda stage: stage["checklist"].append({"label": " "}), "has no words"),
        (
            lambda stage: stage.update(auto_after_days=3, auto_button="confirm"),
            "cannot be automatic",
        ),
        (lambda stage: stage["buttons"][0].update(roles=["family"]), "Families cannot tick"),
    ],
)
def test_what_would_wait_for_ever_is_found(change, words):
    data = flow()
    assert not [one for one in check(data) if one.code == "checklist"]
    change(data["stages"][0])

    found = [one.message for one in check(data) if one.code == "checklist"]

    assert len(found) == 1 and words in found[0]


def test_a_rehearsal_ticks_and_the_drawing_tells_of_it(admin_client):
    definition = publish(flow()).definition

    story = rehearsed(definition, press("confirm"), move("checklist", "age_read"))

    assert "Still to tick" in refusals(story)[0]
    assert offers_now(story) == ["checklist/school_rung"]
    steps = [move("checklist", "age_read"), move("checklist", "school_rung"), press("confirm")]
    assert refusals(rehearsed(definition, *steps)) == []
    page = admin_client.get(reverse("cases:flow", args=["course-booking"])).content.decode()
    assert "Age read; School rung" in page and "once the checklist is done" in page
