"""A request goes to the office of its area: by the school, else by the postcode, with no code."""

from datetime import timedelta

import pytest
from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils import timezone

from cms.areas import area_of_postcode
from cms.models import Area, School
from cms.roles import grant
from forms import package
from tests.journeys import PACKAGES, Family
from workflows.models import Case

pytestmark = pytest.mark.django_db


@pytest.fixture
def areas():
    named = {"east": "SG, CM23", "west": "WD HP1", "north": "SG4"}
    return {
        slug: Area.objects.create(slug=slug, name=slug.capitalize(), postcodes=own)
        for slug, own in named.items()
    }


@pytest.mark.parametrize(
    ("postcode", "slug"),
    [
        ("SG13 8ZZ", "east"),
        ("sg138zz", "east"),
        ("SG4 9UJ", "north"),
        ("CM23 1AA", "east"),
        ("CM2 1AA", None),
        ("HP1 1AA", "west"),
        ("HP12 1AA", None),
        ("", None),
        ("WD", None),
        ("???", None),
    ],
)
def test_the_longest_beginning_that_an_area_calls_its_own_decides(areas, postcode, slug):
    found = area_of_postcode(postcode)
    assert (found and found.slug) == slug


@pytest.mark.parametrize("own", ["SG4 9UJ", "Hertford", "SG;WD", "SG4\nSG5"])
def test_an_area_takes_nothing_but_beginnings_of_postcodes(own):
    with pytest.raises(ValidationError, match="First halves"):
        Area(name="X", slug="x", postcodes=own).full_clean()


def asks_for_a_visit(school, postcode):
    """A school asks by the shipped form, page by page, as its own browser would."""
    soon = (timezone.localdate() + timedelta(days=9)).isoformat()
    family = Family(form="school-visit")
    family.start()
    family.walk(
        {
            "school": school,
            "postcode": postcode,
            "phase": "primary",
            "reasons": ["singing"],
            "priority": "no",
            "has_sheet": "no",
            "first_date": soon,
            "contact_name": {"first": "Robin", "last": "Reed"},
            "email": "robin@example.org",
            "job": "Head",
        }
    )
    return Case.objects.get(reference=family.send().reference)


def test_a_visit_is_sent_to_the_office_of_the_school_or_else_of_the_postcode(areas, client):
    package.load(PACKAGES / "school-visit.json", publish=True)
    School.objects.create(urn="123456", name="Elm School", area=areas["west"], postcode="SG4 1AA")
    School.objects.create(urn="123457", name="Oak School", postcode="SG4 1AA")
    other = {"choice": "other", "": "A new school"}
    wanted = [
        (asks_for_a_visit({"choice": "school", "": "123456"}, "SG13 8ZZ"), "west"),
        (asks_for_a_visit({"choice": "school", "": "123457"}, "SG13 8ZZ"), "north"),
        (asks_for_a_visit(other, "SG13 8ZZ"), "east"),
        (asks_for_a_visit(other, "YO1 7HH"), None),
    ]
    assert [case.area and case.area.slug for case, _slug in wanted] == [s for _case, s in wanted]

    def sees(name, role, area=None):
        user = get_user_model().objects.create_user(name, email=f"{name}@example.org")
        grant(user, role, area=area)
        client.force_login(user)
        inbox = client.get(reverse("cases:inbox")).content.decode()
        return {slug for case, slug in wanted if case.reference in inbox}

    assert sees("wes", "centre_admin", areas["west"]) == {"west"}
    assert sees("ea", "centre_admin", areas["east"]) == {"east"}
    assert sees("mo", "hub_manager") == {"west", "north", "east", None}
