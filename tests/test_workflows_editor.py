"""The workflow editor: what is drawn up there is what runs, and errors show where they are."""

import copy

import pytest
from django.contrib.auth import get_user_model
from django.urls import reverse

from cms.roles import grant
from tests.casework import BOOKING
from workflows.blocks import StagesBlock, from_data, to_data
from workflows.compile import NotPublishableError, compiled, publish
from workflows.diagram import draw, layers
from workflows.engine import open_case
from workflows.findings import ERROR, Finding
from workflows.models import WorkflowDefinition, WorkflowVersion
from workflows.plan import Plan

pytestmark = pytest.mark.django_db

RICH = copy.deepcopy(BOOKING)
RICH["stages"][0]["buttons"][0] |= {
    "actions": [
        {"type": "set_due_date", "days": 7},
        {"type": "send_email", "template": "booking-confirmed", "to": "family"},
        {"type": "demo"},
    ],
    "show_if": {
        "match": "any",
        "clauses": [
            {"question": "who_for", "op": "is", "value": "my_child"},
            {"question": "county", "op": "one_of", "value": ["herts", "beds"]},
            {"question": "born", "op": "age_on", "date": "course", "at_least": 8},
            {"group": "evening"},
        ],
    },
}


RICH["stages"][0]["checklist"] = [{"label": "Age read"}, {"label": "School rung", "key": "school"}]
RICH["stages"][0]["hidden"] = [{"roles": ["bookings"], "questions": ["born", "health_step"]}]
RICH["stages"][0]["buttons"][0]["all_ticked"] = True


def designer():
    user = get_user_model().objects.create_user("designer")
    grant(user, "hub_manager")
    return user


def test_a_package_survives_the_editor_unchanged():
    plan = compiled(RICH)
    block = StagesBlock()

    value = block.to_python(from_data(plan))

    assert compiled(to_data(plan["slug"], plan["title"], value)) == plan


def test_a_loaded_workflow_opens_in_the_editor_and_publishing_it_changes_nothing(client):
    version = publish(BOOKING)
    definition = version.definition
    client.force_login(designer())

    page = client.get(
        reverse("wagtailsnippets_workflows_workflowdefinition:edit", args=[definition.pk])
    )
    definition.save_revision().publish()

    assert page.status_code == 200
    assert WorkflowVersion.objects.count() == 1
    assert [child.value["staff_name"] for child in definition.stages] == [
        "New",
        "Confirmed",
        "Declined",
    ]


def test_renaming_a_stage_makes_a_version_and_keeps_its_key(centres):
    first = publish(BOOKING)
    case = open_case(
        workflow_slug="course-booking", subject=centres["west"], title="One", reference="SW-1"
    )
    definition = WorkflowDefinition.objects.get()
    definition.stages[0].value["staff_name"] = "To be read"

    definition.save_revision().publish()

    second = WorkflowVersion.objects.exclude(pk=first.pk).get()
    assert (second.number, second.plan.start.key, second.plan.start.staff_name) == (
        2,
        "new",
        "To be read",
    )
    case.refresh_from_db()
    assert case.version == first
    assert case.stage.staff_name == "New"


def test_a_workflow_with_an_error_is_never_half_published():
    publish(BOOKING)
    definition = WorkflowDefinition.objects.get()
    definition.stages[0].value["roles"] = []
    revision = definition.save_revision()

    with pytest.raises(NotPublishableError, match="Nobody owns this stage"):
        revision.publish()

    definition.refresh_from_db()
    assert definition.live_revision_id != revision.pk
    assert definition.stages[0].value["roles"] == ["bookings"]
    assert WorkflowVersion.objects.count() == 1


def posted(client, definition, change=None):
    """What the editor would send: each field of each block, as the browser names them."""
    data = {"title": definition.title, "slug": definition.slug}
    raw = definition.stages.get_prep_value()
    if change:
        change(raw)
    data |= flatten(raw, "stages")
    return data


def flatten(items, prefix):
    data = {f"{prefix}-count": len(items)}
    for index, item in enumerate(items):
        at = f"{prefix}-{index}"
        data |= {
            f"{at}-deleted": "",
            f"{at}-order": index,
            f"{at}-type": item["type"],
            f"{at}-id": item["id"],
        }
        data |= value_fields(item["value"], f"{at}-value")
    return data


def value_fields(value, prefix):
    data = {}
    for name, part in value.items():
        if name in ("buttons", "actions", "show_if", "clauses", "review", "checklist", "hidden"):
            data |= flatten(part, f"{prefix}-{name}")
        elif isinstance(part, bool):
            data |= {f"{prefix}-{name}": "on"} if part else {}
        else:
            data[f"{prefix}-{name}"] = "" if part is None else part
    return data


def edit_url(definition):
    return reverse("wagtailsnippets_workflows_workflowdefinition:edit", args=[definition.pk])


def test_publishing_from_the_screen_compiles(client):
    publish(BOOKING)
    definition = WorkflowDefinition.objects.get()
    client.force_login(designer())

    def rename(raw):
        raw[1]["value"]["public_name"] = "Your place is booked"

    response = client.post(
        edit_url(definition),
        posted(client, definition, rename) | {"action-publish": "1"},
        follow=True,
    )

    assert response.status_code == 200
    latest = WorkflowVersion.objects.order_by("-number").first()
    assert (latest.number, latest.plan.by_key["confirmed"].public_name) == (
        2,
        "Your place is booked",
    )
    assert latest.published_by.username == "designer"


def test_errors_show_on_the_very_block_and_a_draft_may_have_them(client):
    publish(BOOKING)
    definition = WorkflowDefinition.objects.get()
    client.force_login(designer())

    def break_it(raw):
        raw[0]["value"]["buttons"][0]["value"]["to"] = "5b1e2c1a-0000-4d2b-9c3c-2f4a4e1d7c55"
        raw[0]["value"]["roles"] = []

    data = posted(client, definition, break_it)
    refused = client.post(edit_url(definition), data | {"action-publish": "1"})
    drafted = client.post(edit_url(definition), data)

    errors = refused.context["form"].errors.as_data()["stages"][0].as_json_data()
    stage = errors["blockErrors"][0]
    assert stage["messages"] == ["Nobody owns this stage. Choose the role that looks after it."]
    button = stage["blockErrors"]["buttons"]["blockErrors"][0]
    assert "which is not a stage of this workflow" in button["messages"][0]
    assert drafted.status_code == 302
    assert WorkflowVersion.objects.count() == 1


def test_a_new_process_that_cannot_be_published_stays_a_draft_and_says_why(client, monkeypatch):
    """What no block can show, such as a blind reviewer who could read a name."""
    publish(BOOKING)
    client.force_login(designer())
    data = posted(client, WorkflowDefinition.objects.get())
    leak = Finding(ERROR, "leak", "Panel", "Its reviewers are to be blind.")

    def refuse(*_args, **_more):
        raise NotPublishableError([leak])

    monkeypatch.setattr("workflows.compile.publish_version", refuse)
    new = data | {"title": "New", "slug": "new", "action-publish": "1"}
    add = reverse("wagtailsnippets_workflows_workflowdefinition:add")
    answer = client.post(add, new, follow=True)

    assert (answer.status_code, str(leak) in answer.content.decode()) == (200, True)
    draft = WorkflowDefinition.objects.get(slug="new")
    assert (draft.live, draft.title) == (False, "New")


def test_a_copied_stage_gets_a_key_of_its_own():
    publish(BOOKING)
    definition = WorkflowDefinition.objects.get()
    raw = definition.stages.get_prep_value()
    twin = copy.deepcopy(raw[1])
    twin["id"] = "11111111-1111-4111-8111-111111111111"
    block = StagesBlock()

    value = block.clean_deferred(block.to_python([*raw, twin]))

    assert [child.value["key"] for child in value] == [
        "new",
        "confirmed",
        "declined",
        "confirmed_2",
    ]


def test_the_drawing_has_every_stage_and_every_button():
    plan = Plan(compiled(BOOKING))

    drawing = draw(plan, {"new": 3})

    assert [[stage.key for stage in row] for row in layers(plan)] == [
        ["new"],
        ["confirmed", "declined"],
    ]
    assert {(box.stage.key, box.count) for box in drawing.boxes} == {
        ("new", 3),
        ("confirmed", 0),
        ("declined", 0),
    }
    assert [line.button.key for line in drawing.lines] == ["confirm", "decline"]
    corners = {(box.x, box.y) for box in drawing.boxes}
    assert len(corners) == 3


def test_the_flow_page_counts_only_the_cases_its_reader_may_see(client, version, centres):
    open_case(
        workflow_slug="course-booking",
        subject=centres["west"],
        title="One",
        reference="SW-1",
        centre=centres["west"],
    )
    user = get_user_model().objects.create_user("eastern")
    grant(user, "bookings", centre=centres["east"])
    address = reverse("cases:flow", args=["course-booking"])

    client.force_login(user)
    theirs = client.get(address).context["drawing"]
    user.memberships.first().delete()
    grant(user, "bookings", centre=centres["west"])
    ours = client.get(address).context["drawing"]

    assert sum(box.count for box in theirs.boxes) == 0
    assert sum(box.count for box in ours.boxes) == 1
    assert client.get(reverse("cases:flow", args=["no-such"])).status_code == 404


def test_actions_registered_by_other_apps_have_blocks_of_their_own():
    from workflows.actions import actions
    from workflows.blocks import ActionsBlock

    assert set(ActionsBlock().child_blocks) == set(actions)
