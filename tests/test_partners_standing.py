"""Partners for life: what lists them, what unlists them, and what is kept of it."""

from datetime import date, timedelta

import pytest
from django.contrib.auth import get_user_model
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction

from cms import jobs, wallclock
from cms.models import AccessLogEntry, Job, OutboxMessage, Partner, PartnerEvent, PartnerPaper
from cms.partners import night, papers, standing
from cms.roles import grant
from tests.partnership import TODAY, a_partner, a_person, noon, with_papers

Kind = PartnerPaper.Kind
Status = Partner.Status


@pytest.fixture(autouse=True)
def _today():
    with wallclock.instead(noon()):
        yield


@pytest.fixture
def manager(db):
    user = get_user_model().objects.create_user("mina", email="mina@example.org")
    grant(user, "hub_manager")
    return user


@pytest.fixture
def lead(db):
    user = get_user_model().objects.create_user("dee", email="dee@example.org")
    grant(user, "safeguarding_lead")
    return user


@pytest.fixture
def partner(db):
    partner = with_papers(a_partner())
    a_person(partner)
    return partner


def letters(template):
    return list(OutboxMessage.objects.filter(template=template).values_list("to", flat=True))


def listed():
    return list(Partner.objects.live().values_list("slug", flat=True))


@pytest.mark.parametrize(
    ("day", "months", "until"),
    [
        (date(2024, 2, 29), 36, date(2027, 2, 28)),
        (date(2025, 3, 3), 36, date(2028, 3, 3)),
        (date(2026, 12, 31), 12, date(2027, 12, 31)),
        (date(2027, 3, 31), -12, date(2026, 3, 31)),
        (date(2026, 1, 31), 1, date(2026, 2, 28)),
    ],
)
def test_months_end_on_the_same_day_or_the_last(day, months, until):
    assert papers.months_after(day, months) == until


def test_a_policy_counts_three_years_however_late_its_own_review(db):
    partner = a_partner()

    paper = papers.give(partner, Kind.POLICY, dated_on=TODAY, valid_until=date(2035, 1, 1))

    assert paper.valid_until == date(2029, 9, 14)


@pytest.mark.parametrize(
    ("kind", "dated", "until", "field"),
    [
        (Kind.POLICY, TODAY + timedelta(days=1), None, "dated_on"),
        (Kind.INSURANCE, TODAY, None, "valid_until"),
        (Kind.INSURANCE, TODAY, TODAY - timedelta(days=1), "valid_until"),
    ],
)
def test_a_paper_with_impossible_days_is_refused(db, kind, dated, until, field):
    with pytest.raises(papers.PaperProblemError) as problem:
        papers.give(a_partner(), kind, dated_on=dated, valid_until=until)

    assert problem.value.field == field


def test_the_same_statement_twice_is_kept_once(db):
    partner = a_partner()

    papers.give(partner, Kind.DBS, dated_on=TODAY)
    papers.give(partner, Kind.DBS, dated_on=TODAY)

    assert partner.papers.count() == 1


@pytest.mark.parametrize(
    ("left", "state", "words"),
    [
        (400, "ok", "Counts until 19 October 2027"),
        (100, "ok", "Runs out in 100 days, on 23 December 2026"),
        (1, "soon", "Runs out in 1 day, on 15 September 2026"),
        (0, "soon", "Runs out at the end of today"),
        (-1, "over", "Ran out on 13 September 2026"),
    ],
)
def test_a_clock_says_in_words_how_long_is_left(left, state, words):
    clock = papers.Clock("policy", "Policy", TODAY + timedelta(days=left), TODAY)

    assert (clock.state, clock.words) == (state, words)


def test_what_never_came_is_missing_and_does_not_unlist(db):
    partner = a_partner()

    assert {clock.state for clock in papers.clocks(partner)} == {"missing"}
    assert night.settle(partner) == ""


def test_the_night_after_its_last_day_a_partner_is_unlisted_and_everybody_is_told(partner, manager):
    last_day = date(2028, 3, 3)
    papers.give(partner, Kind.DBS, dated_on=TODAY)
    for kind in (Kind.DBS, Kind.REGISTER, Kind.INSURANCE):
        PartnerPaper.objects.filter(kind=kind).update(valid_until=date(2030, 1, 1))
    PartnerPaper.objects.filter(kind=Kind.TRAINING).update(valid_until=date(2030, 1, 1))

    assert night.settle(partner, last_day) == ""
    assert night.settle(partner, last_day + timedelta(days=1)) == "unlisted"

    assert listed() == []
    assert letters("passport-lapsed") == ["robin@example.org"]
    assert letters("passport-staff") == ["mina@example.org"]
    event = PartnerEvent.objects.first()
    assert (event.kind, event.words) == (
        "unlisted",
        "Safeguarding policy: ran out on 3 March 2028",
    )


def test_the_night_twice_is_the_night_once(partner, manager):
    after = date(2028, 3, 4)

    assert [night.settle(partner, after) for _time in range(2)] == ["unlisted", ""]
    assert len(letters("passport-lapsed")) == 1
    assert PartnerEvent.objects.filter(kind="unlisted").count() == 1


def test_a_renewed_paper_brings_it_back_in_the_night_by_itself(partner, manager):
    insured_until = date(2027, 8, 31)
    PartnerPaper.objects.exclude(kind=Kind.INSURANCE).update(valid_until=date(2030, 1, 1))
    night.settle(partner, insured_until + timedelta(days=1))

    papers.give(partner, Kind.INSURANCE, dated_on=date(2027, 9, 1), valid_until=date(2028, 8, 31))

    assert listed() == []
    assert night.settle(partner, date(2027, 9, 3)) == "listed"
    assert listed() == ["otter-strings"]
    assert letters("passport-listed") == ["robin@example.org"]


def test_what_staff_unlisted_stays_unlisted(partner, manager):
    standing.unlist(partner, "They asked for a rest.", by=manager)

    assert night.settle(partner) == ""
    assert listed() == []


def test_the_job_looks_at_every_partner_in_london_time(partner, manager):
    other = with_papers(a_partner("Heron Brass", "heron-brass"))
    PartnerPaper.objects.filter(partner=other, kind=Kind.DBS).update(valid_until=TODAY)
    late = noon().replace(day=15, hour=0, minute=20)  # 23:20 UTC of the day before
    with wallclock.instead(late):
        with transaction.atomic():
            job = jobs.enqueue(night.KIND, key="one-night", payload={})
        for _turn in range(2):
            run = jobs._claim(job.pk)
            if run:
                night.by_night(run)

    job.refresh_from_db()
    assert job.state == Job.State.DONE
    assert listed() == ["otter-strings"]


@pytest.mark.parametrize("days", [90, 60, 30])
def test_reminders_go_out_at_90_60_and_30_days_once_each(partner, days):
    PartnerPaper.objects.exclude(kind=Kind.POLICY).update(valid_until=date(2035, 1, 1))
    end = date(2028, 3, 3)

    for day in range(100, days - 1, -1):
        night.remind(partner, end - timedelta(days=day))
        night.remind(partner, end - timedelta(days=day))

    assert len(letters("passport-reminder")) == {90: 1, 60: 2, 30: 3}[days]


def test_after_a_long_silence_there_is_one_reminder_and_not_three(partner):
    PartnerPaper.objects.exclude(kind=Kind.POLICY).update(valid_until=date(2035, 1, 1))

    night.remind(partner, date(2028, 3, 1))

    assert len(letters("passport-reminder")) == 1


def test_each_person_of_a_partner_is_reminded(partner):
    a_person(partner, "sam@example.org")
    PartnerPaper.objects.exclude(kind=Kind.POLICY).update(valid_until=date(2035, 1, 1))

    night.remind(partner, date(2028, 2, 1))

    assert sorted(letters("passport-reminder")) == ["robin@example.org", "sam@example.org"]


def test_a_suspension_takes_effect_at_once_and_gives_no_reason_to_anybody(partner, lead):
    standing.suspend(partner, by=lead)

    assert listed() == []
    assert PartnerEvent.objects.get(kind="suspended").words == "Suspended"
    letter = OutboxMessage.objects.get(template="passport-suspended")
    assert "safeguarding" not in (letter.subject + letter.text).lower()
    assert AccessLogEntry.objects.latest("pk").detail == {"suspended": True}


def test_only_the_safeguarding_lead_suspends_and_lifts(partner, manager, lead):
    with pytest.raises(PermissionDenied):
        standing.suspend(partner, by=manager)
    standing.suspend(partner, by=lead)
    with pytest.raises(PermissionDenied):
        standing.lift(partner, by=manager)

    assert listed() == []


def test_neither_the_night_nor_an_editor_nor_a_status_lifts_a_suspension(partner, lead, manager):
    standing.suspend(partner, by=lead)

    night.settle(partner)
    Partner.objects.filter(pk=partner.pk).update(status=Status.LIVE)
    with pytest.raises(standing.NotInOrderError):
        standing.publish(partner, by=manager)

    assert listed() == []


def test_a_lifted_suspension_gives_back_what_still_holds(partner, lead):
    standing.suspend(partner, by=lead)
    night.settle(partner, date(2028, 3, 4))  # the policy ran out meanwhile
    assert letters("passport-lapsed") == []

    standing.lift(partner, by=lead)

    assert listed() == []


def test_publishing_is_refused_while_something_has_run_out(partner, manager):
    Partner.objects.filter(pk=partner.pk).update(status=Status.DRAFT)
    PartnerPaper.objects.filter(kind=Kind.DBS).update(
        dated_on=date(2025, 1, 1), valid_until=date(2026, 1, 1)
    )

    with pytest.raises(standing.NotInOrderError, match="DBS status check: ran out on 1 January"):
        standing.publish(partner, by=manager)


def test_leaving_keeps_the_history_and_closes_the_passport(partner, manager):
    standing.leave(partner, by=manager, words="They closed down.")

    partner.refresh_from_db()
    assert (partner.status, listed(), partner.people.count()) == (Status.LEFT, [], 0)
    assert partner.papers.count() == 5
    assert PartnerEvent.objects.first().words == "They closed down."
    assert letters("passport-left") == ["robin@example.org"]


def test_history_is_written_once(partner, manager):
    standing.unlist(partner, "A rest.", by=manager)
    event = PartnerEvent.objects.first()

    event.words = "Something else"
    with pytest.raises(ValidationError):
        event.save()
    with pytest.raises(ValidationError):
        event.delete()
