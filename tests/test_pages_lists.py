"""Every list of the site costs as many queries for 300 items as for one.

The items are written set-based, because a list must not mind how many there are, but a test does.
"""

import re
from datetime import timedelta
from itertools import count

import pytest
from django.contrib.contenttypes.models import ContentType
from django.core.files.base import ContentFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from wagtail.models import Locale, Page

from cms.models import (
    Area,
    CentreDate,
    Course,
    CourseDate,
    Ensemble,
    HubDocument,
    MusicCentre,
    OrganisationType,
    Partner,
)
from pages import listings
from pages.models import (
    BlogIndexPage,
    BlogPostPage,
    CentreIndexPage,
    CentrePage,
    CourseIndexPage,
    CoursePage,
    EnsembleIndexPage,
    EnsemblePage,
    EventIndexPage,
    EventPage,
    FinderPage,
    HomePage,
    NewsIndexPage,
    NewsPage,
    PartnerIndexPage,
    PersonPage,
    StandardPage,
    ToolkitDownload,
    ToolkitPage,
)

from .demo_hub import make_centre

pytestmark = pytest.mark.django_db
MANY = 300
# The stamp is read once a second, closures once until one changes.
REMEMBERED = r"contentstamp|\"kind\" = 'closed'"
numbers = count(1)


def add_pages(model, parent, number: int, **facts) -> None:
    """So many live pages below `parent`; a fact may be a function of the number of the page."""
    kind, locale = ContentType.objects.get_for_model(model), Locale.objects.get()
    pages = []
    for n in (next(numbers) for _page in range(number)):
        own = {name: value(n) if callable(value) else value for name, value in facts.items()}
        pages.append(
            model(
                title=f"Song {n}", draft_title=f"Song {n}", slug=f"song-{n}", content_type=kind,
                locale=locale, url_path=f"{parent.url_path}song-{n}/", depth=parent.depth + 1,
                path=Page._get_path(parent.path, parent.depth + 1, n), **own,
            )
        )  # fmt: skip
    names = [field.attname for field in Page._meta.concrete_fields]
    bases = [Page(**{name: getattr(page, name) for name in names}) for page in pages]
    for page, base in zip(pages, Page.objects.bulk_create(bases), strict=True):
        page.page_ptr_id = page.pk = base.pk
    fields = model._meta.local_concrete_fields
    model._base_manager._insert(pages, fields=fields, using="default", raw=True)
    Page.objects.filter(pk=parent.pk).update(numchild=Page.objects.child_of(parent).count())


def below_home(model, slug: str, **facts):
    return HomePage.objects.get().add_child(instance=model(title=slug, slug=slug, **facts))


def course(n: int) -> Course:
    return Course.objects.create(
        title=f"Course {n}", slug=f"course-{n}", code=f"{n:04}"[-4:], summary="A song."
    )


def add_dates(number: int, of: Course | None = None) -> None:
    centre, now = make_centre(), timezone.now()
    dates = [
        CourseDate(
            course=of or course(n), reference=f"date-{n}", centre=centre, capacity=9,
            starts_at=now + timedelta(days=20, minutes=n), price_pence=100,
            ends_at=now + timedelta(days=21, minutes=n),
            booking_opens_at=now - timedelta(days=1),
            booking_closes_at=now + timedelta(days=9),
        )
        for n in (next(numbers) for _date in range(number))
    ]  # fmt: skip
    CourseDate.objects.bulk_create(dates)


def news(number):
    index = NewsIndexPage.objects.first() or below_home(NewsIndexPage, "news")
    add_pages(NewsPage, index, number, summary="A song")


def blog(number):
    index = BlogIndexPage.objects.first() or below_home(BlogIndexPage, "blog")
    people = StandardPage.objects.first() or below_home(StandardPage, "people")
    for _post in range(min(number, 15)):  # one page of posts, each by somebody else
        add_pages(PersonPage, people, 1, role="Who plays")
        add_pages(BlogPostPage, index, 1, author=PersonPage.objects.last())
    if number > 15:
        add_pages(BlogPostPage, index, number - 15, author=PersonPage.objects.last())


def events(number):
    index = EventIndexPage.objects.first() or below_home(EventIndexPage, "events")
    starts, centre = timezone.now() + timedelta(days=3), make_centre()
    add_pages(
        EventPage, index, number, kind="concert", centre=centre,
        starts_at=lambda n: starts + timedelta(minutes=n),
        ends_at=lambda n: starts + timedelta(hours=1, minutes=n),
    )  # fmt: skip


def courses(number):
    index = CourseIndexPage.objects.first() or below_home(CourseIndexPage, "courses")
    add_dates(number)
    without = Course.objects.filter(pages=None)
    found = iter(list(without))
    add_pages(CoursePage, index, number, course=lambda _n: next(found))


def dates_of_a_course(number):
    index = CourseIndexPage.objects.first() or below_home(CourseIndexPage, "courses")
    if not CoursePage.objects.exists():
        one = CoursePage(title="one", slug="one", course=course(0))
        index.add_child(instance=one)
    add_dates(number, of=CoursePage.objects.get().course)


def centres(number):
    index = CentreIndexPage.objects.first() or below_home(CentreIndexPage, "centres")
    found = iter(
        MusicCentre.objects.bulk_create(
            MusicCentre(
                name=f"Centre {n}", slug=f"centre-{n}", postcode="WD17 2ZZ", latitude=51.7,
                area=Area.objects.get_or_create(slug="west", defaults={"name": "West"})[0],
                longitude=-0.1 - n / 1000, address="1 High Street, Watford",
            )
            for n in (next(numbers) for _centre in range(number))
        )
    )  # fmt: skip
    add_pages(CentrePage, index, number, centre=lambda _n: next(found))


def a_centre(number):
    index = CentreIndexPage.objects.first() or below_home(CentreIndexPage, "centres")
    centre = make_centre()
    if not CentrePage.objects.exists():
        index.add_child(instance=CentrePage(title="Watford", slug="watford", centre=centre))
    today = timezone.localdate()
    CentreDate.objects.bulk_create(
        CentreDate(
            centre=centre, kind=CentreDate.Kind.EVENT,
            starts_on=today + timedelta(days=n), ends_on=today + timedelta(days=n),
        )
        for n in (next(numbers) for _date in range(number))
    )  # fmt: skip
    add_dates(number, of=Course.objects.first() or course(0))
    ensembles(number)


def ensembles(number):
    index = EnsembleIndexPage.objects.first() or below_home(EnsembleIndexPage, "ensembles")
    centre = make_centre()
    found = iter(
        Ensemble.objects.bulk_create(
            Ensemble(
                name=f"Group {n}", slug=f"group-{n}", level="centre", summary="Plays", centre=centre
            )
            for n in (next(numbers) for _group in range(number))
        )
    )
    add_pages(EnsemblePage, index, number, ensemble=lambda _n: next(found))


def partners(number):
    if not PartnerIndexPage.objects.exists():
        below_home(PartnerIndexPage, "partners")
    kind, _made = OrganisationType.objects.get_or_create(slug="k", defaults={"name": "Kind"})
    Partner.objects.bulk_create(
        Partner(
            name=f"Partner {n}", slug=f"partner-{n}", organisation_type=kind, status="live"
        )
        for n in (next(numbers) for _partner in range(number))
    )  # fmt: skip


def downloads(number):
    page = ToolkitPage.objects.first() or below_home(ToolkitPage, "toolkit")
    made = HubDocument.objects.bulk_create(
        HubDocument(title=f"Song {n}", file=ContentFile(b"x", name=f"song-{n}.pdf"), file_size=1)
        for n in (next(numbers) for _document in range(number))
    )
    today = timezone.localdate()
    ToolkitDownload.objects.bulk_create(
        ToolkitDownload(page=page, phase="primary", document=one, version="1", issued_on=today)
        for one in made
    )


def what_children_join(number):
    if not FinderPage.objects.exists():
        below_home(FinderPage, "find")
    courses(number), ensembles(number)


def everything(number):
    for add in (news, events, courses, partners):
        add(number)


LISTS = {
    "/news/": news,
    "/news/feed/": news,
    "/blog/": blog,
    "/events/": events,
    "/events/feed/": events,
    "/events.ics": events,
    "/courses/": courses,
    "/courses/one/": dates_of_a_course,
    "/centres/": centres,
    "/centres/watford/": a_centre,
    "/centres/watford/dates.ics": a_centre,
    "/ensembles/": ensembles,
    "/partners/": partners,
    "/toolkit/": downloads,
    "/sitemap.xml": everything,
    "/find/": what_children_join,
}


def cost(client, path: str) -> int:
    """The queries of a list, without what is remembered where pages are kept."""
    with CaptureQueriesContext(connection) as queries:
        if path == "/find/":
            answer = client.post(f"/finder/{FinderPage.objects.get().pk}/", {"year": "6"})
        else:
            answer = client.get(path)
    assert answer.status_code == 200, path
    return len([query for query in queries if not re.search(REMEMBERED, query["sql"])])


def check_cost_of_300(client, path: str, add) -> None:
    """With `add(number)` adding items to the list at this path."""
    add(1)
    cost(client, path)  # what a process remembers once for all is remembered now
    one = cost(client, path)

    add(MANY - 1)

    assert cost(client, path) <= one


@pytest.mark.parametrize("path", LISTS)
def test_a_list_costs_the_same_for_one_item_and_for_300(client, path):
    check_cost_of_300(client, path, LISTS[path])


def test_a_list_that_asked_for_each_item_would_be_found(client, monkeypatch):
    together = listings._with_places
    monkeypatch.setattr(
        listings, "_with_places", lambda dates: [together([date])[0] for date in dates]
    )
    dates_of_a_course(1)
    cost(client, "/courses/one/")
    one = cost(client, "/courses/one/")

    dates_of_a_course(9)

    assert cost(client, "/courses/one/") >= one + 8
