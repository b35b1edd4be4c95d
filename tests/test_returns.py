"""Data returns: what is counted, what is hidden, who looks behind a number, what is signed off."""

import itertools
from collections import defaultdict
from datetime import date
from io import BytesIO

import pytest
from django.contrib.auth import get_user_model
from django.core.exceptions import PermissionDenied, ValidationError
from django.urls import reverse
from openpyxl import load_workbook

from cms import wallclock
from cms.models import (
    AccessLogEntry,
    Area,
    Award,
    Enrolment,
    Ensemble,
    Instrument,
    LoanInstrument,
    MusicGroup,
    Pupil,
    ReturnDefinition,
    ReturnSnapshot,
    School,
)
from cms.returns import coldspots, counting, hiding, shipped, snapshots
from cms.roles import grant
from pages.models import HomePage, ImpactPage
from tests.costs import fewest_queries
from tests.partnership import noon

YEAR = 2026


@pytest.fixture(autouse=True)
def _today():
    with wallclock.instead(noon()):
        yield


def published_alike(rows, below, top):
    """Hidden numbers that somebody could work out, of every column of so many rows."""
    alike = defaultdict(list)
    for numbers in itertools.product(range(top + 1), repeat=rows):
        column = dict(enumerate(numbers))
        hidden = hiding.hide(column, below)
        shown = tuple(None if at in hidden.keys else number for at, number in column.items())
        alike[shown, hidden.total].append(numbers)
    return [
        (shown, total)
        for (shown, total), columns in alike.items()
        for at, number in enumerate(shown)
        if number is None and len({column[at] for column in columns}) < 2
    ]


@pytest.mark.parametrize(("rows", "below", "top"), [(1, 3, 8), (2, 5, 12), (3, 3, 8), (4, 3, 6)])
def test_no_hidden_number_can_be_worked_out_from_what_is_shown(rows, below, top):
    assert published_alike(rows, below, top) == []


def test_hiding_small_numbers_alone_would_give_them_away(monkeypatch):
    def naive(column, below):
        small = {key for key, number in column.items() if 0 < number < below}
        return hiding.Hidden(frozenset(small), sum(column.values()))

    monkeypatch.setattr(hiding, "hide", naive)

    assert published_alike(2, 3, 6) != []


@pytest.mark.parametrize(
    ("column", "hidden", "total"),
    [
        ({"a": 0, "b": 9}, set(), 9),
        ({"a": 1, "b": 9, "c": 20}, {"a", "b"}, 30),
        ({"a": 1, "b": 9, "c": 9}, {"a", "b", "c"}, 19),
        ({"a": 1, "b": 2}, {"a", "b"}, None),
        ({}, set(), 0),
    ],
)
def test_what_is_hidden_of_a_column(column, hidden, total):
    assert hiding.hide(column, 5) == hiding.Hidden(frozenset(hidden), total)


@pytest.fixture
def county(centres):
    """Two schools with music, one with nothing, one closed; seven pupils and three."""
    violin = Instrument.objects.create(name="Violin", slug="violin", family="strings")
    band = Ensemble.objects.create(name="County Band", slug="band", level="county", summary="Band")
    west = Area.objects.get(slug="west")
    schools = {
        name: School.objects.create(urn=urn, name=name, area=west, easting=e, northing=n, status=status)
        for urn, name, e, n, status in (
            ("100001", "Otter School", 520000, 220000, "open"),
            ("100002", "Heron School", 521000, 221000, "open"),
            ("100003", "Quiet School", 522000, 222000, "open"),
            ("100004", "Gone School", 523000, 223000, "closed"),
        )
    }  # fmt: skip
    lessons = MusicGroup.objects.create(name="First Access Year 4", centre=centres["west"])
    rehearsal = MusicGroup.objects.create(name="Band", centre=centres["west"], ensemble=band)
    for name, number in (("Otter School", 7), ("Heron School", 3)):
        for at in range(number):
            pupil = Pupil.objects.create(
                legal_first_name=f"Child{at}", legal_last_name=name, school=schools[name]
            )
            Enrolment.objects.create(
                pupil=pupil, group=lessons, instrument=violin, starts_on=date(2026, 9, 5)
            )
            if at == 0:
                Enrolment.objects.create(
                    pupil=pupil, group=rehearsal, instrument=violin, starts_on=date(2025, 9, 5)
                )
    return schools


def definition_of(*headings, below=5):
    return ReturnDefinition.objects.create(
        slug="a-return",
        title="A return",
        hide_below=below,
        headings=[
            {
                "type": "heading",
                "value": {"section": "All", "title": f"Number {at}", **shipped.NOTHING, **heading},
            }
            for at, heading in enumerate(headings)
        ],
    )


def numbers(definition, year=YEAR):
    return {row.urn: row.numbers for row in counting.count(definition, year).rows}


def test_each_pupil_is_counted_once_however_many_groups(county):
    found = numbers(definition_of({"measure": "pupils"}, {"measure": "groups"}))

    assert found == {"100001": [7, 2], "100002": [3, 2], "100003": [0, 0]}


@pytest.mark.parametrize(
    ("heading", "otter"),
    [
        ({"measure": "pupils", "family": "strings"}, 7),
        ({"measure": "pupils", "family": "brass"}, 0),
        ({"measure": "pupils", "words": "first access"}, 7),
        ({"measure": "ensemble_pupils"}, 1),
        ({"measure": "ensemble_pupils", "level": "county"}, 1),
        ({"measure": "ensemble_pupils", "level": "area"}, 0),
        ({"measure": "continued"}, 1),
        ({"measure": "course_pupils"}, 0),
        ({"measure": "awards"}, 0),
        ({"measure": "loans"}, 0),
    ],
)
def test_a_heading_counts_what_it_says(county, heading, otter):
    assert numbers(definition_of(heading))["100001"] == [otter]


def test_who_waits_or_left_before_the_year_is_not_counted(county):
    first, second, *_others = Enrolment.objects.filter(
        group__ensemble=None, pupil__school__urn="100001"
    ).order_by("-pk")
    Enrolment.objects.filter(pk=first.pk).update(status="waiting")
    Enrolment.objects.filter(pk=second.pk).update(
        status="left", starts_on=date(2025, 9, 1), ends_on=date(2026, 8, 31)
    )

    assert numbers(definition_of({"measure": "pupils"}))["100001"] == [5]
    assert numbers(ReturnDefinition.objects.get(), 2025)["100001"] == [2]


def test_awards_of_the_year_and_loans_of_today_are_counted(county):
    pupil = Pupil.objects.filter(school__urn="100001").first()
    for day in (date(2026, 9, 1), date(2027, 8, 31), date(2027, 9, 1), date(2026, 8, 31)):
        Award.objects.create(pupil=pupil, title="Music Medal", level="Copper", awarded_on=day)
    LoanInstrument.objects.create(
        asset_number="V1", instrument=Instrument.objects.get(), borrower=pupil
    )

    found = numbers(
        definition_of(
            {"measure": "awards", "words": "medal"},
            {"measure": "award_pupils", "grade": "copper"},
            {"measure": "awards", "grade": "gold"},
            {"measure": "loans"},
        )
    )

    assert found["100001"] == [2, 1, 0, 1]


def test_pupils_of_no_known_school_have_a_row_and_closed_schools_only_when_met(county):
    Pupil.objects.filter(school__urn="100002").update(school=None)
    School.objects.filter(urn="100001").update(status="closed")

    assert numbers(definition_of({"measure": "pupils"})) == {
        "100001": [7],
        "100002": [0],
        "100003": [0],
        "": [3],
    }


def test_the_cost_of_a_return_does_not_grow_with_schools(county):
    definition = definition_of({"measure": "pupils"}, {"measure": "awards"})
    before = fewest_queries(lambda: counting.count(definition, YEAR))
    School.objects.bulk_create(School(urn=f"2{n:05}", name=f"S{n}") for n in range(30))

    assert fewest_queries(lambda: counting.count(definition, YEAR)) <= before


def test_cold_spots_are_schools_with_nothing_by_area_and_on_the_map(county):
    table = counting.count(definition_of({"measure": "pupils"}), YEAR)

    assert [(area, number, cold, [row.name for row in which])
            for area, number, cold, which in coldspots.by_area(table)] == [
        ("West", 3, 1, ["Quiet School"])
    ]  # fmt: skip
    assert [(spot.name, spot.is_cold) for spot in coldspots.drawing(table)] == [
        ("Heron School", False),
        ("Otter School", False),
        ("Quiet School", True),
    ]


def as_role(client, *roles):
    user = get_user_model().objects.create_user("-".join(roles))
    for role in roles:
        grant(user, role)
    client.force_login(user)
    return user


def address(name, *args):
    return reverse(name, args=["a-return", *args])


@pytest.mark.parametrize("role", ["comms_lead", "bookings", "panellist", "centre_admin"])
def test_other_roles_see_no_return(client, county, role):
    definition_of({"measure": "pupils"})
    as_role(client, role)

    assert client.get(reverse("data_returns")).status_code in (302, 403)
    assert client.get(address("data_return")).status_code in (302, 403)


def test_the_screen_hides_small_numbers_and_shows_no_way_behind_them(client, county):
    definition_of({"measure": "pupils"})
    as_role(client, "hub_manager")

    html = client.get(address("data_return")).content.decode()

    assert html.count("hidden</td>") == 2  # 3, and 7 with it
    assert "<strong>10</strong>" in html
    assert "?year=2026&amp;urn=" not in html
    assert client.get(address("data_return_behind", 0) + "?urn=100002").status_code in (302, 403)


def test_who_may_see_pupils_looks_behind_a_number_and_it_is_written_down(client, county):
    definition_of({"measure": "pupils"})
    as_role(client, "roster_admin")

    html = client.get(address("data_return_behind", 0) + "?urn=100002").content.decode()

    assert html.count("Heron School</li>") == 3
    entry = AccessLogEntry.objects.filter(record_type="cms.pupil").get()
    assert entry.detail == {"return": "a-return", "column": 0, "urn": "100002", "rows": 3}
    assert client.get(address("data_return_behind", 9)).status_code == 404


def test_a_file_needs_a_reason_hides_what_the_screen_hides_and_is_written_down(client, county):
    School.objects.filter(urn="100003").update(name="=HYPERLINK(1)")
    definition_of({"measure": "pupils"})
    as_role(client, "hub_manager")
    url = address("data_return_take")

    assert client.post(url, {"kind": "csv"}).status_code == 422
    answer = client.post(url, {"kind": "csv", "reason": "Autumn return"})
    lines = b"".join(answer).decode("utf-8-sig").splitlines()

    assert "100002,Heron School,West,hidden" in lines
    assert "100003,'=HYPERLINK(1),West,0" in lines
    assert lines[-1] == ",All,,10"
    assert AccessLogEntry.objects.get(action="export").detail["reason"] == "Autumn return"


def test_the_whole_numbers_are_for_those_who_may_see_pupils(client, county):
    definition_of({"measure": "pupils"})
    wanted = {"kind": "xlsx", "reason": "For the funder", "whole": "on"}
    as_role(client, "hub_manager")
    assert client.post(address("data_return_take"), wanted).status_code in (302, 403)

    as_role(client, "roster_admin")
    answer = client.post(address("data_return_take"), wanted)
    sheet = load_workbook(BytesIO(b"".join(answer))).active

    assert [row[3].value for row in sheet.iter_rows(min_row=2)] == [3, 7, 0, 10]


def test_a_signed_return_never_changes_again(client, county):
    definition = definition_of({"measure": "pupils"})
    user = as_role(client, "hub_manager")

    client.post(address("data_return_sign"), {"year": "2026", "is_public": "on"})
    Enrolment.objects.all().delete()

    snapshot = ReturnSnapshot.objects.get()
    assert (snapshot.data["totals"], snapshot.signed_by) == ([10], str(user))
    assert snapshot.is_whole()
    snapshot.title = "Else"
    with pytest.raises(ValidationError):
        snapshot.save()
    with pytest.raises(ValidationError):
        snapshot.delete()
    html = client.get(reverse("return_snapshot", args=[snapshot.pk])).content.decode()
    assert "hidden" in html
    assert "fits the numbers" in html
    data = snapshot.data | {"totals": [11]}
    ReturnSnapshot.objects.filter(pk=snapshot.pk).update(data=data)
    assert not ReturnSnapshot.objects.get().is_whole()
    assert definition.snapshots.count() == 1


def test_only_whoever_may_sign_signs(client, county):
    definition = definition_of({"measure": "pupils"})
    user = as_role(client, "roster_admin")

    with pytest.raises(PermissionDenied):
        snapshots.sign(definition, YEAR, by=user)


def test_public_figures_are_totals_of_the_newest_public_one_without_hidden_ones(client, county):
    user = as_role(client, "hub_manager")
    definition = definition_of({"measure": "pupils"}, {"measure": "ensemble_pupils"})
    assert snapshots.public_figures() is None
    snapshots.sign(definition, YEAR, by=user)
    assert snapshots.public_figures() is None

    signed = snapshots.sign(definition, YEAR, by=user, is_public=True)

    assert snapshots.public_figures() == (
        signed,
        [{"section": "All", "figures": [("Number 0", 10)]}],
    )


def test_the_impact_page_shows_the_totals_of_a_public_return(client, county):
    home = HomePage.objects.get()
    home.add_child(instance=ImpactPage(title="Our impact", slug="impact"))
    assert "in numbers" not in client.get("/impact/").content.decode()
    user = as_role(client, "hub_manager")

    snapshots.sign(definition_of({"measure": "pupils"}), YEAR, by=user, is_public=True)

    html = client.get("/impact/").content.decode()
    assert "The academic year 2026/27 in numbers" in html
    assert "<dt>Number 0</dt><dd>10</dd>" in html


def test_the_shipped_headings_are_added_once_and_every_one_counts(client, county):
    as_role(client, "hub_manager")
    for _time in range(2):
        client.post(reverse("data_returns"))

    definition = ReturnDefinition.objects.get()
    assert len(counting.count(definition, YEAR).headings) == len(shipped.HEADINGS)


def test_staff_edit_the_headings_as_data(client, county):
    as_role(client, "hub_manager")
    shipped.add()
    edit = reverse(
        "wagtailsnippets_cms_returndefinition:edit", args=[ReturnDefinition.objects.get().pk]
    )

    assert "Pupils in whole-class ensemble teaching" in client.get(edit).content.decode()


def test_a_year_is_that_of_london():
    first, after = counting.Year(2026).moments

    assert (first.isoformat(), after.isoformat()) == (
        "2026-09-01T00:00:00+01:00",
        "2027-09-01T00:00:00+01:00",
    )
