"""What a course date says of itself in words."""

from django import template

from cms.ladder import ladder_of, ladder_words
from cms.models import CourseDate

register = template.Library()


@register.filter
def refunds(date: CourseDate) -> list[str]:
    """What a family that cancels gets back, a sentence for each step."""
    return ladder_words(ladder_of(date))
