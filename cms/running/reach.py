"""Which course dates somebody may look after: by role and scope, never by the address alone."""

from django.db.models import Q, QuerySet

from cms.access import held_by
from cms.models import CourseDate, User

LIST, CHANGE, EXPORT = "cms.list_place", "cms.change_coursedate", "cms.export_place"


def dates_for(user: User, permission: str = LIST) -> QuerySet[CourseDate]:
    """The course dates within the scopes of this user's roles that carry the permission."""
    if not user.is_active:
        return CourseDate.objects.none()
    if user.is_superuser:
        return CourseDate.objects.all()
    within = Q(pk=None)
    for held in held_by(user):
        if permission in held.permissions:
            if held.is_whole_hub:
                return CourseDate.objects.all()
            within |= Q(centre=held.centre) if held.centre else Q(centre__area=held.area)
    return CourseDate.objects.filter(within)


def may_call_off(user: User, date: CourseDate) -> bool:
    """Whether this user runs bookings there: may change the date, and list who is booked."""
    return all(dates_for(user, one).filter(pk=date.pk).exists() for one in (LIST, CHANGE))
