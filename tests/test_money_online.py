"""Paying by card: told twice, late, forged, out of order, or never; and places that wait for it."""

import json
import time
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from cms import jobs, places
from cms.models import (
    Job,
    MoneyAccount,
    MoneyEntry,
    MoneyRefund,
    OnlinePayment,
    OutboxMessage,
    Place,
)
from cms.money import ledger, online, refunds
from cms.money.providers import ForgedError, providers, stripe_checkout, trial
from forms import package
from tests import bank as banks
from tests.journeys import Family, a_course_date, answers_of_a_family, songwriter_package
from tests.test_money_forms import a_form

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def running_bank():
    with banks.a_bank() as bank:
        yield bank


@pytest.fixture
def bank(running_bank, settings):
    running_bank.forget()
    settings.STRIPE_API_BASE = settings.GOVUK_PAY_URL = running_bank.address
    settings.STRIPE_SECRET_KEY = settings.GOVUK_PAY_KEY = banks.SECRET
    settings.STRIPE_WEBHOOK_SECRET = settings.GOVUK_PAY_WEBHOOK_SECRET = banks.SIGNING
    settings.PAY_PROVIDER = "stripe"
    return running_bank


@pytest.fixture
def govuk(bank, settings):
    settings.PAY_PROVIDER = "govuk"
    return bank


def an_account(pence=3500, **more):
    facts = {"reference": "SW26-4K7P", "payer_name": "Rowan", "what": "Songwriter"}
    return ledger.open_account(**facts | {"pence": pence, "payer_email": "r@example.org"} | more)


def deliver(provider, message):
    body, headers = message
    return (
        Client()
        .post(f"/pay/hook/{provider}/", body, content_type="application/json", headers=headers)
        .status_code
    )


def letters():
    return list(OutboxMessage.objects.order_by("pk").values_list("template", flat=True))


def test_a_family_is_sent_to_stripe_and_believed_only_when_stripe_says_so(bank):
    account = an_account()
    client = Client()

    answer = client.post(f"/pay/{account.key}/")
    payment = OnlinePayment.objects.get()
    back = client.get(f"/pay/{account.key}/back/{payment.key}/").content.decode()

    assert answer.status_code == 303
    assert answer["Location"] == "https://checkout.stripe.com/c/pay/cs_test_1"
    assert "We are waiting for the bank" in back
    assert ledger.balance(account).paid == 0

    assert deliver("stripe", banks.stripe_message(bank.pay_session("cs_test_1"))) == 204
    back = client.get(f"/pay/{account.key}/back/{payment.key}/").content.decode()
    assert "We have your payment" in back
    assert ledger.balance(account).owed == 0
    assert letters() == ["money-receipt"]


def test_the_page_lets_its_form_lead_to_the_provider_and_loads_nothing_from_there(bank):
    policy = Client().get(f"/pay/{an_account().key}/")["Content-Security-Policy"]

    parts = dict(part.strip().split(" ", 1) for part in policy.split(";"))
    assert parts["form-action"] == "'self' https://checkout.stripe.com"
    assert "stripe" not in parts["script-src"] + parts["default-src"]


def test_pressed_twice_it_is_one_session(bank):
    account = an_account()
    first, second = online.begin(account), online.begin(account)

    assert first == second
    assert len(bank.sessions) == 1


def test_told_twice_it_is_written_once(bank):
    account = an_account()
    online.begin(account)
    message = banks.stripe_message(bank.pay_session("cs_test_1"))

    assert [deliver("stripe", message) for _ in range(3)] == [204, 204, 204]

    assert ledger.balance(account).paid == 3500
    assert letters() == ["money-receipt"]


def test_twin_without_the_memory_of_payments_the_money_counts_double(bank, monkeypatch):
    account = an_account(7000)
    online.begin(account)
    bank.pay_session("cs_test_1")
    monkeypatch.setattr(online, "is_settled", lambda payment: False)
    monkeypatch.setattr(ledger, "_known", lambda provider, reference: None)
    told = stripe_checkout._told(bank.sessions["cs_test_1"])
    payment = OnlinePayment.objects.get()

    online._paid(payment, told)
    again = type(told)(**{**vars(told), "paid_as": "pi_other"})
    online._paid(payment, again)

    assert ledger.balance(account).paid == 14000


@pytest.mark.parametrize("wrong", ["secret", "old", "changed", "none"])
def test_a_forged_message_of_stripe_is_refused(bank, wrong):
    account = an_account()
    online.begin(account)
    session = bank.pay_session("cs_test_1")
    body, headers = banks.stripe_message(
        session,
        secret="whsec_other" if wrong == "secret" else banks.SIGNING,
        at=time.time() - 4000 if wrong == "old" else None,
    )
    if wrong == "changed":
        body = body.replace(b"3500", b"9500")
    if wrong == "none":
        headers = {}

    assert deliver("stripe", (body, headers)) == 400
    assert ledger.balance(account).paid == 0


def test_twin_with_the_signature_unchecked_a_forged_message_is_money(bank, monkeypatch):
    monkeypatch.setattr(
        stripe_checkout.stripe.WebhookSignature, "verify_header", lambda *args, **more: True
    )
    account = an_account()
    online.begin(account)
    session = bank.pay_session("cs_test_1")

    assert deliver("stripe", banks.stripe_message(session, secret="whsec_other")) == 204
    assert ledger.balance(account).paid == 3500


def test_without_a_secret_nothing_is_believed(bank, settings):
    settings.GOVUK_PAY_WEBHOOK_SECRET = ""
    body, headers = banks.govuk_message({"payment_id": "x"}, secret="")

    with pytest.raises(ForgedError):
        providers["govuk"].read(body, headers)


def test_a_message_that_is_quicker_than_our_own_note_finds_its_payment(bank):
    account = an_account()
    payment = online.begin(account)
    OnlinePayment.objects.update(reference="")

    assert deliver("stripe", banks.stripe_message(bank.pay_session("cs_test_1"))) == 204
    payment.refresh_from_db()
    assert (payment.state, payment.reference) == ("paid", "cs_test_1")


def test_of_a_payment_nobody_knows_stripe_is_asked_to_say_it_again(bank):
    session = {"id": "cs_test_9", "payment_status": "paid", "amount_total": 1}

    assert deliver("stripe", banks.stripe_message(session)) == 404


def test_a_late_expired_after_paid_changes_nothing(bank):
    account = an_account()
    payment = online.begin(account)
    deliver("stripe", banks.stripe_message(bank.pay_session("cs_test_1")))
    old = bank.sessions["cs_test_1"] | {"status": "expired", "payment_status": "unpaid"}

    assert deliver("stripe", banks.stripe_message(old, "checkout.session.expired")) == 204
    payment.refresh_from_db()
    assert payment.state == "paid"


def test_a_message_that_never_came_is_asked_for(bank):
    account = an_account()
    online.begin(account)
    OnlinePayment.objects.update(began_at=timezone.now() - timedelta(minutes=10))
    bank.pay_session("cs_test_1")

    run("money.ask_provider")

    assert ledger.balance(account).owed == 0


def run(kind, key="test"):
    job = Job.objects.create(kind=kind, key=f"{kind}-{key}", not_before=timezone.now())
    jobs.run_job.call_local(job.pk)
    job.refresh_from_db()
    assert job.state == "done", job.problem


def test_when_the_provider_is_down_nothing_is_lost(bank):
    account = an_account()
    bank.is_down = True
    answer = Client().post(f"/pay/{account.key}/")
    bank.is_down = False

    assert answer.status_code == 503
    assert "You have paid nothing" in answer.content.decode()
    assert Client().post(f"/pay/{account.key}/").status_code == 303


def test_paid_twice_one_of_the_two_goes_back(bank):
    account = an_account()
    online.begin(account)
    ledger.take_payment(account, 3500, method="bank")

    deliver("stripe", banks.stripe_message(bank.pay_session("cs_test_1")))

    order = MoneyRefund.objects.get()
    assert (order.pence, order.method) == (3500, "card")


def send_refunds():
    for job in Job.objects.filter(kind=refunds.JOB, state="ready"):
        jobs.run_job.call_local(job.pk)


def test_a_refund_by_card_is_made_once_however_often_it_is_asked(bank):
    account = an_account()
    online.begin(account)
    deliver("stripe", banks.stripe_message(bank.pay_session("cs_test_1")))
    (order,) = refunds.refund(account, 1500, by=None, why="Ill")

    refunds.senders["stripe"](order)  # sent, and then the process died
    send_refunds()

    order.refresh_from_db()
    assert (order.state, order.entry.provider_reference) == ("made", "re_test_1")
    assert bank.refunds == [("pi_test_1", 1500)]
    assert ledger.balance(account).given_back == 1500


# --- GOV.UK Pay ----------------------------------------------------------------------------------


def paid_by_govuk(bank, name="govpay1"):
    bank.payments[name]["state"] = {"status": "success", "finished": True}
    return bank.payments[name]


def test_gov_uk_pay_from_the_first_page_to_the_refund(govuk):
    account = an_account()
    answer = Client().post(f"/pay/{account.key}/")
    assert answer["Location"] == "https://www.payments.service.gov.uk/secure/govpay1"

    assert deliver("govuk", banks.govuk_message(paid_by_govuk(govuk))) == 204
    assert ledger.balance(account).owed == 0
    (order,) = refunds.refund(account, 1000, by=None, why="Ill")
    refunds.senders["govuk"](order)  # sent, and then the process died
    send_refunds()

    order.refresh_from_db()
    assert (order.state, govuk.refunds) == ("made", [("govpay1", 1000)])


def test_a_forged_message_of_gov_uk_pay_is_refused(govuk):
    account = an_account()
    online.begin(account)

    assert deliver("govuk", banks.govuk_message(paid_by_govuk(govuk), secret="other")) == 400
    assert ledger.balance(account).paid == 0


@pytest.mark.parametrize(
    ("code", "state"), [("P0020", "expired"), ("P0030", "cancelled"), ("P0010", "failed")]
)
def test_why_a_payment_was_not_made(govuk, code, state):
    account = an_account()
    payment = online.begin(account)
    govuk.payments["govpay1"]["state"] = {"status": "failed", "finished": True, "code": code}

    assert online.ask(payment).state == state
    page = Client().get(f"/pay/{account.key}/back/{payment.key}/").content.decode()
    assert "No money was taken" in page


# --- places that wait for the money --------------------------------------------------------------


def a_waiting_family(capacity=1):
    """A family that has sent a form that is paid at once: its account; the places are kept."""
    a_form(when="now", minutes=30)
    a_course_date(capacity=capacity)
    family = Family()
    family.start()
    family.walk(answers_of_a_family())
    page = family.send()
    return MoneyAccount.objects.get(), page


def states():
    return sorted(Place.objects.values_list("state", flat=True))


def run_out():
    Place.objects.filter(state="held").update(expires_at=timezone.now() - timedelta(minutes=1))
    MoneyAccount.objects.update(pay_by=timezone.now() - timedelta(minutes=10))


def test_places_wait_for_the_money_and_are_theirs_when_it_comes(bank):
    account, page = a_waiting_family()

    assert states() == ["held"]
    assert "We keep your places until" in page.text
    assert page.links("Pay now") == [f"/pay/{account.key}/"]
    online.begin(account)
    deliver("stripe", banks.stripe_message(bank.pay_session("cs_test_1")))
    account.refresh_from_db()
    assert (states(), account.pay_by) == (["confirmed"], None)


def test_without_a_provider_nobody_loses_a_place(settings):
    account, _page = a_waiting_family()

    assert (states(), account.pay_by) == (["confirmed"], None)


def test_late_money_still_gets_the_place_while_there_is_room(bank):
    account, _page = a_waiting_family()
    online.begin(account)
    run_out()

    deliver("stripe", banks.stripe_message(bank.pay_session("cs_test_1")))

    assert states() == ["confirmed"]
    assert not MoneyRefund.objects.exists()


def test_late_money_for_a_place_that_has_gone_goes_back_with_a_kind_letter(bank):
    account, _page = a_waiting_family()
    payment = online.begin(account)
    run_out()
    places.hold(account.offering_id, holder="another family", children=1)
    message = banks.stripe_message(bank.pay_session("cs_test_1"))

    assert [deliver("stripe", message), deliver("stripe", message)] == [204, 204]

    assert MoneyRefund.objects.get().pence == 3500
    assert letters()[-2:] == ["money-receipt", "money-too-late"]
    assert Place.objects.filter(holder=account.holder).get().state == "lapsed"
    assert ledger.balance(account).cost == 0
    send_refunds()
    assert bank.refunds == [("pi_test_1", 3500)]
    page = Client().get(f"/pay/{account.key}/back/{payment.key}/").content.decode()
    assert "we are sending your money back" in page


def test_the_place_that_comes_free_between_two_messages_is_not_taken_without_money(bank):
    account, _page = a_waiting_family()
    online.begin(account)
    run_out()
    places.hold(account.offering_id, holder="another family", children=1)
    message = banks.stripe_message(bank.pay_session("cs_test_1"))
    deliver("stripe", message)
    places.release("another family")

    deliver("stripe", message)

    assert "confirmed" not in states()


def test_nobody_begins_to_pay_for_a_place_that_has_gone(bank):
    account, _page = a_waiting_family()
    run_out()
    places.hold(account.offering_id, holder="another family", children=1)

    answer = Client().post(f"/pay/{account.key}/")

    assert answer.status_code == 409
    assert "The places have gone" in answer.content.decode()
    assert not bank.sessions


def test_places_that_an_officer_confirmed_wait_for_nothing(bank):
    account, _page = a_waiting_family()
    places.confirm(account.holder)

    assert Client().post(f"/pay/{account.key}/").status_code == 303
    account.refresh_from_db()
    assert account.pay_by is None


def test_whoever_does_not_pay_in_time_is_told_once(bank):
    account, _page = a_waiting_family()
    run_out()

    run("money.let_go", "one")
    run("money.let_go", "two")

    assert letters().count("money-let-go") == 1
    assert not MoneyAccount.objects.with_sums().filter(pk=account.pk, pay_by=None).exists()


# --- the provider for trying out -----------------------------------------------------------------


def test_the_bank_for_trying_out_behaves_like_the_others(settings):
    settings.PAY_PROVIDER = "test"
    settings.SITE_URL = settings.WAGTAILADMIN_BASE_URL = "http://testserver"
    account = an_account()
    client = Client()
    there = client.post(f"/pay/{account.key}/")["Location"]
    path = "/" + there.split("/", 3)[3]

    assert "No money moves" in client.get(path).content.decode()
    back = client.post(path, {"outcome": "paid"})["Location"]
    job = Job.objects.get(kind=trial.JOB)
    jobs.run_job.call_local(job.pk)

    assert "We have your payment" in client.get("/" + back.split("/", 3)[3]).content.decode()
    assert ledger.balance(account).owed == 0
    forged = json.dumps({"reference": "x", "state": "paid"}).encode()
    assert deliver("test", (forged, {trial.SIGNATURE: "0" * 64})) == 400


def test_there_is_no_such_page_on_a_hub_that_takes_money(bank):
    assert Client().get("/pay/test/test_x/").status_code == 404


# --- the family's pages --------------------------------------------------------------------------


def test_a_receipt_names_the_payment_and_nothing_private(bank):
    account = an_account()
    entry = ledger.take_payment(account, 3500, method="cheque", reference="000123")

    answer = Client().get(reverse("pay:receipt", args=[account.key, entry.number]))

    page = answer.content.decode()
    assert "SW26-4K7P/2" in page
    assert "000123" in page
    assert answer["Cache-Control"] == "private, no-store"
    assert MoneyEntry.objects.count() == 2


@pytest.mark.parametrize("path", ["/pay/guess/", "/pay/guess/back/x/", "/pay/guess/receipt/1/"])
def test_a_guessed_address_is_no_page(bank, path):
    assert Client().get(path).status_code == 404


def test_the_packaged_course_form_is_paid_at_once_where_cards_are_taken(settings):
    settings.PAY_PROVIDER = "test"
    settings.SITE_URL = settings.WAGTAILADMIN_BASE_URL = "http://testserver"
    data = songwriter_package()
    data["form"]["settings"]["payment"] = {"when": "now", "minutes": 30}
    package.load(data, publish=True)
    a_course_date()
    family = Family()
    family.start()
    family.walk(answers_of_a_family(children=2))
    done = family.send()
    (pay,) = done.links("Pay now")
    assert states() == ["held", "held"]
    assert "You need do nothing" not in done.text and "When you have paid" in done.text

    client = Client()
    there = "/" + client.post(pay)["Location"].split("/", 3)[3]
    back = "/" + client.post(there, {"outcome": "paid"})["Location"].split("/", 3)[3]
    jobs.run_job.call_local(Job.objects.get(kind=trial.JOB).pk)

    assert "We have your payment" in client.get(back).content.decode()
    assert states() == ["confirmed", "confirmed"]
    assert ledger.balance(MoneyAccount.objects.get()).owed == 0
