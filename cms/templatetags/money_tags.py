"""Pence in templates: `{{ account.owed|money }}`."""

from datetime import datetime

from django import template
from django.utils import timezone

from cms.money.amounts import in_pounds

register = template.Library()


@register.filter
def money(pence: int | None) -> str:
    """3550 -> £35.50; nothing for None."""
    return "" if pence is None else in_pounds(pence)


@register.simple_tag
def cost(row: object) -> str:
    """What an account with sums costs after what was taken off."""
    return in_pounds(row.charged - row.credited)


@register.simple_tag
def kept(row: object) -> str:
    """What the hub has of an account's money."""
    return in_pounds(row.paid - row.given_back)


@register.filter
def by_the_clock(moment: datetime) -> str:
    """11:48pm, as the clock on the wall says."""
    local = timezone.localtime(moment)
    return f"{local:%I:%M%p}".lstrip("0").lower()
