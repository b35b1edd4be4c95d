"""References that families say aloud: SW26-4K7P. Unguessable, unique, and never a credential.

No vowels, so that no word comes about; none of 0/O, 1/I/L, 2/Z, 5/S, 8/B, U/V mixed up.
"""

import secrets

from django.utils import timezone

from cms.models import CourseDate
from forms.models import FormVersion, Submission

LETTERS = "34679CDFGHJKMNPQRTVWXY"
LENGTH = 4
TRIES = 50


def new_reference(version: FormVersion, offering: CourseDate | None) -> str:
    """One that no submission has. Call it inside the transaction that uses it.

    Begins with the course's code and the year of its date, or with the first letters of the
    form's address and this year. Grows by a letter where the short ones are nearly used up.
    """
    if offering is not None:
        stem = f"{offering.course.code.upper()}{timezone.localtime(offering.starts_at):%y}"
    else:
        words = version.slug.upper().split("-")
        stem = f"{''.join(word[0] for word in words if word)[:4]}{timezone.localdate():%y}"
    for number in range(TRIES):
        length = LENGTH + number // 10
        reference = f"{stem}-{''.join(secrets.choice(LETTERS) for _each in range(length))}"
        if not Submission.objects.filter(reference=reference).exists():
            return reference
    raise RuntimeError("No free reference was found.")
