"""Identity in the editor: a part is its block id, whatever is typed, and whenever it is saved."""

import json

import pytest

from forms import families
from forms.builder.editing import FormDefinitionForm
from forms.builder.question_blocks import question_stream
from forms.compile import compiled
from forms.coverage import survey
from forms.models import FormDefinition
from forms.publishing import compiled_draft, findings_of
from forms.samples import outcome_of
from tests.test_forms_builder_editor import admin, form_data, url  # noqa: F401 - a fixture

pytestmark = pytest.mark.django_db

ONE = "11111111-1111-4111-8111-111111111111"
FAMILY = {
    "who_is_it_for": "my_child",
    "your_child": [{"childs_name": {"first": "Wren", "last": "Ash"}, "which_violin": "half_size"}],
    "do_you_claim_help": "yes",
}


def block(number):
    return f"0000000{number}-0000-4000-8000-000000000000"


def borrow(first_options):
    """The form as the editor posts it: rules and prices name blocks, and no keys are typed."""
    clauses = [{"question": block(2), "op": "is", "value": first_options[0]}]
    claims = {"match": "all", "clauses": [{"question": block(7), "op": "is", "value": "yes"}]}
    return {
        "steps": [
            {
                "id": block(1),
                "title": "Who it is for",
                "questions": [
                    {
                        "id": block(2),
                        "type": "radios",
                        "label": "Who is it for?",
                        "options": [
                            {"id": first_options[0], "label": "My child"},
                            {"id": "22222222-0000-4000-8000-000000000000", "label": "Me"},
                        ],
                    }
                ],
            },
            {
                "id": block(3),
                "title": "Your child",
                "repeat": {"min": 1, "max": 3, "item_name": "child"},
                "show_if": {"match": "all", "clauses": clauses},
                "questions": [
                    {"id": block(4), "type": "name", "label": "Child’s name"},
                    {
                        "id": block(5),
                        "type": "radios",
                        "label": "Which violin?",
                        "options": [
                            {"id": first_options[1], "label": "Half size"},
                            {"id": "33333333-0000-4000-8000-000000000000", "label": "Full size"},
                        ],
                    },
                ],
            },
            {
                "id": block(6),
                "title": "Help with the cost",
                "questions": [{"id": block(7), "type": "yes_no", "label": "Do you claim help"}],
            },
        ],
        "pricing": {
            "items": [{"id": block(8), "label": "Hire", "pence": 4500, "per": block(3)}],
            "discounts": [
                {
                    "id": block(9),
                    "kind": "rule",
                    "label": "Help",
                    "percent": 50,
                    "show_if": claims,
                }
            ],
        },
    }


def typed(data, share):
    """The form while its author types: each text only so far, and no key."""
    words = ("-label", "-title")
    return {
        name: ""
        if name.endswith("-key")
        else value[: max(0, round(len(value) * share))]
        if name.endswith(words) and value
        else value
        for name, value in data.items()
    }


@pytest.mark.parametrize(
    "first_options",
    [(ONE, "44444444-0000-4000-8000-000000000000"), (ONE, ONE)],
    ids=["own ids", "the same id in two questions"],
)
def test_rules_and_prices_hold_however_often_a_draft_is_saved_while_it_is_typed(
    admin,  # noqa: F811
    first_options,
):
    data = form_data(borrow(first_options))
    if first_options[0] == first_options[1]:
        # What compiling made of two alike is undone: this is what the browser posted.
        data["steps-1-value-questions-1-value-options-0-id"] = ONE
    definition = FormDefinition.objects.create(slug="borrow", title="B", data={}, live=False)
    for share in (0, 0.2, 0.5, 0.8, 1, 1):
        assert admin.post(url("edit", definition.pk), typed(data, share) | {"title": "Borrow"})
    draft = FormDefinition.objects.get().get_latest_revision_as_object()
    form = compiled_draft(draft)
    assert [one.message for one in findings_of(draft) if one.level == "error"] == []
    who, child, _help = form["steps"]
    assert [one["key"] for one in who["questions"][0]["options"]] == ["my_child", "me"]
    assert [one["key"] for one in child["questions"][1]["options"]] == ["half_size", "full_size"]
    ids = [o["id"] for step in (who, child) for o in step["questions"][-1]["options"]]
    assert len(set(ids)) == len(ids)
    outcome = outcome_of(form, {"name": "Two", "answers": FAMILY})
    assert (outcome.steps[1], outcome.price) == ("your_child", "£22.50")


def test_new_questions_of_one_page_do_not_begin_with_the_same_option():
    """Wagtail writes the state of a new block into the page once, for all that are added there."""
    stream = question_stream()
    state = {
        name: child.get_form_state(child.get_default())
        for name, child in stream.child_blocks.items()
    }
    assert json.loads(json.dumps(state["radios"]["options"], default=str))[0].keys() == {"value"}
    assert "id" not in state["matrix"]["rows"][0]
    kept = stream.to_python(
        [{"type": "radios", "id": block(1), "value": {"options": [option("Violin")]}}]
    )
    [shown] = stream.get_form_state(kept)
    assert shown["value"]["options"][0]["id"] == ONE


def option(label):
    return {"type": "item", "id": ONE, "value": {"label": label}}


def one_question(label):
    return {
        "steps": [
            {
                "id": block(1),
                "title": "Who",
                "questions": [{"id": block(2), "type": "text", "label": label}],
            }
        ]
    }


def test_a_sample_that_was_kept_while_the_form_was_saved_stays_and_keys_with_it(
    admin,  # noqa: F811
    monkeypatch,
):
    definition = FormDefinition.objects.create(slug="borrow", title="B", data={}, live=False)
    data = typed(form_data(one_question("Child")), 1) | {"title": "Borrow"}
    admin.post(url("edit", definition.pk), data)

    def meanwhile(form, is_valid=FormDefinitionForm.is_valid):
        kept = FormDefinition.objects.get().get_latest_revision_as_object()
        kept.samples = [{"name": "Wren", "answers": {"child": "Wren"}}]
        kept.save_revision(clean=False)
        return is_valid(form)

    monkeypatch.setattr(FormDefinitionForm, "is_valid", meanwhile)
    data["steps-0-value-questions-0-value-label"] = "Child’s name"
    admin.post(url("edit", definition.pk), data)
    draft = FormDefinition.objects.get().get_latest_revision_as_object()
    assert [one["name"] for one in draft.samples] == ["Wren"]
    question = draft.data["steps"][0]["questions"][0]
    assert (question["label"], question["key"]) == ("Child’s name", "child")


def test_a_sample_is_not_kept_with_a_form_that_was_saved_meanwhile(
    admin,  # noqa: F811
    monkeypatch,
):
    definition = FormDefinition.objects.create(
        slug="borrow", title="B", data=compiled(borrow(("a", "b")) | {"slug": "borrow"}), live=False
    )
    definition.save_revision()

    def meanwhile(*args, **kwargs):
        definition.get_latest_revision_as_object().save_revision()
        return sample_of_way(*args, **kwargs)

    sample_of_way = families.sample_of_way
    way = survey(compiled_draft(definition), []).untested[0]
    posted = {"action": "way", "name": families.name_of_way(way)}
    monkeypatch.setattr(families, "sample_of_way", meanwhile)
    said = admin.post(url("families", definition.pk), posted, follow=True)
    assert "The form was saved meanwhile. Try again." in said.text
    assert not FormDefinition.objects.get().get_latest_revision_as_object().samples
    monkeypatch.undo()
    admin.post(url("families", definition.pk), posted)
    assert FormDefinition.objects.get().get_latest_revision_as_object().samples
