"""Help with costs: claimed in the form, kept at the lower price, decided, and nobody else's."""

import copy
import re
from datetime import datetime, time, timedelta
from uuid import uuid4

import pytest
from django.core.exceptions import ValidationError
from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from cms import jobs
from cms.models import (
    AcademicYear,
    AccessLogEntry,
    CourseDate,
    HelpClaim,
    MoneyAccount,
    OutboxMessage,
    RemissionRule,
    User,
)
from cms.money import endings, ledger, refunds
from cms.money import fund as funds
from cms.money import help as helping
from cms.money.ledger import MoneyError
from cms.school_year import academic_year
from forms import asking_more, demo_money, evidence_later, forgetting, package
from forms.models import MoreRequest, Submission
from tests.journeys import (
    PNG,
    Family,
    a_course_date,
    answers_of_a_family,
    publish_form,
    songwriter_package,
)
from tests.test_cms_scoping import staff
from workflows.models import Case

pytestmark = pytest.mark.django_db

REASON = "A child gets free school meals"


@pytest.fixture
def rules(db):
    since = timezone.localdate() - timedelta(days=400)
    meals = RemissionRule.objects.create(
        basis="free-meals", label=REASON, percent=50, valid_from=since
    )
    care = RemissionRule.objects.create(
        basis="in-care",
        label="A child is in care",
        percent=100,
        valid_from=since,
        evidence_needed=False,
    )
    return meals, care


def the_form(**payment):
    """The Songwriter form, with help by the hub's own rules."""
    data = copy.deepcopy(songwriter_package())
    form = data["form"]
    step = next(step for step in form["steps"] if step["key"] == "help_details")
    reason, file = step["questions"]
    reason |= {"type": "remission", "settings": {"restricted": "evidence", "personal": True}}
    reason["settings"]["reason"] = "To work out what you pay."
    reason.pop("options")
    how = {
        "key": "help_how",
        "type": "radios",
        "label": "How would you like to show it?",
        "required": True,
        "options": [
            {"key": "now", "label": "Send a letter now"},
            {"key": "later", "label": "Send it later"},
            {"key": "school", "label": "Ask the school to confirm it"},
        ],
        "settings": {"restricted": "evidence"},
    }
    step["questions"] = [reason, how, file]
    form["pricing"]["remission"] = {"question": "help_basis", "how": "help_how"}
    form["settings"] = {"payment": payment} if payment else {}
    return publish_form(form, data["workflow"], emails=data["emails"])


def at_the_check(basis="free-meals", how="later", **more):
    if not CourseDate.objects.filter(reference="SW-WAT-1").exists():
        the_form()
        a_course_date()
    family = Family()
    family.start()
    page = family.walk(
        answers_of_a_family(wants_help="yes", help_basis=basis, help_how=how, **more)
    )
    return family, page


def claimed(basis="free-meals", **more):
    family, _page = at_the_check(basis, **more)
    family.send()
    account = MoneyAccount.objects.order_by("-pk")[0]
    return account, HelpClaim.objects.get(account=account)


def a_fund(pence):
    day = timezone.localtime(a_course_date(reference="SW-X").starts_at).date()
    year = AcademicYear.objects.get_or_create(start_year=academic_year(day))[0]
    fund = funds.open_fund(year)
    if pence:
        funds.top_up(fund, pence, by=officer())
    return fund


def officer():
    return User.objects.get_or_create(username="remy")[0]


def letters():
    return list(OutboxMessage.objects.order_by("pk").values_list("template", flat=True))


def test_the_family_sees_the_lower_price_and_holds_it(rules):
    _family, page = at_the_check()
    assert "Help with costs, 50%" in page.text
    assert "£17.50" in page.text

    account, claim = claimed()

    sums = ledger.balance(account)
    assert (sums.charged, sums.credited, sums.owed) == (3500, 1750, 1750)
    assert (claim.state, claim.pence, claim.rule.basis) == ("claimed", 1750, "free-meals")


def test_a_reason_that_needs_no_evidence_is_given_at_once(rules):
    account, claim = claimed("in-care")

    assert (claim.state, ledger.balance(account).owed) == ("approved", 0)


def test_approved_the_price_stays_and_the_letter_does_not_say_why(rules):
    account, claim = claimed()
    helping.approve(claim.pk, by=officer(), words="Thank you for the letter.")
    helping.approve(claim.pk, by=officer())

    letter = OutboxMessage.objects.get(template="help-approved")
    assert ledger.balance(account).owed == 1750
    assert "Thank you for the letter." in letter.text
    assert "meals" not in letter.text


def test_refused_the_price_goes_up_with_time_to_pay(rules):
    account, claim = claimed()
    with pytest.raises(MoneyError):
        helping.refuse(claim.pk, by=officer(), words=" ")

    helping.refuse(claim.pk, by=officer(), words="The letter is of last year.")
    helping.refuse(claim.pk, by=officer(), words="Again.")

    account.refresh_from_db()
    assert ledger.balance(account).owed == 3500
    assert account.due_on >= timezone.localdate() + timedelta(days=13)
    assert letters().count("help-refused") == 1


def test_an_empty_fund_keeps_the_place_and_asks_for_nothing(rules):
    a_fund(1000)
    _family, page = at_the_check()
    assert "fund for it is spent" in page.text

    account, claim = claimed()

    assert (claim.state, account.due_on) == ("waiting", None)
    assert ledger.balance(account).owed == 3500
    assert "help-waiting" in letters()


def test_a_top_up_serves_the_queue_in_order_and_stops_at_who_needs_more(rules):
    fund = a_fund(0)
    first, second, third = (claimed()[1] for _ in range(3))

    assert funds.top_up(fund, 4000, by=officer()) == 2

    states = [HelpClaim.objects.get(pk=one.pk).state for one in (first, second, third)]
    assert states == ["claimed", "claimed", "waiting"]
    assert ledger.balance(first.account).owed == 1750
    assert letters().count("help-funded") == 2
    meter = funds.meter(fund)
    assert (meter.budget, meter.left, meter.queue, meter.needed) == (4000, 500, 1, 1750)


def test_nobody_overtakes_those_who_wait(rules):
    fund = a_fund(0)
    claimed("in-care")  # needs £35
    funds.top_up(fund, 2000, by=officer())

    _account, later = claimed()  # would need £17.50 only

    assert later.state == "waiting"
    assert funds.left(fund) == 2000


@pytest.mark.parametrize("verb", ["refuse", "cancel"])
def test_what_comes_back_goes_to_the_next(rules, verb):
    fund = a_fund(1750)
    account, first = claimed()
    _other, second = claimed()

    if verb == "refuse":
        helping.refuse(first.pk, by=officer(), words="Not this time.")
    else:
        refunds.cancel(account, by=None)

    second.refresh_from_db()
    assert (second.state, funds.left(fund)) == ("claimed", 0)


def test_a_fund_that_is_spent_between_check_and_send_is_shown_first(rules):
    fund = a_fund(1750)
    family, _page = at_the_check()
    claimed()

    page = family.send()

    assert page.status == 409
    assert "fund for it is spent" in page.text
    assert funds.left(fund) == 0


def test_rules_have_days_and_may_not_overlap(rules):
    meals = rules[0]
    with pytest.raises(ValidationError):
        RemissionRule(
            basis="free-meals", label="x", percent=25, valid_from=timezone.localdate()
        ).full_clean()
    meals.valid_until = timezone.localdate()
    meals.save()

    with pytest.raises(AssertionError):  # the course is in three weeks: no such choice any more
        at_the_check()


# --- the school ----------------------------------------------------------------------------------


def asked_school(rules):
    _account, claim = claimed(how="school")
    helping.ask_school(claim, "office@school.example.org")
    letter = OutboxMessage.objects.get(template="help-school")
    return claim, re.search(r"/pay/confirm/[\w-]+/", letter.text)[0], letter


def test_the_school_answers_once_by_its_link(rules):
    claim, path, letter = asked_school(rules)
    assert "Ashdown" not in letter.text
    assert "meals" not in letter.text

    page = Client().get(path).content.decode()
    assert "Wren Ashdown" in page
    assert REASON in page
    assert Client().post(path, {}).status_code == 422
    assert Client().post(path, {"answer": "yes"}).status_code == 200

    claim.refresh_from_db()
    assert (claim.school_said, claim.state) == ("yes", "claimed")
    assert Client().post(path, {"answer": "no"}).status_code == 404
    assert AccessLogEntry.objects.filter(action="sign", record_type="cms.helpclaim").exists()


@pytest.mark.parametrize("how", ["old", "guessed", "decided"])
def test_an_old_link_a_guess_and_a_decided_claim_open_nothing(rules, how):
    claim, path, _letter = asked_school(rules)
    if how == "old":
        HelpClaim.objects.update(school_until=timezone.now())
    elif how == "decided":
        helping.approve(claim.pk, by=officer())
    else:
        path = "/pay/confirm/" + "a" * 43 + "/"

    answer = Client().get(path)

    assert answer.status_code == 404
    assert "Ashdown" not in answer.content.decode()


# --- who reads why -------------------------------------------------------------------------------


def signed_in(role):
    client = Client()
    found = User.objects.filter(username=f"one-{role}").first()
    client.force_login(found or staff(f"one-{role}", role))
    return client


OTHERS = ("bookings", "finance", "centre_admin", "course_leader", "hub_manager", "comms_lead")


def pages_of(account):
    case = Case.objects.get(reference=account.reference)
    submission = Submission.objects.get(reference=account.reference)
    form = submission.version.form
    claim = HelpClaim.objects.get(account=account)
    return [
        reverse("cases:case", args=[case.pk]),
        reverse("cases:inbox"),
        reverse("answers:list", args=[form.slug]),
        reverse("answers:one", args=[form.slug, submission.pk]),
        reverse("money:owed"),
        reverse("money:account", args=[account.pk]),
        reverse("help:claims"),
        reverse("help:claim", args=[claim.pk]),
    ]


@pytest.mark.parametrize("role", OTHERS)
def test_no_other_role_reads_the_reason_or_the_evidence(rules, role):
    account, _claim = claimed(how="now", evidence=[("letter.png", PNG)])
    client = signed_in(role)

    for path in pages_of(account):
        page = client.get(path).content.decode()
        assert REASON not in page, path
        assert "free-meals" not in page, path
        assert "letter.png" not in page, path


def test_the_remission_officer_reads_both(rules):
    _account, claim = claimed(how="now", evidence=[("letter.png", PNG)])

    page = signed_in("remission_officer").get(reverse("help:claim", args=[claim.pk]))

    text = page.content.decode()
    assert REASON in text
    assert "letter.png" in text
    link = re.search(r"/admin/form-files/\d+/", text)[0]
    assert signed_in("remission_officer").get(link).status_code == 200
    assert signed_in("bookings").get(link).status_code == 404
    assert AccessLogEntry.objects.filter(action="inspect", record_type="cms.helpclaim").exists()


@pytest.mark.parametrize("role", ["bookings", "finance", "hub_manager", "ensembles_manager"])
def test_no_file_that_is_taken_away_says_why(rules, role):
    account, _claim = claimed()
    client = signed_in(role)
    submission = Submission.objects.get(reference=account.reference)

    for path in (
        reverse("money:export"),
        reverse("answers:export", args=[submission.version.form.slug]),
    ):
        answer = client.post(path, {"kind": "csv", "reason": "To look at it"}, follow=True)
        body = b"".join(answer.streaming_content) if answer.streaming else answer.content
        assert REASON.encode() not in body
        assert b"free-meals" not in body


def test_twin_with_the_field_group_open_bookings_reads_it(rules, monkeypatch):
    from workflows import casepage

    everything = frozenset({"contact", "health", "collection", "money", "evidence"})
    monkeypatch.setattr(casepage, "restricted_fields_of", lambda user: everything)
    account, _claim = claimed()

    page = signed_in("bookings").get(pages_of(account)[0]).content.decode()

    assert REASON in page


def test_the_officer_decides_at_the_desk(rules):
    _account, claim = claimed()
    client = signed_in("remission_officer")
    url = reverse("help:claim", args=[claim.pk])

    assert client.post(url, {"do": "refuse", "words": ""}).status_code == 422
    client.post(url, {"do": "approve", "words": "Thank you."})
    client.post(
        reverse("help:funds"), {"year": academic_year(timezone.localdate()), "pounds": "500"}
    )

    claim.refresh_from_db()
    assert (claim.state, claim.decided_by) == ("approved", "one-remission_officer")
    assert "£500" in client.get(reverse("help:funds")).content.decode()
    assert REASON not in client.get(reverse("help:claims")).content.decode()


def test_why_is_forgotten_with_the_family(rules):
    account, claim = claimed()
    submission = Submission.objects.get(reference=account.reference)

    forgetting.drop_answers(submission, ["help_basis"], because={})

    claim.refresh_from_db()
    assert (claim.rule, claim.pence) == (None, 1750)


def test_the_demo_hub_takes_the_course_form_with_rules_and_a_fund():
    assert demo_money.load(timezone.localdate()) == 6
    assert demo_money.load(timezone.localdate()) == 0
    package.load(demo_money.with_money(songwriter_package()), publish=True)
    a_course_date()
    family = Family()
    family.start()
    answers = answers_of_a_family(wants_help="yes", help_basis="service", help_how="later")
    family.walk(answers)
    family.send()

    assert HelpClaim.objects.get().pence == 1750
    assert "money-bill" in letters()


# --- evidence later, and the end of the year -----------------------------------------------------


def run_job(kind):
    with transaction.atomic():
        job = jobs.enqueue(kind, key=f"{kind}-{uuid4()}", payload={})
    jobs.run_job(job.pk)


def test_who_sends_it_later_is_asked_at_once_reminded_and_asked_once_more(rules, monkeypatch):
    account, claim = claimed(how="later")
    case = Case.objects.get(reference=account.reference)
    request = asking_more.open_request(case)

    assert request.questions == ["evidence"]
    assert letters().count("more-needed") == 1

    now = timezone.now()
    later = now + timedelta(days=15)
    monkeypatch.setattr(timezone, "now", lambda: later)
    request.answer_by = later.date() - timedelta(days=1)
    MoreRequest.objects.filter(pk=request.pk).update(answered_at=now)  # the case moved on
    for _night in range(3):
        run_job(evidence_later.JOB)

    assert letters().count("more-needed") == 2
    assert MoreRequest.objects.filter(once=f"evidence-{claim.pk}-again").count() == 1


@pytest.mark.parametrize("how", ["now", "school"])
def test_nobody_else_is_asked_for_it(rules, how):
    more = {"evidence": [("letter.png", PNG)]} if how == "now" else {}
    claimed(how=how, **more)

    assert "more-needed" not in letters()


def test_what_nobody_decided_by_31_july_ends_with_time_to_pay(rules, monkeypatch):
    fund = a_fund(1750)
    account, promised = claimed()
    other, waiting = claimed()
    _third, approved = claimed("in-care")
    HelpClaim.objects.filter(pk=approved.pk).update(state="approved")
    last = endings.last_day(
        HelpClaim.objects.select_related("account__offering").get(pk=promised.pk)
    )

    for day, states in ((last, ["claimed", "waiting"]), (last + timedelta(1), ["refused"] * 2)):
        moment = timezone.make_aware(datetime.combine(day, time(6, 30)))
        monkeypatch.setattr(timezone, "now", lambda moment=moment: moment)
        run_job(endings.JOB)
        run_job(endings.JOB)
        assert (
            list(
                HelpClaim.objects.filter(pk__in=[promised.pk, waiting.pk])
                .order_by("pk")
                .values_list("state", flat=True)
            )
            == states
        )

    account.refresh_from_db()
    assert (last.month, last.day) == (7, 31)
    assert [ledger.balance(one).owed for one in (account, other)] == [3500, 3500]
    assert account.due_on == last + timedelta(days=15)
    assert funds.left(fund) == 1750
    assert letters().count("help-ended") == 2
    assert HelpClaim.objects.get(pk=approved.pk).state == "approved"
