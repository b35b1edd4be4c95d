"""Every address of the hub is classified; one that nobody thought about fails the build."""

from django.urls import path
from django.views.generic import View

from cms.roles import ROLES
from tests.addresses import Address, addresses, class_of, rules, unclassified


def fake(pattern):
    """A new screen of ours, as a colleague would add it."""
    view = type("NewView", (View,), {"__module__": "workflows.views"})
    return [path(pattern, view.as_view())]


def test_every_address_is_classified():
    assert unclassified(addresses()) == [], "\n".join(unclassified(addresses()))


def test_a_new_address_fails_with_what_to_do():
    found = unclassified(addresses(fake("admin/cases/<int:pk>/everything/")))

    assert found == [
        (
            "The address /admin/cases/<int:pk>/everything/ is not classified. Say in "
            "tests/addresses.txt who may reach it: put the pattern under [public], [family], [machine] "
            "or [staff: the roles that may], and give its arguments real rows in tests/canaries.py when "
            "it shows records of people."
        )
    ]


def test_a_wide_line_never_classifies_an_address_of_our_own():
    """ "admin/reports/*" is for the screens that Wagtail makes."""
    assert class_of(Address("admin/reports/children/", "wagtail.admin.views.")) is not None
    assert class_of(Address("admin/reports/children/", "forms.views.")) is None


def test_a_new_model_in_the_admin_is_a_new_address():
    added = [
        Address("admin/snippets/cms/pupil/edit/<int:pk>/", "wagtail.snippets.views."),
        Address("admin/^cms/invoice/export/$", "cms.modeladmin."),
    ]

    assert len(unclassified(added)) == 2


def test_no_line_of_the_file_is_left_over():
    found = list(addresses())
    idle = [rule.pattern for rule in rules() if not any(rule.fits(one) for one in found)]

    assert idle == [], "Take these lines out of tests/addresses.txt: nothing has such an address."


def test_only_roles_that_exist_are_named():
    named = {name for rule in rules() for name in rule.roles.split(", ") if name}

    assert named - {*ROLES, "everybody", "superuser"} == set()
