"""From an author's data to a version that never changes, and what may not be published."""

import copy

import pytest

from forms.compile import check, compiled, publish
from forms.findings import NotPublishableError
from forms.models import FormDefinition, FormVersion, NeverChangesError

WHO = {
    "key": "who_for",
    "type": "radios",
    "label": "Who is it for?",
    "required": True,
    "options": [{"key": "my_child", "label": "My child"}, {"label": "Me"}],
}
FORM = {
    "slug": "try-it",
    "title": "Try it",
    "steps": [
        {"key": "start", "title": "Start", "questions": [WHO]},
        {
            "title": "Your child",
            "repeat": {"min": 1, "max": 2, "item_name": "child"},
            "show_if": {"clauses": [{"question": "who_for", "op": "is", "value": "my_child"}]},
            "questions": [{"type": "date", "label": "Date of birth"}],
        },
        {"title": "About you", "questions": [{"key": "email", "type": "email", "label": "E-mail"}]},
    ],
}


def changed(**paths):
    form = copy.deepcopy(FORM)
    for path, value in paths.items():
        target = form
        *route, last = [int(part) if part.isdigit() else part for part in path.split("__")]
        for part in route:
            target = target[part]
        target[last] = value
    return form


def codes(form):
    return [(finding.code, finding.step, finding.question) for finding in check(compiled(form))]


def test_keys_ids_and_defaults_are_filled_in_at_every_level():
    form = compiled(FORM)
    birth = form["steps"][1]["questions"][0]

    assert (form["steps"][1]["key"], birth["key"]) == ("your_child", "date_of_birth")
    assert [option["key"] for option in form["steps"][0]["questions"][0]["options"]] == [
        "my_child",
        "me",
    ]
    ids = [s["id"] for s in form["steps"]] + [
        q["id"] for s in form["steps"] for q in s["questions"]
    ]
    ids += [option["id"] for option in form["steps"][0]["questions"][0]["options"]]
    assert len(set(ids)) == 8
    assert (birth["required"], birth["show_if"], birth["options"], birth["settings"]) == (
        False,
        None,
        None,
        {},
    )


def test_compiling_twice_gives_the_same_and_changes_nothing_it_was_given():
    given = copy.deepcopy(FORM)
    once = compiled(given)

    assert given == FORM
    assert compiled(FORM) == once
    assert compiled(once) == once


def test_references_by_id_become_references_by_key():
    form = compiled(FORM)
    question, option = (
        form["steps"][0]["questions"][0]["id"],
        form["steps"][0]["questions"][0]["options"][0]["id"],
    )
    by_id = copy.deepcopy(form)
    by_id["steps"][1]["show_if"] = {
        "clauses": [{"question": question, "op": "is", "value": option}]
    }

    assert compiled(by_id) == form


def test_a_sound_form_has_no_findings():
    assert check(compiled(FORM)) == []


def rule(question="who_for", op="is", value="my_child"):
    return {"clauses": [{"question": question, "op": op, "value": value}]}


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        (changed(slug="Try It"), [("slug", "", "")]),
        (changed(steps=[]), [("nothing_asked", "", "")]),
        (changed(steps__0__show_if=rule("email", "answered")), [("forward", "start", "")]),
        (
            changed(steps__0__questions__0__show_if=rule("who_for")),
            [("forward", "start", "who_for")],
        ),
        (changed(steps__2__show_if=rule("nobody")), [("unknown", "about_you", "")]),
        (changed(steps__2__show_if={"clauses": [{"group": "x"}]}), [("unknown", "about_you", "")]),
        (changed(steps__1__show_if=rule(value="gone")), [("unknown_option", "your_child", "")]),
        (changed(steps__1__show_if=rule(op="likes")), [("op", "your_child", "")]),
        (
            changed(steps__2__show_if=rule("date_of_birth", "answered")),
            [("repeated", "about_you", "")],
        ),
        (changed(steps__2__questions__0__key="who_for"), [("same_key", "about_you", "who_for")]),
        (changed(steps__2__key="done"), [("reserved", "done", "")]),
        (changed(steps__2__questions__0__type="e-mail"), [("type", "about_you", "email")]),
        (changed(steps__0__questions__0__options=[]), [("settings", "start", "who_for")]),
        (changed(steps__1__repeat={"min": 3, "max": 2}), [("repeat", "your_child", "")]),
        (changed(steps__2__kind="exit", steps__2__questions=[]), [("no_way_on", "about_you", "")]),
    ],
)
def test_a_broken_form_is_refused_where_it_is_broken(form, expected):
    assert codes(form) == expected


def test_a_forward_reference_names_the_step_and_the_question():
    (finding,) = check(compiled(changed(steps__0__show_if=rule("email", "answered"))))

    assert str(finding) == (
        "Step “Start”: Its rule looks at “E-mail” in step “About you”, which is asked later. "
        "A rule can only look back."
    )


@pytest.fixture
def definition(db):
    return FormDefinition.objects.create(slug="try-it", title="Try it", data=FORM)


def test_publishing_keeps_a_numbered_version_and_the_same_form_is_the_same_version(definition):
    first = publish(definition)
    again = publish(definition)
    definition.data = changed(steps__2__questions__0__label="Your e-mail")
    second = publish(definition)

    assert (first.number, again.pk, second.number) == (1, first.pk, 2)
    assert definition.current_version == second
    assert first.compiled["steps"][2]["questions"][0]["label"] == "E-mail"


def test_a_broken_form_is_not_published_and_nothing_is_kept(definition):
    definition.data = changed(steps__0__show_if=rule("email", "answered"))

    with pytest.raises(NotPublishableError) as refused:
        publish(definition)

    assert [finding.code for finding in refused.value.findings] == ["forward"]
    assert FormVersion.objects.count() == 0


def test_a_published_version_cannot_be_changed(definition):
    version = publish(definition)
    version.number = 9

    with pytest.raises(NeverChangesError):
        version.save()


NAMED = {
    "gone": {"clauses": [{"question": "who_for", "op": "is", "value": "an_aunt"}]},
    "empty": {"clauses": []},
    "unfinished": {"clauses": [{"op": "is"}]},
    "sound": {"clauses": [{"question": "who_for", "op": "is", "value": "my_child"}]},
}


def test_what_is_wrong_with_a_named_rule_is_said_of_that_rule_alone():
    """Also where a page uses it: that page's own rule is in order."""
    used = {"clauses": [{"group": name} for name in NAMED]}
    found = check(compiled(changed(groups=NAMED, steps__2__show_if=used)))

    assert [(one.code, one.group, one.block_id) for one in found] == [
        ("unknown_option", "gone", ""),
        ("no_clauses", "empty", ""),
        ("unknown", "unfinished", ""),
    ]
    assert "does not say which question" in found[2].message
