"""What pages show of the day: closures, calendars of groups, posts that close, the map's names."""

from datetime import date, timedelta

import pytest
import time_machine
from django.utils import timezone
from icalendar import Calendar

from cms import closures
from cms.models import (
    AcademicYear,
    Area,
    CentreDate,
    Course,
    CourseDate,
    Ensemble,
    MusicCentre,
    Term,
)
from pages import finder, maplabels
from pages.fitting import Child
from pages.models import (
    CourseIndexPage,
    CoursePage,
    EnsembleIndexPage,
    EnsemblePage,
    EventIndexPage,
    EventPage,
    HomePage,
    VacancyIndexPage,
    VacancyPage,
)

pytestmark = pytest.mark.django_db
MONDAY = date(2027, 1, 11)


@pytest.fixture(autouse=True)
def a_monday_in_term():
    with time_machine.travel("2027-01-11T09:00Z", tick=False):
        yield


@pytest.fixture
def home():
    return HomePage.objects.get()


@pytest.fixture
def centre():
    area = Area.objects.create(name="West", slug="west")
    return MusicCentre.objects.create(
        name="Hill Centre", slug="hill", area=area, address="1 Hill Road, Hill", postcode="AL1 1AA"
    )


@pytest.fixture
def band(centre):
    return Ensemble.objects.create(
        name="Band",
        slug="band",
        level="centre",
        summary="-",
        centre=centre,
        weekday=0,
        rehearses="Mondays, 5pm to 6pm",
    )


@pytest.fixture
def term():
    year = AcademicYear.objects.create(start_year=2026)
    return Term.objects.create(
        academic_year=year,
        season="spring",
        starts_on=date(2027, 1, 4),
        half_term_starts_on=date(2027, 2, 15),
        half_term_ends_on=date(2027, 2, 19),
        ends_on=date(2027, 3, 26),
    )


# --- closures ------------------------------------------------------------------------------------
def test_a_closed_centre_is_said_on_its_groups_and_its_dates_of_today(client, home, centre, band):
    groups = home.add_child(instance=EnsembleIndexPage(title="Groups", slug="groups"))
    group = groups.add_child(instance=EnsemblePage(title="Band", ensemble=band))
    courses = home.add_child(instance=CourseIndexPage(title="Courses", slug="all-courses"))
    course = Course.objects.create(title="Drums", slug="drums", code="DR", summary="-")
    page = courses.add_child(instance=CoursePage(title="Drums", course=course))
    now = timezone.now()
    for days in (0, 7):
        CourseDate.objects.create(
            course=course,
            centre=centre,
            reference=f"dr-{days}",
            capacity=9,
            price_pence=0,
            starts_at=now + timedelta(days=days, hours=3),
            ends_at=now + timedelta(days=days, hours=5),
            booking_opens_at=now - timedelta(days=9),
            booking_closes_at=now + timedelta(days=1),
        )
    events = home.add_child(instance=EventIndexPage(title="Events", slug="all-events"))
    events.add_child(
        instance=EventPage(
            title="Open day",
            kind="open_day",
            centre=centre,
            starts_at=now + timedelta(hours=2),
            ends_at=now + timedelta(hours=4),
        )
    )
    for address in (group.url, page.url, events.url):
        assert "Snow." not in client.get(address).content.decode()

    closures.close(centre, by=None, until=MONDAY, reason="Snow. No sessions.")

    for address in (group.url, page.url, events.url):
        html = client.get(address).content.decode()
        assert html.count("Snow. No sessions.") == 1, address


# --- a group's calendar --------------------------------------------------------------------------
def days_of(client, address="/ensembles/band/dates.ics"):
    answer = client.get(address)
    assert answer.status_code == 200
    entries = Calendar.from_ical(answer.content).walk("VEVENT")
    return {entry.decoded("dtstart"): str(entry["status"]) for entry in entries}


def test_a_groups_calendar_has_its_weeks_of_term(client, band, centre, term):
    CentreDate.objects.create(
        centre=centre,
        term=term,
        kind="last_day",
        starts_on=date(2027, 3, 12),
        ends_on=date(2027, 3, 12),
    )
    closures.close(centre, by=None, until=MONDAY, reason="Snow.")
    found = days_of(client)

    assert found.pop(MONDAY) == "CANCELLED"
    assert set(found.values()) == {"CONFIRMED"}
    assert date(2027, 2, 15) not in found  # half-term
    assert [min(found), max(found)] == [date(2027, 1, 18), date(2027, 3, 8)]  # before its last day


def test_a_group_without_a_day_or_centre_has_no_calendar(client, band, term):
    Ensemble.objects.update(weekday=None)
    assert client.get("/ensembles/band/dates.ics").status_code == 404
    assert client.get("/ensembles/nobody/dates.ics").status_code == 404


# --- vacancies -----------------------------------------------------------------------------------
def test_a_post_is_told_to_search_engines_until_its_last_day(client, home, centre):
    index = home.add_child(instance=VacancyIndexPage(title="Vacancies", slug="vacancies"))
    post = index.add_child(
        instance=VacancyPage(
            title="Brass teacher",
            summary="Teach.",
            centre=centre,
            closes_on=MONDAY,
            body=[("paragraph", "<p>Thirty beginners.</p>")],
        )
    )
    (posting,) = post.structured_data()
    assert posting["@type"] == "JobPosting"
    assert posting["validThrough"] == "2027-01-11T23:59:59+00:00"
    assert posting["jobLocation"]["address"]["postalCode"] == "AL1 1AA"
    assert "Thirty beginners." in posting["description"]
    assert "Brass teacher" in client.get(index.url).content.decode()
    assert "JobPosting" in client.get(post.url).content.decode()

    with time_machine.travel("2027-01-12T00:30Z"):
        assert "Brass teacher" not in client.get(index.url).content.decode()
        html = client.get(post.url).content.decode()
        assert "JobPosting" not in html
        assert "This post closed on 11 January 2027." in html


# --- the finder ----------------------------------------------------------------------------------
def test_what_schools_arrange_is_not_offered_to_families(band):
    whole_class = Ensemble.objects.create(
        name="Whole class", slug="class", level="school", summary="-", for_beginners=True
    )
    outcome = finder.look(Child(today=MONDAY, year=4))

    assert [offer.title for offer in outcome.groups] == ["Band"]
    (other,) = [one for one in outcome.others if one.title == whole_class.name]
    assert "Ask your child's school" in other.reasons[0]


# --- the map -------------------------------------------------------------------------------------
def test_names_on_the_map_lie_over_nothing_else():
    names = ["Hatfield", "Welwyn Garden City", "St Albans", "Hertford", "Stevenage", "Watford"]
    at = [(50, 50), (52, 46), (44, 53), (58, 48), (51, 38), (38, 62)]
    entries = [{"name": n, "x": x, "y": y} for n, (x, y) in zip(names, at, strict=True)]
    maplabels.place(entries, width=100)

    boxes = []
    for entry in entries:
        sides = maplabels._sides(entry)
        boxes.append(
            next(
                s[3]
                for s in sides
                if s[:3] == (entry["label_x"], entry["label_y"], entry["anchor"])
            )
        )
    dots = [maplabels._dot(entry) for entry in entries]
    for number, box in enumerate(boxes):
        others = boxes[:number] + boxes[number + 1 :] + dots[:number] + dots[number + 1 :]
        assert sum(box.overlap(other) for other in others) == 0, names[number]
