"""Money of what is sent through a form: opened, seen, told of, given back, forgotten."""

import copy

import pytest
from django.test import Client
from django.urls import reverse

from cms.models import MoneyAccount, MoneyRefund, OutboxMessage
from cms.money import ledger
from forms import forgetting
from forms.models import Submission
from tests.casework import run_until_over
from tests.journeys import (
    Family,
    a_course_date,
    answers_of_a_family,
    publish_form,
    songwriter_package,
)
from tests.test_cms_scoping import staff
from workflows.engine import perform
from workflows.models import Case, CaseEvent

pytestmark = pytest.mark.django_db


def a_form(**payment):
    data = copy.deepcopy(songwriter_package())
    data["form"]["settings"] = {"payment": payment} if payment else {}
    for stage in data["workflow"]["stages"]:
        for button in stage["buttons"]:
            if button["key"] == "cancel":
                button["actions"] = [{"type": "release_place"}, {"type": "refund_by_ladder"}]
    return publish_form(data["form"], data["workflow"], emails=data["emails"])


def sent(children=1, **payment):
    """A family that has sent the form; its submission and the account."""
    a_form(**payment)
    if not MoneyAccount.objects.exists():
        a_course_date()
    family = Family()
    family.start()
    family.walk(answers_of_a_family(children=children))
    family.send()
    submission = Submission.objects.order_by("-pk")[0]
    return submission, ledger.of_reference(submission.reference)


def case_page(submission, role):
    client = Client()
    client.force_login(staff(f"one-{role}", role))
    case = Case.objects.get(reference=submission.reference)
    return client.get(reverse("cases:case", args=[case.pk])).content.decode()


def test_sending_a_form_with_a_price_opens_an_account_for_what_the_family_saw():
    submission, account = sent(children=2)

    assert ledger.balance(account).owed == submission.price["pence"] == 6650
    assert (account.payer_email, account.due_on) == ("rowan.ashdown@example.org", None)
    assert not OutboxMessage.objects.filter(template="money-bill").exists()


def test_a_form_that_is_paid_later_sends_the_bill():
    _submission, account = sent(when="later", due_days=7)

    bill = OutboxMessage.objects.get(template="money-bill")
    assert (bill.subject, account.due_on is not None) == (
        f"To pay for {account.reference}: £35",
        True,
    )
    assert f"/pay/{account.key}/" in bill.text


def test_the_case_shows_its_money_to_those_who_may_see_it():
    submission, account = sent()

    link = reverse("money:account", args=[account.pk])
    assert link in case_page(submission, "bookings")
    assert link not in case_page(submission, "centre_admin")


def test_a_payment_is_a_line_of_the_case():
    submission, account = sent()
    ledger.take_payment(account, 3500, method="cheque")

    case = Case.objects.get(reference=submission.reference)
    assert case.events.filter(kind=CaseEvent.Kind.NOTE).get().summary == "Paid: £35, Cheque"


def test_cancelling_a_case_gives_back_by_the_ladder_in_the_name_of_the_officer(officer):
    submission, account = sent()
    ledger.take_payment(account, 3500, method="bank")
    case = Case.objects.get(reference=submission.reference)

    event = perform(case.pk, "cancel", by=officer, comment="They moved away")
    run_until_over(event)

    order = MoneyRefund.objects.get()
    assert (order.pence, order.by_name, order.why) == (1750, str(officer), "Cancelled")


def test_forgetting_a_family_keeps_the_rows_and_nothing_of_whom():
    submission, account = sent(when="later")
    case = Case.objects.get(reference=submission.reference)

    forgetting.anonymise(submission, case, because={})

    account.refresh_from_db()
    assert (account.payer_name, account.payer_email) == ("", "")
    assert account.reference.startswith("ANON-")
    assert account.entries.count() == 1
    assert not OutboxMessage.objects.filter(record_type="cms.moneyaccount").exists()
