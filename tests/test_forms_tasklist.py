"""Long forms as a list of parts, done in the order that suits."""

import pytest

from forms.models import Journey, Submission
from tests.costs import fewest_queries
from tests.journeys import Family, publish_form

pytestmark = pytest.mark.django_db

HAS_BOARD = {"clauses": [{"question": "kind", "op": "is", "value": "charity"}]}
IS_SCHOOL = {"clauses": [{"question": "kind", "op": "is", "value": "school"}]}


def text(key, **more):
    return {"key": key, "type": "text", "label": key.capitalize(), "required": True, **more}


FORM = {
    "slug": "partner",
    "title": "Become a partner",
    "settings": {"task_list": True},
    "steps": [
        {
            "key": "organisation",
            "title": "Your organisation",
            "questions": [
                {
                    "key": "kind",
                    "type": "radios",
                    "label": "What are you?",
                    "required": True,
                    "options": [
                        {"key": "charity", "label": "A charity"},
                        {"key": "one", "label": "One person"},
                        {"key": "school", "label": "A school"},
                    ],
                }
            ],
        },
        {"key": "school", "title": "Schools join", "kind": "exit", "show_if": IS_SCHOOL},
        {"key": "offer", "title": "What you offer", "questions": [text("offer")]},
        {
            "key": "board",
            "title": "Your trustees",
            "show_if": HAS_BOARD,
            "repeat": {"min": 1, "max": 3, "item_name": "trustee"},
            "questions": [text("trustee")],
        },
        {
            "key": "contact",
            "title": "Contact",
            "questions": [{"key": "email", "type": "email", "label": "E-mail", "required": True}],
        },
        {"key": "check", "title": "Check", "kind": "check"},
    ],
}


@pytest.fixture
def family(db):
    publish_form(FORM)
    family = Family(form="partner")
    family.start()
    return family


def tasks(family):
    return {
        li.find().get_text(): (li.select_one(".tag").get_text(), li.a is not None)
        for li in family.page.soup.select(".task-list li")
    }


DONE, OPEN, NOT_YET = ("Completed", True), ("Incomplete", True), ("Cannot start yet", False)
CHECK = "Check your answers and send them"


def test_the_list_says_what_is_done_what_is_open_and_what_waits(family):
    assert family.step == "tasks"
    assert tasks(family) == {
        "Your organisation": OPEN,
        "What you offer": OPEN,
        "Your trustees": NOT_YET,
        "Contact": OPEN,
        CHECK: NOT_YET,
    }
    family.go("contact/")
    family.answer({"email": "rowan@example.org"})
    assert family.step == "tasks"
    assert tasks(family)["Contact"] == DONE
    family.go("organisation/")
    family.answer({"kind": "charity"})
    assert tasks(family)["Your trustees"] == OPEN
    assert "You have completed 2 of 4 parts" in family.page.text


def test_a_part_that_does_not_apply_leaves_the_list(family):
    family.go("organisation/")
    family.answer({"kind": "one"})
    assert "Your trustees" not in tasks(family)


def test_a_part_that_waits_cannot_be_opened_by_its_address(family):
    assert family.go("board/").location.endswith("/tasks/")
    assert family.go("check/").location.endswith("/tasks/")


def test_all_parts_lead_to_the_check_page_and_a_change_leads_straight_back(family):
    for step, answers in (
        ("offer", {"offer": "Choirs"}),
        ("organisation", {"kind": "charity"}),
        ("board", {"trustee": "Jo Quill"}),
    ):
        family.go(f"{step}/")
        family.answer(answers)
    family.answer()  # the list of trustees
    family.go("contact/")
    family.answer({"email": "rowan@example.org"})
    assert tasks(family)[CHECK] == OPEN
    family.page = family.browser.get(family.page.links("Check your answers")[0])
    change = next(a["href"] for a in family.page.soup.select("a") if "/offer/" in a["href"])
    family.page = family.browser.get(change)
    family.answer({"offer": "Bands"})

    assert family.step == "check"
    assert "Bands" in family.page.text
    assert family.send().reference
    assert Submission.objects.get().answers["offer"] == "Bands"


def test_an_exit_page_ends_a_long_form_too(family):
    family.go("organisation/")
    family.answer({"kind": "school"})
    assert (family.step, family.page.heading) == ("school", "Schools join")
    assert family.go("tasks/").location.endswith("/school/")


def test_a_form_without_a_list_has_none(db):
    publish_form({**FORM, "settings": {}})
    family = Family(form="partner")
    family.start()
    assert family.step == "organisation"
    assert family.go("tasks/").location.endswith("/organisation/")


def test_the_list_costs_the_same_queries_however_much_is_filled_in(family):
    def cost():
        return fewest_queries(lambda: family.go("tasks/"))

    before = cost()
    journey = Journey.objects.get()
    journey.answers = {"kind": "charity", "board": [{"trustee": "a"}, {"trustee": "b"}]}
    journey.save()
    assert cost() <= before <= 4
