"""Decisions that nobody hears of until one release, which tells each family exactly once."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from cms import jobs
from cms.models import Job, MailTemplate, OutboxMessage, User
from cms.roles import grant
from tests.folder import AtHome
from tests.offering import a_group
from workflows import pools, releases
from workflows.compile import publish
from workflows.engine import open_case, perform
from workflows.models import Case, CaseEvent, Decision, ListEntry, Offer, Release

pytestmark = pytest.mark.django_db

CANARY = "Zanzibar-canary"
LETTER = {"type": "send_email", "template": "result", "to": "family"}
FLOW = {
    "slug": "auditions",
    "title": "Auditions",
    "stages": [
        {
            "key": "heard",
            "staff_name": "Heard",
            "public_name": "We are deciding",
            "kind": "decision",
            "start": True,
            "roles": ["bookings"],
            "buttons": [
                {
                    "key": "offer",
                    "label": "Offer a seat",
                    "to": "offered",
                    "actions": [
                        {"type": "make_offer", "place": "choir", "accepted": "yes", "lapsed": "no"},
                        LETTER,
                    ],
                },
                {
                    "key": "reserve",
                    "label": "Reserve",
                    "to": "reserve",
                    "actions": [
                        {
                            "type": "join_list",
                            "place": "choir",
                            "offered": "promote",
                            "accepted": "yes",
                            "declined": "no",
                        },
                        LETTER,
                    ],
                },
                {
                    "key": "no",
                    "label": "Not this time",
                    "to": "out",
                    "comment": "required",
                    "actions": [LETTER],
                },
            ],
        },
        {
            "key": "offered",
            "staff_name": "Offered",
            "public_name": "We offer you a seat",
            "kind": "waiting",
            "roles": ["bookings"],
            "remind_after_days": 3,
            "buttons": [
                {"key": "yes", "label": "Accepted", "to": "in"},
                {"key": "no", "label": "Not taken", "to": "out"},
            ],
        },
        {
            "key": "reserve",
            "staff_name": "Reserve",
            "public_name": "You are a reserve",
            "kind": "open",
            "roles": ["bookings"],
            "buttons": [{"key": "promote", "label": "Promote", "to": "offered"}],
        },
        {"key": "in", "staff_name": "In", "public_name": "You have a seat", "kind": "final"},
        {"key": "out", "staff_name": "Out", "public_name": "Not this time", "kind": "final"},
    ],
}


@pytest.fixture
def round_of_four(db, officer):
    """Four heard cases, a choir with one seat, and a release that is being prepared."""
    MailTemplate.objects.create(
        key="result",
        name="Result",
        subject="Your result, {{ reference }}",
        body="Dear {{ contact_name }},\n\n{{ status }}.\n\n{{ comment }}\n",
        placeholders={"reference": "-", "contact_name": "-", "status": "-", "comment": "-"},
    )
    a_group(seats=1)
    publish(FLOW)
    for number in range(1, 5):
        open_case(
            workflow_slug="auditions",
            subject=officer,
            title="Audition",
            reference=f"AU26-{number:04}",
            contact_name=f"Family {number}",
            contact_email=f"family{number}@example.org",
        )
    return Release.objects.create(
        title="Results",
        workflow="auditions",
        stage_key="heard",
        buttons={"accept": "offer", "reserve": "reserve", "no": "no"},
        actor_name="Ada",
    )


def case(number):
    return Case.objects.get(reference=f"AU26-{number:04}")


def decide_all(officer):
    releases.decide(case(1).pk, "accept", by=officer, rank=1)
    releases.decide(case(2).pk, "reserve", by=officer, rank=3)
    releases.decide(case(3).pk, "reserve", by=officer, rank=2)
    releases.decide(case(4).pk, "no", by=officer, feedback=CANARY)


def work():
    """Every job that is due, as the consumer would."""
    for _turn in range(30):
        due = list(
            Job.objects.filter(state="ready", not_before__lte=timezone.now())
            .exclude(kind__startswith="workflows.offer_")
            .values_list("pk", flat=True)
        )
        if not due:
            return
        for pk in due:
            jobs.run_job.call_local(pk)


def everything_a_family_can_read(number):
    home = AtHome(f"family{number}@example.org").sign_in()
    reference = f"AU26-{number:04}"
    paths = ["/family/", f"/family/{reference}/", "/family/download/"]
    paths += ["/family/download/everything.json"]
    letters = OutboxMessage.objects.exclude(template="family-link")
    return [home.get(path).text for path in paths] + [one.subject + one.text for one in letters]


def what_other_staff_read(client, officer):
    other = User.objects.create_user("centre", is_staff=True)
    grant(other, "bookings")
    grant(other, "panellist")
    client.force_login(other)
    pages = ["/admin/", "/admin/cases/", f"/admin/cases/{case(4).pk}/", "/admin/cases/lists/"]
    pages += ["/admin/cases/?tab=all", "/admin/cases/offers/"]
    return [client.get(page).content.decode() for page in pages]


def test_a_pending_decision_reaches_nobody(round_of_four, officer, client):
    decide_all(officer)
    releases.plan(round_of_four.pk, at=timezone.now() + timedelta(days=1), by=officer)
    work()

    for text in everything_a_family_can_read(4):
        assert CANARY not in text
        assert "Not this time" not in text
    for text in what_other_staff_read(client, officer):
        assert CANARY not in text
    assert not CaseEvent.objects.exclude(kind="opened").exists()
    assert {one.stage_key for one in Case.objects.all()} == {"heard"}
    assert Offer.objects.count() == ListEntry.objects.count() == 0


def test_twin_a_decision_that_is_pressed_at_once_is_seen(round_of_four, officer):
    perform(case(4).pk, "no", by=officer, comment=CANARY)
    work()

    assert any(CANARY in text for text in everything_a_family_can_read(4))


def test_the_release_tells_each_family_once_and_ranks_the_reserves(round_of_four, officer):
    decide_all(officer)
    at = timezone.now() + timedelta(hours=2)
    releases.plan(round_of_four.pk, at=at, by=officer)
    work()
    assert OutboxMessage.objects.count() == 0

    with time_machine.travel(at + timedelta(seconds=1), tick=True):
        work()
        work()

    told = OutboxMessage.objects.filter(template="result").values_list("to", flat=True)
    assert sorted(told) == [f"family{number}@example.org" for number in range(1, 5)]
    assert [case(n).stage_key for n in range(1, 5)] == ["offered", "reserve", "reserve", "out"]
    assert Release.objects.get().state == "done"
    choir = pools.named_pool("choir")
    assert [one.case.reference for one in pools.queue(choir)] == ["AU26-0003", "AU26-0002"]
    assert CANARY in OutboxMessage.objects.get(template="result", to="family4@example.org").text


def test_a_release_that_was_killed_goes_on_and_tells_nobody_twice(
    round_of_four, officer, monkeypatch
):
    decide_all(officer)
    releases.plan(round_of_four.pk, at=None, by=officer)
    job = Job.objects.get(kind=releases.KIND)
    press, pressed = releases._press, []

    def dies(release, decision):
        if len(pressed) == 2:
            raise SystemExit
        press(release, decision)
        pressed.append(decision.pk)

    monkeypatch.setattr(releases, "_press", dies)
    with pytest.raises(SystemExit):
        jobs.run_job.call_local(job.pk)
    assert Decision.objects.exclude(released_at=None).count() == 2
    with pytest.raises(releases.ReleaseError):
        releases.call_off(round_of_four.pk)
    monkeypatch.setattr(releases, "_press", press)
    Job.objects.filter(pk=job.pk).update(lease_until=timezone.now() - timedelta(seconds=1))

    jobs.run_job.call_local(job.pk)

    moves = CaseEvent.objects.filter(kind="moved", from_stage="heard")
    assert sorted(moves.values_list("case__reference", flat=True)) == [
        f"AU26-{number:04}" for number in range(1, 5)
    ]


def test_it_says_what_is_missing_before_it_goes(round_of_four, officer):
    releases.decide(case(1).pk, "accept", by=officer)
    releases.decide(case(2).pk, "other", by=officer)
    Release.objects.update(needs_feedback=True)

    found = releases.problems(Release.objects.get())

    assert found == [
        "AU26-0003 has no decision yet.",
        "AU26-0004 has no decision yet.",
        "AU26-0001 has no feedback for the family.",
        "AU26-0002: no button is chosen for “Something else”.",
    ]
    with pytest.raises(releases.ReleaseError):
        releases.plan(round_of_four.pk, at=None, by=officer)


def test_a_case_that_moved_meanwhile_is_left_and_named(round_of_four, officer):
    decide_all(officer)
    at = timezone.now() + timedelta(hours=2)
    releases.plan(round_of_four.pk, at=at, by=officer)
    perform(case(4).pk, "no", by=officer, comment="Withdrew by phone")
    with time_machine.travel(at + timedelta(seconds=1), tick=True):
        work()

    left = case(4).decision
    assert left.is_pending
    assert left.problem
    assert OutboxMessage.objects.filter(template="result", to="family4@example.org").count() == 1


def test_changing_what_is_out_needs_a_reason(round_of_four, officer):
    decide_all(officer)
    releases.decide(case(4).pk, "reserve", by=officer, rank=4)
    releases.plan(round_of_four.pk, at=None, by=officer)
    work()

    with pytest.raises(releases.ReasonMissingError):
        releases.decide(case(4).pk, "no", by=officer)
    releases.decide(case(4).pk, "no", by=officer, reason="Marks were mixed up.")

    assert [event.words for event in case(4).decision_log.all()] == [
        "Not this time",
        "Reserve",
        "Not this time",
    ]
    event = case(4).events.filter(summary__startswith="Decision changed").get()
    assert event.comment == "Marks were mixed up."


def test_the_desk_decides_previews_and_plans(round_of_four, officer, client):
    officer.is_staff = True
    officer.save()
    client.force_login(officer)
    assert client.get("/admin/cases/decisions/").status_code == 200
    client.post("/admin/cases/decisions/", {"title": "Flutes", "stage": "auditions/heard"})
    release = Release.objects.get(title="Flutes")
    address = f"/admin/cases/decisions/{release.pk}/"
    client.post(
        address, {"do": "buttons", "button_no": "no", "button_accept": "offer", "button_other": "x"}
    )
    typed = {f"outcome_{one.pk}": "no" for one in Case.objects.all()}
    typed |= {f"feedback_{case(2).pk}": CANARY, f"rank_{case(2).pk}": "x"}
    client.post(address, {"do": "decide", **typed})
    page = client.get(address).content.decode()

    assert "Your result, AU26-0002" in page
    assert page.count(CANARY) == 2
    client.post(address, {"do": "plan", "at": "2020-01-01T10:00"})
    client.post(address, {"do": "plan", "at": "nonsense"})
    assert Release.objects.get(pk=release.pk).state == "draft"
    client.post(address, {"do": "now"})
    assert Release.objects.get(pk=release.pk).state == "planned"
    client.post(address, {"do": "call_off"})
    assert Release.objects.get(pk=release.pk).state == "draft"
    assert client.get(address).status_code == 200


def test_the_desk_is_shut_to_those_who_do_not_decide(round_of_four, client):
    for role in ("centre_admin", "panellist", "comms_lead"):
        user = User.objects.create_user(role, is_staff=True)
        grant(user, role)
        client.force_login(user)
        for page in ("/admin/cases/decisions/", f"/admin/cases/decisions/{round_of_four.pk}/"):
            assert client.get(page).status_code in (302, 403), role
