"""Pence in templates: `{{ account.owed|money }}`."""

from django import template

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
