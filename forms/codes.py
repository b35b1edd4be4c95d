"""Whether a code that a family typed may be used, and that it was.

Looked up again whenever a price is worked out: a code that ended or was used up meanwhile takes
nothing off, and the family is shown the new price before anything is sent. At sending, the code's
row is locked, so that its last use goes to one family. No code is ever logged.
"""

from collections.abc import Mapping
from datetime import date

from django.db.models import Count, Q
from django.utils import timezone

from forms.amounts import CodeTerms
from forms.models import FormVersion, PriceCode, PriceCodeUse, Submission
from forms.models.codes import plain_code


def find(form_id: int, text: str, *, today: date | None = None) -> PriceCode | None:
    """The code of this form that may be used today and has a use left. One query."""
    if not plain_code(text):
        return None
    today = today or timezone.localdate()
    found = (
        PriceCode.objects.filter(form=form_id, code=plain_code(text))
        .filter(Q(valid_from=None) | Q(valid_from__lte=today))
        .filter(Q(valid_until=None) | Q(valid_until__gte=today))
        .annotate(times_used=Count("used"))
        .first()
    )
    return found if found and (found.uses is None or found.times_used < found.uses) else None


def given(version: FormVersion, answers: Mapping, *, lock: bool = False) -> PriceCode | None:
    """The code in these visible answers, when it may be used. `lock` holds it until the end of the
    transaction; whoever locks it has locked the journey before."""
    question = ((version.compiled.get("pricing") or {}).get("codes") or {}).get("question")
    text = answers.get(question) if question else None
    if not text:
        return None
    if lock:
        rows = PriceCode.objects.select_for_update().filter(form=version.form_id)
        list(rows.filter(code=plain_code(text)))
    return find(version.form_id, text)


def terms(code: PriceCode | None) -> CodeTerms | None:
    return CodeTerms(percent=code.percent or 0, pence=code.pence or 0) if code else None


def note_use(code: PriceCode, submission: Submission) -> None:
    """Count one use. The code is locked; the number makes the database refuse one too many."""
    PriceCodeUse.objects.create(code=code, number=code.times_used + 1, submission=submission)
