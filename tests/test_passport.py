"""The partner's passport: who opens it, renewing, agreeing, colleagues, leaving."""

from datetime import date
from urllib.parse import quote

import pytest
from django.contrib.auth import get_user_model

from cms import wallclock
from cms.models import GoverningText, OutboxMessage, Partner, PartnerPaper
from cms.partners import drafting, night, standing, terms
from cms.roles import grant
from forms import journeys, submissions
from forms.models import Journey
from forms.passport import views
from tests.folder import AtHome
from tests.journeys import publish_form
from tests.partnership import TODAY, a_partner, a_person, noon, with_papers

HOME = "/family/partners/otter-strings/"
FORM = {
    "slug": "partner-form",
    "title": "Be a partner",
    "steps": [
        {
            "key": "who",
            "title": "Who",
            "questions": [
                {"key": "trading_name", "type": "text", "label": "Name"},
                {
                    "key": "email",
                    "type": "email",
                    "label": "E-mail address",
                    "settings": {"role": "contact_email"},
                },
                {"key": "costs", "type": "longtext", "label": "Costs"},
            ],
        },
        {"key": "check", "title": "Check", "kind": "check"},
    ],
}


@pytest.fixture(autouse=True)
def _today():
    with wallclock.instead(noon()):
        yield


@pytest.fixture
def partner(db):
    partner = with_papers(a_partner())
    a_person(partner)
    return partner


@pytest.fixture
def home(partner):
    return AtHome("robin@example.org").sign_in()


def post(home, path, below="", **typed):
    """What a browser sends, with the token of the page and nothing else of it."""
    token = home.get(path).soup.select_one("input[name=csrfmiddlewaretoken]")["value"]
    return home.browser.post(path + below, {"csrfmiddlewaretoken": token, **typed})


def test_the_folder_leads_to_the_passport_of_each_partner_one_acts_for(home, partner):
    a_person(a_partner("Heron Brass", "heron-brass"), "Robin@Example.org")

    page = home.get()

    assert [a["href"] for a in page.soup.select("main ul a") if "/partners/" in a["href"]] == [
        "/family/partners/heron-brass/",
        HOME,
    ]


@pytest.mark.parametrize("path", ["", "renew/", "policy/", "leave/", "insurance/"])
def test_nobody_else_opens_any_page_of_it(partner, path):
    stranger = AtHome("stranger@example.org").sign_in()

    assert stranger.get(HOME + path).status == 404


def test_the_same_page_opens_for_a_stranger_when_the_guard_is_off(partner, monkeypatch):
    monkeypatch.setattr(views, "plain", lambda address: "robin@example.org")

    assert AtHome("stranger@example.org").sign_in().get(HOME).status == 200


def test_without_signing_in_one_is_asked_for_an_address_and_led_back(partner):
    answer = AtHome().get(HOME)

    assert (answer.status, answer.location) == (303, f"/family/?next={quote(HOME, safe='')}")


def test_what_runs_out_is_said_in_words(home):
    rows = {
        row.find("a").text: row.find(class_="tag").text
        for row in home.get(HOME).soup.select("#clocks li")
    }

    assert rows == {
        "Safeguarding policy": "Counts until 3 March 2028",
        "Public liability insurance": "Counts until 31 August 2027",
        "DBS status check": "Counts until 1 September 2027",
        "Safeguarding training": "Counts until 5 May 2028",
        "Statement of the register of checks": "Counts until 1 September 2027",
    }


def test_a_paper_is_renewed_from_last_years_days_and_counts_at_once(home, partner):
    page = home.get(HOME + "insurance/")
    boxes = {
        box["name"]: box.get("value")
        for box in page.soup.select("main input[type=text], main input:not([type])")
    }
    assert boxes["valid_until_year"] == "2027"

    home.send(page, valid_until_year="2028")

    last = partner.papers.filter(kind="insurance").first()
    assert (last.valid_until, last.given_by) == (date(2028, 8, 31), "Robin Otter")


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"dated_on_year": "2030"}, "This must be today or in the past."),
        ({"dated_on_day": "", "dated_on_month": "", "dated_on_year": ""}, "Enter a day, month and year"),
        ({"dated_on_day": "31", "dated_on_month": "2"}, "must be a real date"),
    ],
)  # fmt: skip
def test_a_paper_with_a_wrong_day_says_so_and_keeps_nothing(home, partner, typed, words):
    page = home.send(home.get(HOME + "policy/"), **typed)

    assert page.status == 422
    assert words in page.soup.select_one(".error-summary").text
    assert partner.papers.filter(kind="policy").count() == 1


def test_a_partner_that_lapsed_renews_and_is_listed_the_night_after(home, partner):
    PartnerPaper.objects.filter(kind="dbs").update(
        dated_on=date(2025, 1, 1), valid_until=date(2026, 1, 1)
    )
    night.settle(partner)
    assert "listed again by itself" in home.get(HOME).text

    home.send(home.get(HOME + "dbs/"), dated_on_day="13", dated_on_month="9", dated_on_year="2026")
    night.settle(partner)

    assert list(Partner.objects.live()) == [partner]


@pytest.fixture
def version(db):
    text = GoverningText.objects.create(
        slug="terms", title="Terms of Reference", partners_agree=True
    )
    return terms.publish(
        text, "We meet each term.\nWe are kind.", changes="First.", in_force_from=TODAY
    )


def test_new_terms_are_shown_as_a_difference_and_agreed_to(home, partner, version):
    terms.agree(partner, version, name="Robin", sha256=version.sha256)
    new = terms.publish(
        version.text, "We meet each month.\nWe are kind.", changes="More often.",
        in_force_from=TODAY, agree_by=date(2026, 12, 1),
    )  # fmt: skip
    page = home.get(HOME)
    assert "Please agree by 1 December 2026" in page.text

    page = home.get(f"{HOME}agree/{new.pk}/")
    assert [one.text for one in page.soup.select(".terms ins, .terms del")] == [
        "Gone: term.",
        "New: month.",
    ]
    home.send(page, name="Robin Otter", agreed="on")

    agreement = partner.agreements.get(version=new)
    assert (agreement.name, agreement.sha256) == ("Robin Otter", new.sha256)


def test_terms_are_not_agreed_to_without_a_tick_nor_with_other_words(home, partner, version):
    page = home.get(f"{HOME}agree/{version.pk}/")

    assert home.send(page, name="Robin").status == 422
    assert home.send(page, name="Robin", agreed="on", sha256="0" * 64).status == 422
    assert not partner.agreements.exists()


def test_a_colleague_who_may_not_sign_reads_but_does_not_agree(partner, version):
    a_person(partner, "sam@example.org", may_sign=False)
    sam = AtHome("sam@example.org").sign_in()
    page = sam.get(f"{HOME}agree/{version.pk}/")

    assert not page.soup.select("main input[name=agreed]")
    forged = {"name": "Sam", "agreed": "on", "sha256": version.sha256}
    assert post(sam, page.path, **forged).status == 404
    assert sam.get(HOME + "leave/").status == 404


def test_a_colleague_is_let_in_once_by_a_letter_and_removed_again(home, partner):
    for _time in range(2):
        post(home, HOME, "people/", name="Sam", email="Sam@example.org")

    sam = partner.people.get(email="sam@example.org")
    assert not sam.may_sign
    assert (
        OutboxMessage.objects.filter(template="passport-invited", to="sam@example.org").count() == 1
    )
    assert AtHome("sam@example.org").sign_in().get(HOME).status == 200

    post(home, HOME, "people/", remove=str(sam.pk))
    assert not partner.people.filter(pk=sam.pk).exists()


def test_leaving_takes_the_page_out_of_the_directory_and_closes_the_passport(home, partner):
    page = home.get(HOME + "leave/")
    assert home.send(page).status == 422

    home.send(page, sure="on")

    assert not Partner.objects.live().exists()
    assert home.get(HOME).status == 404


def test_a_suspended_partner_reads_no_reason(home, partner):
    lead = get_user_model().objects.create_user("dee")
    grant(lead, "safeguarding_lead")
    standing.suspend(partner, by=lead)

    text = home.get(HOME).soup.select_one("main").text

    assert "Please ring us" in text
    assert "uspend" not in text


def test_the_yearly_form_begins_with_what_a_colleague_sent_last_year(partner):
    version = publish_form(FORM)
    journey = journeys.begin(version, owner="nobody")
    journey.answers = {"trading_name": "Otter Strings", "email": "robin@example.org", "costs": "£3"}
    journey.save()
    sent = submissions.submit(journey)
    drafting.draft_page_for(partner, sent.answers, reference=sent.reference)
    a_person(partner, "sam@example.org", may_sign=False)
    sam = AtHome("sam@example.org").sign_in()

    begun = post(sam, HOME + "renew/")
    page = sam.get(begun.location)

    assert page.soup.select_one("input[name=trading_name]")["value"] == "Otter Strings"
    journey = Journey.objects.latest("pk")
    assert journey.suggested["answers"]["costs"] == "£3"
    assert journey.answers == {}


def test_without_an_earlier_form_there_is_nothing_to_renew(home):
    assert home.get(HOME + "renew/").status == 404


def test_passport_pages_are_kept_by_nobody(home):
    answer = home.browser.client.get(HOME)

    assert "no-store" in answer["Cache-Control"]
