"""What a round says of an application, seat by seat and rule by rule: late, young, twice, alone."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils import timezone

from cms.models import (
    Enrolment,
    Guardian,
    HubDocument,
    MusicGroup,
    OutboxMessage,
    Pupil,
    PupilGuardian,
)
from forms.demo_season.play import work
from forms.models import Submission
from tests.costs import fewest_queries
from tests.panelwork import a_user
from tests.seasons import a_round, an_application
from workflows import offers, releases
from workflows.engine import perform
from workflows.models import (
    AuditionRound,
    CaseEvent,
    DecisionEvent,
    Entrant,
    ListEntry,
    Offer,
    Placement,
    Release,
    Review,
    ReviewRound,
    Taken,
    Vacancy,
)
from workflows.reviews import scoring
from workflows.seasons import entering, fairness, inviting, panels, proposal, vacancies
from workflows.seasons.basis import basis

pytestmark = pytest.mark.django_db

MARKS = ("tone", "technique", "rhythm", "musicality", "ensemble")
BUTTONS = {"accept": "offer", "another": "another", "reserve": "reserve", "trial": "trial",
           "no": "no"}  # fmt: skip


@pytest.fixture
def manager(db):
    return a_user("Enid Manager", "ensembles_manager")


@pytest.fixture
def panel(db):
    return [a_user(name, "panellist") for name in ("Pat Alto", "Pia Bass")]


@pytest.fixture
def made(centres, manager, panel):
    return a_round(centres["west"], panel="pat.alto, pia.bass")


def heard(case, by, mark):
    """Through the panel, every sheet with the same mark from 0 to 10 in each line."""
    perform(case.pk, "panel", by=by)
    work()
    for review in Review.objects.filter(round__case=case, state="open").select_related("reviewer"):
        sheet = scoring.Sheet(dict.fromkeys(MARKS, mark), {}, "offer")
        scoring.submit(review.pk, sheet, by=review.reviewer, rev=review.rev)
    return case


def proposed(made, by):
    """Every panel signed off and the proposal made; `{reference: placement}`."""
    for line in panels.standing(made, panels.marks_of(made)):
        if line["rows"]:
            panels.sign_off(made, line["slug"], by=by)
    proposal.propose(made, by=by)
    rows = Placement.objects.filter(entrant__round=made).select_related("entrant__case")
    return {one.entrant.case_id: one for one in rows}


def released(made, by):
    proposal.fill_decisions(made, by=by)
    release = Release.objects.create(
        title="Results", workflow="auditions", stage_key="panel", buttons=BUTTONS, actor_name="Enid"
    )
    releases.plan(release.pk, at=None, by=by)
    work()
    return release


def stage_of(case):
    case.refresh_from_db()
    return case.stage_key


# --- entering ---------------------------------------------------------------------------------
def test_an_application_enters_its_round_with_what_it_asks_for(made):
    case = an_application(made, "oboe", "flute", principal=True)

    entrant = case.entrant
    assert (entrant.round, entrant.instruments, entrant.choices) == (
        made, ["oboe", "flute"], ["wind"],
    )  # fmt: skip
    assert (entrant.principal, entrant.is_late, entrant.outside, entrant.notes) == (
        True, False, "", [],
    )  # fmt: skip


def test_the_last_minute_counts_when_the_family_began_not_when_the_upload_ended(made):
    closes = timezone.now().replace(second=0, microsecond=0)
    AuditionRound.objects.update(closes_at=closes)
    made.refresh_from_db()
    last_second, too_late = closes + timedelta(seconds=59), closes + timedelta(seconds=60)

    assert (made.is_late(last_second), made.is_late(too_late)) == (False, True)
    case = an_application(made)
    case.subject.journey.began_at = last_second
    case.opened_at = closes + timedelta(minutes=20)  # the film took so long
    Entrant.objects.filter(case=case).delete()
    assert entering.enter(case).is_late is False


def test_a_late_application_is_taken_and_said_to_be_late(made):
    AuditionRound.objects.update(closes_at=timezone.now() - timedelta(minutes=2))

    entrant = an_application(made).entrant

    assert entrant.is_late
    assert entrant.notes == ["Began after the last minute: heard only for seats that are left."]


def test_below_the_guide_grade_is_a_note_and_never_a_refusal(made, manager):
    entry = {"instrument": "oboe", "standard": "middle", "exam": "grade_4", "years": 2,
             "doubles": "", "owns": "own"}  # fmt: skip
    case = heard(an_application(made, playing=[entry]), manager, 9)

    assert "Below the guide of grade 6" in case.entrant.notes[0]
    assert proposed(made, manager)[case.pk].outcome == "offer"


def test_an_exam_result_that_arrives_after_closing_takes_the_note_away(made):
    entry = {"instrument": "oboe", "standard": "middle", "exam": "grade_4", "years": 2,
             "doubles": "", "owns": "own"}  # fmt: skip
    case = an_application(made, playing=[entry])
    AuditionRound.objects.update(closes_at=timezone.now() - timedelta(days=1))
    submission = case.subject
    submission.answers["playing"][0]["exam"] = "grade_8"
    submission.save(update_fields=["answers"])

    entrant = Entrant.objects.select_related("case", "round").get(case=case)
    entering.refresh([entrant])

    assert Entrant.objects.get(case=case).notes == []


def test_under_age_is_heard_only_by_an_exception_with_author_and_reason(made, manager):
    case = heard(an_application(made, age=7), manager, 10)
    assert proposed(made, manager)[case.pk].outcome == "no"

    with pytest.raises(entering.WaiverError):
        entering.waive(case.entrant.pk, " ", by=manager)
    entering.waive(case.entrant.pk, "An exceptional player.", by=manager)

    assert proposed(made, manager)[case.pk].outcome == "offer"
    event = DecisionEvent.objects.get(case=case)
    assert (event.reason, event.actor_name) == ("An exceptional player.", str(manager))


def test_an_adult_member_is_within_a_round_that_says_so(made):
    assert an_application(made, age=22).entrant.outside == ""
    assert "aged 26" in an_application(made, age=26).entrant.outside


def test_who_lives_and_learns_elsewhere_needs_an_exception(made):
    assert "county" in an_application(made, in_county=False).entrant.outside


def test_a_round_by_school_years_and_one_by_ages_cannot_be_both(made):
    made.min_year = 7
    with pytest.raises(ValidationError, match="not both"):
        made.clean()


# --- panels -----------------------------------------------------------------------------------
def test_two_instruments_are_two_sheets_with_marks_of_their_own(made, manager):
    case = an_application(made, "oboe", "flute")
    perform(case.pk, "panel", by=manager)
    work()
    for review in Review.objects.select_related("round", "reviewer"):
        mark = 9 if review.round.part == "oboe" else 3
        sheet = scoring.Sheet(dict.fromkeys(MARKS, mark), {}, "offer")
        scoring.submit(review.pk, sheet, by=review.reviewer, rev=review.rev)

    rows = panels.marks_of(made)[case.pk]
    assert {slug: int(row.score) for slug, row in rows.items()} == {"oboe": 90, "flute": 30}
    placement = proposed(made, manager)[case.pk]
    assert placement.vacancy.section.instrument.slug == "oboe"


def test_only_the_panel_of_the_instrument_is_asked(made, manager):
    a_user("Other Panel", "panellist")
    case = an_application(made)
    perform(case.pk, "panel", by=manager)
    work()

    asked = Review.objects.filter(round__case=case).values_list("reviewer__username", flat=True)
    assert set(asked) == {"pat.alto", "pia.bass"}


def test_a_panellist_who_is_the_parent_is_passed_over_and_the_ranking_completes(
    made, manager, panel
):
    case = an_application(made, email=panel[0].email)
    heard(case, manager, 8)

    asked = Review.objects.filter(round__case=case).values_list("reviewer__username", flat=True)
    assert list(asked) == ["pia.bass"]
    assert CaseEvent.objects.filter(case=case, summary__contains="have nobody").exists()
    assert proposed(made, manager)[case.pk].outcome == "offer"


def test_nothing_goes_out_before_every_panel_has_signed_off(made, manager):
    case = heard(an_application(made), manager, 8)
    proposal.propose(made, by=manager)

    with pytest.raises(proposal.ProposalError, match="has not signed off"):
        proposal.fill_decisions(made, by=manager)
    releases.decide(case.pk, "accept", by=manager, group="wind/oboe", feedback="Yes")
    release = Release.objects.create(
        title="Results", workflow="auditions", stage_key="panel", buttons=BUTTONS, actor_name="Enid"
    )
    with pytest.raises(releases.ReleaseError, match="has not signed off"):
        releases.plan(release.pk, at=None, by=manager)


def test_without_that_check_a_release_would_go_out_early(made, manager, monkeypatch):
    case = heard(an_application(made), manager, 8)
    releases.decide(case.pk, "accept", by=manager, group="wind/oboe", feedback="Yes")
    release = Release.objects.create(
        title="Results", workflow="auditions", stage_key="panel", buttons=BUTTONS, actor_name="Enid"
    )
    monkeypatch.setattr(panels, "unfinished", lambda *_args: [])
    releases.plan(release.pk, at=None, by=manager)
    work()

    assert stage_of(case) == "offered"


def test_a_mark_that_changes_after_the_sign_off_undoes_it(made, manager):
    case = heard(an_application(made), manager, 8)
    proposed(made, manager)
    assert panels.unfinished(made, panels.marks_of(made)) == []

    first = ReviewRound.objects.get(case=case)
    scoring.moderate(first, Decimal(51), "Heard again.", by=manager)

    assert panels.unfinished(made, panels.marks_of(made)) == [
        "Oboe: a mark changed after the panel had signed off."
    ]


def test_fewer_applicants_than_seats_need_no_audition_where_the_round_says_so(
    centres, manager, panel
):
    made = a_round(centres["west"], seats=3, may_skip=True)
    case = an_application(made)
    perform(case.pk, "panel", by=manager)
    work()

    assert not Review.objects.filter(round__case=case).exists()
    placement = proposed(made, manager)[case.pk]
    assert (placement.outcome, placement.mark) == ("offer", None)


# --- the proposal -----------------------------------------------------------------------------
def test_a_child_who_applied_twice_has_one_seat(made, manager):
    name = {"first": "Wren", "last": "Twice"}
    one = heard(an_application(made, "oboe", player_name=name), manager, 8)
    other = heard(an_application(made, "flute", player_name=name), manager, 9)

    placed = proposed(made, manager)

    assert sorted([placed[one.pk].outcome, placed[other.pk].outcome]) == ["no", "offer"]


def test_siblings_and_twice_applied_cost_the_same_for_few_and_for_many(made, manager):
    def look():
        return basis(made)

    heard(an_application(made, player_name={"first": "Wren", "last": "Twice"}), manager, 8)
    heard(an_application(made, player_name={"first": "Wren", "last": "Twice"}), manager, 8)
    few = fewest_queries(look)
    for _number in range(4):
        heard(an_application(made), manager, 7)

    assert fewest_queries(look) <= few


def test_one_child_is_known_again_while_a_secret_is_being_changed(made, manager, settings):
    name = {"first": "Wren", "last": "Twice"}
    one = heard(an_application(made, player_name=name), manager, 8)
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another secret of the hub, long enough to be one"
    other = heard(an_application(made, player_name=name), manager, 9)

    found = Submission.case_kin_of_many([one.subject_id, other.subject_id])

    assert found == {
        int(one.subject_id): {other.reference}, int(other.subject_id): {one.reference},
    }  # fmt: skip


def test_a_change_by_hand_needs_a_reason_stays_and_is_on_record(made, manager):
    good, fair = (heard(an_application(made), manager, mark) for mark in (9, 7))
    placed = proposed(made, manager)
    oboe = Vacancy.objects.get(section__instrument__slug="oboe")

    with pytest.raises(proposal.ProposalError, match="Say why"):
        proposal.place_by_hand(placed[fair.pk].pk, "offer", oboe, "", by=manager)
    proposal.place_by_hand(placed[fair.pk].pk, "offer", oboe, "The only bass oboe.", by=manager)

    again = proposed(made, manager)
    assert (again[fair.pk].outcome, again[good.pk].outcome) == ("offer", "reserve")
    assert again[fair.pk].why == "The ensembles office decided: The only bass oboe."
    with pytest.raises(proposal.ProposalError, match="given by hand already"):
        proposal.place_by_hand(again[good.pk].pk, "offer", oboe, "Both.", by=manager)
    assert DecisionEvent.objects.filter(case=fair, reason="The only bass oboe.").exists()


def test_the_proposal_is_told_to_nobody_before_the_release(made, manager):
    case = heard(an_application(made), manager, 9)
    proposed(made, manager)
    proposal.fill_decisions(made, by=manager)

    assert not OutboxMessage.objects.filter(to=case.contact_email).exists()
    assert stage_of(case) == "panel"
    assert not CaseEvent.objects.filter(case=case, summary__icontains="offer").exists()
    released(made, manager)
    assert OutboxMessage.objects.filter(to=case.contact_email, template="audition-offer").exists()


def test_a_seat_that_closes_after_the_proposal_asks_for_another_one(made, manager):
    heard(an_application(made), manager, 9)
    proposed(made, manager)
    vacancies.set_seats(
        Vacancy.objects.get(section__instrument__slug="oboe"), 0, "Taken.", by=manager
    )

    with pytest.raises(proposal.ProposalError, match="Propose again"):
        proposal.fill_decisions(made, by=manager)


# --- seats ------------------------------------------------------------------------------------
@pytest.fixture
def season_of_three(made, manager):
    """One seat for an oboe: offered to the first, the others are reserves 1 and 2."""
    cases = [heard(an_application(made), manager, mark) for mark in (9, 8, 7)]
    proposed(made, manager)
    released(made, manager)
    return cases


def test_a_declined_seat_goes_to_the_next_reserve_of_that_section(season_of_three):
    first, second, third = season_of_three
    assert [stage_of(one) for one in season_of_three] == ["offered", "reserve", "reserve"]

    offers.decline(first.offers.get().pk)
    work()

    assert [stage_of(one) for one in season_of_three] == ["declined", "offered", "reserve"]
    assert third.entries.get().state == ListEntry.State.WAITING
    assert Taken.objects.get(entrant__case=second).offer == second.offers.get()


def test_an_accepted_seat_is_a_membership_once_the_form_has_come(made, manager, season_of_three):
    first = season_of_three[0]
    offers.accept(first.offers.get().pk)
    work()
    assert stage_of(first) == "details"

    perform(first.pk, "details_in", by=manager)
    work()

    enrolment = Enrolment.objects.get()
    assert (enrolment.group.name, enrolment.seat) == ("Wind Band, Saturday", "2026-27: Oboe")
    assert enrolment.pupil.guardians.get().email == first.contact_email


def test_who_leaves_opens_the_seat_for_the_next_reserve(manager, season_of_three):
    first, second, _third = season_of_three
    offers.accept(first.offers.get().pk)
    work()
    perform(first.pk, "details_in", by=manager)
    work()

    perform(first.pk, "leaves", by=manager, comment="They move away.")
    work()

    assert Enrolment.objects.get().status == "left"
    assert (stage_of(first), stage_of(second)) == ("withdrawn", "offered")


def test_who_gives_a_seat_up_before_membership_is_not_written_into_the_roster(
    manager, season_of_three
):
    first, second, _third = season_of_three
    offers.accept(first.offers.get().pk)
    work()

    perform(first.pk, "gives_up", by=None, as_family=True)
    work()

    assert not Pupil.objects.exists()
    assert (stage_of(first), stage_of(second)) == ("withdrawn", "offered")


def test_a_player_with_a_seat_is_offered_no_other(made, manager, season_of_three):
    first = season_of_three[0]
    flute = Vacancy.objects.get(section__instrument__slug="flute")

    with pytest.raises(offers.NoPlaceError, match="has a seat or an offer already"):
        offers.make(flute.pool_id, first, by=manager)


def test_without_the_bar_the_database_still_refuses_a_second_seat(
    made, manager, season_of_three, monkeypatch
):
    monkeypatch.setitem(offers.bars._entries, "one seat for each player", lambda *_args: "")
    first = season_of_three[0]
    flute = Vacancy.objects.get(section__instrument__slug="flute")

    with pytest.raises(offers.NoPlaceError):
        offers.make(flute.pool_id, first, by=manager)
    assert Offer.objects.filter(case=first, state="live").count() == 1


def test_without_the_book_of_seats_there_would_be_two(made, manager, season_of_three, monkeypatch):
    entries = offers.bars._entries, offers.listeners._entries
    monkeypatch.setitem(entries[0], "one seat for each player", lambda *_args: "")
    monkeypatch.setitem(entries[1], "one seat for each player", lambda _offer: None)
    first = season_of_three[0]
    offers.make(Vacancy.objects.get(section__instrument__slug="flute").pool_id, first, by=manager)

    assert Offer.objects.filter(case=first, state="live").count() == 2


def test_a_player_of_sixteen_is_written_to_as_well_and_a_younger_one_is_not(made, manager):
    old = heard(an_application(made, age=17, player_email="own@example.org"), manager, 9)
    young = heard(an_application(made, age=15, player_email="young@example.org"), manager, 8)
    proposed(made, manager)
    released(made, manager)

    letters = OutboxMessage.objects.filter(template="audition-offer")
    assert {one.to for one in letters} == {old.contact_email, "own@example.org"}
    assert not OutboxMessage.objects.filter(to="young@example.org").exists()
    assert stage_of(young) == "reserve"


# --- vacancies, members, excerpts ---------------------------------------------------------------
def a_member(made, number=1):
    pupil = Pupil.objects.create(legal_first_name=f"Lark{number}", legal_last_name="Vale")
    guardian = Guardian.objects.create(
        first_name="Rowan", last_name="Vale", email=f"vale{number}@example.org"
    )
    PupilGuardian.objects.create(pupil=pupil, guardian=guardian)
    oboe = made.instruments.get(instrument__slug="oboe").instrument
    Enrolment.objects.create(pupil=pupil, group=MusicGroup.objects.get(), instrument=oboe)
    return pupil, guardian


def test_members_who_keep_their_seats_leave_fewer_open(centres, manager):
    made = a_round(centres["west"], seats=3, members_apply=False)
    a_member(made)
    by_slug = {one.vacancy.section.instrument.slug: one for one in vacancies.board(made)}

    assert [(by_slug[slug].returning, by_slug[slug].open) for slug in ("oboe", "flute")] == [
        (1, 2), (0, 3),
    ]  # fmt: skip
    with pytest.raises(vacancies.VacancyError):
        vacancies.set_seats(by_slug["oboe"].vacancy, 5, "", by=manager)


def test_members_are_invited_once_and_not_who_may_not_be_written_to(made, manager):
    a_member(made)
    _pupil, estranged = a_member(made, 2)
    PupilGuardian.objects.filter(guardian=estranged).update(no_contact=True)

    inviting.invite(made, by=manager)
    inviting.invite(made, by=manager)

    letters = OutboxMessage.objects.filter(template="audition-invitation")
    assert [one.to for one in letters] == ["vale1@example.org"]
    assert "/family/new/ensemble-audition/" in letters.get().text


def test_an_excerpt_is_reached_by_the_applications_own_link_alone(made, client):
    from django.core.files.base import ContentFile

    document = HubDocument(title="Oboe excerpts")
    document.file.save("oboe.pdf", ContentFile(b"%PDF-1.4 bars 1 to 9"))
    row = made.instruments.get(instrument__slug="oboe")
    with pytest.raises(ValidationError, match="private collection"):
        row.excerpts = document
        row.clean()
    row.save()
    case = an_application(made)

    path = "/" + inviting.lines_for(case.entrant)[0].split("://")[1].partition("/")[2]
    answer = client.get(path)
    assert b"".join(answer.streaming_content) == b"%PDF-1.4 bars 1 to 9"
    assert "no-store" in answer["Cache-Control"]
    assert client.get(path[:-3] + "x/").status_code == 404


# --- fairness and screens -----------------------------------------------------------------------
def test_small_numbers_are_hidden_and_cannot_be_worked_out():
    rows = [
        fairness.Share("A", 40, 20), fairness.Share("B", 3, 1), fairness.Share("C", 12, 6),
    ]  # fmt: skip

    assert [(one.label, one.applied, one.offered) for one in fairness.hide_few(rows)] == [
        ("A", 40, 20), ("B", None, None), ("C", None, None),
    ]  # fmt: skip


SCREENS = ("board", "players", "proposal", "seating", "fairness")


def test_every_screen_of_the_season_opens_for_its_manager_and_nobody_else(
    client, made, manager, season_of_three, panel
):
    placement = Placement.objects.first()
    paths = [reverse(f"seasons:{name}", args=[made.pk]) for name in SCREENS]
    paths += [reverse("seasons:why", args=[made.pk, placement.pk]), reverse("seasons:rounds")]
    paths += [reverse("seasons:take", args=[made.pk, name, "csv"])
              for name in ("proposal", "fairness")]  # fmt: skip
    client.force_login(manager)
    assert {path: client.get(path).status_code for path in paths} == dict.fromkeys(paths, 200)

    for stranger in (panel[0], a_user("Bea Booker", "bookings")):
        client.force_login(stranger)
        assert {client.get(path).status_code for path in paths} <= {302, 403, 404}
