"""The demo hub's bookings: dates that filled, money that adds up, who waits, and no letter sent."""

import pytest
from django.utils import timezone

from cms.demo_users import demo_logins
from cms.models import (
    CourseDate,
    HelpClaim,
    MoneyAccount,
    MoneyRefund,
    OutboxMessage,
    Place,
    RemissionRule,
    User,
)
from cms.money import ledger
from forms import demo_bookings, demo_money, package
from forms.models import FormDefinition, Submission
from forms.running import figures, reach
from tests.journeys import a_course_date, songwriter_package
from workflows.models import ListEntry, Offer

pytestmark = pytest.mark.django_db


@pytest.fixture
def loaded():
    today = timezone.localdate()
    demo_money.load(today)
    assert RemissionRule.objects.exists()
    package.load(demo_money.with_money(songwriter_package()), publish=True)
    opened = timezone.now() - timezone.timedelta(days=30)
    for number in range(2):
        a_course_date(reference=f"SW-{number}", booking_opens_at=opened)
    demo_logins("a-long-demo-password")
    return demo_bookings.load(today)


def test_the_demo_shows_every_side_of_a_course(loaded):
    full, _second = CourseDate.objects.filter(reference__in=["SW-0", "SW-1"]).order_by("reference")
    board = figures.of_dates([full])[0]

    assert loaded == Submission.objects.count() > 10
    assert board.sold + board.offered == board.capacity == 20
    assert board.schools and board.years and board.helped
    assert min(board.minutes) < 5 < max(board.minutes)
    assert {"approved", "refused", "claimed"} >= set(
        HelpClaim.objects.values_list("state", flat=True)
    )
    assert MoneyRefund.objects.exists() or MoneyAccount.objects.exists()
    assert ListEntry.objects.count() == 3
    assert Offer.objects.filter(state="live").count() == 1
    assert Place.objects.filter(state="offered").exists()
    for account in MoneyAccount.objects.all():
        assert ledger.balance(account).kept >= 0
    assert not OutboxMessage.objects.exists()


def test_its_register_is_open_to_its_team_now_and_a_second_load_adds_nothing(loaded):
    lead = User.objects.get(username="course-lead")
    (tomorrow,) = reach.open_registers(lead)

    assert tomorrow.reference.startswith("sw-tomorrow-")
    assert Place.objects.filter(course_date=tomorrow, state="confirmed").count() == 9
    assert demo_bookings.load(timezone.localdate()) == 0


def test_afterwards_the_course_is_paid_at_once_and_those_bookings_stay(loaded):
    confirmed = Place.objects.filter(state="confirmed").count()

    demo_money.pay_at_once()

    form = FormDefinition.objects.get(slug=demo_money.FORM)
    said = form.current_version.compiled["settings"]["payment"]
    assert said == {"when": "now", "minutes": 30}
    assert Place.objects.filter(state="confirmed").count() == confirmed
    assert demo_bookings.load(timezone.localdate()) == 0
