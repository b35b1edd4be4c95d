"""Who may do what, as a table: the roles of a hub in a year (domain.md, section 1b), one by one.

Each row is one thing and the roles that may do it; every other role may not. A role that is given
more, or less, than the table says fails here by name.
"""

import pytest
from django.contrib.auth import get_user_model

from cms.roles import ROLES, grant, restricted_fields_of, sync_roles

pytestmark = pytest.mark.django_db

EDITORS = {"comms_editor", "comms_lead"}
CASE_DESKS = {
    *("centre_admin", "bookings", "ensembles_manager", "remission_officer", "hub_manager"),
    "therapist",
}

#: What: (a permission, who has it).
MAY = {
    "open the admin": ("wagtailadmin.access_admin", set(ROLES)),
    "see a case": ("workflows.view_case", CASE_DESKS | {"panellist", "safeguarding_lead"}),
    "press buttons and write on a case": (
        "workflows.change_case",
        CASE_DESKS | {"safeguarding_lead"},
    ),
    "take lists of cases away": ("workflows.export_case", {"bookings", "ensembles_manager"}),
    "see sessions of appointments": ("workflows.view_appointmentsession", CASE_DESKS),
    "plan appointments": ("workflows.change_appointmentsession", CASE_DESKS),
    "run offers and waiting lists": (
        "workflows.run_pool",
        {"centre_admin", "bookings", "ensembles_manager", "hub_manager"},
    ),
    "decide and release decisions": (
        "workflows.decide_case",
        {"bookings", "ensembles_manager", "hub_manager"},
    ),
    "design processes": (
        "workflows.change_workflowdefinition",
        {"bookings", "ensembles_manager", "hub_manager"},
    ),
    "list what families sent": (
        "hub_forms.list_submission",
        CASE_DESKS - {"therapist"} | {"safeguarding_lead"},
    ),
    "export what families sent": (
        "hub_forms.export_submission",
        {"bookings", "ensembles_manager", "hub_manager"},
    ),
    "delete what a family sent when it asks": ("hub_forms.forget_submission", {"hub_manager"}),
    "see pupils": (
        "cms.view_pupil",
        {"centre_admin", "bookings", "ensembles_manager", "roster_admin", "safeguarding_lead"},
    ),
    "change pupils": ("cms.change_pupil", {"roster_admin"}),
    "export pupils": ("cms.export_pupil", {"roster_admin"}),
    "see registers": (
        "cms.view_place",
        {"centre_admin", "bookings", "course_leader", "safeguarding_lead"},
    ),
    "export registers": ("cms.export_place", {"bookings"}),
    "import rosters": ("imports.approve_roster", {"roster_admin"}),
    "see pages' figures of readers": ("pages.view_dailycount", EDITORS | {"hub_manager"}),
    "close a centre": (
        "cms.close_musiccentre",
        {"centre_admin", "comms_lead", "hub_manager"},
    ),
    "look after partners": ("cms.change_partner", {"comms_lead", "hub_manager"}),
    "suspend a partner": ("cms.suspend_partner", {"safeguarding_lead"}),
    "read the access log": (
        "cms.view_accesslogentry",
        {"safeguarding_lead", "data_protection"},
    ),
}

#: A group of restricted answers: who reads it.
READS = {
    "contact": {
        *("centre_admin", "bookings", "ensembles_manager", "roster_admin"),
        *("remission_officer", "safeguarding_lead", "hub_manager", "therapist"),
    },
    "health": {"bookings", "ensembles_manager", "course_leader", "safeguarding_lead"},
    "collection": {"centre_admin", "bookings", "course_leader", "safeguarding_lead"},
    "money": {"bookings", "remission_officer", "finance"},
    "evidence": {"remission_officer"},
    "safeguarding": {"safeguarding_lead"},
    "therapy": {"therapist"},
}

#: An address of a desk: who is let in.
DESKS = {
    "/admin/cases/": CASE_DESKS | {"panellist", "safeguarding_lead"},
    "/admin/cases/decisions/": {"bookings", "ensembles_manager", "hub_manager"},
    "/admin/cases/offers/": {"centre_admin", "bookings", "ensembles_manager", "hub_manager"},
    "/admin/answers/": CASE_DESKS - {"therapist"} | {"safeguarding_lead"},
}


@pytest.fixture
def people():
    """One person for each role."""
    sync_roles()
    found = {}
    for role in ROLES:
        user = get_user_model().objects.create_user(role, first_name=role)
        grant(user, role)
        found[role] = get_user_model().objects.get(pk=user.pk)
    return found


@pytest.mark.parametrize("what", MAY)
def test_a_thing_is_for_these_roles_and_no_others(what, people):
    permission, roles = MAY[what]
    assert {role for role, user in people.items() if user.has_perm(permission)} == roles


@pytest.mark.parametrize("group", READS)
def test_a_group_of_restricted_answers_is_read_by_these_roles_and_no_others(group, people):
    assert {role for role, user in people.items() if group in restricted_fields_of(user)} == (
        READS[group]
    )


@pytest.mark.parametrize("address", DESKS)
def test_a_desk_lets_these_roles_in_and_no_others(address, people, client):
    inside = set()
    for role, user in people.items():
        client.force_login(user)
        if client.get(address).status_code == 200:
            inside.add(role)
    assert inside == DESKS[address]


def test_only_the_communications_lead_publishes_pages(people):
    publish = {role.key: "publish_page" in role.pages for role in ROLES.values() if role.pages}
    assert publish == {"comms_editor": False, "comms_lead": True}


def test_every_group_of_restricted_answers_is_in_the_table():
    assert set(READS) == set().union(*(role.fields for role in ROLES.values()))


def test_somebody_without_a_role_may_nothing(client, db):
    user = get_user_model().objects.create_user("family")
    client.force_login(user)
    assert not any(user.has_perm(permission) for permission, _roles in MAY.values())
    assert restricted_fields_of(user) == frozenset()
    assert all(client.get(address).status_code != 200 for address in DESKS)
