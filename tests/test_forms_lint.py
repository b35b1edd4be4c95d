"""What the linter says of a form, kind by kind, and that it stays silent on a sound one."""

import copy
import json
from pathlib import Path

import pytest

from forms.compile import compiled
from forms.lint import lint

pytestmark = pytest.mark.django_db

SOUND = {
    "slug": "borrow",
    "title": "Borrow an instrument",
    "steps": [
        {
            "key": "who",
            "title": "Who",
            "questions": [
                {
                    "key": "for_whom",
                    "type": "radios",
                    "label": "Who is it for?",
                    "required": True,
                    "options": [
                        {"key": "child", "label": "My child"},
                        {"key": "me", "label": "Me"},
                    ],
                },
                {"key": "age", "type": "number", "label": "How old are they?", "required": True},
            ],
        },
        {
            "key": "adult",
            "title": "Adults",
            "kind": "exit",
            "show_if": {
                "match": "all",
                "clauses": [{"question": "age", "op": "more_than", "value": 18}],
            },
        },
        {
            "key": "child",
            "title": "Your child",
            "show_if": {
                "match": "all",
                "clauses": [{"question": "for_whom", "op": "is", "value": "child"}],
            },
            "questions": [
                {
                    "key": "name",
                    "type": "name",
                    "label": "Name",
                    "required": True,
                    "settings": {"reason": "For the register."},
                },
            ],
        },
        {"key": "check", "title": "Check", "kind": "check"},
    ],
}


def form(change=None):
    made = copy.deepcopy(SOUND)
    if change:
        change(made)
    return compiled(made)


def said(change=None, **kwargs):
    return [(one.level, one.code, one.where) for one in lint(form(change), **kwargs)]


def show_if(question, op, *value):
    clause = {"question": question, "op": op}
    return {"match": "all", "clauses": [clause | ({"value": value[0]} if value else {})]}


def test_a_sound_form_has_nothing_said_about_it():
    assert said() == []


def test_the_packages_that_come_with_the_hub_have_no_errors():
    for path in Path("forms/packages").glob("*.json"):
        package = json.loads(path.read_text())
        found = lint(
            compiled(package["form"]),
            emails=package.get("emails", []),
            workflow=package.get("workflow"),
        )
        assert [str(one) for one in found if one.level == "error"] == [], path.name


def test_a_rule_that_can_never_be_true_makes_its_step_unreachable():
    def change(made):
        made["steps"][2]["show_if"]["clauses"] += [
            {"question": "for_whom", "op": "is", "value": "me"}
        ]

    assert said(change) == [("warning", "unreachable", "Step “Your child”")]


def test_a_step_that_only_those_who_left_could_see_is_unreachable():
    def change(made):
        made["steps"][2]["show_if"] = show_if("age", "more_than", 20)

    assert said(change) == [("warning", "unreachable", "Step “Your child”")]


def test_a_question_that_contradicts_its_own_step_is_unreachable():
    def change(made):
        made["steps"][2]["questions"][0]["show_if"] = show_if("for_whom", "is", "me")

    assert said(change) == [("warning", "unreachable", "Step “Your child”, question “Name”")]


def test_a_rule_that_is_always_true_is_said_to_be_idle():
    def change(made):
        made["steps"][2]["show_if"] = show_if("for_whom", "one_of", ["child", "me"])

    assert said(change) == [("warning", "rule_always", "Step “Your child”")]


def test_a_rule_that_waits_for_an_answer_that_has_to_be_given_is_idle():
    def change(made):
        made["steps"][2]["show_if"] = show_if("for_whom", "answered")

    assert said(change) == [("warning", "rule_always", "Step “Your child”")]


def test_no_claim_is_made_about_an_answer_that_may_be_left_empty():
    def change(made):
        made["steps"][0]["questions"][0]["required"] = False
        made["steps"][2]["show_if"] = show_if("for_whom", "answered")

    assert said(change) == []


def test_a_form_that_nobody_can_finish_is_refused():
    def change(made):
        made["steps"][1]["show_if"] = {
            "match": "any",
            "clauses": [
                {"question": "age", "op": "more_than", "value": 5},
                {"question": "age", "op": "at_most", "value": 5},
            ],
        }

    assert ("error", "no_way_out", "Step “Adults”") in said(change)


def test_a_deleted_option_a_deleted_question_and_a_later_one_are_errors():
    def change(made):
        made["steps"][2]["show_if"] = {
            "match": "any",
            "clauses": [
                {"question": "for_whom", "op": "is", "value": "grandchild"},
                {"question": "gone", "op": "answered"},
                {"question": "name", "op": "answered"},
            ],
        }

    errors = [one for one in said(change) if one[0] == "error"]
    assert [code for _level, code, _where in errors] == ["unknown_option", "unknown", "forward"]


def test_an_unfinished_rule_is_an_error():
    def change(made):
        made["steps"][2]["show_if"] = show_if("for_whom", "one_of", [])

    assert ("error", "no_value", "Step “Your child”") in said(change)


def test_a_step_that_asks_nothing_is_an_error():
    def change(made):
        made["steps"].insert(1, {"key": "empty", "title": "Empty"})

    assert said(change) == [("error", "empty_step", "Step “Empty”")]


def test_two_questions_with_one_meaning_are_told_apart_by_branch():
    def again(made):
        made["steps"].insert(
            3,
            {
                "key": "more",
                "title": "More",
                "questions": [
                    {"key": "called", "type": "name", "label": "name?", "settings": {"reason": "x"}}
                ],
            },
        )

    def other_branch(made):
        again(made)
        made["steps"][3]["show_if"] = show_if("for_whom", "is", "me")

    assert said(again) == [("warning", "asked_twice", "Step “More”, question “name?”")]
    assert said(other_branch) == []


def test_one_role_in_two_questions_is_asking_twice():
    def change(made):
        for question in made["steps"][0]["questions"]:
            question["settings"] = {"role": "contact_name"}

    assert said(change) == [("warning", "asked_twice", "Step “Who”, question “How old are they?”")]


@pytest.mark.parametrize(
    "question",
    [
        {"type": "email", "label": "Your e-mail address"},
        {"type": "date", "label": "Date of birth"},
        {"type": "text", "label": "Anything", "settings": {"personal": True}},
        {"type": "longtext", "label": "Notes", "settings": {"restricted": "health"}},
    ],
)
def test_personal_details_need_a_reason(question):
    def change(made):
        made["steps"][0]["questions"].append(question)

    def with_reason(made):
        question["settings"] = {**question.get("settings", {}), "reason": "To ring you."}
        change(made)

    assert [code for _level, code, _where in said(change)] == ["no_reason"]
    assert said(with_reason) == []


def test_what_is_marked_as_not_personal_needs_no_reason():
    def change(made):
        made["steps"][0]["questions"].append(
            {"type": "school", "label": "Your school", "settings": {"personal": False}}
        )

    assert said(change) == []


def test_a_file_without_limits():
    def change(made):
        made["steps"][0]["questions"].append(
            {"type": "file", "label": "Letter", "settings": {"types": ["pdf"]}}
        )

    finding = lint(form(change))[0]
    assert (finding.code, finding.message) == (
        "no_limits",
        "It does not say how large and how many may be sent. Set the limits.",
    )


MAIL = {
    "key": "received",
    "subject": "Thank you {{ name }}",
    "body": "For {{ for_whom }}. {{ hub_phone }}",
}


def test_a_letter_that_names_what_may_be_empty():
    assert said(emails=[MAIL]) == [("warning", "mail_may_be_empty", "E-mail “received”")]
    assert lint(form(), emails=[MAIL])[0].message.startswith("It uses “Name”")


def test_a_letter_to_somebody_whose_name_is_never_asked():
    letter = {"key": "received", "subject": "Hello", "body": "Dear {{ contact_name }},"}

    def change(made):
        made["steps"][0]["questions"].append(
            {
                "type": "name",
                "label": "You",
                "required": True,
                "settings": {"role": "contact_name", "reason": "For letters."},
            }
        )

    assert said(emails=[letter]) == [("warning", "mail_no_source", "E-mail “received”")]
    assert said(change, emails=[letter]) == []


def test_a_missing_translation_is_said_for_each_part():
    def change(made):
        titles = {"who": "Pwy", "adult": "Oedolion", "child": "Eich plentyn", "check": "Gwirio"}
        options = {"child": {"label": "Fy mhlentyn"}, "me": {"label": "Fi"}}
        made["translations"] = {
            "cy": {
                "steps": {key: {"title": title} for key, title in titles.items()},
                "questions": {
                    "for_whom": {"label": "I bwy?", "options": options},
                    "age": {"label": "Oed?"},
                },
            }
        }

    assert said(change, emails=[MAIL]) == [
        ("warning", "mail_may_be_empty", "E-mail “received”"),
        ("warning", "not_translated", "Step “Your child”, question “Name”"),
        ("warning", "not_translated", "E-mail “received”"),
    ]


def test_a_long_sentence_is_counted_in_words():
    def change(made):
        made["steps"][0]["intro"] = f"<p>Short.</p><p>{'word ' * 26}</p>"

    assert lint(form(change))[0].message == (
        "A sentence has 26 words: “word word word word word word…”. Make it 25 or fewer."
    )


def test_a_button_of_the_workflow_that_looks_at_what_is_not_asked():
    workflow = {
        "stages": [
            {
                "staff_name": "New",
                "buttons": [
                    {"label": "Offer", "show_if": show_if("for_whom", "is", "me")},
                    {"label": "Refuse", "show_if": show_if("gone", "is", "x")},
                ],
            }
        ]
    }
    assert [
        (one.code, one.message.split(" of ")[0]) for one in lint(form(), workflow=workflow)
    ] == [("button_question_gone", "Button “Refuse”")]


def test_too_many_combinations_claim_nothing():
    def change(made):
        made["steps"][0]["questions"] += [
            {
                "key": f"many_{n}",
                "type": "radios",
                "label": f"Many {n}",
                "options": [{"key": key, "label": key} for key in "abcdefghij"],
            }
            for n in range(6)
        ]
        made["steps"][2]["show_if"] = {
            "match": "all",
            "clauses": [{"question": f"many_{n}", "op": "is", "value": "a"} for n in range(6)]
            + [{"question": "many_0", "op": "is", "value": "b"}],
        }

    assert said(change) == []
