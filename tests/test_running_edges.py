"""Bookings at the edges: several days, a looked-after child, a young booker, permission taken back."""

from datetime import datetime, timedelta

import pytest
from icalendar import Calendar

from cms.clock import LONDON
from cms.models import (
    CourseDate,
    CourseSession,
    OutboxMessage,
    OutsideBooking,
    Place,
    PlaceAddOn,
)
from forms.letters import say_when
from forms.models import RegisterLine
from forms.running import changing, courseletters, marks, moving, register, roll
from forms.running.entries import entry_for
from forms.running.reach import Seat
from imports.resources import rosters
from tests.casework import run_until_over
from tests.courserun import (
    STARTS,
    book,
    half_term_date,
    health,
    person,
    place_of,
    publish_songwriter,
    set_clock,
    team,
)
from tests.folder import AtHome
from tests.test_running_register import tap
from workflows.engine import perform
from workflows.models import Case

pytestmark = pytest.mark.django_db
EMAIL = "rowan.ashdown@example.org"
ONE = [("Wren", "Ashdown", "2014-05-02")]


@pytest.fixture
def version(monkeypatch):
    set_clock(monkeypatch, "2026-10-01T10:00")
    return publish_songwriter()


def three_days():
    date = half_term_date(ends_at=(STARTS + timedelta(days=2)).replace(hour=16))
    for day in range(3):
        begins = STARTS + timedelta(days=day)
        CourseSession.objects.create(
            course_date=date, starts_at=begins, ends_at=begins.replace(hour=16)
        )
    return date


def test_who_came_on_one_day_of_three_has_attended_whatever_the_next_day_says(version, monkeypatch):
    date = three_days()
    booking = book(version, date, names=ONE, **health())
    lead, *_others = team(date)
    place = place_of(booking)

    set_clock(monkeypatch, "2026-10-26T16:10")
    marks.take(date, tap(place, "in", "2026-10-26T10:00"), by=lead)
    set_clock(monkeypatch, "2026-10-27T10:10")
    marks.take(date, tap(place, "absent", "2026-10-27T10:00"), by=lead)

    days = RegisterLine.objects.filter(place=place).order_by("day")
    assert list(days.values_list("state", flat=True)) == ["here", "absent"]
    set_clock(monkeypatch, "2026-10-28T16:30")
    courseletters.settle(date)
    place.refresh_from_db()
    assert place.state == "attended"


def test_a_mark_by_mistake_that_is_undone_is_no_attendance(version, monkeypatch):
    date = half_term_date()
    place = place_of(book(version, date, names=ONE))
    lead, *_others = team(date)
    set_clock(monkeypatch, "2026-10-26T10:10")

    for kind, minute in (("in", 1), ("undo", 2)):
        marks.take(date, tap(place, kind, f"2026-10-26T10:0{minute}"), by=lead)

    place.refresh_from_db()
    assert place.state == "confirmed"


def test_one_day_of_three_that_is_called_off_is_said_and_the_place_stays(version):
    date = three_days()
    booking = book(version, date, names=ONE)

    date.sessions.filter(starts_at__day=27).update(is_cancelled=True)
    date = type(date).objects.get(pk=date.pk)

    entry = entry_for(booking, date)
    events = Calendar.from_ical(entry.content).walk("VEVENT")
    assert [str(one["status"]) for one in events] == ["CONFIRMED", "CANCELLED", "CONFIRMED"]
    assert [one["dtstart"].dt for one in events][1] == datetime(2026, 10, 27, 10, tzinfo=LONDON)
    assert "26 October" in say_when(date) and "27 October" not in say_when(date)
    assert place_of(booking).state == "confirmed"


def test_who_is_removed_by_staff_is_off_the_register_and_the_place_is_free(version):
    date = half_term_date(capacity=1)
    booking = book(version, date, names=ONE, **health())
    case = Case.objects.get(reference=booking.reference)

    event = perform(case.pk, "cancel", by=person("bo", "bookings"), comment="Hit a child")
    run_until_over(event)

    assert roll.children_on(date) == []
    assert Place.objects.get(holder=booking.holder).seat is None
    assert book(version, date, email="finch@example.org").reference


@pytest.mark.parametrize("relationship", ["foster_carer", "social_worker"])
def test_a_looked_after_child_is_booked_without_pictures_and_without_any_yes_to_responsibility(
    version, relationship
):
    date = half_term_date()
    booking = book(
        version,
        date,
        names=ONE,
        relationship=relationship,
        responsibility="no",
        allows=None,
        **health(),
    )

    (row,) = rows(date)
    assert row.photos == "no" and row.must_not == "Dale Canaryman"
    letters = OutboxMessage.objects.filter(to=EMAIL)
    assert letters and not any("Canaryman" in one.text for one in letters)
    assert place_of(booking).state == "confirmed"


def test_a_young_person_of_16_books_for_herself_and_is_on_the_register(version):
    date = half_term_date()

    booking = book(
        version,
        date,
        names=[("Rowan", "Ashdown", "2010-03-01")],
        relationship="other",
        responsibility="no",
    )

    (child,) = roll.children_on(date)
    assert child.born.year == 2010 and place_of(booking).state == "confirmed"
    page = AtHome(EMAIL).sign_in().get(f"/family/{booking.reference}/")
    assert "Songwriter" in page.text
    assert moving._is_for(date, child)


def test_permission_for_pictures_taken_back_in_the_folder_is_on_the_register_at_once(version):
    date = half_term_date()
    booking = book(version, date, names=ONE, allows=["photos_internal", "record_songs"])
    assert rows(date)[0].photos == "yes"
    home = AtHome(EMAIL).sign_in()
    address = f"/family/{booking.reference}/booking/change/"
    assert "permissions" in {key for key, *_more in changing.parts(booking)}

    begun = home.send(home.get(address), "change/", part="permissions")
    form = home.get(home.get(begun.location).location)
    sent = home.send(form, "", allows=["record_songs"], song_name="none")
    home.send(home.get(sent.location), "")

    assert rows(date)[0].photos == "no"


def rows(date):
    return register.rows(date, Seat(part="lead"))


def test_no_roster_that_staff_import_writes_places_or_their_number():
    written = {roster._meta.model for _key, roster in rosters.items()}

    assert OutsideBooking in written
    assert not written & {Place, PlaceAddOn, CourseDate}
