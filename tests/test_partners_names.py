"""Drafts made of applications, duplicates noticed, new names, mergers, and terms by version."""

from datetime import date, timedelta

import pytest
from django.contrib.auth import get_user_model

from cms import wallclock
from cms.models import GoverningText, OrganisationType, Partner, PartnerEvent
from cms.partners import drafting, names, night, standing, terms
from cms.roles import grant
from pages.models import HomePage, PartnerIndexPage
from tests.partnership import TODAY, a_partner, a_person, noon

CANARY = "Zanzibar-Canary"

ANSWERS = {
    "kind": "community",
    "legal_name": f"Otter Legal {CANARY}",
    "trading_name": "Otter Strings",
    "website": "https://otter.example.org/",
    "address": {"line_1": CANARY},
    "charity_number": "1 234567",
    "contact_name": {"first": "Robin", "last": CANARY},
    "email": "Robin@example.org",
    "dsl_name": {"first": CANARY},
    "description": "Strings by the river.",
    "functions": ["inclusion", "schools"],
    "costs": CANARY,
    "policy_date": "2026-03-03",
    "policy_next": "2027-03-02",
    "training": "2025-05-05",
    "liability_until": "2027-08-31",
    "finance": CANARY,
    "conflicts": CANARY,
}


@pytest.fixture(autouse=True)
def _today():
    with wallclock.instead(noon()):
        yield


@pytest.fixture
def manager(db):
    user = get_user_model().objects.create_user("mina", email="mina@example.org")
    grant(user, "hub_manager")
    return user


def test_a_draft_takes_the_public_parts_and_is_not_public(db):
    OrganisationType.objects.create(name="Community or voluntary", slug="community-or-voluntary")

    partner = drafting.draft_page_for(None, ANSWERS, reference="HP26-4K7P")

    assert (partner.name, partner.slug, partner.status) == (
        "Otter Strings",
        "otter-strings",
        "draft",
    )
    assert partner.organisation_type.slug == "community-or-voluntary"
    assert (partner.function, partner.charity_number) == ("inclusion", "1234567")
    assert not Partner.objects.live().exists()
    public = {partner.name, partner.summary, partner.website, partner.slug, partner.function}
    assert not [words for words in public if CANARY in words]


def test_the_same_application_makes_one_draft_however_often_it_is_asked(db):
    first = drafting.draft_page_for(None, ANSWERS, reference="HP26-4K7P")
    again = drafting.draft_page_for(None, ANSWERS, reference="HP26-4K7P")

    assert first == again
    assert first.people.count() == 1
    assert PartnerEvent.objects.filter(kind="drafted").count() == 1


def test_a_renewal_is_known_by_its_number_and_leaves_the_public_words_alone(db):
    first = drafting.draft_page_for(None, ANSWERS, reference="HP26-4K7P")
    renewed = ANSWERS | {
        "trading_name": "Quite Other", "description": "New.", "policy_date": "2026-09-01",
        "policy_next": None,
    }  # fmt: skip

    again = drafting.draft_page_for(None, renewed, reference="HP27-7MNP")

    assert again == first
    assert (again.name, again.summary) == ("Otter Strings", "Strings by the river.")
    assert drafting.partner_of("HP27-7MNP") == first
    assert str(again.papers.filter(kind="policy").first().valid_until) == "2029-09-01"


def test_papers_of_an_application_are_kept_with_their_days(db):
    partner = drafting.draft_page_for(None, ANSWERS, reference="HP26-4K7P")

    kept = {paper.kind: str(paper.valid_until) for paper in partner.papers.all()}
    assert kept == {"policy": "2027-03-02", "training": "2028-05-05", "insurance": "2027-08-31"}


@pytest.mark.parametrize(
    ("facts", "why"),
    [
        ({"charity_number": "12 34567", "name": "Else"}, "It has the same number"),
        ({"company_number": "sc-123456", "name": "Else"}, "It has the same number"),
        ({"website": "http://www.otter.example.org/about", "name": "Else"}, "It has the same website"),
        ({"name": "The Otter Strings Ltd"}, "Its name is nearly the same"),
        ({"name": "Oter Strings"}, "Its name is nearly the same"),
        ({"legal_name": "Weir Fiddles", "name": "Weir"}, "Its name is nearly the same"),
    ],
)  # fmt: skip
def test_an_organisation_that_may_be_known_is_noticed(db, facts, why):
    partner = a_partner(
        charity_number="1234567", company_number="SC123456", website="https://otter.example.org/"
    )
    names.PartnerName.objects.create(partner=partner, name="Weir Fiddles", slug="weir-fiddles")

    assert drafting.alike(facts) == [(partner, why)]


def test_another_organisation_is_not_taken_for_it(db):
    a_partner(charity_number="1234567", website="https://otter.example.org/")

    assert drafting.alike({"name": "Heron Brass", "website": "https://heron.example.org"}) == []


@pytest.fixture
def directory(db):
    home = HomePage.objects.get()
    return home.add_child(instance=PartnerIndexPage(title="Partners", slug="partners"))


def test_a_new_name_gets_a_new_address_and_the_old_one_leads_there(client, directory, manager):
    partner = a_partner()

    names.rename(partner, "Otter Music", by=manager)

    answer = client.get("/partners/otter-strings/")
    assert (answer.status_code, answer["Location"]) == (301, "/partners/otter-music/")
    assert client.get("/partners/otter-music/").status_code == 200
    assert PartnerEvent.objects.get().words == "Renamed from Otter Strings to Otter Music"


def test_a_partner_may_have_its_old_name_back(client, directory, manager):
    partner = a_partner()
    names.rename(partner, "Otter Music", by=manager)

    names.rename(partner, "Otter Strings", by=manager)

    assert client.get("/partners/otter-strings/").status_code == 200
    assert client.get("/partners/otter-music/")["Location"] == "/partners/otter-strings/"


def test_a_name_that_another_has_is_refused_and_an_old_address_never_given_away(db, manager):
    partner, other = a_partner(), a_partner("Heron Brass", "heron-brass")
    names.rename(partner, "Otter Music", by=manager)

    with pytest.raises(names.NameTakenError):
        names.rename(other, "otter music", by=manager)
    assert names.free_slug("Otter Strings") == "otter-strings-2"


def test_two_that_become_one_lead_to_the_one_that_stays(client, directory, manager):
    gone, stays = a_partner(), a_partner("Heron Brass", "heron-brass")
    names.rename(gone, "Otter Music", by=manager)
    a_person(gone)

    names.merge(gone, stays, by=manager)

    for old in ("otter-strings", "otter-music"):
        assert client.get(f"/partners/{old}/")["Location"] == "/partners/heron-brass/"
    gone.refresh_from_db()
    assert gone.status == Partner.Status.LEFT
    assert [(person.email, person.may_sign) for person in stays.people.all()] == [
        ("robin@example.org", False)
    ]
    assert stays.history.get().words == "Otter Music became part of it"


def test_the_old_address_of_a_suspended_partner_leads_nowhere(client, directory, manager):
    partner = a_partner()
    names.rename(partner, "Otter Music", by=manager)
    grant(manager, "safeguarding_lead")
    manager = get_user_model().objects.get(pk=manager.pk)

    standing.suspend(partner, by=manager)

    assert client.get("/partners/otter-strings/").status_code == 404
    assert client.get("/partners/otter-music/").status_code == 404


def test_an_organisation_cannot_become_part_of_itself(db):
    partner = a_partner()

    with pytest.raises(ValueError, match="part of itself"):
        names.merge(partner, partner)


@pytest.fixture
def text(db):
    return GoverningText.objects.create(
        slug="terms", title="Terms of Reference", partners_agree=True
    )


def published(text, words, **more):
    return terms.publish(text, words, **{"changes": "First words.", "in_force_from": TODAY, **more})


def test_agreeing_keeps_version_fingerprint_name_and_time(text):
    version = published(text, "We meet each term.\nWe share our numbers.")
    partner = a_partner()

    agreement = terms.agree(partner, version, name="Robin Otter", sha256=version.sha256)
    again = terms.agree(partner, version, name="Somebody Else", sha256=version.sha256)

    assert agreement == again
    assert (agreement.version.number, agreement.name) == (1, "Robin Otter")
    assert agreement.sha256 == version.sha256
    assert agreement.agreed_at == noon()
    assert terms.to_agree(partner) == []


def test_other_words_than_the_version_has_are_not_agreed_to(text):
    version = published(text, "We meet each term.")

    with pytest.raises(terms.TermsProblemError):
        terms.agree(a_partner(), version, name="Robin", sha256="0" * 64)


def test_a_new_version_is_to_be_agreed_to_and_shown_as_a_difference(text):
    old = published(text, "We meet each term.\nWe share our numbers.\nWe are kind.")
    partner = a_partner()
    terms.agree(partner, old, name="Robin", sha256=old.sha256)
    new = published(text, "We meet each half term.\nWe are kind.\nWe renew each year.")

    assert terms.to_agree(partner) == [new]
    found = terms.difference(terms.last_agreed(partner, text).version.words, new.words)
    assert [(one.kind, " ".join(f"{p.kind}:{p.words}" for p in one.pieces)) for one in found] == [
        ("changed", "same:We meet each new:half same:term."),
        ("gone", "gone:We share our numbers."),
        ("same", "same:We are kind."),
        ("new", "new:We renew each year."),
    ]
    with pytest.raises(terms.TermsProblemError):
        terms.agree(partner, old, name="Robin", sha256=old.sha256)


def test_words_that_are_not_new_and_late_days_before_early_ones_are_refused(text):
    published(text, "We meet each term.")

    for words, more in (
        ("  We meet   each term. ", {}),
        ("Other.", {"agree_by": TODAY - timedelta(days=1)}),
        (" \n ", {}),
    ):
        with pytest.raises(terms.TermsProblemError):
            published(text, words, **more)


def test_a_draft_is_listed_only_once_it_has_agreed(text, manager):
    version = published(text, "We meet each term.")
    partner = a_partner(status=Partner.Status.DRAFT)

    with pytest.raises(standing.NotInOrderError, match="Terms of Reference, version 1"):
        standing.publish(partner, by=manager)
    terms.agree(partner, version, name="Robin", sha256=version.sha256)

    assert standing.publish(partner, by=manager).status == Partner.Status.LIVE


def test_who_has_not_agreed_after_the_last_day_is_unlisted_and_comes_back_by_agreeing(text):
    version = published(text, "We meet each term.", agree_by=date(2026, 10, 1))
    partner = a_partner()

    assert night.settle(partner, date(2026, 10, 1)) == ""
    assert night.settle(partner, date(2026, 10, 2)) == "unlisted"
    terms.agree(partner, version, name="Robin", sha256=version.sha256)
    assert night.settle(partner, date(2026, 10, 3)) == "listed"
