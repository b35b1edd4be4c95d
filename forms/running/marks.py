"""The register itself: signing in, signing out, not coming. The only writer of its lines.

A tap may arrive long after it was made, or twice. Each carries an id of the phone's own, so it
counts once, and a later copy is answered as the first was. The order of events is decided here,
not by the order of arrival, by these rules:

* who was seen beats who was missed: "here" is taken over "not coming today", whenever it comes;
* the same tap by two people is no conflict: the earlier time counts;
* a child who is gone home is not signed in again by a tap that was made before they left;
* "not coming today" about a child who is here, and a second, different collector, are conflicts:
  nothing changes, and whoever tapped is told who did what.
"""

import uuid
from dataclasses import dataclass
from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from cms import audit, places
from cms.models import CourseDate, Place, User
from forms.models import RegisterLine, RegisterMark
from forms.running.reach import window_of

State, Outcome = RegisterLine.State, RegisterMark.Outcome
IN, OUT, ABSENT, UNDO, STEP = "in", "out", "absent", "undo", "step"
KINDS = (IN, OUT, ABSENT, UNDO, STEP)
LONGEST = 80


class MarkError(Exception):
    """The mark cannot be taken at all. The message is a sentence for whoever tapped."""


@dataclass(frozen=True)
class Tap:
    """What a phone sends: `at` by its own clock, `collector` a name, or "" for who goes alone.

    `step` is the key of a line of the checklist for a child whom nobody has collected.
    """

    client_id: uuid.UUID
    place_id: int
    kind: str
    at: datetime
    collector: str = ""
    step: str = ""


def day_of(date: CourseDate, now: datetime | None = None):  # noqa: ANN201 - a date
    """Which day of the course it is: today, or its first or last day outside it."""
    first, last = (timezone.localtime(one).date() for one in (date.starts_at, date.ends_at))
    return min(max(timezone.localtime(now).date() if now else timezone.localdate(), first), last)


def take(date: CourseDate, tap: Tap, *, by: User, held_back: str = "") -> RegisterMark:
    """Write one tap down: done, so already, or in conflict. The same tap again: the same answer.

    `held_back` says why nobody is signed out by it; it is then kept as a conflict.
    Raises MarkError for a child who has no place there, or a tap that makes no sense.
    """
    if tap.kind not in KINDS:
        raise MarkError(_("That is nothing the register knows."))
    try:
        with transaction.atomic():
            return _take(date, tap, by, held_back)
    except IntegrityError:
        # Two copies of one tap at the same moment: the other has written it.
        found = RegisterMark.objects.filter(client_id=tap.client_id).first()
        if found is None:
            raise
        return found


def _take(date: CourseDate, tap: Tap, by: User, held_back: str) -> RegisterMark:
    done = RegisterMark.objects.filter(client_id=tap.client_id).select_related("line").first()
    if done is not None:
        if done.line.place_id != tap.place_id:
            raise MarkError(_("That mark belongs to somebody else."))
        return done
    at = _sensible(date, tap.at)
    place = Place.objects.filter(pk=tap.place_id, course_date=date, state__in=Place.SETTLED).first()
    if place is None:
        raise MarkError(_("This child no longer has a place here. Look again."))
    line = _locked(place, day_of(date, at))
    before = line.state
    is_held = bool(held_back) and tap.kind == OUT and line.state != State.LEFT
    outcome, words = (Outcome.CONFLICT, held_back) if is_held else _apply(line, tap, at)
    if outcome == Outcome.APPLIED and tap.kind != STEP:
        line.version += 1
    line.save()
    mark = RegisterMark.objects.create(
        client_id=tap.client_id,
        line=line,
        kind=tap.kind if tap.kind != STEP else f"{STEP}:{tap.step[:6]}",
        before=before,
        at=at,
        actor_id=by.pk,
        actor_name=str(by)[:160],
        collector=tap.collector[:LONGEST],
        outcome=outcome,
        words=words,
    )
    # Of a course of several days: who came on one of them, came.
    came = place.register_lines.filter(state__in=(State.HERE, State.LEFT)).exists()
    if came or place.state == Place.State.ATTENDED:
        places.note_attendance([place.pk], Place.State.ATTENDED if came else Place.State.CONFIRMED)
    audit.record(by, "change", line, {"mark": mark.kind, "outcome": outcome})
    return mark


def _sensible(date: CourseDate, at: datetime) -> datetime:
    """A phone's clock may be wrong: never after now, never before the register opened."""
    opens, _closes = window_of(date)
    return max(opens, min(at, timezone.now()))


def _locked(place: Place, day) -> RegisterLine:  # noqa: ANN001 - a date
    RegisterLine.objects.get_or_create(place=place, day=day)
    return RegisterLine.objects.select_for_update(of=("self",)).get(place=place, day=day)


def _apply(line: RegisterLine, tap: Tap, at: datetime) -> tuple[str, str]:
    return {IN: _in, OUT: _out, ABSENT: _absent, UNDO: _undo, STEP: _step}[tap.kind](line, tap, at)


def _in(line: RegisterLine, tap: Tap, at: datetime) -> tuple[str, str]:
    if line.state == State.LEFT and at <= line.out_at:
        line.in_at = min(line.in_at or at, at)
        return Outcome.SAME, ""
    if line.state == State.HERE:
        line.in_at = min(line.in_at or at, at)
        return Outcome.SAME, ""
    line.state, line.in_at = State.HERE, at if line.state != State.LEFT else line.in_at
    line.out_at, line.collector, line.own_way = None, "", False
    return Outcome.APPLIED, ""


def _out(line: RegisterLine, tap: Tap, at: datetime) -> tuple[str, str]:
    name = " ".join(tap.collector.split())
    if line.state == State.LEFT:
        if name.casefold() == line.collector.casefold():
            line.out_at = min(line.out_at, at)
            return Outcome.SAME, ""
        return Outcome.CONFLICT, _said(line, tap)
    if line.state == State.ABSENT:
        return Outcome.CONFLICT, _said(line, tap)
    line.state, line.out_at = State.LEFT, at
    line.in_at = line.in_at or at  # somebody who goes home was here, whoever forgot to say so
    line.collector, line.own_way = name, not name
    return Outcome.APPLIED, ""


def _absent(line: RegisterLine, tap: Tap, at: datetime) -> tuple[str, str]:
    if line.state == State.ABSENT:
        return Outcome.SAME, ""
    if line.state in (State.HERE, State.LEFT):
        return Outcome.CONFLICT, _said(line, tap)
    line.state = State.ABSENT
    return Outcome.APPLIED, ""


def _undo(line: RegisterLine, tap: Tap, at: datetime) -> tuple[str, str]:
    """Back to before: gone home to here, here or not coming to expected."""
    newest = (
        line.marks.filter(outcome=Outcome.APPLIED, at__gt=at)
        .exclude(kind__startswith=STEP)
        .exists()
    )
    if newest:
        return Outcome.CONFLICT, _said(line, tap)
    if line.state == State.EXPECTED:
        return Outcome.SAME, ""
    if line.state == State.LEFT:
        line.state, line.out_at, line.collector, line.own_way = State.HERE, None, "", False
    else:
        line.state, line.in_at = State.EXPECTED, None
    return Outcome.APPLIED, ""


def _step(line: RegisterLine, tap: Tap, at: datetime) -> tuple[str, str]:
    return Outcome.APPLIED, ""


_SAYS = {
    State.HERE: _("signed in"),
    State.LEFT: _("signed out"),
    State.ABSENT: _("marked as not coming"),
    State.EXPECTED: _("set back"),
}
_TAPS = {IN: _("sign in"), OUT: _("sign out"), ABSENT: _("not coming"), UNDO: _("undo")}


def _said(line: RegisterLine, tap: Tap) -> str:
    """Who did what, and what was not done."""
    last = line.marks.filter(outcome=Outcome.APPLIED).exclude(kind__startswith=STEP).last()
    who = last.actor_name if last else _("Somebody")
    when = f"{timezone.localtime(last.at):%H:%M}" if last else ""
    words = _("%(who)s %(did)s at %(when)s.") % {
        "who": who,
        "did": _SAYS[line.state],
        "when": when,
    }
    if line.state == State.LEFT and line.collector:
        words += " " + _("Collected by %(name)s.") % {"name": line.collector}
    return words + " " + _("Your “%(tap)s” was not done.") % {"tap": _TAPS[tap.kind]}
