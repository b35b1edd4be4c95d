"""A family's own details: asked once and confirmed, taken away whole, deleted when it asks."""

import json
from datetime import timedelta

import pytest
from django.utils import timezone

from cms.models import AccessLogEntry, OutboxMessage
from forms.models import Journey, Submission
from tests.folder import AtHome
from tests.journeys import Family, a_course_date, answers_of_a_family, publish_songwriter
from workflows import family as family_side
from workflows.models import Case

pytestmark = pytest.mark.django_db
ADDRESS = "rowan.ashdown@example.org"


def booked(**more):
    """A family has booked two children on the Songwriter day."""
    family = Family()
    family.start(offering="SW-WAT-1")
    family.walk(answers_of_a_family(children=2, **more))
    family.send()
    return Submission.objects.latest("pk")


@pytest.fixture
def submission(db):
    a_course_date()
    publish_songwriter()
    return booked()


def test_the_next_form_is_filled_in_for_the_chosen_child_and_asks_whether_it_is_still_right(
    submission,
):
    home = AtHome(ADDRESS).sign_in()
    page = home.get("/family/new/songwriter-booking/")
    assert [label.contents[0] for label in page.soup.select(".choice label")] == [
        "Wren Ashdown",
        "Robin Ashdown",
    ]

    begun = home.send(page, child="2", filled_in="1")
    family = Family(browser=home.browser)
    family.page = home.browser.get(begun.location)
    family.answer({"places": {"offering": "SW-WAT-1", "children": 1}})
    family.answer({"all_in_age": "yes", "in_county": "yes"})

    boxes = {tag["name"]: tag.get("value", "") for tag in family.page.soup.select("main input")}
    assert "Is this still right?" in family.page.text
    assert "Robin" in boxes.values() and "Wren" not in boxes.values()
    assert [boxes[f"date_of_birth_{part}"] for part in ("day", "month", "year")] == [
        "20",
        "11",
        "2016",
    ]
    assert Journey.objects.latest("pk").answers.get("child") is None


def test_consents_declarations_and_places_are_never_taken_over(submission):
    home = AtHome(ADDRESS).sign_in()
    home.send(home.get("/family/new/songwriter-booking/"), child="1", filled_in="1")

    said = Journey.objects.latest("pk").suggested["answers"]

    assert {"agreed", "allows", "places", "evidence"}.isdisjoint(said)
    assert (said["email"], said["mobile"]) == (ADDRESS, submission.answers["mobile"])


def test_empty_pages_can_be_chosen_and_nothing_is_kept_once_it_is_sent(submission):
    home = AtHome(ADDRESS).sign_in()
    home.send(home.get("/family/new/songwriter-booking/"))

    assert Journey.objects.latest("pk").suggested == {}
    assert submission.journey.suggested == {}


def test_nothing_of_another_address_is_offered(submission):
    page = AtHome("other@example.org").sign_in().get("/family/new/songwriter-booking/")

    assert not page.soup.select("[name=child]")
    assert "Ashdown" not in page.text


def test_everything_can_be_taken_away_as_a_page_and_as_data(submission, officer):
    case = Case.objects.get()
    family_side.write(case, "May she bring her harp?")
    family_side.reply(case.pk, "Yes, gladly.", by=officer)
    home = AtHome(ADDRESS).sign_in()

    page = home.get("/family/download/")
    answer = home.browser.client.get("/family/download/everything.json")
    data = json.loads(answer.content)

    (one,) = data["applications"]
    assert (one["reference"], one["stands_at"]) == (case.reference, "Received, places kept")
    assert [message["text"] for message in one["messages"]] == [
        "May she bring her harp?",
        "Yes, gladly.",
    ]
    assert "Wren" in str(one["answers"]) and "We have your booking" in str(one["letters"])
    assert all(words in page.text for words in ("Wren", "May she bring her harp?", "£"))
    assert "Ada" not in page.text + str(data)
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert "family/link" not in str(data)
    entry = AccessLogEntry.objects.filter(action="download").latest("pk")
    assert entry.detail == {"by": "the family itself", "records": 1}


def test_a_wish_to_be_deleted_is_a_case_for_the_office_and_says_what_must_stay(
    submission, officer, client
):
    home = AtHome(ADDRESS).sign_in()
    page = home.get("/family/delete/")

    asked = home.send(page, words="We have moved")
    again = home.get("/family/delete/")

    wish = Case.objects.get(version__definition__slug="deletion-request")
    assert "A place that is booked for a day to come" in page.text
    assert "six years" in page.text
    assert (asked.location, again.location) == (f"/family/{wish.reference}/",) * 2
    client.force_login(officer)
    desk = client.get(f"/admin/cases/{wish.pk}/").content.decode()
    assert submission.reference in desk and "We have moved" in desk
    assert timezone.localtime(wish.due_at).date() == timezone.localdate() + timedelta(days=21)


def test_a_young_person_of_sixteen_acts_with_their_own_address_and_sees_nothing_of_the_rest(
    submission,
):
    born = timezone.localdate().replace(year=timezone.localdate().year - 16, day=1)
    submission.answers["child"][0]["date_of_birth"] = born.isoformat()
    submission.save()
    case = Case.objects.get()
    family_side.write(case, "parent-canary")
    parent = AtHome(ADDRESS).sign_in()
    page = parent.get(f"/family/{case.reference}/")

    parent.send(page, "/young-person/", email="wren@example.org")
    young = AtHome("wren@example.org").sign_in()
    seen = young.get(f"/family/{case.reference}/")
    young.send(seen, "message/", text="I can come")

    assert "Received, places kept" in seen.text
    words = ("parent-canary", "Rowan", "Lane", ADDRESS, "£", "What you sent us")
    assert not any(word in seen.text + young.get("/family/download/").text for word in words)
    assert not young.get("/family/new/songwriter-booking/").soup.select("[name=child]")
    assert case.events.last().actor_name == "The young person"
    letter = OutboxMessage.objects.get(template="family-young-person")
    assert (letter.to, "Rowan" in letter.text) == ("wren@example.org", False)

    parent.send(parent.get(f"/family/{case.reference}/"), "/young-person/", stop="1")
    assert young.get(f"/family/{case.reference}/").status == 404


def test_for_a_younger_child_nobody_else_is_let_in(submission):
    case = Case.objects.get()
    home = AtHome(ADDRESS).sign_in()
    page = home.get(f"/family/{case.reference}/")
    token = page.soup.select("[name=csrfmiddlewaretoken]")[0]["value"]

    answer = home.browser.post(
        f"/family/{case.reference}/young-person/",
        {"email": "wren@example.org", "csrfmiddlewaretoken": token},
    )

    assert not page.soup.select("#young-person")
    assert (answer.status, case.parties.count()) == (404, 0)


def test_forms_without_a_review_process_are_in_the_folder_of_who_sent_them(submission):
    Case.objects.all().delete()

    home = AtHome(ADDRESS).sign_in()
    page = home.get()
    sent = home.get(f"/family/form/{submission.reference}/")
    other = AtHome("other@example.org").sign_in()

    assert submission.reference in page.text
    assert "Wren" in sent.text
    assert other.get(f"/family/form/{submission.reference}/").status == 404


def test_the_desk_shows_other_cases_of_the_same_child_and_the_roster_within_reach(
    submission, officer, client, django_user_model
):
    from cms.models import Pupil
    from cms.roles import grant
    from forms.models import ChildMark

    a_course_date(reference="SW-WAT-2")
    family = Family()
    family.start(offering="SW-WAT-2")
    family.walk(answers_of_a_family("SW-WAT-2", email="other.parent@example.org"))
    family.send()
    first, second = Case.objects.order_by("pk")
    Pupil.objects.create(
        legal_first_name="wren", legal_last_name="ASHDOWN", date_of_birth="2014-05-02"
    )
    client.force_login(officer)
    page = client.get(f"/admin/cases/{second.pk}/")
    away = django_user_model.objects.create_user("away")
    grant(away, "centre_admin", centre=first.centre)
    Case.objects.filter(pk=first.pk).update(centre=None, area=None)
    client.force_login(away)
    narrow = client.get(f"/admin/cases/{second.pk}/")

    assert ChildMark.objects.filter(submission=submission).count() == 2
    assert [case.pk for case in page.context["kin"]] == [first.pk]
    assert [person["name"] for person in page.context["people"]] == ["wren ASHDOWN"]
    assert narrow.context["kin"] == []
    assert narrow.context["people"] == []
