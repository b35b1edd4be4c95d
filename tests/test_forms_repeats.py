"""Steps that are asked once for each child: adding, changing, removing, numbers, rules, prefill."""

import copy

import pytest

from cms.models import Instrument
from forms.compile import check, compiled
from forms.models import Journey
from tests.costs import fewest_queries
from tests.journeys import Family, own_values, publish_form

pytestmark = pytest.mark.django_db

IS_BEGINNER = {"clauses": [{"question": "plays", "op": "is", "value": "no"}]}
FORM = {
    "slug": "lessons",
    "title": "Lessons",
    "steps": [
        {
            "key": "child",
            "title": "Children",
            "repeat": {"min": 1, "max": 3, "item_name": "child"},
            "questions": [
                {"key": "first_name", "type": "text", "label": "First name", "required": True},
                {"key": "plays", "type": "yes_no", "label": "Do they play?", "required": True},
                {
                    "key": "would_like",
                    "type": "instrument",
                    "label": "What would they like to play?",
                    "required": True,
                    "show_if": IS_BEGINNER,
                    "settings": {"same_as_first": True},
                },
                {
                    "key": "school",
                    "type": "school",
                    "label": "School",
                    "settings": {"same_as_first": True},
                },
            ],
        },
        {
            "key": "contact",
            "title": "Contact",
            "questions": [{"key": "email", "type": "email", "label": "E-mail", "required": True}],
        },
        {"key": "check", "title": "Check", "kind": "check"},
    ],
}
PLAYS = {"first_name": "Wren", "plays": "yes", "school": {"choice": "home"}}
NAMES = ("Wren", "Robin", "Lark")


def begin(**repeat):
    form = copy.deepcopy(FORM)
    form["steps"][0]["repeat"] |= repeat
    publish_form(form)
    family = Family(form="lessons")
    family.start()
    return family


@pytest.fixture
def family(db):
    Instrument.objects.create(name="Viola", slug="viola", family="strings")
    Instrument.objects.create(name="Harp", slug="harp", family="strings")
    return begin()


def add(family, name, **more):
    family.page = family.browser.get(family.page.links("Add another child")[0])
    family.answer(PLAYS | {"first_name": name} | more)


def link(family, ending):
    return next(a["href"] for a in family.page.soup.select("main a") if ending in a["href"])


def titles(family):
    return [tag.get_text() for tag in family.page.soup.select(".summary-part h2")]


def stored():
    return [item.get("first_name") for item in Journey.objects.get().answers["child"]]


def test_items_are_added_up_to_the_most_and_shown_one_by_one(family):
    family.answer(PLAYS)
    assert titles(family) == ["Child 1"]
    add(family, "Robin")
    add(family, "Lark")

    assert titles(family) == ["Child 1", "Child 2", "Child 3"]
    assert family.page.links("Add another") == []
    assert family.go("child/4/").status == 303
    assert stored() == ["Wren", "Robin", "Lark"]


def test_an_item_is_changed_and_the_list_comes_back(family):
    family.answer(PLAYS)
    add(family, "Robin")
    family.page = family.browser.get(link(family, "child/2/?"))
    assert family.page.questions["first_name"].input["value"] == "Robin"
    family.answer({"first_name": "Rowan"})

    assert titles(family) == ["Child 1", "Child 2"]
    assert stored() == ["Wren", "Rowan"]


def test_removing_asks_first_and_takes_out_that_one_alone(family):
    family.answer(PLAYS)
    add(family, "Robin")
    add(family, "Lark")
    remove = link(family, "child/2/remove/")
    family.page = family.browser.get(remove)

    assert "Robin" in family.page.text
    assert stored() == ["Wren", "Robin", "Lark"]
    family.answer()
    assert stored() == ["Wren", "Lark"]
    assert titles(family) == ["Child 1", "Child 2"]


def test_fewer_than_the_least_cannot_be_made_by_removing(family):
    family.answer(PLAYS)
    assert family.page.links("Remove") == []
    listed = family.page.path
    family.page = family.browser.get(f"{listed}1/remove/")
    assert family.page.location == listed
    token = {"csrfmiddlewaretoken": family.browser.client.cookies["csrftoken"].value}
    assert family.browser.post(f"{listed}1/remove/", token).location == listed
    assert stored() == ["Wren"]


def test_the_least_number_is_asked_for_before_anything_else():
    family = begin(min=2)
    family.answer(PLAYS)
    assert family.page.heading == "Children: child 2"
    assert family.go("contact/").location.endswith("/child/")


def test_a_step_that_needs_none_can_be_passed_without_one():
    family = begin(min=0)
    family.answer(PLAYS)
    family.page = family.browser.get(link(family, "child/1/remove/"))
    family.answer()
    assert stored() == []
    family.answer()
    assert family.step == "contact"


def test_rules_inside_look_at_the_same_child_only(family):
    family.answer(PLAYS)
    family.page = family.browser.get(family.page.links("Add another child")[0])
    family.answer({"first_name": "Robin", "plays": "no"})
    assert list(family.page.questions) == ["first_name", "plays", "would_like", "school"]
    family.answer({"first_name": "Robin", "plays": "no", "would_like": "viola"})
    rows = [tag.get_text(" ", strip=True) for tag in family.page.soup.select(".summary-part")]

    assert "What would they like to play?" not in rows[0]
    assert "Viola" in rows[1]


def test_the_answers_of_the_first_child_are_offered_where_the_author_says_so(family):
    family.answer({"first_name": "Wren", "plays": "no"})
    family.answer(
        {"first_name": "Wren", "plays": "no", "would_like": "harp", "school": {"choice": "home"}}
    )
    family.page = family.browser.get(family.page.links("Add another child")[0])
    before = Journey.objects.get().answers
    family.page = family.browser.get(family.page.links("Use the answers of the first child")[0])

    assert family.page.questions["first_name"].input.get("value") is None
    assert family.page.questions["school"].select_one("[checked]")["value"] == "home"
    assert Journey.objects.get().answers == before
    family.answer({"first_name": "Robin", "plays": "yes"})
    assert Journey.objects.get().answers["child"][1]["school"] == {"choice": "home"}
    family.page = family.browser.get(link(family, "child/2/?"))
    assert family.page.links("Use the answers") == []


def test_nothing_is_offered_for_the_first_child(family):
    assert family.page.links("Use the answers") == []


def test_a_name_or_a_birthday_is_never_another_childs():
    form = copy.deepcopy(FORM)
    form["steps"][0]["questions"].append(
        {"key": "born", "type": "date", "label": "Born", "settings": {"same_as_first": True}}
    )
    assert [f.code for f in check(compiled(form))] == ["same_as_first"]


def test_lists_and_check_cost_the_same_queries_for_one_child_and_for_three(family):
    def cost(path):
        return fewest_queries(lambda: family.browser.get(path))

    beginner = {"plays": "no", "would_like": "harp"}
    family.answer({"first_name": "Wren", "plays": "no"})
    family.answer(PLAYS | beginner)
    family.answer()
    family.answer({"email": "rowan@example.org"})
    pages = [family.journey_path + name for name in ("check/", "child/", "child/1/")]
    one = [cost(path) for path in pages]
    for name in NAMES[1:]:
        family.go("child/")
        family.page = family.browser.get(family.page.links("Add another child")[0])
        family.answer({"first_name": name, "plays": "no"})
        family.answer(PLAYS | beginner | {"first_name": name, "would_like": "viola"})

    many = [cost(path) for path in pages]
    assert all(more <= least for more, least in zip(many, one, strict=True)), (many, one)
    assert max(one) <= 8


COUNTED = {
    "slug": "lessons",
    "title": "Lessons",
    "steps": [
        {
            "key": "many",
            "title": "How many",
            "questions": [
                {"key": "number", "type": "number", "label": "How many?", "required": True},
            ],
        },
        {
            "key": "child",
            "title": "Children",
            "repeat": {"min": 1, "max": 4, "item_name": "child", "count_from": "number"},
            "questions": [{"key": "first_name", "type": "text", "label": "Name", "required": True}],
        },
        {
            "key": "size",
            "title": "Sizes",
            "repeat": {"min": 1, "max": 4, "item_name": "child", "count_from": "number"},
            "questions": [{"key": "chin", "type": "text", "label": "Size", "required": True}],
        },
        {"key": "check", "title": "Check", "kind": "check"},
    ],
}


@pytest.fixture
def three(db):
    """Three children, everything answered."""
    publish_form(copy.deepcopy(COUNTED))
    family = Family(form="lessons")
    family.start()
    family.answer({"number": "3"})
    for name in NAMES:
        family.answer({"first_name": name})
    for size in ("1", "2", "3"):
        family.answer({"chin": size})
    return family


def change_number(family, number):
    family.page = family.browser.get(f"{family.journey_path}many/?return=check")
    family.answer({"number": str(number)})


def take_out(family, *gone):
    return family.browser.post(family.page.path, own_values(family.page.form) | {"gone": [*gone]})


def test_fewer_children_asks_which_of_them_goes(three):
    change_number(three, 2)
    assert "Which child shall we take out?" in three.page.text
    assert "Child 3" in three.page.text
    assert stored() == ["Wren", "Robin", "Lark"], "nothing goes before somebody says who"
    nobody = take_out(three)
    assert nobody.status == 422
    assert nobody.errors == ["Choose the one to take out"]
    three.page = take_out(three, "1")
    three.follow()
    assert stored() == ["Robin", "Lark"]
    sizes = Journey.objects.get().answers["size"]
    assert [one["chin"] for one in sizes] == ["2", "3"], "the same child goes everywhere"
    assert three.step == "check"


def test_a_form_with_more_children_than_it_says_is_not_sent(three):
    change_number(three, 1)
    data = own_values(three.page.form)
    three.browser.post(f"{three.journey_path}submit/", data)
    assert Journey.objects.get().submitted_at is None
    for wrong in (["1"], ["1", "2", "3"], ["x"]):
        assert take_out(three, *wrong).status == 422
    assert take_out(three, "7", "8").status == 303
    assert len(stored()) == 3


def test_no_child_at_all_needs_no_choice_and_the_old_number_brings_all_back(three):
    change_number(three, 0)
    assert "take out" not in three.page.text
    change_number(three, 3)
    assert stored() == ["Wren", "Robin", "Lark"]
    assert three.step == "check"
