"""Anything at any time: presses by whoever, stale or not, clocks and crashes, in any order.

Whatever happens, a case stands in a stage of its version, its history tells exactly how it came
there, and each promised action is done once or waits; nobody is ever stuck without a message.
"""

import copy
import datetime as dt
from itertools import pairwise

import pytest
import time_machine
from django.contrib.auth import get_user_model
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from hypothesis.stateful import run_state_machine_as_test as run_machine

from cms import jobs, mail
from cms.models import Area, Job, MailTemplate, MusicCentre, OutboxMessage
from cms.roles import grant, revoke
from tests.folder import FLOW
from tests.trust import at_length
from workflows import family
from workflows.compile import publish
from workflows.deadlines import MOVES
from workflows.engine import TransitionNotAllowedError, add_note, assign, open_case, perform
from workflows.models import ActionRun, Case, CaseEvent
from workflows.running import KIND

pytestmark = pytest.mark.django_db

BUTTONS = ("offer", "withdraw", "accept", "decline", "lapse", "again", "nothing")
STAGES = ("new", "offered", "joined", "gone")
START = dt.datetime(2026, 10, 24, 9, 0, tzinfo=dt.UTC)


def flow():
    data = copy.deepcopy(FLOW)
    data["slug"] = "stateful"
    new, offered = data["stages"][:2]
    new["buttons"][0]["actions"] = [
        {"type": "send_email", "template": "stateful"},
        {"type": "failing_demo", "works_on": 2},
        {"type": "set_due_date", "days": 3},
    ]
    offered |= {"auto_after_days": 2, "auto_button": "lapse"}
    offered["buttons"].append({"key": "again", "label": "Again", "to": "new"})
    return data


class Cases(RuleBasedStateMachine):
    """Two officers, one family, a clock and a machine that stops."""

    @initialize()
    def begin(self):
        self.clock = time_machine.travel(START, tick=False)
        self.now = self.clock.start()
        area = Area.objects.create(name="West", slug="west")
        centre = MusicCentre.objects.create(
            name="West", slug="west", area=area, address="1 Lane", postcode="SG4 9UJ"
        )
        MailTemplate.objects.create(key="stateful", name="S", subject="S", body="Hello.")
        self.version = publish(flow())
        users = get_user_model().objects
        self.officers = [users.create_user(name) for name in ("one", "two")]
        for officer in self.officers:
            grant(officer, "bookings")
        self.case = open_case(
            workflow_slug="stateful",
            subject=centre,
            title="x",
            reference="ST-1",
            contact_email="f@example.org",
        )
        self.ticks = self.joined = 0

    @rule(
        button=st.sampled_from(BUTTONS),
        seen=st.sampled_from((*STAGES, None)),
        who=st.integers(0, 1),
    )
    def an_officer_presses(self, button, seen, who):
        before = self.stage()
        try:
            event = perform(
                self.case.pk, button, by=self.officers[who], expected_stage=seen, comment="why"
            )
        except TransitionNotAllowedError as problem:
            assert str(problem).endswith(".")
            assert self.stage() == before
        except Case.DoesNotExist:
            assert not self.officers[who].memberships.exists()
        else:
            assert (event.from_stage, event.to_stage) == (before, self.stage())
            assert seen in (None, before)

    @rule(button=st.sampled_from(BUTTONS), seen=st.sampled_from(STAGES))
    def the_family_presses(self, button, seen):
        before = self.stage()
        try:
            family.press(self.case.pk, button, expected_stage=seen, comment="why")
        except TransitionNotAllowedError:
            assert self.stage() == before
        else:
            assert button in ("withdraw", "accept", "decline")

    @rule(who=st.integers(0, 1))
    def a_role_is_taken_or_given_back(self, who):
        officer = self.officers[who]
        if not revoke(officer, "bookings"):
            grant(officer, "bookings")

    @rule(who=st.integers(0, 1))
    def an_officer_takes_the_case_and_is_gone(self, who):
        if self.officers[who].memberships.exists():
            assign(self.case.pk, self.officers[who], by=self.officers[who])
            add_note(self.case.pk, "Mine", by=self.officers[who])
        self.officers[who].delete()
        self.joined += 1
        self.officers[who] = get_user_model().objects.create_user(f"new-{self.joined}")
        grant(self.officers[who], "bookings")

    @rule(hours=st.sampled_from((1, 7, 30, 60)))
    def time_passes(self, hours):
        self.now.shift(dt.timedelta(hours=hours))
        self.ticks += 1
        with transaction.atomic():
            job = jobs.enqueue(MOVES, key=f"tick-{self.ticks}", payload={})
        jobs.run_job.call_local(job.pk)
        assert Job.objects.get(pk=job.pk).state == "done"

    @rule(twice=st.booleans())
    def a_worker_runs(self, twice):
        Job.objects.filter(kind=KIND, state="ready").update(not_before=timezone.now())
        for job in Job.objects.filter(kind=KIND):
            for _ring in range(1 + twice):
                jobs.run_job.call_local(job.pk)

    @rule()
    def a_worker_is_killed_in_the_middle(self):
        """It holds the row and does nothing more; the lease runs out."""
        Job.objects.filter(kind=KIND, state="ready").update(
            state="running", attempt=99, lease_until=timezone.now() - dt.timedelta(seconds=1)
        )

    @rule()
    def mail_is_sent_or_not(self):
        mail.deliver.call_local()

    def stage(self):
        return Case.objects.values_list("stage_key", flat=True).get(pk=self.case.pk)

    @invariant()
    def the_history_tells_how_the_case_came_here(self):
        if not hasattr(self, "case"):
            return
        case = Case.objects.get(pk=self.case.pk)
        moves = list(case.events.filter(kind__in=["opened", "moved"]).order_by("pk"))
        assert case.stage_key == moves[-1].to_stage
        assert case.stage_kind == case.stage.kind
        assert all(a.to_stage == b.from_stage for a, b in pairwise(moves))
        assert (case.closed_at is None) == case.is_open
        assert all(event.actor_name for event in case.events.all())

    @invariant()
    def each_action_is_done_once_and_in_order(self):
        if not hasattr(self, "case"):
            return
        for event in CaseEvent.objects.filter(runs__isnull=False).distinct():
            states = list(event.runs.order_by("index").values_list("state", flat=True))
            done = [state == "done" for state in states]
            assert done == sorted(done, reverse=True)
        sent = ActionRun.objects.filter(type="send_email", state="done").count()
        assert OutboxMessage.objects.filter(template="stateful").count() == sent

    def teardown(self):
        if hasattr(self, "clock"):
            self.clock.stop()


def test_nothing_that_happens_in_any_order_makes_a_case_inconsistent(db):
    class Fresh(Cases):
        """Each example in a transaction of its own, undone at its end."""

        def __init__(self):
            self.inside = transaction.atomic()
            self.inside._from_testcase = True  # jobs commit what they do; here that is undone
            self.inside.__enter__()
            super().__init__()

        def teardown(self):
            super().teardown()
            transaction.set_rollback(True)
            self.inside.__exit__(None, None, None)

    run_machine(
        Fresh,
        settings=settings(
            max_examples=at_length(12, 500),
            stateful_step_count=at_length(25, 50),
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
