"""What search engines are told, as schema.org objects: plain dictionaries, made from records.

Only public facts. Places left are those of the query that read the date.
"""

from collections.abc import Iterable
from datetime import datetime, time

from django.conf import settings
from django.utils import timezone
from django.utils.html import strip_tags

from cms.models import Course, CourseDate, Ensemble, HubSettings, MusicCentre, Partner
from cms.models.catalogue import Mode
from pages.occasions import rule_of

AVAILABILITY = {
    "open": "https://schema.org/InStock",
    "few": "https://schema.org/LimitedAvailability",
    "full": "https://schema.org/SoldOut",
    "help": "https://schema.org/SoldOut",
    "draw": "https://schema.org/PreOrder",
    "soon": "https://schema.org/PreOrder",
    "closed": "https://schema.org/OutOfStock",
    "cancelled": "https://schema.org/Discontinued",
}
COURSE_MODES = {Mode.IN_PERSON: "Onsite", Mode.ONLINE: "Online", Mode.BLENDED: "Blended"}
ATTENDANCE = "https://schema.org/OfflineEventAttendanceMode"

EVENT_STATUS = {"cancelled": "EventCancelled", "moved": "EventRescheduled"}


def absolute(path: str) -> str:
    """An address with its host: `/news/` becomes that of SITE_URL; whole ones stay."""
    return path if "://" in path else f"{settings.SITE_URL}{path}"


def _without_empty(data: dict) -> dict:
    return {key: value for key, value in data.items() if value not in (None, "", [])}


def address(centre: MusicCentre) -> dict:
    street, _comma, town = centre.address.rpartition(",")
    return _without_empty(
        {
            "@type": "PostalAddress",
            "streetAddress": street.strip() or town.strip(),
            "addressLocality": town.strip() if street else "",
            "postalCode": centre.postcode,
            "addressCountry": "GB",
        }
    )


def place(centre: MusicCentre, url: str = "") -> dict:
    data = {
        "@type": "Place",
        "name": centre.name,
        "url": url,
        "address": address(centre),
        "telephone": str(centre.phone) if centre.phone else "",
    }
    if centre.latitude and centre.longitude:
        data["geo"] = {
            "@type": "GeoCoordinates",
            "latitude": centre.latitude,
            "longitude": centre.longitude,
        }
    return _without_empty(data)


def organisation(hub: HubSettings) -> dict:
    """The hub itself. Its `@id` is what courses, groups and events name it by."""
    links = [entry.value.url for entry in hub.social_links]
    return _without_empty(
        {
            "@type": "Organization",
            "@id": f"{settings.SITE_URL}/#hub",
            "name": hub.hub_name,
            "slogan": hub.strapline,
            "url": f"{settings.SITE_URL}/",
            "email": hub.email,
            "telephone": str(hub.phone) if hub.phone else "",
            "address": hub.address,
            "sameAs": [link for link in links if link.startswith("https://")],
        }
    )


def partner(record: Partner, url: str) -> dict:
    return _without_empty(
        {
            "@type": "Organization",
            "name": record.name,
            "description": record.summary,
            "url": record.website or url,
            "memberOf": the_hub(),
        }
    )


def the_hub() -> dict:
    """A mention of the hub, by its `@id`."""
    return {"@type": "Organization", "@id": f"{settings.SITE_URL}/#hub", "url": settings.SITE_URL}


def course_instance(date: CourseDate, url: str) -> dict:
    return {
        "@type": "CourseInstance",
        "name": str(date),
        "courseMode": COURSE_MODES[date.course.mode],
        "startDate": date.starts_at.isoformat(),
        "endDate": date.ends_at.isoformat(),
        "location": place(date.centre),
        "maximumAttendeeCapacity": date.capacity,
        "remainingAttendeeCapacity": date.places_left,
        "offers": {
            "@type": "Offer",
            "price": f"{date.price_pence / 100:.2f}",
            "priceCurrency": "GBP",
            "category": "Paid" if date.price_pence else "Free",
            "availability": AVAILABILITY[date.booking_state],
            "validFrom": date.booking_opens_at.isoformat(),
            "url": url,
        },
    }


def course(record: Course, dates: list[CourseDate], url: str) -> dict:
    ages = ""
    if record.min_age is not None and record.max_age is not None:
        ages = f"{record.min_age}-{record.max_age}"
    return _without_empty(
        {
            "@type": "Course",
            "name": record.title,
            "description": record.summary,
            "url": url,
            "courseCode": record.code,
            "typicalAgeRange": ages,
            "provider": the_hub(),
            "hasCourseInstance": [course_instance(date, url) for date in dates],
        }
    )


def music_group(ensemble: Ensemble, url: str) -> dict:
    return _without_empty(
        {
            "@type": "MusicGroup",
            "name": ensemble.name,
            "description": ensemble.summary,
            "url": url,
            "location": place(ensemble.centre) if ensemble.centre else None,
            "memberOf": the_hub(),
        }
    )


def event(page) -> dict:  # noqa: ANN001 - an EventPage
    kind = "MusicEvent" if page.kind == page.Kind.CONCERT else "EducationEvent"
    where = place(page.centre) if page.centre else {"@type": "Place", "name": page.venue}
    when = (page.coming_occasions() or page.occasions()[-1:])[0]
    return _without_empty(
        {
            "@type": kind,
            "name": page.title,
            "description": page.summary,
            "url": page.full_url,
            "startDate": when.starts_at.isoformat(),
            "endDate": when.ends_at.isoformat(),
            "location": where,
            "eventAttendanceMode": ATTENDANCE,
            "eventStatus": f"https://schema.org/{EVENT_STATUS.get(when.change, 'EventScheduled')}",
            "previousStartDate": when.rule_starts_at.isoformat() if when.is_moved else "",
            "eventSchedule": schedule(page) if page.is_recurring else None,
            "organizer": the_hub(),
        }
    )


def schedule(page) -> dict:  # noqa: ANN001 - a recurring EventPage
    """The rule of a recurring event, and the days that it leaves out."""
    rule = rule_of(page)
    every = f"P{rule.get('interval', 1)}{'M' if rule['freq'] == 'monthly' else 'W'}"
    left_out = [date.rule_starts_at for date in page.occasions() if date.is_cancelled]
    return _without_empty(
        {
            "@type": "Schedule",
            "repeatFrequency": every,
            "byDay": rule.get("byday", ""),
            "startDate": page.starts_at.date().isoformat(),
            "endDate": page.repeats_until.isoformat(),
            "startTime": f"{timezone.localtime(page.starts_at):%H:%M}",
            "exceptDate": [day.isoformat() for day in left_out],
            "scheduleTimezone": "Europe/London",
        }
    )


def article(page, kind: str, *, author: str = "") -> dict:  # noqa: ANN001 - a dated page
    return _without_empty(
        {
            "@type": kind,
            "headline": page.title,
            "description": page.summary,
            "url": page.full_url,
            "datePublished": page.published_on.isoformat(),
            "publisher": the_hub(),
            "author": {"@type": "Person", "jobTitle": author} if author else None,
        }
    )


def vacancy(page) -> dict:  # noqa: ANN001 - a VacancyPage that is open
    """A post to apply for, valid until the end of its last day in the county."""
    ends = timezone.make_aware(datetime.combine(page.closes_on, time.max.replace(microsecond=0)))
    county = {"@type": "AdministrativeArea", "name": "Hertfordshire"}
    where = place(page.centre) if page.centre else {"@type": "Place", "address": county}
    body = " ".join(strip_tags(str(page.body).replace("><", "> <")).split())
    return _without_empty(
        {
            "@type": "JobPosting",
            "title": page.title,
            "description": f"{page.summary} {body}".strip(),
            "url": page.full_url,
            "datePosted": page.published_on.isoformat(),
            "validThrough": ends.isoformat(),
            "employmentType": page.kind,
            "workHours": page.hours,
            "hiringOrganization": the_hub(),
            "jobLocation": where,
            "directApply": False,
        }
    )


def questions(entries: Iterable) -> dict:
    """Questions with their answers, each once, as the page shows them."""
    return {
        "@type": "FAQPage",
        "mainEntity": [
            {
                "@type": "Question",
                "name": entry.question,
                "acceptedAnswer": {
                    "@type": "Answer",
                    "text": " ".join(strip_tags(entry.answer.replace("><", "> <")).split()),
                },
            }
            for entry in dict.fromkeys(entries)
        ],
    }


def breadcrumbs(steps: list[dict]) -> dict:
    """`steps`: title and url of each, from the front door to the page itself."""
    return {
        "@type": "BreadcrumbList",
        "itemListElement": [
            {
                "@type": "ListItem",
                "position": position,
                "name": str(step["title"]),
                "item": absolute(step["url"]),
            }
            for position, step in enumerate(steps, 1)
        ],
    }
