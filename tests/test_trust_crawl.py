"""No address, by any method, shows or changes a family's records to somebody who is not entitled.

The family stands in every kind of record (tests/canaries.py). Each pattern of the whole hub is
asked for by an anonymous visitor, by somebody with every data role at another centre, by a CMS
editor without a data role, and by another family, with the keys of the family's own rows.
"""

import pytest
from django.contrib.auth import get_user_model
from django.test import Client

from cms.access import ScopedQuerySet
from cms.models import Guardian, Place, Pupil
from cms.roles import ROLES, grant
from forms.models import Attachment, Journey, Submission
from imports.models import ImportRun
from tests.addresses import addresses, class_of, filled
from tests.canaries import WORDS, furnish
from tests.folder import AtHome
from tests.test_cms_scoping import EVERYTHING
from workflows.models import Appointment, Case, Review

pytestmark = pytest.mark.django_db

FEW = ("get", "post")
METHODS = (*FEW, "put", "patch", "delete", "head", "options")
#: A row of a family's is not what opens these: what is theirs is asked for in its own tests.
NOT_WALKED = (
    "admin/logout/",  # would end the visit
    "admin/failwhale/",  # Wagtail's own page that always fails
    "family/sign-out/",
    "letters/",  # opened by the secret in the address alone: it is what we hand in here
)
ROWS = (
    Pupil,
    Guardian,
    Place,
    Journey,
    Submission,
    Attachment,
    Case,
    Appointment,
    Review,
    ImportRun,
)
#: Addresses whose row the crawl has not got, each with the test that walks it instead.
NOT_MET = {
    "admin/pictures/<int:pk>/": "a picture: tests/test_cms_pictures.py",
    "admin/reviews/<int:pk>/": "the reviewer's own: tests/test_workflows_review_screens.py",
    "admin/reviews/<int:pk>/files/<int:file>/": "the same",
    "admin/cases/move/<int:pk>/": "counts alone: tests/test_workflows_moving.py",
    "admin/cases/several/<int:pk>/": "its officer's own: tests/test_workflows_desks.py",
    "admin/cases/lists/<slug:name>.<slug:kind>": "tests/test_workflows_outwards.py",
    "admin/cases/rehearse/<slug:slug>/<int:pk>/": "invented families",
    "admin/cases/rehearse/<slug:slug>/<int:pk>/screen/<path:screen>/": "invented families",
    "admin/rosters/sources/<int:pk>/": "no person: tests/test_imports_profiles.py",
    "admin/partners/<int:pk>/": "an organisation: tests/test_partners_desk.py",
    "admin/governing-texts/<int:pk>/": "terms of the hub: the same",
    "admin/sheets/<int:pk>/": "a form that asks for one: tests/test_forms_sheets.py",
    **dict.fromkeys(
        (
            "admin/boards/<int:pk>/",
            "admin/boards/<int:pk>/interests/",
            "admin/boards/meetings/<int:pk>/",
            "admin/boards/papers/<int:pk>/",
        ),
        "the members' own: tests/test_governance.py",
    ),
    **dict.fromkeys(
        (
            "admin/register/<int:pk>/",
            "admin/register/<int:pk>/worker.js",
            "admin/register/<int:pk>/marks/",
            "admin/register/<int:pk>/sheet/",
            "admin/register/<int:pk>/health/<int:place>/",
            "admin/register/<int:pk>/mark/",
            "admin/register/<int:pk>/uncollected/<int:place>/",
            "admin/register/<int:pk>/not-arrived/",
        ),
        "the date's own team: tests/test_running_register.py",
    ),
    "admin/returns/signed/<int:pk>/": "numbers alone: tests/test_returns.py",
    "admin/newsletter/<int:pk>/": "no person: tests/test_pages_newsletter.py",
    "admin/answers/<slug:slug>/export/<str:token>/": "its officer's own: test_forms_answers.py",
    "admin/snippets/hub_forms/formdefinition/workflow/action/"
    "<int:pk>/<slug:action_name>/<int:task_state_id>/": "no person",
}


@pytest.fixture
def family(centres, django_capture_on_commit_callbacks):
    """The arguments that lead to the rows of the family of the centre in the east."""
    with django_capture_on_commit_callbacks(execute=True):
        return furnish(centres["east"])


def signed_in(name, *roles, **scope):
    user = get_user_model().objects.create_user(name)
    for role in roles:
        grant(user, role, **scope)
    client = Client(enforce_csrf_checks=True)
    client.force_login(user)
    return client


def visitors(centres):
    """Those to whom the family is nobody, by what they are."""
    other = AtHome("other.family@example.org")
    other.sign_in()
    return {
        "anonymous": Client(enforce_csrf_checks=True),
        "another centre": signed_in("west", *EVERYTHING, centre=centres["west"]),
        "an editor": signed_in("comms", "comms_editor", "comms_lead"),
        "another family": other.browser.client,
    }


def said(response):
    body = b"".join(response) if response.streaming else response.content
    headers = " ".join(f"{name}: {value}" for name, value in response.headers.items())
    return f"{headers}\n{body.decode(errors='replace')}".lower()


def shows(response):
    found = said(response)
    return [word for word in WORDS if word in found]


def leaks(client, values, *, methods):
    """(method, pattern, what was shown) of every answer that holds a word of the family."""
    found = []
    for address in addresses():
        if address.path.startswith(NOT_WALKED):
            continue
        url = filled(address, values)
        asked = methods if address.is_ours else FEW
        shown = [(method, shows(getattr(client, method)(url))) for method in asked]
        found += [(method, address.path, words) for method, words in shown if words]
    return found


def rows_of_the_family(among=None):
    """Everything that is kept of the family, row by row: nobody's visit may change it.

    `among` are the rows of an earlier look: whoever begins a form of their own adds to them.
    """
    rows = {
        (model.__name__, row[0]): str(row)
        for model in ROWS
        for row in model._base_manager.values_list()
    }
    return {key: text for key, text in rows.items() if among is None or key in among}


def test_nobody_else_meets_the_family_by_any_address_or_method(centres, family):
    before = rows_of_the_family()
    found = {
        name: leaks(client, family, methods=METHODS if name == "another centre" else FEW)
        for name, client in visitors(centres).items()
    }

    assert found == {"anonymous": [], "another centre": [], "an editor": [], "another family": []}
    assert rows_of_the_family(before) == before


def test_the_same_crawl_leaks_when_scoping_is_switched_off(centres, family, monkeypatch):
    monkeypatch.setattr(ScopedQuerySet, "for_user", lambda self, user, action="view": self)
    west = signed_in("west", *EVERYTHING, centre=centres["west"])

    found = {pattern for _method, pattern, _words in leaks(west, family, methods=("get",))}

    assert {
        "admin/cases/",
        "admin/cases/<int:pk>/",
        "admin/answers/<slug:slug>/<int:pk>/",
        "admin/appointments/<int:pk>/day/",
        "admin/^cms/pupil/inspect/(?P<instance_pk>[-\\w]+)/$",
    } <= found


def is_let_in(response):
    """Shown or at work: not refused, not sent away, not told that there is no such thing."""
    return response.status_code in (200, 400, 422)


def test_each_role_comes_exactly_as_far_as_the_file_says_and_the_crawl_meets_each_screen(family):
    clients = {role: signed_in(role, role) for role in ROLES}
    admin = get_user_model().objects.create_superuser("admin", password="x")
    every = Client()
    every.force_login(admin)
    beyond, missing, unmet = [], [], []
    for address in addresses():
        rule = class_of(address)
        if rule.kind != "staff" or not rule.roles or "*" in rule.pattern:
            continue
        url = filled(address, family)
        status = every.get(url).status_code
        if status == 404 and address.path not in NOT_MET:
            unmet.append(address.path)
        entitled = set(ROLES) if rule.roles == "everybody" else set(rule.roles.split(", "))
        if status == 405:  # only pressed: refused or not is told by the crawl above
            continue
        let_in = {role for role, client in clients.items() if is_let_in(client.get(url))}
        beyond += [(address.path, role) for role in sorted(let_in - entitled)]
        if not address.takes_arguments:
            missing += [(address.path, role) for role in sorted(entitled & set(ROLES) - let_in)]

    assert beyond == []
    assert missing == []
    assert unmet == [], "Give these addresses a real row in tests/canaries.py."
