"""What a round asks of families besides playing: its dates, its fee, where they live; and how long
it keeps their films."""

import re
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.db import IntegrityError, transaction
from django.db.models import Sum
from django.urls import reverse
from django.utils import timezone

from cms import wallclock
from cms.models import Ensemble, MoneyAccount, MoneyRefund, OutboxMessage
from cms.money import ledger
from forms import films_gone
from forms.demo_season.play import work
from forms.models import Attachment, FormDefinition, Submission
from tests.journeys import Family
from tests.panelwork import a_user
from tests.seasons import a_round, an_application
from tests.test_forms_retention import run
from tests.test_workflows_season_day import a_morning
from tests.test_workflows_season_rules import heard, proposed, released, stage_of
from workflows import offers
from workflows.appointments import booking
from workflows.engine import perform
from workflows.models import AuditionRound, Case, DecisionEvent, Entrant, Offer, RoundDate
from workflows.seasons import entering, fees

pytestmark = pytest.mark.django_db


@pytest.fixture
def manager(db):
    return a_user("Enid Manager", "ensembles_manager")


@pytest.fixture
def panel(db):
    return [a_user(name, "panellist") for name in ("Pat Alto", "Pia Bass")]


@pytest.fixture
def made(centres, manager, panel):
    return a_round(centres["west"], panel="pat.alto, pia.bass")


# --- dates --------------------------------------------------------------------------------------
def a_date(made, days, what="rehearsal", **more):
    day = timezone.localdate() + timedelta(days=days)
    return RoundDate.objects.create(round=made, what=what, starts_on=day, **more)


def posted(**more):
    """The sample family's answers as a browser would post them."""
    sample = FormDefinition.objects.get(slug="ensemble-audition").samples[1]["answers"]
    words = {True: "yes", False: "no"}
    plain = {k: words.get(v, v) if isinstance(v, bool) else v for k, v in sample.items()}
    return plain | {"first_choice": "wind", "second_choice": "", "third_choice": "",
                    "agree": "on"} | more  # fmt: skip


def test_a_family_says_of_each_date_of_its_groups_whether_the_player_can_come(made, manager):
    jazz = Ensemble.objects.create(name="County Jazz Band", slug="jazz", level="county")
    band = Ensemble.objects.get(slug="wind")
    one, course = a_date(made, 60, ensemble=band), a_date(made, 90, "course", note="Season Hall")
    other, past = a_date(made, 70, ensemble=jazz), a_date(made, -5)
    family = Family(form="ensemble-audition")
    family.start()
    page = family.walk(posted(), until="rehearsals")
    text = page.soup.get_text(" ")

    assert str(one) in text
    assert str(course) in text
    assert str(other) not in text
    assert str(past) not in text
    assert "Can the player come on these dates? (optional)" not in " ".join(text.split())
    page = family.post({"availability": {f"d{one.pk}": "no"}})
    assert "Select an answer for" in str(page.errors)
    said = {f"d{one.pk}": "no", f"d{course.pk}": "yes"}
    family.answer({"availability": said})
    family.walk(posted(availability=said))
    shown = family.page.soup.get_text(" ")
    assert f"{course}: Can come" in shown
    family.send()

    case = Case.objects.get()
    assert case.subject.answers["availability"] == said
    assert case.entrant.notes == ["Cannot come to 1 of 2 dates."]


def test_a_round_without_dates_asks_of_none_and_is_not_in_the_way(made):
    family = Family(form="ensemble-audition")
    family.start()
    page = family.walk(posted(), until="rehearsals")

    assert "The dates are not set yet" in page.soup.get_text(" ")
    family.walk(posted())
    assert family.step == "check"


def test_a_course_does_not_end_before_it_begins(made):
    with pytest.raises(IntegrityError), transaction.atomic():
        a_date(made, 9, "course", ends_on=timezone.localdate())


# --- the fee ------------------------------------------------------------------------------------
@pytest.fixture
def costly(made):
    made.fee_pence = 1500
    made.save()
    return made


def owed(case):
    account = ledger.of_reference(case.reference)
    return ledger.balance(account).owed if account else None


def test_the_fee_is_charged_once_with_its_bill_when_an_application_comes_in(costly):
    case = an_application(costly)
    entrant = Entrant.objects.get(case=case)
    entering.refresh([entrant])
    fees.charge(entrant, is_free=False)

    assert owed(case) == 1500
    bill = OutboxMessage.objects.get(template="money-bill")
    assert bill.to == case.contact_email
    assert "£15" in bill.text


def test_a_round_without_a_fee_opens_no_account(made):
    an_application(made)

    assert not MoneyAccount.objects.exists()


def test_free_school_meals_waive_the_fee_at_once_and_no_bill_goes_out(costly):
    case = an_application(costly, free_meals=True)

    assert owed(case) == 0
    assert ledger.balance(ledger.of_reference(case.reference)).charged == 1500
    assert not OutboxMessage.objects.filter(template="money-bill").exists()


def paid(case):
    account = ledger.of_reference(case.reference)
    with ledger.locked(account.pk) as row:
        ledger.take_payment(row, 1500, method="bank")
    return account


@pytest.mark.parametrize(("days", "back"), [(8, 1500), (7, 1500), (3, 750), (1, 0)])
def test_who_withdraws_gets_the_fee_back_by_the_rounds_ladder(costly, manager, centres, days, back):
    """Counted from the audition; the closing day, which is tomorrow, counts for who has no time."""
    AuditionRound.objects.update(fee_back="7: 100, 2: 50")
    case = an_application(costly, mode="live", video="", film="", free=["sat_am"])
    account = paid(case)
    if days > 1:
        perform(case.pk, "invite", by=manager)
        work()
        session = a_morning(centres["west"])
        booking.book(case.pk, session.slots.first().pk, purpose="audition", actor=booking.FAMILY)
        clock = timezone.localtime(session.starts_at) - timedelta(days=days)
    else:
        clock = timezone.now()
    with wallclock.instead(clock):
        perform(case.pk, "withdraw", by=None, as_family=True)
        work()

    assert account.refunds.aggregate(total=Sum("pence"))["total"] == (back or None)
    assert ledger.balance(account).cost == 1500 - back


def test_who_has_not_paid_yet_and_withdraws_in_time_owes_nothing(costly):
    AuditionRound.objects.update(fee_back="0: 100")
    case = an_application(costly)
    perform(case.pk, "withdraw", by=None, as_family=True)
    work()

    assert owed(case) == 0
    assert not MoneyRefund.objects.exists()


@pytest.mark.parametrize("words", ["7", "seven: 100", "7: 101", "-1: 50", "7: 100; 2: 50"])
def test_a_ladder_that_cannot_be_read_is_refused(costly, words):
    costly.fee_back = words
    with pytest.raises(ValidationError, match="fee_back"):
        costly.full_clean()


@pytest.mark.parametrize(
    ("meals", "told", "not_told"),
    [("no", "To pay £15", "No bill is sent"), ("yes", "To pay Nothing", "We send you a bill")],
)
def test_the_fee_its_waiver_and_what_comes_back_stand_on_check_your_answers(
    costly, meals, told, not_told
):
    AuditionRound.objects.update(fee_back="7: 100, 2: 50")
    family = Family(form="ensemble-audition")
    family.start()
    page = family.walk(posted(free_meals=meals))

    assert "Audition fee £15" in page.text
    assert told in page.text and not_told not in page.text
    assert ("At least 7 days before: you get all of it back." in page.text) == (meals == "no")


def test_staff_waive_a_fee_with_a_reason_once(client, costly, manager):
    case = an_application(costly)
    client.force_login(manager)
    page = reverse("seasons:players", args=[costly.pk])
    press = {"do": "waive_fee", "entrant": case.entrant.pk}

    assert "Waive the fee" in client.get(page).content.decode()
    client.post(page, press)
    assert owed(case) == 1500
    client.post(page, press | {"reason": "Three brothers apply."})
    assert owed(case) == 0
    note = DecisionEvent.objects.get(case=case, words="Audition fee waived")
    assert note.reason == "Three brothers apply."
    answer = client.post(page, press | {"reason": "Again."}, follow=True)
    assert "The fee was waived already." in answer.content.decode()
    assert "Fee settled" in answer.content.decode()
    assert "Fee waived" not in answer.content.decode()
    assert owed(case) == 0


def test_who_is_outside_the_rules_is_charged_with_the_exception_alone(costly, manager):
    case = an_application(costly, age=6)
    before = owed(case)
    entering.waive(case.entrant.pk, "An exceptional player.", by=manager)

    assert (before, owed(case)) == (None, 1500)


def test_a_late_application_that_is_not_taken_is_not_charged(costly):
    costly.late, costly.closes_at = "refused", timezone.now() - timedelta(hours=1)
    costly.save()

    assert owed(an_application(costly)) is None


# --- moving -------------------------------------------------------------------------------------
def moves_away(case):
    submission = case.subject
    submission.answers["in_county"] = False
    for part in submission.labels:
        for row in part["rows"]:
            if row.get("key") == "in_county":
                row["lines"] = ["No"]
    submission.save()


def test_a_family_that_moves_county_before_the_decision_is_a_question_for_staff(made, manager):
    case, stays = (heard(an_application(made), manager, mark) for mark in (9, 6))
    assert proposed(made, manager)[case.pk].outcome == "offer"
    moves_away(case)

    placed = proposed(made, manager)
    assert placed[case.pk].outcome == "no"
    assert "lives or goes to school in the county" in placed[case.pk].why
    assert placed[stays.pk].outcome == "offer"
    entering.waive(case.entrant.pk, "They move in January, and play until then.", by=manager)
    assert proposed(made, manager)[case.pk].outcome == "offer"


def test_a_family_that_moves_county_in_mid_season_keeps_its_seat_until_somebody_decides(
    made, manager
):
    case = heard(an_application(made), manager, 9)
    proposed(made, manager)
    released(made, manager)
    offers.accept(Offer.objects.get(case=case).pk)
    moves_away(case)
    entering.refresh(made.entrants.select_related("case", "round"))

    assert stage_of(case) == "offered" or stage_of(case) == "details"
    assert Offer.objects.get(case=case).state == "accepted"
    assert "county" in Entrant.objects.get(case=case).outside


# --- films --------------------------------------------------------------------------------------
def with_film(case):
    subject = case.subject
    row = Attachment.objects.create(
        journey=subject.journey, question="video_file", name="Wren.mp4", size=4,
        content_type="video/mp4", sha256="0" * 64, scan_status="clean",
        file=ContentFile(b"film", "x"),
    )  # fmt: skip
    subject.answers["video_file"] = [{"id": row.pk, "name": row.name, "size": 4}]
    subject.save()
    return row


def test_films_go_after_the_season_even_of_who_is_a_member_by_then(
    made, django_capture_on_commit_callbacks
):
    case, linked = an_application(made, film="upload", video=""), an_application(made)
    row = with_film(case)
    storage, name = row.file.storage, row.file.name
    with wallclock.instead(made.result_at + timedelta(days=59)):
        run(films_gone.KIND, "early")
    assert storage.exists(name)

    with wallclock.instead(made.result_at + timedelta(days=61)):
        with django_capture_on_commit_callbacks(execute=True):
            run(films_gone.KIND, "due")
        run(films_gone.KIND, "again")

    assert not Attachment.objects.filter(pk=row.pk).exists()
    assert not storage.exists(name)
    for one in (case, linked):
        subject = Submission.objects.get(pk=one.subject_id)
        assert not {"video", "video_file"} & set(subject.answers)
        assert subject.answers["piece"]
        assert stage_of(one) == "applied"


def test_a_film_that_is_held_back_stays(made):
    case = an_application(made, film="upload", video="")
    row = with_film(case)
    Submission.objects.filter(pk=case.subject_id).update(hold_reason="A complaint is open.")
    with wallclock.instead(made.result_at + timedelta(days=61)):
        run(films_gone.KIND, "due")

    assert Attachment.objects.filter(pk=row.pk).exists()


# --- returning members, and the table of all this -----------------------------------------------
def test_a_returning_member_who_comes_second_is_a_reserve(made, manager):
    newcomer = heard(an_application(made, member=False), manager, 9)
    member = heard(an_application(made, member=True), manager, 7)

    placed = proposed(made, manager)

    assert (placed[newcomer.pk].outcome, placed[member.pk].outcome) == ("offer", "reserve")
    assert placed[member.pk].rank == 1


def test_every_test_that_the_table_of_auditions_names_is_there():
    here = Path(__file__).parent
    told = set(re.findall(r"`(test_\w+)`", (here.parent / "docs/auditions.md").read_text()))
    there = {
        name
        for path in here.glob("test_*.py")
        for name in [path.stem, *re.findall(r"^def (test_\w+)", path.read_text(), re.MULTILINE)]
    }

    assert len(told) > 40
    assert told - there == set()
