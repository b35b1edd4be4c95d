"""What search engines are told, as schema.org objects: plain dictionaries, made from records.

Only public facts. Places left are those of the query that read the date.
"""

from django.conf import settings

from cms.models import Course, CourseDate, Ensemble, MusicCentre

AVAILABILITY = {
    "open": "https://schema.org/InStock",
    "few": "https://schema.org/LimitedAvailability",
    "full": "https://schema.org/SoldOut",
    "soon": "https://schema.org/PreOrder",
    "closed": "https://schema.org/OutOfStock",
    "cancelled": "https://schema.org/Discontinued",
}


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


def course_instance(date: CourseDate, url: str) -> dict:
    return {
        "@type": "CourseInstance",
        "courseMode": "Onsite",
        "startDate": date.starts_at.isoformat(),
        "endDate": date.ends_at.isoformat(),
        "location": place(date.centre),
        "maximumAttendeeCapacity": date.capacity,
        "remainingAttendeeCapacity": date.places_left,
        "offers": {
            "@type": "Offer",
            "price": f"{date.price_pence / 100:.2f}",
            "priceCurrency": "GBP",
            "availability": AVAILABILITY[date.booking_state],
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
            "provider": {"@type": "Organization", "url": settings.SITE_URL},
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
        }
    )


def event(page) -> dict:  # noqa: ANN001 - an EventPage
    kind = "MusicEvent" if page.kind == page.Kind.CONCERT else "EducationEvent"
    where = place(page.centre) if page.centre else {"@type": "Place", "name": page.venue}
    return _without_empty(
        {
            "@type": kind,
            "name": page.title,
            "description": page.summary,
            "url": page.full_url,
            "startDate": page.starts_at.isoformat(),
            "endDate": page.ends_at.isoformat(),
            "location": where,
            "eventStatus": "https://schema.org/EventScheduled",
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
            "author": {"@type": "Person", "jobTitle": author} if author else None,
        }
    )


def breadcrumbs(pages: list) -> dict:
    """From the front door to the page itself."""
    return {
        "@type": "BreadcrumbList",
        "itemListElement": [
            {"@type": "ListItem", "position": position, "name": page.title, "item": page.full_url}
            for position, page in enumerate(pages, 1)
        ],
    }
