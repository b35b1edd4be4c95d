"""The map of partners: drawn from our own districts, equal to its list, asking no other host."""

import re

import pytest

from cms.models import Partner
from cms.partners import drafting
from pages import partnermap
from pages.models import HomePage, PartnerIndexPage
from tests.partnership import a_partner

pytestmark = pytest.mark.django_db


@pytest.fixture
def directory():
    HomePage.objects.get().add_child(instance=PartnerIndexPage(title="Partners", slug="partners"))
    a_partner(district="SG4")
    a_partner("Elm Brass", "elm-brass", district="SG4")
    a_partner("Ash Voices", "ash-voices", district="WD17")
    a_partner("Everywhere", "everywhere")
    a_partner("Hidden", "hidden", district="AL1", status="draft")


def test_partners_stand_at_their_districts_and_the_rest_in_the_list():
    one, two = Partner(name="A", district="SG4"), Partner(name="B", district="WD17")
    far, none = Partner(name="C", district="ZE1"), Partner(name="D")
    drawn = partnermap.draw([one, two, far, none])
    places = {place["district"]: place for place in drawn["places"]}
    assert set(places) == {"SG4", "WD17"}
    assert drawn["rest"] == [far, none]
    assert places["SG4"]["name"] == "Hitchin"
    assert places["SG4"]["y"] < places["WD17"]["y"]  # Hitchin is north of Watford
    assert all(0 < x < drawn["width"] and 0 < y < drawn["height"] for x, y in drawn["dots"])


def test_the_page_has_map_and_list_for_everybody_and_loads_nothing_from_elsewhere(
    client, directory
):
    html = client.get("/partners/").content.decode()
    section = html[html.index('id="map-title"') :]
    assert "Hitchin (SG4)" in section
    for slug in ("otter-strings", "elm-brass", "ash-voices", "everywhere"):
        assert f'href="/partners/{slug}/"' in section
    assert 'id="at-sg4"' in section
    assert "hidden" not in re.findall(r"/partners/([\w-]+)/", html)
    loaded = re.findall(r'(?:src|href|action)="(https?:)?//([^/"]+)', section)
    assert {host for _scheme, host in loaded} <= {"localhost", "testserver", "example.org"}
    assert "<image" not in section


def test_filters_narrow_the_map_too(client, directory):
    Partner.objects.filter(slug="ash-voices").update(function="inclusion")
    html = client.get("/partners/?function=inclusion").content.decode()
    assert "Watford (WD17)" in html
    assert "Hitchin (SG4)" not in html


def test_only_a_district_that_was_given_for_the_map_becomes_public():
    kind = {"kind": "community", "trading_name": "Elm", "description": "Brass."}
    address = {"address": {"line_1": "1 Elm Lane", "town": "Hitchin", "postcode": "SG4 9UJ"}}
    assert drafting.draft_page_for(None, kind | address).district == ""
    typed = drafting.draft_page_for(None, kind | {"trading_name": "Oak", "map_district": "sg4 9uj"})
    assert typed.district == "SG4"
