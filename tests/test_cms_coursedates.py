"""Editing a course date and copying several, in the real admin."""

from datetime import date, datetime, timedelta

import pytest
from bs4 import BeautifulSoup
from django.contrib.auth import get_user_model
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from cms import datecopies, places
from cms.ics import course_date_entry
from cms.models import (
    AcademicYear,
    AddOn,
    CourseDate,
    CourseSession,
    PlaceAddOn,
    RefundStep,
    Term,
)
from tests.journeys import a_course_date, own_values

pytestmark = pytest.mark.django_db

COPY = "/admin/course-dates/copy/"


@pytest.fixture
def client():
    user = get_user_model().objects.create_superuser("ada", "ada@example.org", "x")
    client = Client()
    client.force_login(user)
    return client


def wall(*parts):
    return timezone.make_aware(datetime(*parts))


def form_of(answer, name="capacity"):
    soup = BeautifulSoup(answer.content.decode(), "html.parser")
    return soup.select_one(f"[name$={name}]").find_parent("form")


def edit(client, row, **more):
    address = reverse(CourseDate.snippet_viewset.get_url_name("edit"), args=[row.pk])
    return client.post(address, own_values(form_of(client.get(address))) | more)


def inline(name, number, /, **fields):
    rows = {f"{name}-{number}-{key}": value for key, value in fields.items()}
    return rows | {f"{name}-{number}-id": "", f"{name}-{number}-ORDER": str(number + 1)}


def errors(answer):
    return BeautifulSoup(answer.content.decode(), "html.parser").get_text(" ", strip=True)


def test_everything_about_a_date_is_edited_on_one_page(client):
    row = a_course_date()
    posted = {
        "room": "Hall",
        "min_age": "10",
        "max_age": "14",
        "equity_places": "4",
        "draw_minutes": "30",
        "decide_by": "2026-11-30",
        "add_ons-TOTAL_FORMS": "1",
        "refund_steps-TOTAL_FORMS": "1",
        "sessions-TOTAL_FORMS": "2",
        **inline("add_ons", 0, name="Lunch", price_pence="400", capacity="10"),
        **inline("refund_steps", 0, days_before="7", percent="75"),
        **inline("sessions", 0, starts_at="2027-02-15 10:00", ends_at="2027-02-15 16:00"),
        **inline("sessions", 1, starts_at="2027-02-16 10:00", ends_at="2027-02-16 15:00"),
    }
    answer = edit(client, row, **posted)

    assert answer.status_code == 302, errors(answer)
    row = CourseDate.objects.get()
    assert (row.room, row.ages()[:2], row.equity_places) == ("Hall", (10, 14), 4)
    assert (row.starts_at, row.ends_at) == (wall(2027, 2, 15, 10), wall(2027, 2, 16, 15))
    assert row.cancellation_ladder == [{"days_before": 7, "percent": 75}]
    assert [one.name for one in row.add_ons.all()] == ["Lunch"]
    page = client.get(reverse(CourseDate.snippet_viewset.get_url_name("edit"), args=[row.pk]))
    assert "you get 75 per cent of it back" in page.content.decode()
    file = course_date_entry(row, changed_at=timezone.now()).decode()
    assert file.count("BEGIN:VEVENT") == 2
    assert f"course-date-{row.reference.lower()}-2@" in file.lower()


def test_sessions_at_the_same_time_are_refused(client):
    row = a_course_date()
    posted = {
        "sessions-TOTAL_FORMS": "2",
        **inline("sessions", 0, starts_at="2027-02-15 10:00", ends_at="2027-02-15 16:00"),
        **inline("sessions", 1, starts_at="2027-02-15 15:00", ends_at="2027-02-15 17:00"),
    }
    assert "Two sessions are at the same time" in errors(edit(client, row, **posted))
    assert not CourseSession.objects.exists()


@pytest.mark.parametrize(
    ("posted", "words"),
    [
        ({"capacity": "1"}, "2 places are already taken"),
        ({"equity_places": "21"}, "fewer places than that"),
        ({"min_age": "9", "max_age": "8"}, "below the lower bound"),
        ({"decide_by": "2099-01-01"}, "Decide before it begins"),
    ],
)
def test_what_contradicts_itself_is_said(client, posted, words):
    row = a_course_date()
    places.hold(row.pk, holder="a", children=2)
    answer = edit(client, row, **posted)
    assert words in errors(answer)


def test_an_add_on_that_families_have_stays_and_does_not_shrink(client):
    row = a_course_date()
    lunch = AddOn.objects.create(course_date=row, name="Lunch", capacity=5)
    places.hold(row.pk, holder="a", children=2)
    places.choose_add_ons("a", {1: [lunch.pk], 2: [lunch.pk]})

    assert "have it already: 2" in errors(edit(client, row, **{"add_ons-0-capacity": "1"}))
    edit(client, row, **{"add_ons-0-DELETE": "1"})
    assert PlaceAddOn.objects.count() == 2
    assert edit(client, row, **{"add_ons-0-capacity": "2"}).status_code == 302


def half_terms():
    found = []
    for start in (2026, 2027):
        year = AcademicYear.objects.create(start_year=start)
        for season, first, half, last in (
            (
                "autumn",
                date(start, 9, 1),
                date(start, 10, 25 if start == 2027 else 26),
                date(start, 12, 18),
            ),
            ("spring", date(start + 1, 1, 4), date(start + 1, 2, 15), date(start + 1, 4, 1)),
        ):
            found.append(
                Term.objects.create(
                    academic_year=year,
                    season=season,
                    starts_on=first,
                    half_term_starts_on=half,
                    half_term_ends_on=half + timedelta(days=4),
                    ends_on=last,
                )
            )
    return found


def a_half_term_day(**more):
    """Monday 26 October 2026, the day after the clocks went back."""
    return a_course_date(
        starts_at=wall(2026, 10, 26, 10),
        ends_at=wall(2026, 10, 26, 16),
        booking_opens_at=wall(2026, 9, 14, 17),
        booking_closes_at=wall(2026, 10, 24, 17),
        **more,
    )


def test_next_half_terms_dates_keep_their_weekday_and_their_hours():
    _autumn, spring, *_later = half_terms()
    one = datecopies.to_half_term([a_half_term_day()], spring)[0]

    assert one.starts_at == wall(2027, 2, 15, 10)
    # Summer time when it opened in September, winter time now: five o'clock both times.
    assert one.booking_opens_at == wall(2027, 1, 4, 17)


def test_next_years_dates_are_in_the_same_half_term():
    half_terms()
    one = datecopies.to_next_year([a_half_term_day()])[0]
    assert one.starts_at == wall(2027, 10, 25, 10)


def test_copies_are_shown_edited_and_only_then_made(client):
    _autumn, spring, *_later = half_terms()
    row = a_half_term_day()
    AddOn.objects.create(course_date=row, name="Lunch", price_pence=400, capacity=5)
    RefundStep.objects.create(course_date=row, days_before=3, percent=90)
    CourseSession.objects.create(
        course_date=row, starts_at=row.starts_at, ends_at=row.starts_at + timedelta(hours=2)
    )
    CourseSession.objects.create(
        course_date=row, starts_at=row.starts_at + timedelta(hours=3), ends_at=row.ends_at
    )

    assert client.get(COPY).status_code == 200
    shown = client.post(COPY, {"what": "half_term", "term": spring.pk, "dates": [row.pk]})
    assert CourseDate.objects.count() == 1
    data = own_values(form_of(shown)) | {"rows-0-capacity": "12", "save": "1"}
    answer = client.post(COPY, data)

    assert answer.status_code == 302, errors(answer)
    new = CourseDate.objects.exclude(pk=row.pk).get()
    assert (new.capacity, new.status, new.reference) == (12, "open", "sw-watford-270215")
    assert new.starts_at == wall(2027, 2, 15, 10)
    assert [one.starts_at.hour for one in new.sessions.all()] == [10, 13]
    assert [one.name for one in new.add_ons.all()] == ["Lunch"]
    assert new.cancellation_ladder == [{"days_before": 3, "percent": 90}]

    again = client.post(COPY, data)
    assert again.status_code == 422
    assert "There is such a date already" in errors(again)
    assert CourseDate.objects.count() == 2


def test_a_school_year_rolls_over_as_drafts(client):
    half_terms()
    row = a_half_term_day()
    shown = client.post(COPY, {"what": "year", "dates": [row.pk]})
    client.post(COPY, own_values(form_of(shown)) | {"save": "1"})

    new = CourseDate.objects.exclude(pk=row.pk).get()
    assert (new.status, new.starts_at) == ("draft", wall(2027, 10, 25, 10))
    assert new not in CourseDate.objects.upcoming()


def test_one_date_is_copied_and_only_by_who_may(client):
    row = a_half_term_day()
    assert "checked" in str(form_of(client.get(f"{COPY}?date={row.reference}"), "dates"))
    nobody = Client()
    nobody.force_login(get_user_model().objects.create_user("bob", password="x"))
    assert nobody.get(COPY).status_code in (302, 403)
