"""What other programs read: the news as Atom, events and centre dates as calendars."""

from collections.abc import Iterable
from datetime import UTC, datetime, time, timedelta

from django.conf import settings
from django.contrib.syndication.views import Feed
from django.utils import timezone
from django.utils.feedgenerator import Atom1Feed
from django.utils.translation import gettext as _
from icalendar import Calendar, Event

from cms.models import CentreDate, CourseDate, MusicCentre
from pages import listings
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
    entries = []
    for page in listings.events_of_a_year():
        entry = _entry(f"event-{page.pk}", page.title, page.last_published_at)
        entry.add("dtstart", timezone.localtime(page.starts_at))
        entry.add("dtend", timezone.localtime(page.ends_at))
        entry.add("location", page.place)
        entry.add("description", page.summary)
        entry.add("url", page.full_url)
        entries.append(entry)
    return calendar(_("Events of the music hub"), entries)


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
    for date in centre.course_dates.upcoming().select_related("course"):
        entry = _entry(f"course-date-{date.reference}", f"{date.course.title}, {centre.name}")
        entry.add("dtstart", timezone.localtime(date.starts_at))
        entry.add("dtend", timezone.localtime(date.ends_at))
        entry.add("location", f"{centre.address}, {centre.postcode}")
        cancelled = date.status == CourseDate.Status.CANCELLED
        entry.add("status", "CANCELLED" if cancelled else "CONFIRMED")
        entries.append(entry)
    return calendar(centre.name, entries)


def robots() -> str:
    """What search engines leave alone: staff, forms under way, and search itself."""
    closed = ("/admin/", "/apply/", "/family/", "/resume/", "/search/", "/documents/")
    lines = ["User-agent: *", *(f"Disallow: {path}" for path in closed)]
    return "\n".join([*lines, "", f"Sitemap: {settings.SITE_URL}/sitemap.xml", ""])
