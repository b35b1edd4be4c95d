"""Who may open a register, and when: the date's own team, from a day before to a day after.

Nobody else, whatever their role: not the office, and no superuser who is not on the team. Whoever
leads on safeguarding for that place is part of each team. Out of reach and out of time are one
answer, a kind 404, so that an address tells nothing.
"""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, QuerySet
from django.utils import timezone

from cms.access import held_by
from cms.menus import AskedLately
from cms.models import CourseDate, User
from cms.roles import ROLES
from forms.models import TeamMember
from forms.models.running import AFTER, BEFORE

SAFEGUARDING = "safeguarding_lead"


@dataclass(frozen=True)
class Seat:
    """What somebody is on a date's team. `sees_all`: who must not collect a child, too."""

    part: str

    @property
    def sees_all(self) -> bool:
        return self.part in (TeamMember.Part.LEAD, SAFEGUARDING)


def window_of(date: CourseDate) -> tuple[datetime, datetime]:
    """From when until when its register can be opened."""
    return date.starts_at - BEFORE, date.ends_at + AFTER


def is_open(date: CourseDate, now: datetime | None = None) -> bool:
    opens, closes = window_of(date)
    return opens <= (now or timezone.now()) < closes and date.status == CourseDate.Status.OPEN


def seat_of(user: User, date: CourseDate) -> Seat | None:
    """This person's part in the date's team, or None."""
    if not user.is_active:
        return None
    member = TeamMember.objects.filter(course_date=date, user=user).first()
    if member and member.part == TeamMember.Part.LEAD:
        return Seat(member.part)
    if _leads_safeguarding(user, date):
        return Seat(SAFEGUARDING)
    return Seat(member.part) if member else None


def _leads_safeguarding(user: User, date: CourseDate) -> bool:
    label = str(ROLES[SAFEGUARDING].label)
    return any(
        held.role == label
        and (
            held.is_whole_hub
            or held.centre == date.centre_id
            or (held.area and held.area == date.centre.area_id)
        )
        for held in held_by(user)
    )


def open_registers(user: User) -> QuerySet[CourseDate]:
    """The dates whose register this person can open now, the next first."""
    now = timezone.now()
    there = CourseDate.objects.filter(
        starts_at__lte=now + BEFORE, ends_at__gt=now - AFTER, status=CourseDate.Status.OPEN
    ).select_related("course", "centre__area")
    mine = Q(team__user=user)
    label = str(ROLES[SAFEGUARDING].label)
    for held in held_by(user):
        if held.role == label:
            mine |= (
                Q(pk__isnull=False)
                if held.is_whole_hub
                else Q(centre=held.centre)
                if held.centre
                else Q(centre__area=held.area)
            )
    return there.filter(mine).distinct().order_by("starts_at")


has_register = AskedLately("register", lambda user: open_registers(user).exists(), of=TeamMember)


def register_for(user: User, pk: int) -> tuple[CourseDate, Seat] | None:
    """The date and this person's part, when its register is theirs and open; else None."""
    date = CourseDate.objects.select_related("course", "centre__area").filter(pk=pk).first()
    if date is None or not is_open(date):
        return None
    seat = seat_of(user, date)
    return (date, seat) if seat else None
