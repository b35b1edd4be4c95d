"""What can still be done by when: pages and search say one day, and never a day that is over."""

from datetime import timedelta

import pytest
from django.utils import timezone

from cms.models import Ensemble, Instrument
from pages import finder
from pages.fitting import Child
from pages.hits import hits_of
from pages.models import (
    CourseIndexPage,
    CoursePage,
    EnsembleIndexPage,
    EnsemblePage,
    FinderPage,
    HomePage,
)

from .demo_hub import make_centre, make_course_date
from .seasons import a_round

pytestmark = pytest.mark.django_db


@pytest.fixture
def band():
    """The page of a group whose own record says that auditions end in forty days."""
    today = timezone.localdate()
    made = a_round(make_centre())
    Ensemble.objects.update(
        has_auditions=True,
        auditions_open_on=today - timedelta(days=9),
        auditions_close_on=today + timedelta(days=40),
    )
    index = EnsembleIndexPage(title="Groups", slug="ensembles")
    HomePage.objects.get().add_child(instance=index)
    index.add_child(instance=EnsemblePage(title="Band", ensemble=Ensemble.objects.get()))
    return made


def said(day) -> str:
    return f"Auditions are open until {day:%-d %B %Y}"


def test_the_round_says_until_when_auditions_are_open(client, band):
    html = client.get("/ensembles/band/").content.decode()

    assert said(timezone.localdate(band.closes_at)) in html
    assert html.count("Auditions are open until") == 1


def test_a_round_that_has_not_begun_has_no_button_yet(client, band):
    band.opens_at = timezone.now() + timedelta(hours=2)
    band.save()

    html = client.get("/ensembles/band/").content.decode()

    assert "Auditions are open until" not in html
    assert "Apply for an audition" not in html
    assert "Opens on" in html


def test_without_a_round_the_record_says_it(client, band):
    band.ensembles.all().delete()

    html = client.get("/ensembles/band/").content.decode()

    assert said(timezone.localdate() + timedelta(days=40)) in html


def found(**asked):
    """(what the finder offers, why not the others) for a child of Year 9 who plays the oboe."""
    born = timezone.localdate().replace(year=timezone.localdate().year - 14, month=1, day=1)
    child = Child(
        timezone.localdate(), plays=Instrument.objects.get(slug="oboe"), **{"born": born} | asked
    )
    outcome = finder.look(child)
    return outcome.auditions, [reason for other in outcome.others for reason in other.reasons]


def test_the_finder_says_what_the_round_says_and_not_the_group(client, band):
    until = timezone.localdate(band.closes_at)
    ((offer,), _none) = found()
    assert (offer.closes_on, offer.form) == (until, band.form_slug)
    too_young = timezone.localdate().replace(year=timezone.localdate().year - 6, day=1)
    assert found(born=too_young)[1][0].startswith("For ages 8 to 25.")
    page = HomePage.objects.get().add_child(instance=FinderPage(title="Find", slug="find"))
    html = client.post(page.url, {"born": "", "year": "9"}).content.decode()
    assert f"Open until {until:%-d %B}" in html

    band.opens_at = timezone.now() + timedelta(hours=2)
    band.save()
    assert found() == ([], [f"Auditions open on {timezone.localdate(band.opens_at):%-d %B %Y}."])

    band.ensembles.all().delete()
    assert found()[0][0].closes_on == timezone.localdate() + timedelta(days=40)


@pytest.fixture
def course_page():
    """A course whose next date cannot be booked any more."""
    now = timezone.now()
    date = make_course_date(
        starts_at=now + timedelta(days=1),
        ends_at=now + timedelta(days=1, hours=6),
        booking_opens_at=now - timedelta(days=9),
        booking_closes_at=now - timedelta(hours=1),
    )
    index = CourseIndexPage(title="Courses", slug="courses")
    HomePage.objects.get().add_child(instance=index)
    return index.add_child(instance=CoursePage(title="Songwriter", course=date.course))


def test_search_offers_no_place_on_a_date_that_cannot_be_booked(course_page):
    (hit,) = hits_of([course_page], None)

    assert hit.facts.endswith("Booking has closed.")


def test_search_tells_the_next_date_that_can_be_booked(course_page):
    make_course_date(reference="later", course=course_page.course)

    (hit,) = hits_of([course_page], None)

    assert hit.facts.endswith("Places left: 20.")


def test_a_date_without_a_form_says_how_else_to_book(client, course_page):
    later = make_course_date(reference="later", course=course_page.course)
    by_hand = "Write or ring to book"
    assert by_hand in client.get("/courses/songwriter/").content.decode()

    later.course.form_slug = "songwriter-booking"
    later.course.save()

    html = client.get("/courses/songwriter/").content.decode()
    assert (by_hand in html, "/apply/songwriter-booking/" in html) == (False, True)


def test_a_course_says_when_it_is_decided_until_that_day_and_not_after(client, course_page):
    date = course_page.course.dates.get()
    date.minimum_number, date.decide_by = 6, timezone.localdate()
    date.save()
    assert "when 6 children come" in client.get("/courses/songwriter/").content.decode()

    date.decide_by -= timedelta(days=1)
    date.save()

    assert "when 6 children come" not in client.get("/courses/songwriter/").content.decode()
