"""The ledger: its rows add up, never change, and never give back more than came."""

from datetime import date, timedelta
from importlib import import_module

import pytest
from django.apps import apps
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cms import jobs
from cms.models import AccessLogEntry, MoneyAccount, MoneyEntry, MoneyRefund, OutboxMessage
from cms.money import ledger, refunds, reminders
from cms.money.amounts import in_pounds, to_pence
from cms.money.ledger import Balance, MoneyError, balance
from tests.journeys import a_course_date
from tests.test_cms_scoping import staff

pytestmark = pytest.mark.django_db
triggers = import_module("cms.migrations.0024_money_append_only")


def an_account(pence=7000, **more):
    facts = {"reference": "SW26-4K7P", "payer_name": "Rowan Ashdown", "what": "Songwriter"}
    return ledger.open_account(
        **facts | {"pence": pence, "payer_email": "rowan@example.org"} | more
    )


def paid(account, pence, **more):
    return ledger.take_payment(account, pence, **{"method": "bank", **more})


def letters_about(account):
    rows = OutboxMessage.objects.filter(record_id=str(account.pk)).order_by("pk")
    return [row.template for row in rows]


def test_what_is_owed_is_the_sum_of_the_rows():
    account = an_account()
    paid(account, 3000)
    ledger.take_off(account, 500, "Code")
    ledger.charge(account, 250, "Lunch")

    sums = balance(account)

    assert sums == Balance(charged=7250, credited=500, paid=3000, given_back=0)
    assert (sums.cost, sums.owed) == (6750, 3750)
    assert MoneyAccount.objects.with_sums().get().owed == 3750
    assert letters_about(account) == ["money-receipt"]


def test_opening_twice_is_one_account_and_one_charge():
    assert an_account() == an_account()
    assert MoneyEntry.objects.count() == 1


def test_the_same_payment_of_a_provider_is_written_once():
    account = an_account()
    first = paid(account, 7000, method="card", provider="stripe", provider_reference="pi_1")

    again = paid(account, 7000, method="card", provider="stripe", provider_reference="pi_1")

    assert again == first
    assert balance(account).owed == 0


def test_twin_without_the_look_up_the_database_refuses_the_second(monkeypatch):
    monkeypatch.setattr(ledger, "_known", lambda provider, reference: None)
    account = an_account()
    paid(account, 7000, method="card", provider="stripe", provider_reference="pi_1")

    with pytest.raises(IntegrityError), transaction.atomic():
        paid(account, 7000, method="card", provider="stripe", provider_reference="pi_1")

    assert balance(account).paid == 7000


def test_more_than_it_costs_cannot_be_taken_off():
    account = an_account()

    with pytest.raises(MoneyError):
        ledger.take_off(account, 7001, "Too much")
    with pytest.raises(MoneyError):
        ledger.charge(account, 0, "Nothing")


@pytest.mark.parametrize(
    "statement",
    ["UPDATE cms_moneyentry SET pence = 1", "DELETE FROM cms_moneyentry"],
)
def test_a_row_can_be_neither_changed_nor_deleted(statement):
    an_account()

    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


def raw(account, kind, pence, number, **more):
    return MoneyEntry.objects.create(
        account=account, number=number, kind=kind, pence=pence, by_name="x", **more
    )


@pytest.mark.parametrize(
    ("kind", "pence", "more"),
    [
        ("refund", 7001, {"method": "bank"}),
        ("credit", 7001, {}),
        ("payment", 0, {"method": "bank"}),
        ("payment", 5, {"method": ""}),
        ("refund", 5, {"method": "bank", "refund_of": None}),
    ],
)
def test_the_database_refuses_what_cannot_be(kind, pence, more):
    account = an_account()
    payment = paid(account, 7000)
    of = {"refund_of": payment} if kind == "refund" else {}

    with pytest.raises(IntegrityError), transaction.atomic():
        raw(account, kind, pence, 9, **of | more)


def test_a_refund_belongs_to_a_payment_of_the_same_account():
    account, other = an_account(), an_account(reference="SW26-OTHER")
    payment = paid(other, 7000)

    with pytest.raises(IntegrityError), transaction.atomic():
        raw(account, "refund", 10, 9, method="bank", refund_of=payment)


def test_twin_without_the_triggers_too_much_goes_back():
    account = an_account()
    payment = paid(account, 7000)
    triggers.remove(connection)

    raw(account, "refund", 9000, 9, method="bank", refund_of=payment)

    assert balance(account).kept == -2000


LADDER = [{"days_before": 28, "percent": 100}, {"days_before": 14, "percent": 50}]


@pytest.mark.parametrize(
    ("days", "percent"), [(40, 100), (28, 100), (27, 50), (14, 50), (13, 0), (0, 0), (-3, 0)]
)
def test_the_ladder_counts_whole_days_before_the_first(days, percent):
    first = date(2026, 10, 26)

    assert refunds.percent_back(LADDER, starts_on=first, on=first - timedelta(days=days)) == percent


def a_booking(pence=7001, **more):
    return an_account(pence, offering=a_course_date(), holder="journey-1", **more)


def test_half_pence_go_to_the_family_and_a_cancellation_asks_for_no_more():
    account = a_booking()
    paid(account, 7001)

    due = refunds.cancel(account, by=None)  # three weeks before: half of it

    assert (due.percent, due.off, due.back) == (50, 3501, 3501)
    assert balance(account).cost == 3500
    order = MoneyRefund.objects.get()
    assert (order.state, order.pence, order.method) == ("waiting", 3501, "bank")

    refunds.made(order.pk, reference="BACS 7", by=None)
    refunds.made(order.pk, reference="BACS 7", by=None)
    assert balance(account).owed == 0
    assert letters_about(account)[-2:] == ["money-refund-decided", "money-refund-made"]


def test_cancelled_by_the_hub_everything_goes_back():
    account = a_booking()
    paid(account, 7001)

    assert refunds.cancel(account, by=None, by_hub=True).back == 7001
    assert refunds.cancel(account, by=None, by_hub=True).back == 0


def test_unpaid_and_cancelled_early_nothing_is_owed_and_late_the_share_is():
    early, late = a_booking(7000), an_account(7000, reference="SW26-LATE")
    refunds.cancel(early, by=None, on=timezone.localdate() - timedelta(days=60))
    refunds.cancel(late, by=None, percent=0)

    assert (balance(early).owed, balance(late).owed) == (0, 7000)
    assert not MoneyRefund.objects.exists()


def test_a_refund_goes_back_the_way_it_came_newest_first():
    account = an_account()
    paid(account, 2000, method="cheque")
    paid(account, 5000, method="cash")

    orders = refunds.refund(account, 6000, by=None, why="Ill")

    assert [(one.method, one.pence) for one in orders] == [("cash", 5000), ("cheque", 1000)]
    with pytest.raises(MoneyError):
        refunds.refund(account, 1001, by=None, why="Again")
    assert MoneyRefund.objects.count() == 2


VERBS = st.lists(
    st.tuples(
        st.sampled_from(["charge", "credit", "pay", "refund", "made", "cancel"]),
        st.integers(min_value=1, max_value=9000),
    ),
    max_size=25,
)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(VERBS)
def test_whatever_happens_the_sums_hold(verbs):
    """No order of verbs gives back more than came, or lets the rows and the sums part."""
    with transaction.atomic():
        account = an_account(5000)
        for verb, pence in verbs:
            try:
                with transaction.atomic():
                    act(account, verb, pence)
            except MoneyError:
                pass
            check(account)
        transaction.set_rollback(True)


def act(account, verb, pence):
    if verb == "charge":
        ledger.charge(account, pence, "More")
    elif verb == "credit":
        ledger.take_off(account, pence, "Less")
    elif verb == "pay":
        paid(account, pence)
    elif verb == "refund":
        refunds.refund(account, pence, by=None, why="Back")
    elif verb == "made":
        for order in MoneyRefund.objects.filter(account=account, state="waiting")[:1]:
            refunds.made(order.pk, reference="x", by=None)
    else:
        refunds.cancel(account, by=None, percent=pence % 101)


def check(account):
    rows = list(account.entries.order_by("number"))
    sums = balance(account)
    signs = {"charge": 1, "credit": -1, "payment": -1, "refund": 1}
    assert [row.number for row in rows] == list(range(1, len(rows) + 1))
    assert sums.owed == sum(signs[row.kind] * row.pence for row in rows)
    assert sums.owed == MoneyAccount.objects.with_sums().get(pk=account.pk).owed
    assert sums.cost >= 0
    assert sums.kept >= 0
    promised = sum(order.pence for order in account.refunds.all())
    assert promised <= sums.paid


def test_reminders_go_the_day_after_a_week_later_and_two_weeks_after_that(monkeypatch):
    today = timezone.localdate()
    account = an_account(due_on=today - timedelta(days=1))
    an_account(reference="SW26-PAID", due_on=today - timedelta(days=1), pence=0)

    class Run:
        cursor = 0

        def chunk(self, *, to, count):
            return transaction.atomic()

    def turn(days):
        monkeypatch.setattr(timezone, "localdate", lambda *args: today + timedelta(days=days))
        batch = reminders.which(account.due_on, timezone.localdate())
        for row in MoneyAccount.objects.with_sums().filter(owed__gt=0):
            with transaction.atomic():
                reminders.letters.reminder(row, row.owed, number=batch)

    for days in (0, 3, 7, 8, 21, 40):
        turn(days)

    assert letters_about(account) == ["money-reminder"] * 3


def test_the_nightly_reminder_job_finds_whoever_is_late():
    account = an_account(due_on=timezone.localdate() - timedelta(days=2))
    an_account(reference="SW26-SOON", due_on=timezone.localdate())
    an_account(
        reference="SW26-PAYS",
        due_on=timezone.localdate() - timedelta(days=2),
        pay_by=timezone.now(),
    )
    with transaction.atomic():
        job = jobs.enqueue(reminders.JOB, key="remind-test", payload={})
    jobs.run_job(job.pk)

    sent = OutboxMessage.objects.filter(template="money-reminder")
    assert [row.record_id for row in sent] == [str(account.pk)]


@pytest.mark.parametrize(
    ("typed", "pence"), [("35", 3500), ("£35.50", 3550), ("1,200", 120000), (" 0.01 ", 1)]
)
def test_amounts_are_typed_in_pounds(typed, pence):
    assert to_pence(typed) == pence


@pytest.mark.parametrize("typed", ["", "0", "-5", "35.5", "3,5", "=1+1", "1e3"])
def test_what_is_no_amount_is_refused(typed):
    with pytest.raises(Exception, match="pounds"):
        to_pence(typed)


def test_amounts_read_well():
    assert [in_pounds(n) for n in (3500, 3550, -350, 0)] == ["£35", "£35.50", "−£3.50", "£0"]


# --- the desk ------------------------------------------------------------------------------------


def at_the_desk(role, **scope):
    client = Client()
    client.force_login(staff(f"one-{role}", role, **scope))
    return client


def test_finance_records_a_payment_and_gives_it_back():
    account = an_account()
    client = at_the_desk("finance")
    url = reverse("money:account", args=[account.pk])

    assert "SW26-4K7P" in client.get(reverse("money:owed")).content.decode()
    client.post(
        url, {"do": "payment", "pounds": "70", "method": "bank", "day": timezone.localdate()}
    )
    client.post(url, {"do": "refund", "pounds": "20", "what": "Half a day"})

    assert balance(account).paid == 7000
    order = MoneyRefund.objects.get()
    assert (order.pence, order.by_name) == (2000, "one-finance")
    client.post(url, {"do": "made", "refund": order.pk, "method": "bank", "reference": "BACS 1"})
    assert balance(account).given_back == 2000
    assert (
        AccessLogEntry.objects.filter(action="change", record_type="cms.moneyaccount").count() == 3
    )


def test_more_than_came_is_refused_at_the_desk():
    account = an_account()
    client = at_the_desk("finance")

    answer = client.post(
        reverse("money:account", args=[account.pk]),
        {"do": "refund", "pounds": "1", "what": "Nothing was paid"},
    )

    assert answer.status_code == 422
    assert "There is not so much to give back." in answer.content.decode()


@pytest.mark.parametrize(
    "role", ["centre_admin", "comms_lead", "panellist", "course_leader", "roster_admin"]
)
def test_other_roles_see_no_money(role):
    account = an_account()
    client = at_the_desk(role)

    for url in (
        reverse("money:owed"),
        reverse("money:refunds"),
        reverse("money:export"),
        reverse("money:account", args=[account.pk]),
    ):
        assert client.get(url).status_code in (302, 403)


def test_an_officer_of_another_centre_gets_404(centres):
    account = an_account(centre=centres["east"])
    client = at_the_desk("bookings", centre=centres["west"])

    assert client.get(reverse("money:account", args=[account.pk])).status_code == 404
    assert "SW26-4K7P" not in client.get(reverse("money:owed")).content.decode()


def test_bookings_may_not_take_the_file():
    assert at_the_desk("bookings").get(reverse("money:export")).status_code in (302, 403)


def test_the_file_for_finance_is_safe_and_logged():
    an_account(payer_name="=HYPERLINK(1)")
    client = at_the_desk("finance")

    answer = client.post(
        reverse("money:export"), {"kind": "csv", "reason": "Month end for the ledger"}
    )

    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    assert "'=HYPERLINK(1)" in text
    assert ",7000," in text
    row = AccessLogEntry.objects.get(action="export")
    assert row.detail["reason"] == "Month end for the ledger"


def test_the_tables_triggers_are_there():
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = %s"
            if connection.vendor == "sqlite"
            else "SELECT tgname FROM pg_trigger WHERE tgrelid = %s::regclass AND NOT tgisinternal",
            [apps.get_model("cms.MoneyEntry")._meta.db_table],
        )
        names = {name for (name,) in cursor.fetchall()}

    assert len(names) >= 3
