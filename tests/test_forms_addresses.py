"""The contract of a journey's addresses: what answers what, to whom, and what it costs."""

import logging

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from cms.models import OutboxMessage, Place
from forms.models import Journey, Submission
from tests.journeys import Family, a_course_date, answers_of_a_family, publish_songwriter

pytestmark = pytest.mark.django_db
START = "/apply/songwriter-booking/"


@pytest.fixture
def date():
    publish_songwriter()
    return a_course_date()


def begun():
    family = Family()
    family.start()
    return family


def with_places():
    """A family that has chosen its date, which is the first step."""
    family = begun()
    family.answer({"places": {"offering": "SW-WAT-1", "children": 1}})
    return family


def test_the_start_page_is_cacheable_and_sets_no_cookie(date):
    answer = Client().get(f"{START}?for={date.reference}")

    assert answer.status_code == 200
    assert not answer.cookies
    assert answer["Cache-Control"] == "public, max-age=30"
    assert "Cookie" not in answer.get("Vary", "")
    assert "20 places left" in answer.content.decode()
    assert not Journey.objects.exists()


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 303),
        ({"Origin": "http://testserver"}, 303),
        ({"Origin": "http://testserver", "Sec-Fetch-Site": "same-origin"}, 303),
        ({"Origin": "https://elsewhere.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://testserver.elsewhere.example"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
    ],
)
def test_a_journey_begins_only_from_our_own_page(date, headers, status):
    answer = Client(enforce_csrf_checks=True).post(START, headers=headers)

    assert answer.status_code == status
    assert Journey.objects.count() == (1 if status == 303 else 0)


def test_beginning_goes_to_the_first_step_with_a_cookie_for_its_owner_alone(date):
    answer = Client().post(START)

    cookie = answer.cookies["apply"]
    key = Journey.objects.get().key
    assert answer["Location"] == f"{START}{key}/date/"
    assert len(key) == 43
    assert (cookie["path"], cookie["httponly"], cookie["samesite"], cookie["max-age"]) == (
        "/apply/",
        True,
        "Lax",
        "",
    )
    assert cookie.value not in Journey.objects.values_list("owner_hash", flat=True)


def test_the_cookie_is_secure_where_the_hub_is_on_https(date, settings):
    settings.SESSION_COOKIE_SECURE = True
    assert Client().post(START).cookies["apply"]["secure"]


@pytest.mark.parametrize("page", ["eligibility/", "check/", "done/", "save/", "", "nonsense/"])
def test_anyone_without_the_owners_cookie_is_told_there_is_no_such_page(date, page):
    family = begun()
    stranger, other = Client(), begun().browser.client

    answers = [c.get(family.journey_path + page).status_code for c in (stranger, other)]
    assert answers == [404, 404]


@pytest.mark.parametrize("page", ["eligibility/", "submit/", "extend/", "save/"])
def test_anyone_without_the_owners_cookie_cannot_post_either(date, page):
    family = begun()
    assert Client().post(family.journey_path + page).status_code == 404


def test_a_step_cannot_be_posted_without_its_token(date):
    family = begun()
    answer = family.browser.client.post(family.page.path, {"all_in_age": "yes"})

    assert answer.status_code == 403
    assert Journey.objects.get().answers == {}


def test_pages_of_a_journey_are_kept_by_nobody(date):
    family = begun()
    family.post({})

    assert family.page.status == 422
    assert "no-store" in family.page.headers["Cache-Control"]
    assert family.page.headers["Referrer-Policy"] == "same-origin"


def test_an_invalid_page_says_what_is_wrong_and_keeps_what_was_typed(date):
    family = with_places()
    family.post({"in_county": "yes"})

    assert family.page.status == 422
    assert family.page.title.startswith("Error: ")
    assert len(family.page.errors) == 1
    target = family.page.soup.select_one("[data-error-summary] a")["href"]
    assert family.page.soup.select_one(target)["name"] == "all_in_age"
    checked = family.page.questions["in_county"].select_one("input[checked]")
    assert checked["value"] == "yes"


def test_every_question_says_its_key_and_type_and_its_inputs_end_in_the_key(date):
    family = begun()
    family.start(offering=date.reference)
    answers, seen = answers_of_a_family(has_needs="yes", wants_help="yes"), {}
    answers |= {"help_basis": "service", "goes_home": "collected", "may_collect": "Jo Quill"}
    for _turn in range(30):
        if family.step == "check":
            break
        for key, tag in family.page.questions.items():
            seen[key] = tag["data-type"]
            ends = {f"{key}_day", f"{key}_month", f"{key}_year"}
            for box in tag.select("input, select, textarea"):
                assert box["name"].endswith(key) or box["name"] in ends
        step = family.step
        given = answers
        if isinstance(answers.get(step), list) and family.page.questions:
            given = answers[step][family._items.setdefault(step, 0)]
            family._items[step] += 1
        family.answer(given)
        assert family.page.errors == []

    assert (seen["date_of_birth"], seen["places"], seen["school"]) == ("date", "places", "school")
    assert len(seen) == 33


def test_an_exit_page_ends_kindly_and_lets_the_answer_be_changed(date):
    family = with_places()
    family.answer({"all_in_age": "no", "in_county": "yes"})

    assert (family.step, family.page.status) == ("not_this_age", 200)
    family.page = family.browser.get(family.page.links("Change my answer")[0])
    family.answer({"all_in_age": "yes", "in_county": "yes"})
    assert family.step == "child"
    assert Place.objects.filter(state="held").count() == 1


def test_one_item_after_another_then_a_list_that_can_be_changed(date):
    family = begun()
    family.walk(answers_of_a_family(children=2), until="needs")
    family.go("emergency/")

    assert family.page.text.count("Neighbour") == 1
    assert family.page.links("Add another contact")
    family.page = family.browser.get(family.page.links("Change")[0])
    family.answer({"emergency_relation": "Great aunt"})
    assert family.step == "emergency"
    assert "Great aunt" in family.page.text

    family.page = family.browser.get(family.page.links("Add another contact")[0])
    family.answer(
        {
            "emergency_name": "Max Bell",
            "emergency_relation": "Friend",
            "emergency_phone": "07700 900444",
        }
    )
    family.page = family.browser.get(family.page.links("Remove")[1])
    assert "Neighbour" in family.page.text
    family.answer({})
    assert "Neighbour" not in family.page.text
    assert not family.page.links("Remove")  # two are needed


def test_a_change_link_leads_straight_back_and_asks_only_what_is_newly_needed(date):
    family = begun()
    family.walk(answers_of_a_family())
    change = next(a for a in family.page.soup.select("main a[href*='needs/']"))["href"]
    family.page = family.browser.get(change.split("#")[0])
    family.answer({"has_needs": "yes"})
    assert family.step == "needs_details"
    family.answer({"conditions": "Asthma"})

    assert family.step == "check"
    assert "Asthma" in family.page.text
    assert "Not provided" in family.page.text


def test_back_links_lead_from_check_to_the_start_page(date):
    family = begun()
    family.walk(answers_of_a_family())
    steps = []
    while family.page.path != START:
        steps.append(family.step)
        family.page = family.browser.get(family.page.soup.select_one("a.back")["href"])
        assert family.page.status == 200

    assert steps[:3] == ["check", "terms", "help"]
    assert steps[-1] == "date"


def test_a_page_costs_the_same_few_queries_however_long_the_form_is(date):
    family = begun()
    family.walk(answers_of_a_family(children=3), until="terms")
    costs = []
    for step in ("booker", "terms"):
        with CaptureQueriesContext(
            connection,
        ) as queries:
            family.go(f"{step}/")
        looked = len(queries)
        data, _files = family.fill(answers_of_a_family())
        with CaptureQueriesContext(connection) as queries:
            answer = family.browser.post(family.page.path, data)
        assert answer.status == 303
        saved = [q["sql"] for q in queries if "SAVEPOINT" not in q["sql"]]
        costs.append((looked, len(saved)))

    assert costs[0] == costs[1]
    assert max(costs[0]) <= 8, costs


def test_a_held_place_is_shown_with_its_time_and_can_be_kept_longer(date):
    family = begun()
    family.walk(answers_of_a_family(children=2), until="child")
    before = Journey.objects.get().held_until
    assert "Your place is kept until" in family.page.text

    family.post({"known_as": "Wrenny"}, more_time="1")

    assert family.page.status == 200
    assert family.page.questions["known_as"].input["value"] == "Wrenny"
    assert family.page.errors == []
    assert Journey.objects.get().held_until >= before
    assert Place.objects.filter(state="held").count() == 2


def test_changing_the_date_moves_the_places(date):
    other = a_course_date(reference="SW-WAT-2")
    family = begun()
    family.walk(answers_of_a_family(children=2), until="child")
    family.go("date/")
    family.answer({"places": {"offering": "SW-WAT-2", "children": 1}})

    held = Place.objects.filter(state="held").values_list("course_date", "child_number")
    assert list(held) == [(other.pk, 1)]


def test_a_full_date_is_said_kindly_with_the_others_and_nothing_is_stored(date):
    full = a_course_date(reference="SW-FULL", capacity=1)
    a_course_date(reference="SW-WAT-2")
    first, second = begun(), begun()
    first.answer({"places": {"offering": "SW-FULL", "children": 1}})
    second.post({"places": {"offering": "SW-FULL", "children": 1}})

    assert (first.step, second.page.status) == ("eligibility", 200)
    assert "There are no places left" in second.page.text
    assert second.page.text.count("20 places left") == 2
    assert "places" not in Journey.objects.order_by("pk").last().answers
    assert full.places.filter(state="held").count() == 1


def test_a_place_that_went_while_the_form_was_filled_in_is_said_at_the_end(date):
    last = a_course_date(reference="SW-LAST", capacity=1)
    late, quick = begun(), begun()
    late.walk(answers_of_a_family("SW-LAST"))
    check = late.page
    Place.objects.filter(course_date=last).update(expires_at="2020-01-01T00:00Z")
    quick.walk(answers_of_a_family("SW-LAST"))
    quick.send()
    late.page = check
    late.send()

    assert quick.page.reference
    assert late.page.heading == "Your place is no longer free"
    assert Submission.objects.count() == 1
    assert OutboxMessage.objects.count() == 1
    late.page = late.browser.get(late.page.links("Choose another date")[0])
    late.answer({"places": {"offering": date.reference, "children": 1}})
    assert late.step == "check"
    late.send()
    assert late.page.reference


def test_no_childs_name_reaches_a_log_a_subject_or_an_address(date, caplog):
    caplog.set_level(logging.DEBUG)
    family = begun()
    family.walk(answers_of_a_family())
    family.send()
    submission, message = Submission.objects.get(), OutboxMessage.objects.get()

    told = [caplog.text, message.subject, message.text, str(submission), *family.visited]
    told += [str(Journey.objects.get()), family.page.path]
    assert [text for text in told if "Wren" in text] == []
    assert "Wren" in str(submission.answers)


def test_a_form_that_was_taken_down_takes_no_new_journey(client, db):
    from forms.models import FormDefinition

    publish_songwriter()
    FormDefinition.objects.update(live=False)

    assert client.get("/apply/songwriter-booking/").status_code == 404
