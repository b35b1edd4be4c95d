"""What a course date says of itself in words."""

from django import template
from django.urls import reverse
from django.utils import timezone

from cms.ladder import ladder_of, ladder_words
from cms.models import Course, CourseDate, User

register = template.Library()


@register.filter
def coming_dates(course: Course) -> list[CourseDate]:
    """The dates of a course still to come, drafts and cancelled ones too, with places left."""
    rows = CourseDate.objects.with_places().select_related("course", "centre")
    return list(rows.filter(course=course, ends_at__gt=timezone.now()).order_by("starts_at")[:40])


@register.filter
def may(user: User, permission: str) -> bool:
    """Whether somebody has a permission."""
    return user.has_perm(permission)


@register.filter
def edit_url(date: CourseDate) -> str:
    """Where staff edit a date."""
    return reverse(date.snippet_viewset.get_url_name("edit"), args=[date.pk])


@register.filter
def refunds(date: CourseDate) -> list[str]:
    """What a family that cancels gets back, a sentence for each step."""
    return ladder_words(ladder_of(date))
