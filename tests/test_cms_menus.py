"""The admin's main menu: gathered for those who may see much, flat for those who may see little."""

import pytest
from django.test import RequestFactory
from django.urls import reverse
from wagtail.admin.menu import MenuItem, SubmenuMenuItem, admin_menu

from cms.access import may_in_whole_hub
from cms.menus import GATHERINGS, PermittedMenuItem, gather
from cms.roles import grant
from tests.costs import fewest_queries
from tests.courserun import half_term_date, person, set_clock, team


@pytest.fixture(autouse=True)
def all_registered():
    reverse("wagtailadmin_home")  # some entries are registered with the addresses


def entries(user):
    request = RequestFactory().get("/admin/")
    request.user = user
    return sorted(admin_menu.menu_items_for_request(request), key=lambda item: item.order)


def test_every_name_that_is_gathered_is_an_entry_of_the_menu(admin_user):
    registered = {item.name for item in admin_menu.registered_menu_items}

    assert set().union(*(gathering.names for gathering in GATHERINGS)) <= registered


def test_who_sees_everything_finds_what_belongs_together_behind_one_entry(admin_user):
    found = {item.name: item for item in entries(admin_user)}

    for gathering in GATHERINGS:
        assert not gathering.names & set(found)
        inside = next(item for item in found.values() if str(item.label) == str(gathering.label))
        assert {item.name for item in inside.menu.registered_menu_items} == gathering.names


def test_few_entries_stay_in_the_menu_itself_and_none_is_lost(rf):
    items = [MenuItem("Forms", "/f/", name="hub-forms"), MenuItem("Other", "/o/", name="other")]

    gather(rf.get("/admin/"), items)

    assert [item.name for item in items] == ["hub-forms", "other"]
    assert not any(isinstance(item, SubmenuMenuItem) for item in items)


@pytest.mark.django_db
def test_an_entry_asks_for_its_permission_as_it_was_told_to(rf):
    somewhere = PermittedMenuItem("Inbox", "/i/", permission="workflows.view_case")
    one_of = PermittedMenuItem(
        "People", "/p/", permission=("cms.erase_person", "workflows.view_case")
    )
    everywhere = PermittedMenuItem(
        "All", "/a/", permission="workflows.view_case", asks=may_in_whole_hub
    )
    neither = PermittedMenuItem("Money", "/m/", permission="cms.erase_person")
    request = rf.get("/admin/")
    request.user = person("centre")
    grant(request.user, "centre_admin", centre=half_term_date().centre)

    shown = [item.is_shown(request) for item in (somewhere, one_of, everywhere, neither)]

    assert shown == [True, True, False, False]


@pytest.mark.django_db
def test_the_register_is_in_the_menu_of_its_team_and_costs_pages_no_query(monkeypatch, rf):
    set_clock(monkeypatch, "2026-10-26T09:40")
    date = half_term_date()
    lead, *_others = team(date)
    names = {item.name for item in entries(lead)}
    request = rf.get("/admin/")
    request.user = lead
    item = next(one for one in admin_menu.registered_menu_items if one.name == "register")

    assert "register" in names
    assert fewest_queries(lambda: item.is_shown(request)) == 0

    date.team.get(user=lead).delete()
    assert not item.is_shown(request)
