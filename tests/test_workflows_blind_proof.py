"""The blind-review proof finds a leak on a screen, in a letter and by a role, and leaves nothing."""

from io import StringIO

import pytest
from django.core.management import call_command

from cms import mail
from cms.models import AccessLogEntry, OutboxMessage, User
from cms.roles import group_of
from forms.compile import publish as publish_form
from forms.findings import NotPublishableError as FormNotPublishableError
from forms.models import FormDefinition, Submission
from forms.publishing import publish_version
from tests.panelwork import PANEL, changed
from tests.test_workflows_review_screens import ANSWERS, FORM
from workflows import casepage
from workflows.compile import NotPublishableError, publish
from workflows.models import Case, Review
from workflows.reviews import blind, crawl, rounds
from workflows.reviews.proof import prove

pytestmark = pytest.mark.django_db


@pytest.fixture
def definition(centres):
    publish(PANEL)
    definition = FormDefinition.objects.create(
        slug="auditions",
        title="Audition",
        data=FORM,
        workflow_slug="panel",
        live=True,
        samples=[{"name": "The first family", "answers": ANSWERS}],
    )
    publish_form(definition)
    return definition


@pytest.fixture
def version(definition):
    return publish(PANEL)


def where(proof):
    return {leak.where for leak in proof.leaks}


def leak_names(monkeypatch):
    """The review page, as if it showed what the case page shows."""

    def shown(review):
        case = review.round.case
        officer = User(is_superuser=True, is_active=True)
        return blind.Shown(case.title, casepage.sections(case, officer))

    monkeypatch.setattr("workflows.reviews.blind.shown", shown)


def test_nothing_leaks_from_anything_a_reviewer_can_open(version):
    proof = prove(version)

    assert proof.leaks == []
    assert proof.screens > 60
    assert proof.letters >= 3


def test_the_proof_leaves_nothing_behind(version):
    before = [
        model.objects.count() for model in (User, Case, Submission, OutboxMessage, AccessLogEntry)
    ]
    prove(version, everywhere=False)

    assert [
        model.objects.count() for model in (User, Case, Submission, OutboxMessage, AccessLogEntry)
    ] == before
    assert not Review.objects.exists()


def test_it_opens_the_screens_that_matter(version):
    paths = crawl.addresses({"pk": [7], "slug": ["panel"], "stage": ["panel"], "kind": ["csv"]})

    assert {
        "/admin/reviews/7/",
        "/admin/reviews/of/7/",
        "/admin/reviews/panel/panel/",
        "/admin/reviews/panel/panel/ranks.csv",
        "/admin/cases/",
        "/admin/cases/7/",
        "/admin/cases/flow/panel/",
        "/admin/cases/lists/",
        "/news/feed/",
        "/events.ics",
    } <= set(paths)


def test_a_screen_that_says_the_name_is_found(version, monkeypatch):
    leak_names(monkeypatch)

    found = prove(version, everywhere=False)
    assert any(place.startswith("/admin/reviews/") for place in where(found))
    assert {leak.what for leak in found.leaks} >= {"Player’s name", "E-mail"}


def test_a_name_that_stands_in_a_free_text_is_found(version, monkeypatch):
    monkeypatch.setattr("workflows.reviews.blind.mask_of", lambda _case, _how: blind.Mask(()))

    assert {leak.what for leak in prove(version, everywhere=False).leaks} == {"Player’s name"}


def test_a_letter_that_says_the_name_is_found(version, monkeypatch):
    queue = mail.queue

    def telling(letter, /, *, context, record=None, **more):
        case = getattr(getattr(record, "round", None), "case", None)
        if case:
            context = context | {
                "reference": f"{case.reference} by {case.subject.answers['email']}"
            }
        return queue(letter, context=context, record=record, **more)

    monkeypatch.setattr(rounds.mail, "queue", telling)
    assert "the letter “review-asked”" in where(prove(version, everywhere=False))


def test_a_role_that_lets_reviewers_open_the_case_is_found(version):
    version.groups.add(group_of("panellist"))

    # They are not blind any more, so the hub does not let them score; the case page says it all.
    with pytest.raises(Review.DoesNotExist):
        prove(version, everywhere=False)


def test_who_opens_the_case_is_found_by_its_screens(version, monkeypatch):
    monkeypatch.setattr("workflows.reviews.eligible._why_not_blind", lambda *_args: "")
    version.groups.add(group_of("panellist"))

    found = where(prove(version, everywhere=False))
    assert any(place.startswith("/admin/cases/") for place in found)


def test_publishing_a_process_that_leaks_is_refused(definition, monkeypatch):
    leak_names(monkeypatch)

    with pytest.raises(NotPublishableError, match="to be blind"):
        publish(changed(needed=3))


def test_publishing_a_form_whose_process_leaks_is_refused(definition, monkeypatch):
    assert publish_version(definition) is not None
    leak_names(monkeypatch)
    definition.data = {**FORM, "title": "Audition 2"}

    with pytest.raises(FormNotPublishableError, match="to be blind"):
        publish_version(definition)


def test_the_command_says_what_it_looked_at_and_fails_on_a_leak(version, monkeypatch):
    out, problems = StringIO(), StringIO()
    call_command("blind_proof", "panel", stdout=out, stderr=problems)
    assert "0 leaks" in out.getvalue()
    leak_names(monkeypatch)
    with pytest.raises(SystemExit) as stopped:
        call_command("blind_proof", "panel", stdout=out, stderr=problems)

    assert stopped.value.code == 1
    assert "Player’s name" in problems.getvalue()
    assert "Zeph" not in problems.getvalue() + out.getvalue()
