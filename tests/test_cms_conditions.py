"""Rules: every way of comparing, every way of having no answer, and how a rule reads aloud."""

from datetime import date

import pytest

from cms.conditions import ALL_OPS, clause_holds, holds, questions_of, sentence

TODAY = {"today": date(2026, 11, 21), "offering": date(2026, 12, 29)}


def clause(op, value=None, **more):
    return {"question": "q", "op": op, "value": value, **more}


# answer, operator, value, whether the clause is true
COMPARISONS = [
    ("my_child", "is", "my_child", True),
    ("my_child", "is", "me", False),
    ("My_Child ", "is", "my_child", True),  # as people mean it
    (True, "is", "yes", True),
    (True, "is", True, True),
    (False, "is", "no", True),
    (False, "is", "yes", False),
    (3, "is", "3", True),
    (["cello"], "is", "cello", True),
    (["cello", "voice"], "is", "cello", False),
    ("me", "is_not", "my_child", True),
    ("my_child", "is_not", "my_child", False),
    ("b", "one_of", ["a", "b"], True),
    ("c", "one_of", ["a", "b"], False),
    ("a", "one_of", "a", True),
    (["cello", "voice"], "includes", "voice", True),
    (["cello"], "includes", "voice", False),
    ("voice", "includes", "voice", True),
    (["cello"], "excludes", "voice", True),
    (["cello", "voice"], "excludes", "voice", False),
    (5, "more_than", 4, True),
    (4, "more_than", 4, False),
    ("10", "more_than", 9, True),  # numbers, not letters
    (4, "less_than", 5, True),
    (5, "less_than", 5, False),
    (5, "at_least", 5, True),
    (4.5, "at_least", 5, False),
    (5, "at_most", 5, True),
    (6, "at_most", 5, False),
    ("2026-09-01", "before", "2026-09-02", True),
    ("2026-09-02", "before", "2026-09-02", False),
    ("2026-09-03", "after", "2026-09-02", True),
    ("2026-09-02", "after", "2026-09-02", False),
    ("09:30", "before", "10:00", True),
    ("words", "more_than", 4, False),  # cannot be compared, so not true
    (True, "more_than", 0, False),
    ("x", "answered", None, True),
    (False, "answered", None, True),  # "No" is an answer
    (0, "answered", None, True),
    ({"first": "A"}, "is", "a", True),
]


@pytest.mark.parametrize(("answer", "op", "value", "expected"), COMPARISONS)
def test_each_operator_compares_as_people_mean_it(answer, op, value, expected):
    assert clause_holds(clause(op, value), {"q": answer}) is expected


@pytest.mark.parametrize("op", sorted(ALL_OPS))
@pytest.mark.parametrize("nothing", [{}, {"q": None}, {"q": ""}, {"q": []}, {"q": {}}])
def test_without_an_answer_every_clause_is_false_but_not_answered(op, nothing):
    assert clause_holds(clause(op, "x", at_least=0), nothing) is (op == "not_answered")


@pytest.mark.parametrize(
    ("born", "bounds", "day", "expected"),
    [
        ("2018-12-29", {"at_least": 8}, "offering", True),  # eight on that very day
        ("2018-12-30", {"at_least": 8}, "offering", False),  # eight a day too late
        ("2018-12-29", {"at_least": 8}, "today", False),
        ("2007-12-30", {"at_most": 18}, "offering", True),  # nineteen the day after
        ("2007-12-29", {"at_most": 18}, "offering", False),
        ("2016-02-29", {"at_least": 9}, "2025-02-28", False),  # older on 1 March
        ("2016-02-29", {"at_least": 9}, "2025-03-01", True),
        ("2015-03-27", {"at_least": 8, "at_most": 18}, "2026-10-26", True),
        ("2027-01-01", {"at_least": 0}, "today", False),  # not born yet
        ("soon", {"at_least": 0}, "today", False),
    ],
)
def test_an_age_is_that_on_the_day_that_counts(born, bounds, day, expected):
    rule = clause("age_on", date=day, **bounds)

    assert clause_holds(rule, {"q": born}, facts=TODAY) is expected


@pytest.mark.parametrize(
    ("match", "answers", "expected"),
    [
        ("all", {"a": 1, "b": 1}, True),
        ("all", {"a": 1}, False),
        ("any", {"b": 1}, True),
        ("any", {}, False),
    ],
)
def test_a_rule_asks_all_of_its_clauses_or_any(match, answers, expected):
    rule = {
        "match": match,
        "clauses": [
            {"question": "a", "op": "is", "value": 1},
            {"question": "b", "op": "is", "value": 1},
        ],
    }

    assert holds(rule, answers) is expected


@pytest.mark.parametrize("rule", [None, {}, {"match": "any", "clauses": []}])
def test_no_rule_is_always_true(rule):
    assert holds(rule, {}) is True


GROUPS = {
    "young_singer": {
        "match": "all",
        "clauses": [
            {"question": "sings", "op": "is", "value": "yes"},
            {"question": "age", "op": "less_than", "value": 11},
        ],
    }
}
EITHER = {
    "match": "any",
    "clauses": [{"group": "young_singer"}, {"question": "asked", "op": "is", "value": "yes"}],
}


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ({"sings": True, "age": 9}, True),
        ({"sings": True, "age": 12}, False),
        ({"sings": True, "age": 12, "asked": True}, True),
        ({}, False),
    ],
)
def test_a_named_group_says_a_and_b_or_c(answers, expected):
    assert holds(EITHER, answers, groups=GROUPS) is expected


def test_an_unknown_group_or_operator_is_false_and_no_error():
    assert holds({"clauses": [{"group": "nobody"}]}, {"q": 1}) is False
    assert clause_holds(clause("resembles", 1), {"q": 1}) is False


def test_a_group_cannot_run_in_circles():
    circle = {"a": {"clauses": [{"group": "b"}]}, "b": {"clauses": [{"group": "a"}]}}

    assert holds({"clauses": [{"group": "a"}]}, {}, groups=circle) is False


def test_a_rule_knows_which_questions_it_looks_at():
    assert questions_of(EITHER, GROUPS) == {"sings", "age", "asked"}


LABELS = {"who": "Who is it for?", "born": "Date of birth", "sings": "Sings?", "age": "Age"}
OPTIONS = {"who": {"my_child": "My child", "me": "Me"}}


@pytest.mark.parametrize(
    ("clauses", "match", "expected"),
    [
        (
            [{"question": "who", "op": "is", "value": "my_child"}],
            "all",
            "Shown when “Who is it for?” is “My child”.",
        ),
        (
            [{"question": "who", "op": "one_of", "value": ["my_child", "me"]}],
            "all",
            "Shown when “Who is it for?” is one of “My child” or “Me”.",
        ),
        (
            [
                {"question": "sings", "op": "is", "value": True},
                {"question": "age", "op": "at_least", "value": 7},
            ],
            "any",
            "Shown when “Sings?” is Yes or “Age” is at least 7.",
        ),
        (
            [{"question": "born", "op": "before", "value": "2015-09-01"}],
            "all",
            "Shown when “Date of birth” is before 1 September 2015.",
        ),
        (
            [{"question": "born", "op": "age_on", "date": "offering", "at_least": 8}],
            "all",
            "Shown when “Date of birth” gives an age of 8 or over on the first day.",
        ),
        (
            [{"question": "born", "op": "age_on", "at_least": 8, "at_most": 18}],
            "all",
            "Shown when “Date of birth” gives an age of 8 to 18 today.",
        ),
        ([{"question": "age", "op": "not_answered"}], "all", "Shown when “Age” has no answer."),
        (
            [{"question": "sings", "op": "one_of", "value": []}],
            "all",
            "Shown when “Sings?” is one of ….",
        ),
        ([{"question": "age", "op": "is"}], "all", "Shown when “Age” is …."),
        ([], "all", ""),
    ],
)
def test_a_rule_reads_back_as_a_sentence(clauses, match, expected):
    assert sentence({"match": match, "clauses": clauses}, LABELS, options=OPTIONS) == expected


def test_a_group_reads_back_in_brackets():
    words = sentence(EITHER, LABELS | {"asked": "Asked to?"}, groups=GROUPS)

    assert words == "Shown when (“Sings?” is yes and “Age” is less than 11) or “Asked to?” is yes."


def test_an_amount_reads_back_in_pounds():
    rule = {"clauses": [{"question": "paid", "op": "more_than", "value": 5050}]}

    assert (
        sentence(rule, {"paid": "Paid"}, pence={"paid"}) == "Shown when “Paid” is more than £50.50."
    )
