"""What a button sets off: in order, once, tried again, visible when it fails."""

import pytest
from django.utils import timezone

from cms import jobs
from cms.models import Job, MailTemplate, OutboxMessage
from tests.casework import run_until_over, with_actions
from workflows.compile import check, publish
from workflows.engine import open_case, perform
from workflows.models import ActionRun, Case
from workflows.running import restart_actions

pytestmark = pytest.mark.django_db


@pytest.fixture
def template():
    return MailTemplate.objects.create(
        key="booking-confirmed",
        name="Place confirmed",
        subject="Your place {{ reference }}",
        body="It is {{ status }}.",
        placeholders={"reference": "SW-0000", "status": "Confirmed"},
    )


def opened(centres, *actions):
    publish(with_actions(*actions))
    return open_case(
        workflow_slug="course-booking",
        subject=centres["west"],
        title="One child",
        reference="SW-0002",
        centre=centres["west"],
        contact_email="family@example.org",
    )


def states(event):
    return list(event.runs.order_by("index").values_list("state", "attempts"))


def test_confirming_puts_the_familys_letter_in_the_outbox_once(centres, officer, template):
    case = opened(centres, {"type": "send_email", "template": "booking-confirmed"})
    event = perform(case.pk, "confirm", by=officer)
    assert OutboxMessage.objects.count() == 0

    job = run_until_over(event)
    jobs.run_job.call_local(job.pk)

    message = OutboxMessage.objects.get()
    assert (message.to, message.subject) == ("family@example.org", "Your place SW-0002")
    assert "It is Confirmed." in message.text
    assert states(event) == [("done", 1)]


def test_a_later_action_waits_for_the_one_that_fails(centres, officer, template):
    case = opened(
        centres,
        {"type": "failing_demo"},
        {"type": "send_email", "template": "booking-confirmed"},
    )
    event = perform(case.pk, "confirm", by=officer)

    job = run_until_over(event)

    assert job.state == Job.State.FAILED
    assert states(event) == [("failed", 5), ("failed", 0)]
    assert event.runs.first().problem == "This demonstration fails on purpose."
    assert OutboxMessage.objects.count() == 0
    case.refresh_from_db()
    assert case.stage_key == "confirmed"


def test_an_action_that_recovers_is_done_once(centres, officer):
    case = opened(centres, {"type": "failing_demo", "works_on": 3}, {"type": "demo"})
    event = perform(case.pk, "confirm", by=officer)

    job = run_until_over(event)

    assert (job.state, states(event)) == (Job.State.DONE, [("done", 3), ("done", 1)])


def test_what_failed_can_be_started_again_by_hand(centres, officer, template):
    case = opened(centres, {"type": "send_email", "template": "booking-confirmed"})
    MailTemplate.objects.all().delete()
    event = perform(case.pk, "confirm", by=officer)
    run_until_over(event)
    assert states(event) == [("failed", 5)]
    template.pk = None
    template.save(force_insert=True)

    restart_actions(event, by=officer)
    run_until_over(event)

    assert states(event) == [("done", 6)]
    assert case.events.last().summary.startswith("Started again what followed “Confirm place")


def test_assigning_and_due_dates_change_the_case_and_say_so(centres, officer):
    case = opened(centres, {"type": "assign"}, {"type": "set_due_date", "days": 14})
    event = perform(case.pk, "confirm", by=officer)
    run_until_over(event)

    case.refresh_from_db()
    due = timezone.localtime(case.due_at)
    assert case.assignee == officer
    assert due.date() == timezone.localdate() + timezone.timedelta(days=14)
    assert [row.result for row in ActionRun.objects.all()] == [
        "Assigned to Ada Officer",
        f"Due on {due:%d %B %Y}",
    ]


def test_rolling_back_the_press_leaves_no_promise(centres, officer):
    from django.db import transaction

    case = opened(centres, {"type": "demo"})
    with pytest.raises(RuntimeError), transaction.atomic():
        perform(case.pk, "confirm", by=officer)
        raise RuntimeError

    assert (Job.objects.count(), ActionRun.objects.count()) == (0, 0)


@pytest.mark.parametrize(
    ("action", "said"),
    [
        ({"type": "send_email"}, "Send an e-mail: “template” is missing."),
        (
            {"type": "send_email", "template": "x", "cc": "y"},
            "Send an e-mail: “cc” is not an option.",
        ),
        ({"type": "set_due_date", "days": "soon"}, "Set a due date: “days” must be a number"),
        ({"type": "fly"}, "No action is called 'fly'."),
    ],
)
def test_bad_options_are_found_before_publishing(db, action, said):
    assert any(f.message.startswith(said) for f in check(with_actions(action)))


def test_a_letter_with_a_missing_field_fails_visibly_and_is_sent_once_it_is_mended(
    client, centres, officer, template
):
    sends = {"type": "send_email", "template": "booking-confirmed"}
    event = perform(opened(centres, {"type": "demo"}, sends).pk, "confirm", by=officer)
    MailTemplate.objects.filter(pk=template.pk).update(body="Dear {{ nobody_knows_this }}")
    job = run_until_over(event)

    run = event.runs.get(index=1)
    assert (job.state, run.state) == (Job.State.FAILED, ActionRun.State.FAILED)
    assert "nobody_knows_this" in run.problem
    assert event.runs.get(index=0).state == ActionRun.State.DONE
    assert Case.objects.get().stage_key == "confirmed"
    assert OutboxMessage.objects.count() == 0
    client.force_login(officer)
    page = client.get(f"/admin/cases/{event.case_id}/").content.decode()
    assert "Did not work:" in page and "nobody_knows_this" in page

    MailTemplate.objects.filter(pk=template.pk).update(body="It is {{ status }}.")
    client.post(f"/admin/cases/{event.case_id}/again/{event.pk}/")
    assert run_until_over(event).state == Job.State.DONE
    assert OutboxMessage.objects.count() == 1
    assert event.runs.get(index=0).attempts == 1
