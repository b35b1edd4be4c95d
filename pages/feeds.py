"""What other programs read: the news as Atom, events and centre dates as calendars."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta

from django.conf import settings
from django.contrib.syndication.views import Feed
from django.utils import timezone
from django.utils.feedgenerator import Atom1Feed
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from icalendar import Calendar, Event

from cms.models import CentreDate, CourseDate, Ensemble, MusicCentre, Term
from pages import listings, notices
from pages.occasions import Occasion, rule_of
from pages.structured import absolute


class NewsFeed(Feed):
    """The twenty newest stories. Written anew each time; readers ask with If-Modified-Since."""

    feed_type = Atom1Feed
    link = "/news/"
    title = _("News from the music hub")
    subtitle = _("What is new at the hub, its centres and its schools.")

    def items(self) -> list:
        return listings.latest_news(20)

    def item_title(self, item) -> str:  # noqa: ANN001 - a NewsPage
        return item.title

    def item_description(self, item) -> str:  # noqa: ANN001
        return item.summary

    def item_link(self, item) -> str:  # noqa: ANN001
        return item.full_url

    def item_pubdate(self, item) -> datetime:  # noqa: ANN001
        return timezone.make_aware(datetime.combine(item.published_on, time(9)))

    def item_updateddate(self, item) -> datetime:  # noqa: ANN001
        return item.last_published_at or self.item_pubdate(item)

    def item_categories(self, item) -> list[str]:  # noqa: ANN001
        return [item.category.name] if item.category else []


class EventsFeed(Feed):
    """The next thirty dates of events, each an entry of its own."""

    feed_type = Atom1Feed
    link = "/events/"
    title = _("Events of the music hub")
    subtitle = _("Concerts, workshops, training and open days.")

    def items(self) -> list:
        return listings.next_events(30)

    def item_title(self, item: Occasion) -> str:
        day = date_format(timezone.localtime(item.starts_at), "l j F Y, H:i")
        said = f"{item.page.title}, {day}"
        return _("Cancelled: %(said)s") % {"said": said} if item.is_cancelled else said

    def item_description(self, item: Occasion) -> str:
        return f"{item.note} {item.page.summary}".strip()

    def item_link(self, item: Occasion) -> str:
        return item.page.full_url

    def item_guid(self, item: Occasion) -> str:
        return f"{item.page.full_url}#{item.rule_starts_at:%Y-%m-%d}"

    def item_updateddate(self, item: Occasion) -> datetime:
        return item.page.last_published_at or item.starts_at


def calendar(name: str, entries: Iterable[Event]) -> bytes:
    """An iCalendar file, refreshed twice a day by programs that subscribe to it."""
    file = Calendar()
    file.add("prodid", "-//Music hub//Calendar//EN")
    file.add("version", "2.0")
    file.add("method", "PUBLISH")
    file.add("x-wr-calname", name)
    file.add("refresh-interval", timedelta(hours=12), parameters={"VALUE": "DURATION"})
    for entry in entries:
        file.add_component(entry)
    file.add_missing_timezones()
    return file.to_ical()


def _entry(uid: str, summary: str, changed: datetime | None = None) -> Event:
    entry = Event()
    entry.add("uid", f"{uid}@{absolute('/').split('//')[1].split('/')[0]}")
    entry.add("dtstamp", (changed or timezone.now()).astimezone(UTC))
    entry.add("summary", summary)
    return entry


def events_calendar() -> bytes:
    """Events of the hub, from a month ago to a year ahead."""
    entries = [entry for page in listings.events_of_a_year() for entry in event_entries(page)]
    return calendar(_("Events of the music hub"), entries)


def event_calendar(page) -> bytes:  # noqa: ANN001 - an EventPage
    """One event with all its dates."""
    return calendar(page.title, event_entries(page))


def event_entries(page) -> list[Event]:  # noqa: ANN001
    """An event as diaries read it: its rule, without the days that are cancelled, and an entry of
    its own, under the same uid, for each day that differs."""
    dates = page.occasions()
    first = _event_entry(page, dates[0].rule_starts_at, _rule_ends(page))
    if not page.is_recurring:
        only = dates[0]
        entry = _event_entry(page, only.starts_at, only.ends_at, note=only.note)
        entry.add("status", "CANCELLED" if only.is_cancelled else "CONFIRMED")
        return [entry]
    first.add("rrule", rule_of(page))
    for one in dates:
        if one.is_cancelled:
            first.add("exdate", one.rule_starts_at)
    others = []
    for one in dates:
        if one.change and not one.is_cancelled:
            entry = _event_entry(page, one.starts_at, one.ends_at, note=one.note)
            entry.add("recurrence-id", one.rule_starts_at)
            others.append(entry)
    return [first, *others]


def _rule_ends(page) -> datetime:  # noqa: ANN001
    return timezone.localtime(page.ends_at)


def _event_entry(page, starts: datetime, ends: datetime, *, note: str = "") -> Event:  # noqa: ANN001
    entry = _entry(f"event-{page.pk}", page.title, page.last_published_at)
    entry.add("sequence", _sequence(page))
    entry.add("dtstart", timezone.localtime(starts))
    entry.add("dtend", timezone.localtime(ends))
    entry.add("location", page.place)
    entry.add("description", f"{note} {page.summary}".strip())
    entry.add("url", page.full_url)
    return entry


def _sequence(page) -> int:  # noqa: ANN001
    """Grows each time the page is published, so that diaries take the newer one."""
    if not page.last_published_at or not page.first_published_at:
        return 0
    return int((page.last_published_at - page.first_published_at).total_seconds() // 60)


def centre_calendar(centre: MusicCentre) -> bytes:
    """The days of one centre (first, half-term, closed, last) and the courses it hosts."""
    today = timezone.localdate()
    entries = []
    for day in centre.dates.filter(ends_on__gte=today - timedelta(days=31)):
        label = CentreDate.Kind(day.kind).label
        entry = _entry(f"centre-date-{day.pk}", f"{centre.name}: {label}")
        entry.add("dtstart", day.starts_on)
        entry.add("dtend", day.ends_on + timedelta(days=1))
        entry.add("location", f"{centre.address}, {centre.postcode}")
        entry.add("transp", "TRANSPARENT")
        if day.note:
            entry.add("description", day.note)
        entries.append(entry)
    runs = centre.course_dates.upcoming().select_related("course").prefetch_related("sessions")
    for run in runs:
        for number, (starts, ends, note, is_off) in enumerate(run.times(), start=1):
            uid = f"course-date-{run.reference}" + (f"-{number}" if number > 1 else "")
            title = f"{run.course.title}, {centre.name}" + (f": {note}" if note else "")
            entry = _entry(uid, title)
            entry.add("dtstart", timezone.localtime(starts))
            entry.add("dtend", timezone.localtime(ends))
            room = f"{run.room}, " if run.room else ""
            entry.add("location", f"{room}{centre.address}, {centre.postcode}")
            cancelled = is_off or run.status == CourseDate.Status.CANCELLED
            entry.add("status", "CANCELLED" if cancelled else "CONFIRMED")
            entries.append(entry)
    return calendar(centre.name, entries)


def ensemble_calendar(ensemble: Ensemble) -> bytes:
    """The days on which a group meets, whole days: its hours are words. Up to a year ahead.

    Each week of term but half-term and the days on which its centre is closed, which are said.
    """
    today = timezone.localdate()
    entries = []
    for day in meeting_days(ensemble, today, today + timedelta(days=366)):
        closed = notices.closed_at(ensemble.centre_id, day)
        entry = _entry(f"group-{ensemble.pk}-{day:%Y%m%d}", ensemble.name)
        entry.add("dtstart", day)
        entry.add("dtend", day + timedelta(days=1))
        entry.add("status", "CANCELLED" if closed else "CONFIRMED")
        entry.add("description", f"{closed.title}. {closed.text}" if closed else ensemble.rehearses)
        entry.add("transp", "TRANSPARENT")
        if ensemble.centre:
            entry.add("location", f"{ensemble.centre.address}, {ensemble.centre.postcode}")
        entries.append(entry)
    return calendar(ensemble.name, entries)


def meeting_days(ensemble: Ensemble, first: date, last: date) -> list[date]:
    """Its weekday in each term between two days, without half-term; [] where it has no weekday.

    What the centre says of its own first, last and half-term days comes before the county's.
    """
    if ensemble.weekday is None:
        return []
    own = list(ensemble.centre.dates.exclude(term=None)) if ensemble.centre else []
    days = []
    for term in Term.objects.filter(starts_on__lte=last, ends_on__gte=first):
        said = {one.kind: one for one in own if one.term_id == term.pk}
        starts = said["first_day"].starts_on if "first_day" in said else term.starts_on
        ends = said["last_day"].ends_on if "last_day" in said else term.ends_on
        half = said.get("half_term")
        off_from = half.starts_on if half else term.half_term_starts_on
        off_until = half.ends_on if half else term.half_term_ends_on
        day = starts + timedelta(days=(ensemble.weekday - starts.weekday()) % 7)
        while day <= ends:
            if first <= day <= last and not off_from <= day <= off_until:
                days.append(day)
            day += timedelta(days=7)
    return days


def robots() -> str:
    """What search engines leave alone: staff, forms under way, and search itself."""
    closed = ("/admin/", "/apply/", "/family/", "/resume/", "/search/", "/documents/", "/letters/")
    lines = ["User-agent: *", *(f"Disallow: {path}" for path in closed)]
    return "\n".join([*lines, "", f"Sitemap: {settings.SITE_URL}/sitemap.xml", ""])
