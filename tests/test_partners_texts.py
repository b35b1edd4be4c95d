"""The texts that come with the hub: agreed to by version, fingerprint, name and time."""

import pytest
from django.contrib.auth import get_user_model
from django.urls import reverse

from cms import wallclock
from cms.models import GoverningText, GoverningVersion, PartnerAgreement
from cms.partners import shippedtexts, standing, terms
from cms.roles import grant
from tests.folder import AtHome
from tests.partnership import TODAY, a_partner, a_person, noon, with_papers

pytestmark = pytest.mark.django_db
THREE = {"terms-of-reference", "data-sharing", "brand-use"}


@pytest.fixture(autouse=True)
def _today():
    with wallclock.instead(noon()):
        yield


def test_they_are_added_once_and_never_written_over():
    assert {text.slug for text in shippedtexts.add()} == THREE
    text = GoverningText.objects.get(slug="brand-use")
    terms.publish(text, "Our own words.", changes="Ours.", in_force_from=TODAY)
    assert shippedtexts.add() == []
    assert terms.in_force(text).words == "Our own words."
    assert GoverningVersion.objects.count() == 4
    assert all(text.review_on and text.partners_agree for text in GoverningText.objects.all())


def test_a_manager_adds_them_from_the_desk(client):
    manager = get_user_model().objects.create_user("mo")
    grant(manager, "hub_manager")
    client.force_login(manager)
    desk = reverse("governing_texts")
    assert "come with the hub" in client.get(desk).content.decode()
    client.post(desk, {"do": "shipped"})
    assert GoverningText.objects.count() == 3
    assert "come with the hub" not in client.get(desk).content.decode()


def test_a_draft_is_listed_only_once_all_three_are_signed_in_the_passport(client):
    shippedtexts.add()
    partner = with_papers(a_partner(status="draft"))
    a_person(partner)
    home = AtHome("robin@example.org")
    home.sign_in()
    for version in terms.to_agree(partner):
        with pytest.raises(standing.NotInOrderError, match="not agreed"):
            standing.publish(partner)
        page = home.browser.get(f"/family/partners/{partner.slug}/agree/{version.pk}/")
        token = page.soup.find("input", {"name": "csrfmiddlewaretoken"})["value"]
        given = {"csrfmiddlewaretoken": token, "name": "Robin Otter", "agreed": "on",
                 "sha256": version.sha256}  # fmt: skip
        assert home.browser.post(page.path, given).status == 303
    standing.publish(partner)
    signed = PartnerAgreement.objects.filter(partner=partner)
    assert {one.version.text.slug for one in signed} == THREE
    assert {one.name for one in signed} == {"Robin Otter"}
    assert all(one.sha256 == one.version.sha256 and one.agreed_at for one in signed)


def test_words_other_than_those_shown_cannot_be_signed():
    shippedtexts.add()
    partner = a_partner()
    version = terms.to_agree(partner)[0]
    with pytest.raises(terms.TermsProblemError, match="not the words"):
        terms.agree(partner, version, name="Robin", sha256="0" * 64)
