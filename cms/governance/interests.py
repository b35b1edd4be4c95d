"""The register of interests: members declare, end, and confirm once a year that it is complete.

Meetings show what their board's members have declared. Nothing is ever changed after it was
declared: what is over gets a last day.
"""

from datetime import date, timedelta

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from cms import audit, clock, jobs, mail
from cms.models import Board, Interest, InterestCheck, Partner, User

from . import boards

DUE, KIND = "interests-due", "cms.interests_by_night"
COUNTS_DAYS, AGAIN_DAYS = 365, 30

mail.declare(
    DUE,
    name="Board member: please confirm your interests",
    subject="Please confirm your interests",
    body=(
        "Once a year, everybody who sits on one of our boards says which interests they have, "
        "or that nothing has changed.\n\n[Open the register]({{ link }})\n\n"
        "Meetings see who has not confirmed yet.\n"
    ),
    placeholders={"link": "/admin/boards/interests/"},
)


def declare(user: User, words: str, *, partner: Partner | None = None) -> Interest:
    """Add an interest to the user's own."""
    with transaction.atomic():
        row = Interest.objects.create(user=user, words=words.strip(), partner=partner)
        audit.record(user, "add", row)
    return row


def end(user: User, pk: int) -> None:
    """Say that one of the user's own is over. Twice is once."""
    with transaction.atomic():
        mine = Interest.objects.filter(user=user, pk=pk, ended_on=None)
        if mine.update(ended_on=timezone.localdate()):
            audit.record(user, "change", Interest, {"ended": pk})


def confirm(user: User) -> None:
    """Say that the register is complete, today."""
    with transaction.atomic():
        InterestCheck.objects.update_or_create(
            user=user, defaults={"confirmed_on": timezone.localdate(), "reminded_on": None}
        )
        audit.record(user, "sign", Interest, {"confirmed": True})


def is_confirmed(user: User, today: date | None = None) -> bool:
    """Whether the user confirmed within a year."""
    today = today or timezone.localdate()
    check = InterestCheck.objects.filter(user=user).first()
    return bool(
        check and check.confirmed_on and check.confirmed_on > today - timedelta(days=COUNTS_DAYS)
    )


def held(user: AbstractBaseUser, on: date | None = None) -> QuerySet[Interest]:
    """What the user has declared and had on that day."""
    on = on or timezone.localdate()
    still = Q(ended_on=None) | Q(ended_on__gt=on)
    return Interest.objects.filter(still, user=user, declared_on__lte=on).select_related("partner")


def of_board(board: Board, on: date | None = None) -> list[dict]:
    """`[{seat, interests, is_confirmed}]` of everybody who sits on it now."""
    seats = boards.seats_now().filter(board=board).select_related("user")
    return [
        {
            "seat": seat,
            "interests": list(held(seat.user, on)),
            "is_confirmed": is_confirmed(seat.user),
        }
        for seat in seats
    ]


def remind(today: date) -> int:
    """Write to members who have not confirmed for a year, each month until they do; how many."""
    members = User.objects.filter(pk__in=boards.seats_now().values("user")).exclude(email="")
    sent = 0
    for user in members:
        check, _made = InterestCheck.objects.get_or_create(user=user)
        asked = check.reminded_on
        if is_confirmed(user, today) or (asked and asked > today - timedelta(days=AGAIN_DAYS)):
            continue
        InterestCheck.objects.filter(pk=check.pk).update(reminded_on=today)
        mail.queue(DUE, to=user.email, context={"link": "/admin/boards/interests/"},
                   key=f"{DUE}-{user.pk}-{today:%Y%m%d}")  # fmt: skip
        sent += 1
    return sent


@jobs.handlers(KIND)
def by_night(run: jobs.JobRun) -> None:
    with run.finish():
        remind(timezone.localdate())


clock.daily(KIND, at="06:40")
