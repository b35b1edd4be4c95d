"""What a child can join: course dates, groups and auditions that fit, and why the others do not.

A fixed number of queries, whatever is on offer. Nothing that a family says is stored, logged or
kept in any cache; `look` is a function of what was typed and of the hub's public records.
"""

import copy
from dataclasses import dataclass, field
from datetime import date, timedelta

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from cms.models import Course, CourseDate, Ensemble, MusicCentre
from cms.models.catalogue import Mode
from cms.school_year import year_note
from forms.auditions import rounds_by_group
from pages import listings
from pages.distance import Point, miles, point_of
from pages.fitting import Child, Verdict, judge, judge_limits, judge_weekday
from pages.open_forms import is_open
from pages.templatetags.hub_pages import hours

FAR = 9999.0
NEAREST = 3
AUDITION_FORM = "ensemble-audition"


@dataclass
class Offer:
    """One thing on offer, judged. `date` or `group` is the record that the page shows."""

    title: str
    url: str
    when: str
    where: str
    price_pence: int | None
    miles: float | None
    verdict: Verdict
    closes_on: date | None = None  # of an audition
    date: CourseDate | None = None
    group: Ensemble | None = None
    can_apply: bool = False
    form: str = ""

    @property
    def fits(self) -> bool:
        return not self.verdict.why_not

    @property
    def order(self) -> tuple:
        """Nearest first, what is new to the child last; then soonest."""
        starts = self.date.starts_at.timestamp() if self.date else 0
        away = FAR if self.miles is None else self.miles
        return (bool(self.verdict.notes), round(away), starts, self.title)


@dataclass
class Unfit:
    """What does not fit, each title once, with the reasons of its dates."""

    title: str
    url: str
    reasons: list[str] = field(default_factory=list)


@dataclass
class Outcome:
    courses: list[Offer]
    groups: list[Offer]
    auditions: list[Offer]
    others: list[Unfit]
    centres: list[tuple[MusicCentre, str, float]]
    note: str

    @property
    def total(self) -> int:
        """How many different things fit; a course with many dates is one."""
        return len({offer.title for offer in (*self.courses, *self.groups, *self.auditions)})


def look(child: Child, home: Point | None = None) -> Outcome:
    """Everything on offer, judged for one child and sorted by how far it is from `home`."""
    courses = [_judge_date(date, child, home) for date in listings.finder_dates()]
    ensembles = listings.finder_ensembles()
    rounds = rounds_by_group()
    auditioned = [e for e in ensembles if e.has_auditions or e.pk in rounds]
    groups = [_judge_group(e, child, home) for e in ensembles if e not in auditioned]
    auditions = [_judge_audition(e, rounds.get(e.pk), child, home) for e in auditioned]
    both = child.born and child.year is not None
    return Outcome(
        courses=_by_course(_fitting(courses)),
        groups=_fitting(groups),
        auditions=_fitting(auditions),
        others=_others([*courses, *groups, *auditions]),
        centres=_nearest_centres(home),
        note=year_note(child.born, child.year, child.today) if both else "",
    )


def _fitting(offers: list[Offer]) -> list[Offer]:
    return sorted((offer for offer in offers if offer.fits), key=lambda offer: offer.order)


def _by_course(offers: list[Offer]) -> list[Offer]:
    """The dates of one course together, courses in the order of their best date."""
    courses: dict[str, list[Offer]] = {}
    for offer in offers:
        courses.setdefault(offer.title, []).append(offer)
    return [offer for dates in courses.values() for offer in dates]


def _others(offers: list[Offer]) -> list[Unfit]:
    """What does not fit, by title. The same sentence is said once for all dates of a course."""
    found: dict[str, Unfit] = {}
    for offer in offers:
        if offer.fits:
            continue
        unfit = found.setdefault(offer.title, Unfit(offer.title, offer.url))
        reason = " ".join(offer.verdict.why_not)
        if offer.date:
            reason = f"{offer.when}, {offer.where}: {reason}"
        if reason not in unfit.reasons:
            unfit.reasons.append(reason)
    return list(found.values())


# --- Courses ------------------------------------------------------------------------------------


def _judge_date(course_date: CourseDate, child: Child, home: Point | None) -> Offer:
    starts = timezone.localtime(course_date.starts_at)
    ends = timezone.localtime(course_date.ends_at)
    verdict = judge(_as_on(course_date), child, starts.date(), _("the day of the course"))
    judge_weekday(_weekdays(starts.date(), ends.date()), child, verdict)
    form = course_date.course.form_slug
    state, form_open = course_date.booking_state, bool(form) and is_open(form)
    if state == "closed":
        day = date_format(timezone.localtime(course_date.booking_closes_at), "j F Y")
        verdict.why_not.append(_("Booking closed on %s.") % day)
    elif state == "full" and not form_open:
        verdict.why_not.append(_("It is full."))
    online = course_date.course.mode == Mode.ONLINE
    return Offer(
        title=course_date.course.title,
        url=course_date.page.url if course_date.page else "",
        when=f"{date_format(starts, 'l j F Y')}, {hours(course_date)}",
        where=_("Online") if online else course_date.centre.name,
        price_pence=course_date.price_pence,
        miles=None if online else _miles_to(course_date.centre, home),
        verdict=verdict,
        date=course_date,
        can_apply=form_open,
    )


def _as_on(course_date: CourseDate) -> Course:
    """The course, with the ages and school years of the date where it has its own."""
    if not course_date.has_own_ages:
        return course_date.course
    course = copy.copy(course_date.course)
    course.min_age, course.max_age, course.min_year, course.max_year = course_date.ages()
    return course


def _weekdays(first: date, last: date) -> set[int]:
    days = min((last - first).days, 6)
    return {(first + timedelta(days=number)).weekday() for number in range(days + 1)}


# --- Groups and auditions -----------------------------------------------------------------------


def _judge_group(group: Ensemble, child: Child, home: Point | None) -> Offer:
    verdict = judge(group, child, child.today, "")
    if group.level == Ensemble.Level.SCHOOL:
        verdict.why_not.append(
            _("Schools arrange it for their own pupils. Ask your child's school about it.")
        )
    return _group_offer(group, child, home, verdict)


def _judge_audition(group: Ensemble, made, child: Child, home: Point | None) -> Offer:  # noqa: ANN001 - an AuditionRound
    """By the round that the group is in, where there is one; else by what the group says itself."""
    day = made.judged_on if made else group.reference_day(child.today)
    occasion = _("the day that counts for these auditions")
    verdict = judge(group, child, day, occasion)
    if made and not verdict.why_not:
        judge_limits(made, child, day, occasion, verdict)
    is_open_now = made.is_open() if made else group.auditions_are_open(child.today)
    if not is_open_now:
        opens = timezone.localdate(made.opens_at) if made else group.auditions_open_on
        verdict.why_not.append(_not_yet(opens, child.today))
    offer = _group_offer(group, child, home, verdict)
    offer.form = made.form_slug if made else AUDITION_FORM
    offer.can_apply = is_open(offer.form)
    offer.closes_on = timezone.localdate(made.closes_at) if made else group.auditions_close_on
    return offer


def _not_yet(opens: date | None, today: date) -> str:
    if opens and opens >= today:
        return _("Auditions open on %s.") % date_format(opens, "j F Y")
    return _("Auditions are closed now. They are held once a year.")


def _group_offer(group: Ensemble, child: Child, home: Point | None, verdict: Verdict) -> Offer:
    judge_weekday({group.weekday} if group.weekday is not None else set(), child, verdict)
    if group.centre and not group.centre.is_open:
        verdict.why_not.append(_("%s is closed for now.") % group.centre.name)
    return Offer(
        title=group.name,
        url=group.page.url if group.page else "",
        when=group.rehearses,
        where=group.centre.name if group.centre else _("In several places"),
        price_pence=group.price_pence,
        miles=_miles_to(group.centre, home),
        verdict=verdict,
        group=group,
    )


# --- How far ------------------------------------------------------------------------------------


def _miles_to(centre: MusicCentre | None, home: Point | None) -> float | None:
    if centre is None or home is None:
        return None
    if centre.latitude is not None and centre.longitude is not None:
        return miles(home, Point(centre.latitude, centre.longitude))
    there = point_of(centre.postcode)
    return miles(home, there) if there else None


def _nearest_centres(home: Point | None) -> list[tuple[MusicCentre, str, float]]:
    if home is None:
        return []
    found = [
        (entry["centre"], entry["url"], _miles_to(entry["centre"], home))
        for entry in listings.centres_on_map()["pages"]
        if entry["centre"].is_open
    ]
    known = [entry for entry in found if entry[2] is not None]
    return sorted(known, key=lambda entry: entry[2])[:NEAREST]
