"""Who has not arrived: shown first, then told to every contact of the booking, once for a child.

Only on the morning of the day itself, to e-mail addresses that the booking names; telephones are on
the register. A child who is marked as not coming, or is there, is nobody's worry.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from cms import audit, mail
from cms.models import CourseDate, OutboxMessage, User
from forms.models import RegisterLine
from forms.running import marks, roll, words

LATE = timedelta(minutes=15)


class NotNowError(Exception):
    """It is not the morning of the day. The message is a sentence for the team."""


@dataclass
class Missing:
    """A child who has not arrived, and where a letter would go."""

    child: roll.Child
    addresses: list[str]
    is_told: bool = False

    @property
    def key(self) -> str:
        return f"{words.NOT_ARRIVED}-{self.child.place.pk}"


def check_time(date: CourseDate, now: datetime | None = None) -> None:
    """Raises NotNowError before a quarter past the beginning, and from the end of the day on."""
    now = now or timezone.now()
    day = marks.day_of(date, now)
    begins = timezone.localtime(date.starts_at).timetz()
    starts = datetime.combine(day, begins).replace(tzinfo=timezone.get_current_timezone())
    if now < starts + LATE:
        raise NotNowError(_("Wait until fifteen minutes after it begins."))
    if now >= date.ends_at:
        raise NotNowError(_("The course is over. Ring the family instead."))


def missing(date: CourseDate) -> list[Missing]:
    """Everybody who is expected and not signed in. A fixed number of queries."""
    seen = RegisterLine.objects.filter(place__course_date=date, day=marks.day_of(date)).exclude(
        state=RegisterLine.State.EXPECTED
    )
    known = set(seen.values_list("place", flat=True))
    found = [
        Missing(child, roll.addresses_of(child.submission) if child.submission else [])
        for child in roll.children_on(date)
        if child.place.pk not in known
    ]
    keys = {f"{one.key}-0": one for one in found}
    for key in OutboxMessage.objects.filter(key__in=keys).values_list("key", flat=True):
        keys[key].is_told = True
    return found


def tell(date: CourseDate, *, by: User) -> int:
    """Write to every contact of each child who is missing and not told yet; how many children.

    Raises NotNowError.
    """
    check_time(date)
    plan = roll.plan_of(date.course_id)
    with transaction.atomic():
        told = [one for one in missing(date) if one.addresses and not one.is_told]
        for one in told:
            context = words.facts(one.child.submission, date, "") | {
                "child": roll.first_name(one.child, plan)
            }
            for number, address in enumerate(one.addresses):
                mail.queue(
                    words.NOT_ARRIVED,
                    to=address,
                    context=context,
                    key=f"{one.key}-{number}",
                    record=one.child.submission,
                )
        if told:
            audit.record(by, "change", date, {"not_arrived": len(told)})
    return len(told)
