"""Numbers of public registers as they publish them: charities, companies, schools, the ICO.

Only the form of a number is checked; whether it is anybody's, staff look up. Sources: the Charity
Commission (six or seven digits), OSCR (SC and six digits), the Charity Commission for Northern
Ireland (NIC and six digits), Companies House (eight characters, two letters at most before the
digits), the register of schools (URN, six digits), the Information Commissioner's register of fee
payers (eight characters that begin with Z, the last one a digit or X).
"""

import re

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy

REGISTERS = {
    "charity": gettext_lazy("Charity number"),
    "company": gettext_lazy("Company number"),
    "school": gettext_lazy("School URN"),
    "ico": gettext_lazy("ICO registration number"),
}
SHAPES = {
    "charity": re.compile(r"[1-9]\d{5,6}|SC\d{6}|NIC\d{6}"),
    "company": re.compile(r"\d{8}|[A-Z]{2}\d{6}|R\d{7}"),
    "school": re.compile(r"[1-9]\d{5}"),
    "ico": re.compile(r"Z[A-Z0-9]\d{5}[0-9X]"),
}
EXAMPLES = {
    "charity": "1234567",
    "company": "01234567",
    "school": "123456",
    "ico": "ZA123456",
}
PROBLEMS = {
    "charity": gettext_lazy(
        "Enter a charity number, like 1234567 in England and Wales, SC012345 in Scotland or "
        "NIC123456 in Northern Ireland"
    ),
    "company": gettext_lazy("Enter a company number of 8 characters, like 01234567 or SC123456"),
    "school": gettext_lazy("Enter the school's URN, which is 6 numbers, like 123456"),
    "ico": gettext_lazy("Enter an ICO registration number of 8 characters, like ZA123456"),
}


def as_registered(register: str, text: str) -> str:
    """The number as its register writes it: "sc 012345" -> "SC012345". Raises ValidationError.

    Seven digits of a company are what spreadsheets leave of eight: the nought comes back.
    """
    number = re.sub(r"[\s./-]", "", text).upper()
    if register == "company" and re.fullmatch(r"\d{6,7}", number):
        number = number.zfill(8)
    if not (number.isascii() and SHAPES[register].fullmatch(number)):
        raise ValidationError(str(PROBLEMS[register]), code="invalid")
    return number
