"""What a family sees: hidden questions, what depends on them, repeats, exits, completeness."""

import pytest

from forms.compile import compiled
from forms.walk import walk


def form(*steps, groups=None):
    return compiled({"slug": "f", "title": "F", "steps": list(steps), "groups": groups or {}})


def step(key, *questions, **more):
    return {"key": key, "title": key.capitalize(), "questions": list(questions), **more}


def ask(key, kind="text", **more):
    return {"key": key, "type": kind, "label": key.capitalize(), **more}


def when(question, value=True, op="is"):
    return {"match": "all", "clauses": [{"question": question, "op": op, "value": value}]}


def seen(walked):
    return {s.key: [q["key"] for q in s.questions] for s in walked.steps}


CHAIN = form(
    step("one", ask("a", "yes_no", required=True)),
    step("two", ask("b", "yes_no", required=True), show_if=when("a")),
    step("three", ask("c", required=True, show_if=when("b")), ask("d")),
)


def test_hidden_steps_and_questions_are_left_out_and_so_is_what_depends_on_them():
    assert seen(walk(CHAIN, {"a": False, "b": True, "c": "kept"})) == {"one": ["a"], "three": ["d"]}
    assert seen(walk(CHAIN, {"a": True, "b": True})) == {
        "one": ["a"],
        "two": ["b"],
        "three": ["c", "d"],
    }


def test_answers_of_hidden_questions_are_kept_by_the_journey_but_never_seen():
    answers = {"a": False, "b": True, "c": "secret", "unknown": "posted"}

    assert walk(CHAIN, answers).answers == {"a": False}
    assert walk(CHAIN, answers | {"a": True}).answers == {"a": True, "b": True, "c": "secret"}


def test_a_required_question_must_be_answered_and_an_optional_one_asked():
    assert walk(CHAIN, {}).first_incomplete.key == "one"
    assert walk(CHAIN, {"a": False}).first_incomplete.key == "three"  # d was never asked
    assert walk(CHAIN, {"a": False, "d": None}).is_complete
    assert not walk(CHAIN, {"a": None, "d": None}).is_complete


def test_a_later_step_may_be_visited_only_when_all_before_it_are_complete():
    walked = walk(CHAIN, {"a": True})

    assert [walked.may_visit(key) for key in ("one", "two", "three", "nowhere")] == [
        True,
        True,
        False,
        False,
    ]


def test_an_exit_ends_the_walk_and_nothing_after_it_is_visible():
    exits = form(
        step("one", ask("old", "yes_no", required=True)),
        {"key": "sorry", "title": "Sorry", "kind": "exit", "show_if": when("old", False)},
        step("two", ask("b")),
    )
    stopped = walk(exits, {"old": False, "b": None})

    assert (seen(stopped), stopped.exit.key, stopped.is_complete) == (
        {"one": ["old"], "sorry": []},
        "sorry",
        False,
    )
    assert walk(exits, {"old": True, "b": None}).is_complete


def test_words_alone_are_done_once_they_were_read():
    words = form(step("read", ask("w", "info")), step("ask", ask("a")))

    assert walk(words, {}).first_incomplete.key == "read"
    assert walk(words, {"read": True}).first_incomplete.key == "ask"


REPEATED = form(
    step("before", ask("all_sing", "yes_no")),
    step(
        "child",
        ask("name", required=True),
        ask("plays", "yes_no", required=True),
        ask("what", show_if=when("plays")),
        ask("voice", show_if=when("all_sing")),
        repeat={"min": 1, "max": 3, "item_name": "child"},
    ),
    step("after", ask("end")),
)


def test_each_item_of_a_repeat_has_its_own_visible_questions():
    answers = {
        "all_sing": True,
        "child": [
            {"name": "Ash", "plays": False, "what": "hidden", "voice": None},
            {"name": "Bo", "plays": True, "what": "cello", "voice": "alto"},
        ],
    }
    walked = walk(REPEATED, answers)

    assert [[q["key"] for q in item.questions] for item in walked["child"].items] == [
        ["name", "plays", "voice"],
        ["name", "plays", "what", "voice"],
    ]
    assert walked.answers["child"] == [
        {"name": "Ash", "plays": False},
        {"name": "Bo", "plays": True, "what": "cello", "voice": "alto"},
    ]
    assert walked["child"].is_complete


@pytest.mark.parametrize(
    ("items", "complete"),
    [
        (None, False),
        ([], False),
        ([{"name": "Ash", "plays": False}], True),
        ([{"name": "Ash"}], False),
        ("tampered", False),
        (["tampered"], False),
    ],
)
def test_a_repeat_is_complete_with_enough_whole_items(items, complete):
    answers = {"all_sing": None} | ({} if items is None else {"child": items})

    assert walk(REPEATED, answers)["child"].is_complete is complete


def test_a_repeat_never_has_more_items_than_it_may():
    many = [{"name": str(n), "plays": False} for n in range(9)]

    assert len(walk(REPEATED, {"child": many})["child"].items) == 3


def test_the_number_of_items_may_come_from_an_answer():
    counted = form(
        step("places", ask("places", "places", settings={"course": "c"})),
        step(
            "child",
            ask("name", required=True),
            repeat={"min": 1, "max": 6, "item_name": "child", "count_from": "places"},
        ),
    )
    two = {"places": {"offering": "SW1", "children": 2}, "child": [{"name": "Ash"}]}

    assert not walk(counted, two).is_complete
    assert walk(counted, two | {"child": [{"name": "Ash"}, {"name": "Bo"}]}).is_complete


def test_a_calculated_answer_can_be_used_by_a_rule():
    worked_out = form(
        step("one", ask("a", "number"), ask("b", "number")),
        step(
            "two",
            ask("total", "calculated", settings={"sum": ["a", "b"]}),
            ask("why", show_if=when("total", 10, "more_than")),
        ),
    )

    assert seen(walk(worked_out, {"a": 6, "b": 5}))["two"] == ["total", "why"]
    assert seen(walk(worked_out, {"a": 6, "b": 4}))["two"] == ["total"]


@pytest.mark.parametrize(
    "nonsense", [{"a": {"x": [1]}}, {"a": "9" * 999}, {"child": 7}, {"a": 1e400}]
)
def test_no_answer_whatever_makes_a_walk_fail(nonsense):
    assert walk(CHAIN, nonsense).steps and walk(REPEATED, nonsense).steps
