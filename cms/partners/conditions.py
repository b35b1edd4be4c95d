"""Conditions of a board's decision: set with a day, met or waived by staff, reminded of till then.

Setting and ending one is part of the partner's history, which says that and not the words: those
stand on the passport and on the staff's desk alone, and in no letter.
"""

import re
from collections.abc import Iterable
from datetime import date, timedelta

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from cms import audit
from cms.models import Partner, PartnerCondition

from . import letters, standing

REMIND_AT = (-1, 7, 30)  # days before its day; the day after it was due, staff are told too
USUAL_DAYS = 90
State = PartnerCondition.State
MONTHS = "january february march april may june july august september october november december"
BY = re.compile(r"[\s,;:(]+by (\d{1,2}) ([a-z]+) (\d{4})\)?\.?$", re.IGNORECASE)


class ConditionProblemError(ValueError):
    """It cannot be set or ended so. The message is a sentence that staff will read."""


def read(words: str, *, days: int = USUAL_DAYS) -> list[tuple[str, date]]:
    """Conditions written a line each, `[(words, day)]`.

    A line may end in its day, such as "Send the new policy by 1 March 2027"; else it is in `days`.
    """
    usual, found = timezone.localdate() + timedelta(days=days), []
    for line in filter(None, (one.strip(" \t-*•") for one in words.splitlines())):
        said = BY.search(line)
        day = _day(*said.groups()) if said else None
        found.append((line[: said.start()] if said and day else line, day or usual))
    return found


def _day(day: str, month: str, year: str) -> date | None:
    known = [name for name in MONTHS.split() if name.startswith(month.lower()) and len(month) > 2]
    if not known:
        return None
    try:
        return parse_date(f"{year}-{MONTHS.split().index(known[0]) + 1:02}-{int(day):02}")
    except ValueError:
        return None


def add(
    partner: Partner,
    found: Iterable[tuple[str, date]],
    *,
    reference: str = "",
    by: AbstractBaseUser | None = None,
) -> list[PartnerCondition]:
    """Set conditions; the same words for the same decision are set once."""
    made = []
    with transaction.atomic():
        partner = standing.locked(partner)
        for written, due_on in found:
            if not (words := written.strip()[:300]):
                raise ConditionProblemError(_("Say what has to be done."))
            row, is_new = PartnerCondition.objects.get_or_create(
                partner=partner, words=words, reference=reference, state=State.OPEN,
                defaults={"due_on": due_on, "set_by": str(by or _("The hub"))[:150]},
            )  # fmt: skip
            made.append(row)
            if is_new:
                day = date_format(due_on, "j F Y")
                standing.note(partner, "condition", _("A condition, by %(day)s") % {"day": day},
                              by=by)  # fmt: skip
        audit.record(by, "change", partner, {"conditions": len(made)})
    return made


def end(
    condition: PartnerCondition, state: str, *, because: str = "", by: AbstractBaseUser
) -> PartnerCondition:
    """Met or waived, once; a waiver says why. Raises ConditionProblemError."""
    if state not in (State.MET, State.WAIVED):
        raise ConditionProblemError(_("A condition is met or waived."))
    if state == State.WAIVED and not because.strip():
        raise ConditionProblemError(_("Say why it is waived."))
    with transaction.atomic():
        partner = standing.locked(condition.partner)
        row = PartnerCondition.objects.get(pk=condition.pk)
        if row.state != State.OPEN:
            return row
        row.state, row.ended_at, row.ended_by = state, timezone.now(), str(by)[:150]
        row.ended_because = because.strip()[:250]
        row.save()
        words = _("A condition was met") if state == State.MET else _("A condition was waived")
        standing.note(partner, "condition", words, by=by)
        audit.record(by, "change", partner, {"condition": row.pk, "state": state})
    return row


def still_open(partner: Partner) -> list[PartnerCondition]:
    return list(partner.conditions.filter(state=State.OPEN))


def remind(partner: Partner, today: date) -> int:
    """Write of each that is 30 or 7 days off, and once when its day has passed; how many.

    In the caller's transaction, with the partner locked. Twice in a night is once.
    """
    sent = 0
    for row in still_open(partner):
        left = (row.due_on - today).days
        due = next((days for days in REMIND_AT if left <= days), None)
        if due is None or (row.last_reminder is not None and row.last_reminder <= due):
            continue
        letters.condition_due(row, is_over=due < 0)
        PartnerCondition.objects.filter(pk=row.pk).update(last_reminder=due)
        sent += 1
    return sent
