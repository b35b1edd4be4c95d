"""A hub with money in it, for looking at: built inside a harness hub."""

from datetime import timedelta
from importlib import import_module

from django.conf import settings
from django.contrib.auth import get_user_model
from django.utils import timezone

from cms.models import AcademicYear, HelpClaim, MoneyAccount, RemissionRule
from cms.money import fund as funds
from cms.money import ledger, refunds
from cms.school_year import academic_year
from tests.test_money_help import claimed
from workflows.models import Case


def fill():
    """What there is to look at: `{session, pages: {name: path}}`."""
    admin = get_user_model().objects.create_superuser("admin", "admin@example.org", "x")
    store = import_module(settings.SESSION_ENGINE).SessionStore()
    store["_auth_user_id"] = str(admin.pk)
    store["_auth_user_backend"] = "django.contrib.auth.backends.ModelBackend"
    store["_auth_user_hash"] = admin.get_session_auth_hash()
    store.save()
    today = timezone.localdate()
    for number, (basis, label, percent) in enumerate(
        [
            ("free-meals", "A child gets free school meals", 50),
            ("in-care", "A child is in care, or was", 100),
        ]
    ):
        RemissionRule.objects.create(
            basis=basis,
            label=label,
            percent=percent,
            position=number,
            valid_from=today - timedelta(days=100),
        )
    year = AcademicYear.objects.get_or_create(start_year=academic_year(today))[0]
    fund = funds.open_fund(year)
    funds.top_up(fund, 8000, by=admin)
    claims = [claimed(basis)[1] for basis in ("free-meals", "in-care", "in-care", "free-meals")]
    paid, owed = claims[1].account, claims[0].account
    ledger.charge(paid, 2000, "Lunch", by=admin)
    ledger.take_payment(paid, 2000, method="bank", reference="BACS 4711", by=admin)
    refunds.refund(paid, 500, by=admin, why="Left at noon")
    MoneyAccount.objects.filter(pk=claims[3].account.pk).update(due_on=today - timedelta(days=3))
    MoneyAccount.objects.filter(pk=owed.pk).update(pay_by=timezone.now() + timedelta(minutes=20))
    case = Case.objects.get(reference=paid.reference)
    claim = HelpClaim.objects.get(account=owed)
    return {
        "session": store.session_key,
        "pages": {
            "pay": f"/pay/{owed.key}/",
            "receipt": f"/pay/{paid.key}/receipt/4/",
            "paid": f"/pay/{paid.key}/",
            "owed": "/admin/money/?state=all",
            "account": f"/admin/money/{paid.pk}/",
            "refunds": "/admin/money/refunds/",
            "claims": "/admin/help-with-costs/",
            "claim": f"/admin/help-with-costs/{claim.pk}/",
            "funds": "/admin/help-with-costs/funds/",
            "case": f"/admin/cases/{case.pk}/",
        },
    }
