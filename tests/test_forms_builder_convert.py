"""Blocks to package and back: nothing is lost, ids and keys stay."""

import json
from pathlib import Path

import pytest
from django.utils.datastructures import MultiValueDict
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from forms.builder.convert import from_package, prices_from_package, to_package
from forms.builder.price_blocks import PriceBlocks
from forms.builder.step_blocks import NamedRulesBlock, StepsBlock
from forms.compile import compiled
from forms.field_types import field_types

PACKAGES = sorted(Path("forms/packages").glob("*.json"))
pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def streams():
    return StepsBlock(), NamedRulesBlock()


def there_and_back(form, streams, before=None):
    """Through the editor: raw data, block values, cleaned as a draft, and the package again."""
    raws = [*from_package(form), prices_from_package(form)]
    values = [
        block.clean_deferred(block.to_python(raw))
        for block, raw in zip((*streams, PriceBlocks()), raws, strict=True)
    ]
    return form | to_package(*values, before=before)


@pytest.mark.parametrize("path", PACKAGES, ids=lambda path: path.stem)
def test_a_package_comes_back_from_the_editor_as_it_went_in(path, streams):
    form = json.loads(path.read_text())["form"]
    once = there_and_back(form, streams, before=compiled(form))
    assert compiled(once) == compiled(form)
    assert there_and_back(once, streams, before=once) == once


@pytest.mark.parametrize("path", PACKAGES, ids=lambda path: path.stem)
def test_a_step_posted_as_one_value_says_what_its_controls_would(path, streams):
    """The editor posts a step that was never opened as the state it was given."""
    form = json.loads(path.read_text())["form"]
    steps, groups = from_package(form)
    stream = streams[0]
    state = json.loads(json.dumps(stream.get_form_state(stream.to_python(steps))))
    posted = {"steps-count": [str(len(state))]}
    for at, step in enumerate(state):
        posted |= {
            f"steps-{at}-type": ["step"],
            f"steps-{at}-order": [str(at)],
            f"steps-{at}-deleted": [""],
            f"steps-{at}-id": [step["id"]],
            f"steps-{at}-value-packed": [json.dumps(step["value"])],
        }
    read = stream.value_from_datadict(MultiValueDict(posted), MultiValueDict(), "steps")
    back = to_package(
        stream.clean_deferred(read),
        streams[1].clean_deferred(streams[1].to_python(groups)),
        before=compiled(form),
    )
    assert tight(compiled(form | back)) == tight(compiled(form))


def tight(form):
    """Without the spaces between paragraphs, which the editor of words leaves out."""
    return json.dumps(form, sort_keys=True).replace("> <", "><")


@pytest.mark.parametrize("packed", ["", "no", "[]", "7", '{"questions": 3}', "[" * 9_999, "\x00"])
def test_a_step_that_cannot_be_read_is_an_empty_step(packed, streams):
    posted = {
        "steps-count": ["1"],
        "steps-0-type": ["step"],
        "steps-0-order": ["0"],
        "steps-0-deleted": [""],
        "steps-0-id": ["1"],
        "steps-0-value-packed": [packed],
    }
    [step] = streams[0].value_from_datadict(MultiValueDict(posted), MultiValueDict(), "steps")
    assert (step.value["title"] or "", len(step.value["questions"])) == ("", 0)


def test_packages_were_found():
    assert PACKAGES


def options(*keys):
    return [{"key": key, "label": key.title()} for key in keys]


FORM = {
    "slug": "borrow",
    "title": "Borrow an instrument",
    "groups": {
        "with_help": {"clauses": [{"question": "help", "op": "is", "value": "yes"}]},
    },
    "steps": [
        {
            "key": "who",
            "title": "Who",
            "questions": [
                {
                    "key": "for_whom",
                    "type": "radios",
                    "label": "For whom?",
                    "options": options("child", "me"),
                },
                {"key": "help", "type": "yes_no", "label": "Help with costs?"},
                {
                    "key": "rows",
                    "type": "matrix",
                    "label": "When?",
                    "options": options("am", "pm"),
                    "settings": {"rows": [{"key": "mon", "label": "Monday"}]},
                },
            ],
        },
        {
            "key": "child",
            "title": "Each child",
            "repeat": {"min": 1, "max": 4, "item_name": "child"},
            "show_if": {
                "match": "any",
                "clauses": [
                    {"question": "for_whom", "op": "one_of", "value": ["child"]},
                    {"group": "with_help"},
                ],
            },
            "questions": [
                {
                    "key": "born",
                    "type": "date",
                    "label": "Date of birth",
                    "settings": {"in": "past", "personal": True, "from_elsewhere": {"kept": 1}},
                },
                {
                    "key": "deposit",
                    "type": "money",
                    "label": "Deposit",
                    "settings": {"max_pence": 1250},
                },
            ],
        },
        {
            "key": "sum",
            "title": "Sums",
            "questions": [
                {
                    "key": "how_many",
                    "type": "calculated",
                    "label": "Children",
                    "settings": {"count_of": "child"},
                },
                {
                    "key": "free",
                    "type": "calculated",
                    "label": "Free",
                    "settings": {
                        "rule": {
                            "match": "all",
                            "clauses": [{"question": "help", "op": "is", "value": "yes"}],
                        }
                    },
                },
            ],
        },
        {"key": "check", "title": "Check", "kind": "check"},
    ],
}


def test_every_reference_survives_the_editor(streams):
    once = there_and_back(FORM, streams, before=compiled(FORM))
    assert compiled(once) == compiled(FORM)


def test_in_the_editor_rules_name_blocks_and_not_words(streams):
    steps, groups = from_package(FORM)
    who, child = steps[0], steps[1]
    question = who["value"]["questions"][0]
    rule = child["value"]["show_if"]
    option = question["value"]["options"][0]["id"]
    assert rule == {
        "match": "any",
        "clauses": [
            {"question": question["id"], "op": "one_of", "value": [option]},
            {"group": groups[0]["id"]},
        ],
    }


def test_ids_are_there_at_every_level(streams):
    steps, groups = from_package(FORM)

    def ids(value):
        if isinstance(value, dict):
            if {"type", "value"} <= value.keys():
                yield value["id"]
            for inner in value.values():
                yield from ids(inner)
        elif isinstance(value, list):
            for inner in value:
                yield from ids(inner)

    found = [*ids(steps), *ids(groups)]
    assert len(found) == len(set(found)) == 4 + 7 + 4 + 1 + 1
    assert all(found)


def edit(form, streams, change):
    """What is saved after `change(raw steps)` in the editor."""
    steps, groups = from_package(form)
    change(steps)
    values = [
        block.clean_deferred(block.to_python(raw))
        for block, raw in zip(streams, (steps, groups), strict=True)
    ]
    return form | to_package(*values, before=compiled(form))


def test_changing_the_words_keeps_the_key_and_the_rules(streams):
    def change(steps):
        question = steps[0]["value"]["questions"][0]["value"]
        question["label"], question["key"] = "Who plays it?", ""
        question["options"][0]["value"] |= {"label": "A pupil", "key": ""}

    saved = edit(FORM, streams, change)
    question = saved["steps"][0]["questions"][0]
    assert (question["key"], question["label"]) == ("for_whom", "Who plays it?")
    assert question["options"][0]["key"] == "child"
    assert saved["steps"][1]["show_if"]["clauses"][0]["value"] == ["child"]


def test_a_new_question_gets_a_key_from_its_words_that_nothing_else_has(streams):
    def change(steps):
        steps[0]["value"]["questions"].append(
            {"type": "text", "id": "new-one", "value": {"label": "Help with costs?"}}
        )
        steps[0]["value"]["questions"].append(
            {"type": "text", "id": "new-two", "value": {"label": "Help"}}
        )

    saved = edit(FORM, streams, change)
    assert [question["key"] for question in saved["steps"][0]["questions"]] == [
        "for_whom",
        "help",
        "rows",
        "help_with_costs",
        "help_2",
    ]


def test_a_rule_on_a_deleted_question_is_kept_under_its_old_key(streams):
    saved = edit(FORM, streams, lambda steps: steps[0]["value"]["questions"].pop(0))
    assert saved["steps"][1]["show_if"]["clauses"][0] == {
        "question": "for_whom",
        "op": "one_of",
        "value": ["child"],
    }


def test_an_unfinished_draft_is_kept(streams):
    def change(steps):
        steps[0]["value"]["questions"].append({"type": "time", "id": "new", "value": {}})
        steps[0]["value"]["title"] = ""

    saved = edit(FORM, streams, change)
    assert saved["steps"][0]["title"] == ""
    assert saved["steps"][0]["questions"][-1]["key"] == "_new"


words = st.text(alphabet="abc dé?", max_size=12).map(str.strip)


@st.composite
def forms_made_up(draw):
    """Any form: any types, any rules on earlier questions, with or without keys."""
    asked, steps = [], []

    def rule():
        if not asked or draw(st.booleans()):
            return None
        clauses = []
        for question in draw(st.lists(st.sampled_from(asked), min_size=1, max_size=3)):
            if question.get("options"):
                value = draw(st.sampled_from(question["options"]))["key"]
                clauses.append({"question": question["key"], "op": "is", "value": value})
            else:
                clauses.append({"question": question["key"], "op": "answered"})
        return {"match": draw(st.sampled_from(["all", "any"])), "clauses": clauses}

    kinds = sorted(kind for kind in field_types if kind not in ("calculated", "matrix"))
    for at in range(draw(st.integers(1, 4))):
        step = {"key": f"s{at}", "title": draw(words), "show_if": rule(), "questions": []}
        for index in range(draw(st.integers(0, 4))):
            kind = draw(st.sampled_from(kinds))
            question = {
                "key": f"q{at}_{index}",
                "type": kind,
                "label": draw(words),
                "required": draw(st.booleans()) if kind not in ("info", "calculated") else False,
                "show_if": rule(),
                "settings": draw(
                    st.fixed_dictionaries(
                        {}, optional={"reason": st.just("To ring you."), "unknown": st.integers()}
                    )
                )
                if kind not in ("info", "declaration", "video_link")
                else {},
            }
            if field_types[kind].takes_options:
                question["options"] = options(
                    *draw(st.lists(st.sampled_from("abcdef"), min_size=1, unique=True))
                )
            step["questions"].append(question)
            asked.append(question)
        steps.append(step)
    return {"slug": "made-up", "title": "Made up", "steps": steps}


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(forms_made_up())
def test_any_form_comes_back_as_it_went_in(streams, form):
    once = there_and_back(form, streams, before=compiled(form))
    assert compiled(once) == compiled(form)


def test_named_rules_without_a_name_or_of_one_name_are_all_kept(streams):
    form = FORM | {"groups": dict.fromkeys(("one", "two", "three"), FORM["groups"]["with_help"])}
    steps, groups = from_package(form)
    groups[0]["value"]["name"], groups[1]["value"]["name"] = "three", ""
    steps[1]["value"]["show_if"]["clauses"] = [{"group": groups[0]["id"]}]
    values = [
        block.clean_deferred(block.to_python(raw))
        for block, raw in zip(streams, (steps, groups), strict=True)
    ]

    saved = to_package(*values, before=compiled(form))

    assert [*saved["groups"]] == ["three", "Rule 2", "three (2)"]
    assert saved["steps"][1]["show_if"]["clauses"] == [{"group": "three"}]
