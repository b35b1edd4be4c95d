"""Whether something on offer suits one child, and if it does not, why: in kind, whole sentences.

Ages and school years are judged on the day that counts for each offer, never today's unless it is
today that counts. A rule here is advice to a family that looks round: what decides is the form and
the people who read it, so a sentence never says "refused".
"""

from dataclasses import dataclass
from datetime import date
from typing import Protocol

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from cms.models import Course, Ensemble, Instrument
from cms.models.catalogue import WEEKDAYS
from cms.school_year import (
    LAST_YEAR,
    RECEPTION,
    academic_year,
    age_on,
    is_summer_born,
    school_year,
    year_label,
)

Record = Course | Ensemble
SEPTEMBER, AUGUST = 9, 8


class Limits(Protocol):
    """What is for some ages or school years: a record, or a round of auditions."""

    min_age: int | None
    max_age: int | None
    min_year: int | None
    max_year: int | None


@dataclass(frozen=True)
class Child:
    """What a family said: a date of birth, a school year as of `today`, or both.

    `plays` is an instrument; `begins` says that there is none yet. Neither: it does not matter.
    """

    today: date
    born: date | None = None
    year: int | None = None
    plays: Instrument | None = None
    begins: bool = False
    day: int | None = None

    def year_on(self, day: date) -> int | None:
        """The school year on a day. What the family says comes before what the birth date says."""
        if self.year is not None:
            return self.year + academic_year(day) - academic_year(self.today)
        return school_year(self.born, day) if self.born and self.born <= day else None

    def ages_on(self, day: date) -> tuple[int, int] | None:
        """The youngest and the oldest the child can be on a day; the same age twice when known."""
        if self.born:
            return (age_on(self.born, day),) * 2 if self.born <= day else None
        if self.year is None:
            return None
        cohort = academic_year(self.today) - self.year - 5
        youngest, oldest = date(cohort + 1, AUGUST, 31), date(cohort, SEPTEMBER, 1)
        return age_on(youngest, day), age_on(oldest, day)


@dataclass
class Verdict:
    """`why_not` is empty when it fits; `notes` are worth knowing all the same."""

    why_not: list[str]
    notes: list[str]


def judge(record: Record, child: Child, day: date, occasion: str) -> Verdict:
    """Age, school year and instrument. `occasion` says what the day is, "the day of the course"."""
    verdict = Verdict([], [])
    judge_limits(record, child, day, occasion, verdict)
    _judge_instrument(record, child, verdict)
    return verdict


def judge_limits(record: Limits, child: Child, day: date, occasion: str, verdict: Verdict) -> None:
    """Age and school year alone, of whatever has limits for them."""
    _judge_age(record, child, day, occasion, verdict)
    _judge_year(record, child, day, occasion, verdict)


def judge_weekday(weekdays: set[int], child: Child, verdict: Verdict) -> None:
    if child.day is None or not weekdays or child.day in weekdays:
        return
    days = [str(WEEKDAYS[day]) for day in sorted(weekdays)]
    sentence = ngettext(
        "The day is %(days)s, and you asked for %(wanted)s.",
        "The days are %(days)s, and you asked for %(wanted)s.",
        len(days),
    )
    wanted = str(WEEKDAYS[child.day])
    verdict.why_not.append(sentence % {"days": _(" and ").join(days), "wanted": wanted})


def _then(what: str, day: date, child: Child, occasion: str) -> str:
    """ "Your child will be 7 on 17 February 2027, the day of the course." """
    if day == child.today:
        return _("Your child is %(what)s now.") % {"what": what}
    words = {"what": what, "day": date_format(day, "j F Y"), "occasion": occasion}
    if day < child.today:
        return _("Your child was %(what)s on %(day)s, %(occasion)s.") % words
    return _("Your child will be %(what)s on %(day)s, %(occasion)s.") % words


# --- Ages ---------------------------------------------------------------------------------------


def _judge_age(record: Limits, child: Child, day: date, occasion: str, verdict: Verdict) -> None:
    ages = child.ages_on(day)
    first, last = record.min_age, record.max_age
    if ages is None or (first is None and last is None):
        return
    youngest, oldest = ages
    too_young = first is not None and oldest < first
    too_old = last is not None and youngest > last
    if not (too_young or too_old):
        unsure = (first is not None and youngest < first) or (last is not None and oldest > last)
        if unsure:
            verdict.notes.append(
                _("For %(span)s: whether that is your child depends on the birthday.")
                % {"span": _ages(first, last)}
            )
        return
    age = str(oldest) if youngest == oldest else _("%s or %s") % (youngest, oldest)
    span = _("For %(span)s.") % {"span": _ages(first, last)}
    verdict.why_not.append(f"{span} {_then(age, day, child, occasion)}")


def _ages(first: int | None, last: int | None) -> str:
    if last is None:
        return _("age %(first)s and over") % {"first": first}
    if not first:
        return _("age %(last)s and under") % {"last": last}
    return _("ages %(first)s to %(last)s") % {"first": first, "last": last}


# --- School years -------------------------------------------------------------------------------


def _judge_year(record: Limits, child: Child, day: date, occasion: str, verdict: Verdict) -> None:
    year = child.year_on(day)
    first, last = record.min_year, record.max_year
    if year is None or (first is None and last is None):
        return
    too_low, too_high = first is not None and year < first, last is not None and year > last
    if not (too_low or too_high):
        return
    label = year_label(year)
    inside = RECEPTION <= year <= LAST_YEAR
    span = _("For %(span)s.") % {"span": _years(first, last)}
    then = _then(_("in %s") % label if inside else label, day, child, occasion)
    sentence = f"{span} {then}"
    # A summer-born child may lawfully be a year below: the family knows, the birth date does not.
    if child.year is None and too_high and year - 1 == last and is_summer_born(child.born):
        sentence += " " + _("If your child started school a year later, give the school year too.")
    verdict.why_not.append(sentence)


def _years(first: int | None, last: int | None) -> str:
    if last is None:
        return _("%s and over") % year_label(first)
    if first is None:
        return _("school years up to %s") % year_label(last)
    if first == last:
        return year_label(first)
    start = _("Reception") if first == 0 else str(first)
    return _("school years %(first)s to %(last)s") % {"first": start, "last": last}


# --- Instruments --------------------------------------------------------------------------------


def played_in(record: Record) -> list[Instrument]:
    """What is played there: the instruments named, and those an ensemble has chairs for."""
    found = {instrument.pk: instrument for instrument in record.instruments.all()}
    if isinstance(record, Ensemble):
        found |= {section.instrument_id: section.instrument for section in record.sections.all()}
    return sorted(found.values(), key=lambda instrument: instrument.name)


def _judge_instrument(record: Record, child: Child, verdict: Verdict) -> None:
    played = played_in(record)
    if child.begins and not record.for_beginners:
        guide = getattr(record, "entry_guide", "")
        words = _("For those who play or sing already")
        sentence = f"{words} ({guide[0].lower()}{guide[1:]})." if guide else f"{words}."
        feeders = (
            [other.name for other in record.fed_by.all()] if isinstance(record, Ensemble) else []
        )
        if feeders:
            sentence += " " + _("A way in: %s.") % _(" or ").join(feeders)
        verdict.why_not.append(sentence)
    elif child.plays and played and child.plays not in played:
        words = {"played": _listed(played), "plays": child.plays.name.lower()}
        if record.for_beginners:
            verdict.notes.append(
                _("Here it is %(played)s: something new beside the %(plays)s.") % words
            )
        else:
            verdict.why_not.append(_("There is no %(plays)s in it: it is for %(played)s.") % words)


def _listed(played: list[Instrument], most: int = 4) -> str:
    names = [instrument.name.lower() for instrument in played]
    rest = len(names) - most
    if rest > 1:
        more = ngettext("%(n)s more", "%(n)s more", rest) % {"n": rest}
        return _("%(some)s and %(more)s") % {"some": ", ".join(names[:most]), "more": more}
    if len(names) == 1:
        return names[0]
    return _("%(some)s and %(last)s") % {"some": ", ".join(names[:-1]), "last": names[-1]}
