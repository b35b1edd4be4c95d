"""Prices: what is charged, what is taken off, and that it always adds up."""

import random
from datetime import date
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forms import package
from forms.compile import check, compiled
from forms.pricing import CodeTerms, price_of

TODAY = date(2026, 9, 1)
FACTS = {"today": TODAY, "offering": date(2026, 10, 26)}
DATE = SimpleNamespace(price_pence=3500)
GETS_HELP = {"match": "all", "clauses": [{"question": "help", "op": "is", "value": "meals"}]}


def a_form(**pricing):
    """A booking of some places: children with an instrument each, help with costs, a number."""
    return compiled(
        {
            "slug": "priced",
            "title": "Priced",
            "pricing": pricing,
            "steps": [
                {
                    "key": "date",
                    "title": "Date",
                    "questions": [
                        {
                            "key": "places",
                            "type": "places",
                            "label": "Date",
                            "settings": {"course": "songwriter"},
                        }
                    ],
                },
                {
                    "key": "child",
                    "title": "Child",
                    "repeat": {"min": 1, "max": 6, "item_name": "child", "count_from": "places"},
                    "questions": [
                        {"key": "child_name", "type": "name", "label": "Name"},
                        {"key": "born", "type": "date", "label": "Date of birth"},
                        {
                            "key": "hires",
                            "type": "radios",
                            "label": "Instrument",
                            "options": [
                                {"key": "violin", "label": "Violin hire", "price_pence": 1200},
                                {"key": "cello", "label": "Cello hire", "price_pence": 2450},
                                {"key": "none", "label": "None"},
                            ],
                        },
                    ],
                },
                {
                    "key": "money",
                    "title": "Money",
                    "questions": [
                        {
                            "key": "help",
                            "type": "radios",
                            "label": "Help",
                            "settings": {"restricted": "evidence"},
                            "options": [
                                {"key": "meals", "label": "School meals"},
                                {"key": "none", "label": "None"},
                            ],
                        },
                        {"key": "tickets", "type": "number", "label": "Concert tickets"},
                    ],
                },
            ],
        }
    )


def a_child(name="Wren", hires="none", born="2015-01-01"):
    return {"child_name": {"first": name, "last": "Ashdown"}, "born": born, "hires": hires}


def answers_of(*children, **more):
    return {
        "places": {"offering": "SW-1", "children": len(children)},
        "child": list(children),
        **more,
    }


def lines_of(form, answers, **more):
    price = price_of(form, answers, DATE, facts=FACTS, **more)
    assert price.pence == sum(line.pence for line in price.lines)
    return [(line.label, line.pence) for line in price.lines]


def test_a_priced_option_is_charged_for_each_child_that_chose_it():
    answers = answers_of(a_child(), a_child("Robin", "violin"), a_child("Lark", "violin"))
    assert lines_of(a_form(per_place="offering"), answers) == [
        ("3 places at £35", 10500),
        ("Violin hire, 2 at £12", 2400),
    ]


def test_items_are_charged_once_for_each_place_for_each_item_or_as_often_as_was_said():
    form = a_form(
        items=[
            {"key": "fee", "label": "Registration", "pence": 500},
            {"key": "lunch", "label": "Lunch", "pence": 450, "per": "place"},
            {
                "key": "case",
                "label": "Cello case",
                "pence": 300,
                "per": "child",
                "show_if": {"clauses": [{"question": "hires", "op": "is", "value": "cello"}]},
            },
            {"key": "ticket", "label": "Ticket", "pence": 700, "times": "tickets"},
        ]
    )
    answers = answers_of(a_child(), a_child("Robin", "cello"), tickets=3)

    assert check(form) == []
    assert lines_of(form, answers) == [
        ("Registration", 500),
        ("Lunch, 2 at £4.50", 900),
        ("Cello case", 300),
        ("Ticket, 3 at £7", 2100),
        ("Cello hire", 2450),
    ]


def test_brothers_and_sisters_are_different_children():
    form = a_form(
        per_place="offering", discounts=[{"kind": "sibling", "from_child": 2, "percent": 10}]
    )
    twice_the_same = answers_of(a_child("Wren"), a_child(" wren "))
    two = answers_of(a_child("Wren"), a_child("Robin"))

    assert lines_of(form, twice_the_same) == [("2 places at £35", 7000)]
    assert lines_of(form, two) == [
        ("2 places at £35", 7000),
        ("10% off for 1 brother or sister", -350),
    ]


def test_the_dearest_child_pays_in_full_whoever_is_named_first():
    form = a_form(
        per_place=0, discounts=[{"kind": "sibling", "from_child": 2, "percent": 50, "of": "all"}]
    )
    children = [a_child("Wren", "violin"), a_child("Robin", "cello")]

    assert lines_of(form, answers_of(*children))[-1] == ("50% off for 1 brother or sister", -600)
    assert lines_of(form, answers_of(*children[::-1]))[-1][1] == -600


@pytest.mark.parametrize(
    ("discount", "off"),
    [
        ({"until": "2026-09-01", "percent": 10}, -700),
        ({"until": "2026-08-31", "percent": 10}, 0),
        ({"days_before": 55, "pence": 500, "each": "place"}, -1000),
        ({"days_before": 56, "pence": 500, "each": "place"}, 0),
        ({"until": "2026-12-31", "pence": 500}, -500),
    ],
)
def test_early_means_up_to_and_with_the_last_day(discount, off):
    form = a_form(per_place="offering", discounts=[{"kind": "early", **discount}])
    answers = answers_of(a_child(), a_child("Robin"))
    assert price_of(form, answers, DATE, facts=FACTS).pence == 7000 + off


HELP = {
    "periods": [
        {
            "from": "2025-09-01",
            "until": "2026-08-31",
            "bands": [{"percent": 100, "show_if": GETS_HELP}],
        },
        {
            "from": "2026-09-01",
            "until": None,
            "bands": [
                {"percent": 25, "show_if": GETS_HELP},
                {"percent": 50, "show_if": GETS_HELP},
            ],
        },
    ]
}


def test_help_with_costs_follows_the_rules_of_the_day_and_comes_off_what_is_left():
    form = a_form(
        per_place="offering",
        discounts=[{"kind": "sibling", "from_child": 2, "percent": 10}],
        remission=HELP,
    )
    answers = answers_of(a_child(), a_child("Robin"), help="meals")
    last_year = {"today": date(2026, 8, 1), "offering": date(2026, 8, 31)}

    assert lines_of(form, answers)[-1] == ("Help with costs, 50%", -3325)
    assert price_of(form, answers, DATE, facts=last_year).words == "Nothing to pay"
    assert lines_of(form, answers | {"help": "none"})[-1][0].startswith("10% off")


def test_the_reason_for_help_with_costs_is_in_no_line_of_the_price():
    form = a_form(per_place="offering", remission=HELP)
    said = str(price_of(form, answers_of(a_child(), help="meals"), DATE, facts=FACTS).as_data())
    assert "meals" not in said
    assert "School" not in said


def test_a_code_comes_off_last_and_never_takes_more_than_there_is():
    form = a_form(per_place="offering", codes={"question": "code"})
    answers = answers_of(a_child())
    assert lines_of(form, answers, code=CodeTerms(percent=20))[-1] == ("Your code", -700)
    assert lines_of(form, answers, code=CodeTerms(pence=99999))[-1] == ("Your code", -3500)


def test_a_form_without_prices_has_none_and_a_date_that_is_not_chosen_neither():
    assert price_of(a_form(), answers_of(a_child()), DATE, facts=FACTS) is None
    form = a_form(per_place="offering")
    assert price_of(form, {}, None, facts=FACTS) is None
    assert price_of(form, answers_of(a_child()), None, facts=FACTS) is None


PERCENT = st.integers(0, 100)
DISCOUNT = st.one_of(
    st.builds(
        lambda p, n, of: {"kind": "sibling", "from_child": n, "percent": p, "of": of},
        PERCENT,
        st.integers(2, 4),
        st.sampled_from(["places", "all"]),
    ),
    st.builds(
        lambda p, of: {"kind": "early", "until": "2026-12-01", "percent": p, "of": of},
        PERCENT,
        st.sampled_from(["places", "all"]),
    ),
    st.builds(
        lambda p, each: {"kind": "rule", "show_if": GETS_HELP, "pence": p, "each": each},
        st.integers(0, 9000),
        st.sampled_from(["form", "place"]),
    ),
)
CHILD = st.builds(
    a_child,
    st.sampled_from(["Wren", "Robin", "Lark"]),
    st.sampled_from(["violin", "cello", "none"]),
)


@settings(max_examples=300, deadline=None)
@given(
    per_place=st.integers(0, 20000),
    fee=st.integers(0, 5000),
    discounts=st.lists(DISCOUNT, max_size=5),
    remission=st.integers(1, 100),
    children=st.lists(CHILD, min_size=1, max_size=5),
    code=st.one_of(st.none(), st.builds(CodeTerms, PERCENT, st.integers(0, 9000))),
    seed=st.integers(0, 1000),
)
def test_every_price_is_the_sum_of_its_lines_never_below_zero_and_the_same_in_any_order(
    per_place, fee, discounts, remission, children, code, seed
):
    bands = [{"percent": remission, "show_if": GETS_HELP}]

    def price(in_order):
        form = a_form(
            per_place=per_place,
            items=in_order(
                [
                    {"key": "fee", "label": "Fee", "pence": fee},
                    {"key": "each", "label": "Each", "pence": fee, "per": "child"},
                ]
            ),
            discounts=in_order(discounts),
            remission={"periods": [{"bands": bands}], "of": "places" if seed % 2 else "all"},
        )
        answers = answers_of(*in_order(children), help="meals")
        return price_of(form, answers, DATE, facts=FACTS, code=code)

    one = price(list)
    other = price(lambda part: random.Random(seed).sample(part, len(part)))

    assert one.pence == sum(line.pence for line in one.lines) >= 0
    assert all(isinstance(line.pence, int) for line in one.lines)
    assert sorted((x.label, x.pence) for x in one.lines if x.pence >= 0) == sorted(
        (x.label, x.pence) for x in other.lines if x.pence >= 0
    )
    assert one.pence == other.pence


@pytest.mark.parametrize(
    ("pricing", "says"),
    [
        ({"discounts": [{"kind": "early", "percent": 5}]}, "last day"),
        ({"discounts": [{"kind": "sibling", "from_child": 2}]}, "percentage or an amount"),
        ({"discounts": [{"kind": "rule", "percent": 5}]}, "everybody would get it"),
        ({"items": [{"label": "Lunch", "pence": 1, "per": "money"}]}, "not repeated"),
        ({"items": [{"label": "Lunch", "pence": 1, "times": "help"}]}, "not a number"),
        ({"remission": {"periods": [{"bands": [{"percent": 5}]}]}}, "without a rule"),
        ({"codes": {"question": "help"}}, "Code for a reduction"),
        ({"children": "money"}, "not repeated"),
        (
            {
                "discounts": [
                    {
                        "kind": "rule",
                        "percent": 5,
                        "show_if": {"clauses": [{"question": "hires", "op": "answered"}]},
                    }
                ]
            },
            "once for each child",
        ),
    ],
)
def test_prices_that_cannot_be_meant_are_refused_when_the_form_is_published(pricing, says):
    findings = [str(f) for f in check(a_form(**pricing)) if f.code == "pricing"]
    assert len(findings) == 1, findings
    assert says in findings[0]


def test_prices_may_name_questions_and_steps_by_id_and_are_kept_by_key():
    form = a_form(
        per_place="offering",
        sibling_discount={"from_child": 2, "percent": 10},
        items=[{"key": "t", "label": "Ticket", "pence": 1, "times": "id-t", "per": "id-c"}],
    )
    data = {**form, "steps": [dict(step) for step in form["steps"]]}
    data["steps"][1]["id"] = "id-c"
    data["steps"][2]["questions"][1]["id"] = "id-t"

    assert compiled(data)["pricing"] == {
        "per_place": "offering",
        "discounts": [{"key": "siblings", "kind": "sibling", "from_child": 2, "percent": 10}],
        "items": [{"key": "t", "label": "Ticket", "pence": 1, "times": "tickets", "per": "child"}],
    }


def test_the_schema_takes_every_part_of_the_prices():
    pricing = {
        "per_place": 3500,
        "children": "child",
        "items": [{"key": "a", "label": "A", "pence": 5, "per": "child", "show_if": None}],
        "discounts": [
            {"kind": "early", "days_before": 28, "pence": 500, "each": "place", "label": "Early"}
        ],
        "remission": {"label": "Help", "of": "all", **HELP},
        "codes": {"question": "code"},
    }
    form = {"slug": "a", "title": "A", "steps": [], "pricing": pricing}
    assert package.shape_findings({"package": 1, "form": form}) == []
    form["pricing"] = {"per_place": 3500, "surprise": 1}
    assert len(package.shape_findings({"package": 1, "form": form})) == 1
