"""The admin's main menu: gathered for those who may see much, flat for those who may see little."""

import pytest
from django.test import RequestFactory
from django.urls import reverse
from wagtail.admin.menu import MenuItem, SubmenuMenuItem, admin_menu

from cms.menus import GATHERINGS, gather


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
