"""Pence as people read them, and amounts as people type them."""

import re

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

TYPED = re.compile(r"£?\s*(\d{1,3}(?:,\d{3})+|\d{1,7})(?:\.(\d{2}))?")


def in_pounds(pence: int) -> str:
    """3500 -> £35, 3550 -> £35.50, -350 -> −£3.50."""
    sign, (pounds, rest) = "−" if pence < 0 else "", divmod(abs(pence), 100)
    return f"{sign}£{pounds:,}.{rest:02d}" if rest else f"{sign}£{pounds:,}"


def to_pence(text: str) -> int:
    """ "£35", "35.50", "1,200" -> whole pence above zero. Raises ValidationError."""
    found = TYPED.fullmatch(text.strip())
    pence = int(found[1].replace(",", "")) * 100 + int(found[2] or 0) if found else 0
    if pence < 1:
        raise ValidationError(_("Enter an amount in pounds, like 35 or 35.50"))
    return pence
