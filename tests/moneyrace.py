"""What runs inside harness hubs for the races about money: builders, racers, and twins' patches."""

import os
import time
from collections import Counter
from contextlib import nullcontext
from datetime import timedelta

from django.db import connection, connections, transaction
from django.utils import timezone

from cms import places
from cms.models import (
    AcademicYear,
    FundMove,
    HelpClaim,
    HelpFund,
    MoneyAccount,
    MoneyEntry,
    MoneyRefund,
    OnlinePayment,
    Place,
    RemissionRule,
    User,
)
from cms.money import fund as funds
from cms.money import help as helping
from cms.money import ledger, online
from cms.money.providers import Told
from cms.school_year import academic_year
from tests.crash import a_course_date

HELP = 1750


def a_fund(claims):
    """A fund that has so many claims' worth of money, and the rule for them."""
    today = timezone.localdate()
    year = AcademicYear.objects.create(start_year=academic_year(today))
    fund = funds.open_fund(year)
    funds.top_up(fund, claims * HELP, by=User.objects.create_user("ada"))
    RemissionRule.objects.create(
        basis="free-meals", label="Meals", percent=50, valid_from=today - timedelta(days=1)
    )
    return fund.pk


def race(make, numbers):
    """Each in a process of its own, at one moment; how they ended, counted."""
    connections.close_all()
    start, pipes = time.time() + 0.3, []
    for each in numbers:
        read, write = os.pipe()
        if os.fork() == 0:
            time.sleep(max(0, start - time.time()))
            try:
                said = make(each)
            except Exception as problem:
                said = type(problem).__name__
            os.write(write, said.encode())
            os._exit(0)
        os.close(write)
        pipes.append(read)
    total = Counter()
    for pipe in pipes:
        with os.fdopen(pipe) as answer:
            total[answer.read()] += 1
        os.wait()
    return dict(total)


def _ask_for_help(number):
    with scope():
        fund = funds.lock(HelpFund.objects.get().pk)
        waits = not funds.can_promise(fund, HELP)
        account = ledger.open_account(reference=f"SW26-{number:04}", pence=3500)
        rule = RemissionRule.objects.get()
        helping.claim(account, rule, HELP, how="later", fund=fund, waits=waits)
        return "waits" if waits else "promised"


scope = transaction.atomic


def race_for_the_fund(families):
    answers = race(_ask_for_help, range(families))
    moves = FundMove.objects.filter(kind="promise")
    return {
        "answers": answers,
        "promises": moves.count(),
        "claims": HelpClaim.objects.filter(state="claimed").count(),
        "waiting": HelpClaim.objects.filter(state="waiting").count(),
    }


def families_who_pay(number):
    """So many dates with one place, each kept for a family that is paying and about to run out."""
    for each in range(number):
        pk = a_course_date(capacity=1) if not each else _another_date(each)
        holder = f"payer-{each}"
        places.hold(pk, holder=holder, children=1)
        account = ledger.open_account(
            reference=f"SW26-{each:04}",
            pence=3500,
            holder=holder,
            offering=Place.objects.get(holder=holder).course_date,
            pay_by=timezone.now(),
        )
        OnlinePayment.objects.create(
            account=account, provider="test", reference=f"test_{each}", pence=3500
        )
    Place.objects.update(expires_at=timezone.now() - timedelta(seconds=1))


def _another_date(number):
    date = Place.objects.order_by("pk")[0].course_date
    date.pk, date.reference = None, f"sw-x{number}"
    date.save()
    return date.pk


def _pay_or_take(turn):
    number, what = divmod(turn, 3)
    if what == 2:
        date = MoneyAccount.objects.get(reference=f"SW26-{number:04}").offering_id
        with transaction.atomic():
            places.hold(date, holder=f"rival-{number}", children=1)
            places.confirm(f"rival-{number}")
        return "rival"
    told = Told(f"test_{number}", "paid", 3500, paid_as=f"test_{number}")
    online.settle("test", told)
    return "told"


def race_of_payment_against_expiry(number):
    """The bank says twice that a family paid, while a rival takes the place that ran out."""
    answers = race(_pay_or_take, range(number * 3))
    wrong = []
    for account in MoneyAccount.objects.all():
        mine = Place.objects.filter(holder=account.holder, state="confirmed").count()
        rivals = Place.objects.filter(
            course_date_id=account.offering_id, holder__startswith="rival", state="confirmed"
        ).count()
        back = sum(MoneyRefund.objects.filter(account=account).values_list("pence", flat=True))
        paid = sum(
            MoneyEntry.objects.filter(account=account, kind="payment").values_list(
                "pence", flat=True
            )
        )
        if (mine, rivals, paid, back) not in ((1, 0, 3500, 0), (0, 1, 3500, 3500)):
            wrong.append([mine, rivals, paid, back])
    return {"answers": answers, "wrong": wrong}


# --- patches -------------------------------------------------------------------------------------
def slow_fund():
    """A wide moment between looking and promising."""
    look = funds.can_promise

    def slowly(fund, pence):
        enough = look(fund, pence)
        time.sleep(0.2)
        return enough

    funds.can_promise = slowly


def no_fund_lock():
    """A twin: nobody locks the fund; on SQLite a transaction is a lock too, so it goes as well."""
    funds.lock = lambda pk: HelpFund.objects.get(pk=pk)
    if connection.vendor == "sqlite":
        globals()["scope"] = nullcontext


def no_fund_numbers():
    """A twin: the database's own last line is gone. Run it in the hub before the race."""
    gone = list(FundMove._meta.constraints)
    FundMove._meta.constraints.clear()  # SQLite makes the table again from what is left
    with connection.schema_editor() as editor:
        for constraint in gone:
            editor.remove_constraint(FundMove, constraint)


def trust_the_hold():
    """A twin: whoever paid is taken to have the place, whether or not it ran out."""
    online._take_places = lambda account: ""
