"""What a stage hides from a role: on every page, in every file and letter, and nothing more."""

import copy

import pytest
from django.contrib.auth import get_user_model
from django.urls import reverse

from cms.models import MailTemplate, OutboxMessage
from cms.roles import grant
from forms.compile import publish as publish_form
from forms.models import FormDefinition
from forms.standins import stand_in
from tests.casework import run_until_over
from tests.test_workflows_review_screens import ANSWERS, FORM
from workflows.compile import NotPublishableError, check, publish
from workflows.engine import add_note, perform
from workflows.hiding import hidden_from
from workflows.masks import BLACK
from workflows.models import Case, ListRow
from workflows.reviews.proof import prove

pytestmark = pytest.mark.django_db

FLOW = {
    "slug": "choir",
    "title": "Choir",
    "stages": [
        {
            "key": "new",
            "staff_name": "New",
            "kind": "open",
            "start": True,
            "roles": ["ensembles_manager", "bookings"],
            "hidden": [
                {"roles": ["bookings"], "questions": ["player", "school"]},
                {"roles": ["safeguarding_lead"], "questions": ["child"]},
            ],
            "viewers": ["safeguarding_lead"],
            "buttons": [
                {
                    "key": "read",
                    "label": "Read",
                    "to": "later",
                    "actions": [
                        {"type": "send_email", "template": "told", "to": "assignee"},
                        {"type": "export_row", "list": "choir", "facts": "contact_name"},
                    ],
                },
                {"key": "done", "label": "Done", "to": "done"},
            ],
        },
        {
            "key": "later",
            "staff_name": "Later",
            "kind": "open",
            "roles": ["bookings"],
            "hidden": [{"roles": ["bookings"], "questions": ["player"]}],
            "buttons": [{"key": "done", "label": "Done", "to": "done"}],
        },
        {"key": "done", "staff_name": "Done", "kind": "final", "roles": ["bookings"]},
    ],
}
SECRETS = ("Wilhelmina", "Featherstone", "Hilltop")


def named(form):
    """The form, where the player is also whom letters are for."""
    data = copy.deepcopy(form)
    data["steps"][0]["questions"][0]["settings"]["role"] = "contact_name"
    return data


@pytest.fixture
def definition(centres):
    MailTemplate.objects.create(
        key="told",
        name="Told",
        subject="{{ contact_name }}",
        body="{{ contact_name }} in {{ reference }}",
        placeholders={"contact_name": "-", "reference": "-"},
    )
    publish(FLOW)
    definition = FormDefinition.objects.create(
        slug="choir",
        title="Choir",
        data=named(FORM) | {"slug": "choir"},
        workflow_slug="choir",
        live=True,
        samples=[{"name": "The first family", "answers": ANSWERS}],
    )
    publish_form(definition)
    return definition


@pytest.fixture
def case(definition):
    return stand_in(definition.current_version, ANSWERS)


def person(*roles):
    user = get_user_model().objects.create_user("-".join(roles), email=f"{roles[0]}@example.org")
    for role in roles:
        grant(user, role)
    return user


def pages_of(client, user, case):
    client.force_login(user)
    submission = case.subject
    addresses = {
        "case": reverse("cases:case", args=[case.pk]),
        "pack": reverse("cases:pack", args=[case.pk]),
        "inbox": reverse("cases:inbox") + "?tab=all&columns=email",
        "list": reverse("answers:list", args=["choir"]),
        "one": reverse("answers:one", args=["choir", submission.pk]),
    }
    found = {name: client.get(path).content.decode() for name, path in addresses.items()}
    export = {"kind": "csv", "rows_of": "", "headings": "words", "reason": "For a test"}
    answer = client.post(reverse("answers:export", args=["choir"]), export)
    found["export"] = (answer.getvalue() if answer.streaming else answer.content).decode()
    return found


def test_whoever_it_is_hidden_from_reads_it_nowhere_and_the_others_do(client, case):
    add_note(
        case.pk,
        "Wilhelmina rang from Hilltop",
        by=person("hub_manager", "bookings", "ensembles_manager"),
    )
    Case.objects.filter(pk=case.pk).update(title="Choir: Wilhelmina Featherstone")
    officer, manager = person("bookings"), person("ensembles_manager")

    stand_in(case.subject.version, ANSWERS)  # the same family, once more
    hidden, shown = (pages_of(client, user, case) for user in (officer, manager))

    assert {name: [one for one in SECRETS if one in page] for name, page in hidden.items()} == {
        name: [] for name in hidden
    }
    assert BLACK in hidden["case"] and "Oboe" in hidden["case"] and "Oboe" in hidden["export"]
    assert "Some answers are not shown to your role at this stage." in hidden["case"]
    other = "Other cases of this family"
    assert (other in shown["case"], other in hidden["case"]) == (True, False)
    for name in ("case", "pack", "inbox", "one"):
        assert "Wilhelmina" in shown[name], name
    assert "Hilltop" in shown["export"]
    perform(case.pk, "done", by=officer)
    assert "Hilltop" in pages_of(client, officer, case)["case"]  # a later stage hides nothing


def test_one_role_more_never_shows_less_and_a_step_is_all_its_questions(case):
    assert hidden_from(case, person("bookings")) == {"player", "school"}
    assert hidden_from(case, person("safeguarding_lead")) >= {"child", "player", "about", "school"}
    assert hidden_from(case, person("bookings", "ensembles_manager")) == set()
    assert hidden_from(case, person("bookings", "safeguarding_lead")) == {"player", "school"}
    assert hidden_from(case, person("panellist")) == set()  # not named: its rights are its rights


def test_letters_to_colleagues_and_lists_leave_it_out(client, case):
    officer, manager = person("bookings"), person("ensembles_manager")
    Case.objects.filter(pk=case.pk).update(assignee=officer)

    run_until_over(perform(case.pk, "read", by=manager))

    letter = OutboxMessage.objects.get(to=officer.email)
    assert (letter.subject, "Wilhelmina" in letter.text) == (f"{BLACK} {BLACK}", False) or (
        letter.subject == BLACK
    )
    assert "Wilhelmina" in str(ListRow.objects.get().facts)
    boss = person("hub_manager", "bookings")
    client.force_login(boss)
    took = client.get(reverse("cases:take_list", args=["choir", "csv"]))
    body = (took.getvalue() if took.streaming else took.content).decode()
    assert BLACK in body and "Wilhelmina" not in body


def test_the_proof_finds_nothing_and_finds_each_guard_that_is_off(definition, monkeypatch):
    version = publish(FLOW)

    proof = prove(version)
    assert [str(leak) for leak in proof.leaks] == []
    assert proof.screens > 60

    def where(target):
        with monkeypatch.context() as off:
            off.setattr(target, lambda *_args, **_more: frozenset())
            return {leak.where for leak in prove(version, everywhere=False).leaks}

    assert any(
        place.startswith("/admin/cases/") for place in where("workflows.casepage.hidden_from")
    )
    assert any("export" in place for place in where("forms.answers.withheld.hidden_from"))
    assert any("/admin/answers/" in place for place in where("forms.answers.views.hidden_from"))
    changed = copy.deepcopy(FLOW)
    changed["stages"][0]["staff_name"] = "Newer"
    with monkeypatch.context() as off:
        off.setattr("workflows.casepage.hidden_from", lambda *_args: frozenset())
        with pytest.raises(NotPublishableError, match="It hides answers from “bookings”"):
            publish(changed)


def test_what_is_hidden_names_roles_and_questions():
    broken = copy.deepcopy(FLOW)
    broken["stages"][0]["hidden"] = [
        {"roles": ["bookings", "ensembles_manager", "nobody"], "questions": ["player"]},
        {"roles": ["bookings"], "questions": []},
        {"roles": ["safeguarding_lead"], "questions": ["player"]},
    ]

    found = [(one.code, one.level) for one in check(broken) if one.stage == "new"]

    assert set(found) >= {
        ("unknown_role", "error"),
        ("hidden", "error"),
        ("hidden_from_all", "warning"),
    }
    assert not [one for one in check(FLOW) if one.code.startswith("hidden") and one.stage == "new"]
