"""Events that take place again and again: the same dates on pages, in diaries and in feeds."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import recurring_ical_events
import time_machine
from defusedxml import ElementTree
from django.core.exceptions import ValidationError
from icalendar import Calendar

from cms.models import AcademicYear, Term
from pages.blocks import BodyBlock
from pages.models import EventChange, EventIndexPage, EventPage, HomePage
from pages.occasions import Repeats, days_of
from pages.structured import event as structured_event

pytestmark = pytest.mark.django_db
LONDON = ZoneInfo("Europe/London")
NOW = datetime(2026, 10, 1, 12, tzinfo=LONDON)


@pytest.fixture(autouse=True)
def october():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def index():
    return HomePage.objects.get().add_child(instance=EventIndexPage(title="Events", slug="events"))


def at(day, hour=19, minute=0, month=10):
    return datetime(2026, month, day, hour, minute, tzinfo=LONDON)


def make(index, title="Singing", changes=(), **facts):
    page = EventPage(
        **{
            "title": title,
            "slug": title.lower(),
            "kind": "workshop",
            "venue": "Abbey Hall",
            "starts_at": at(8),
            "ends_at": at(8, 20, 30),
            "repeats": Repeats.WEEKLY,
            "repeats_until": date(2026, 11, 12),
        }
        | facts
    )
    page.changes = [EventChange(**change) for change in changes]
    index.add_child(instance=page)
    page.save_revision().publish()
    return EventPage.objects.get(pk=page.pk)


CANCELLED = {"on": date(2026, 10, 22), "what": "cancelled", "note": "The hall is shut."}
MOVED = {
    "on": date(2026, 10, 29),
    "what": "moved",
    "starts_at": at(30, 18),
    "ends_at": at(30, 19),
    "note": "A day later.",
}
NOTED = {"on": date(2026, 11, 5), "what": "note", "note": "Bring a torch."}


@pytest.mark.parametrize(
    ("rule", "first", "until", "days"),
    [
        ("", (10, 8), (12, 31), [(10, 8)]),
        ("weekly", (10, 8), (10, 29), [(10, 8), (10, 15), (10, 22), (10, 29)]),
        ("fortnightly", (10, 8), (11, 5), [(10, 8), (10, 22), (11, 5)]),
        ("monthly", (10, 13), (12, 31), [(10, 13), (11, 10), (12, 8)]),
        ("monthly_last", (10, 27), (12, 31), [(10, 27), (11, 24), (12, 29)]),
        ("monthly", (10, 29), (12, 31), [(10, 29), (11, 26), (12, 31)]),  # a fifth one is the last
    ],
)
def test_a_rule_has_these_days(rule, first, until, days):
    found = list(days_of(rule, date(2026, *first), date(2026, *until)))

    assert found == [date(2026, *day) for day in days]


def test_the_hour_on_the_wall_stays_when_the_clocks_change(index):
    page = make(index)

    assert [
        (o.starts_at.strftime("%d %b %H:%M %z"), o.ends_at.strftime("%H:%M"))
        for o in page.occasions()
    ] == [
        ("08 Oct 19:00 +0100", "20:30"),
        ("15 Oct 19:00 +0100", "20:30"),
        ("22 Oct 19:00 +0100", "20:30"),
        ("29 Oct 19:00 +0000", "20:30"),
        ("05 Nov 19:00 +0000", "20:30"),
        ("12 Nov 19:00 +0000", "20:30"),
    ]


def from_diary(content: bytes) -> list[tuple]:
    """The dates that another program counts from a calendar file."""
    found = recurring_ical_events.of(Calendar.from_ical(content)).between(
        datetime(2026, 9, 1, tzinfo=LONDON), datetime(2027, 9, 1, tzinfo=LONDON)
    )
    return sorted((event["dtstart"].dt, event["dtend"].dt) for event in found)


@pytest.mark.parametrize(
    ("facts", "changes"),
    [
        ({}, []),
        ({}, [CANCELLED, MOVED, NOTED]),
        ({"repeats": "fortnightly", "repeats_until": date(2027, 4, 30)}, [CANCELLED]),
        ({"repeats": "monthly", "repeats_until": date(2027, 6, 30)}, []),
        ({"repeats": "monthly_last", "starts_at": at(29), "ends_at": at(29, 21)}, []),
        ({"repeats": "", "repeats_until": None}, []),
        ({"starts_at": at(8, 22), "ends_at": at(9, 1)}, []),  # past midnight
    ],
)
def test_a_diary_counts_the_same_dates_as_the_page(client, index, facts, changes):
    if facts.get("repeats") == "monthly_last":
        facts = facts | {"repeats_until": date(2027, 5, 31)}
    page = make(index, changes=changes, **facts)
    expected = sorted((o.starts_at, o.ends_at) for o in page.occasions() if not o.is_cancelled)

    assert from_diary(client.get("/events/singing/dates.ics").content) == expected
    assert from_diary(client.get("/events.ics").content) == expected


def test_the_calendar_says_the_rule_and_what_differs_in_its_own_words(client, index):
    make(index, changes=[CANCELLED, MOVED, NOTED])

    text = client.get("/events/singing/dates.ics").content.decode()

    for line in (
        "DTSTART;TZID=Europe/London:20261008T190000",
        "RRULE:FREQ=WEEKLY;UNTIL=20261112T235959Z;INTERVAL=1",
        "EXDATE;TZID=Europe/London:20261022T190000",
        "RECURRENCE-ID;TZID=Europe/London:20261029T190000",
        "DTSTART;TZID=Europe/London:20261030T180000",
        "RECURRENCE-ID;TZID=Europe/London:20261105T190000",
        "BEGIN:VTIMEZONE",
    ):
        assert line in text, line
    assert len({line for line in text.splitlines() if line.startswith("UID:")}) == 1


def test_the_list_shows_what_is_cancelled_moved_and_noted(client, index):
    make(index, changes=[CANCELLED, MOVED, NOTED])

    html = client.get("/events/").content.decode()

    assert html.count("Singing</a>") == 6
    assert html.count("is-cancelled") == 1
    for words in ("The hall is shut.", "Moved from 29 October 2026, 7pm", "Bring a torch."):
        assert words in html


def test_a_month_shows_its_own_dates_and_leads_to_the_next(client, index):
    make(
        index, changes=[MOVED | {"starts_at": at(1, 18, month=12), "ends_at": at(1, 19, month=12)}]
    )

    november = client.get("/events/2026/11/").content.decode()
    december = client.get("/events/2026/12/").content.decode()

    assert (november.count("Singing</a>"), december.count("Singing</a>")) == (2, 1)
    assert '/events/2026/12/"' in november


def test_a_term_shows_its_own_dates(client, index):
    year = AcademicYear.objects.create(start_year=2026)
    Term.objects.create(
        academic_year=year,
        season="autumn",
        starts_on=date(2026, 9, 1),
        half_term_starts_on=date(2026, 10, 26),
        half_term_ends_on=date(2026, 10, 30),
        ends_on=date(2026, 11, 10),
    )
    make(index)

    html = client.get("/events/term/2026/autumn/").content.decode()

    assert html.count("Singing</a>") == 5
    assert "Term: Autumn 2026/27" in client.get("/events/").content.decode()


@pytest.mark.parametrize(
    "path", ["/events/2026/13/", "/events/1999/1/", "/events/term/2026/winter/", "/events/0/0/"]
)
def test_a_month_that_is_none_is_not_found(client, index, path):
    assert client.get(path).status_code == 404


def test_each_date_is_an_entry_of_the_feed_with_an_id_of_its_own(client, index):
    make(index, changes=[CANCELLED])

    response = client.get("/events/feed/")

    space = {"a": "http://www.w3.org/2005/Atom"}
    entries = ElementTree.fromstring(response.content).findall("a:entry", space)
    assert [entry.find("a:title", space).text for entry in entries][1:3] == [
        "Singing, Thursday 15 October 2026, 19:00",
        "Cancelled: Singing, Thursday 22 October 2026, 19:00",
    ]
    assert len({entry.find("a:id", space).text for entry in entries}) == 6


def test_many_recurring_events_cost_as_many_queries_as_one(
    client, index, django_assert_max_num_queries
):
    make(index, "One", changes=[CANCELLED])
    client.get("/events/")
    with django_assert_max_num_queries(100) as few:
        client.get("/events/")
    for name in ("Two", "Three", "Four"):
        make(index, name, changes=[CANCELLED, MOVED])
    with django_assert_max_num_queries(100) as many:
        client.get("/events/")

    assert len(many) == len(few)


def test_an_event_that_goes_on_is_not_over(client, index):
    page = make(index)

    with time_machine.travel(NOW + timedelta(days=30)):
        html = client.get("/events/singing/").content.decode()
        assert "This is over" not in html
        assert "Every Thursday until 12 November 2026" in html
        assert page.is_over() is False
    with time_machine.travel(NOW + timedelta(days=60)):
        assert "This is over" in client.get("/events/singing/").content.decode()
        assert "Singing</a>" not in client.get("/events/").content.decode()


@pytest.mark.parametrize(
    ("facts", "field"),
    [
        ({"repeats_until": None}, "repeats_until"),
        ({"repeats_until": date(2026, 10, 7)}, "repeats_until"),
        ({"repeats_until": date(2036, 10, 7)}, "repeats_until"),
        ({"ends_at": at(20)}, "ends_at"),
    ],
)
def test_a_rule_that_cannot_be_is_refused_where_it_is_wrong(index, facts, field):
    with pytest.raises(ValidationError) as refused:
        make(index, **facts)

    assert list(refused.value.error_dict) == [field]


def test_a_change_says_when_or_what():
    for change, field in (
        (EventChange(on=date(2026, 10, 8), what="moved"), "starts_at"),
        (EventChange(on=date(2026, 10, 8), what="note"), "note"),
    ):
        with pytest.raises(ValidationError) as refused:
            change.clean()
        assert list(refused.value.error_dict) == [field]


def test_a_change_for_another_day_is_pointed_out(index):
    page = make(index, changes=[CANCELLED | {"on": date(2026, 10, 9)}])

    assert [str(finding) for finding in page.own_findings()] == [
        "It does not take place on Friday 09 October 2026, so the change for that day does nothing."
    ]


def test_search_engines_are_told_the_rule_and_the_next_date(index):
    page = make(index, changes=[CANCELLED])

    with time_machine.travel(at(20)):
        told = structured_event(page)

    assert told["startDate"] == at(22).isoformat()
    assert told["eventStatus"] == "https://schema.org/EventCancelled"
    assert told["eventSchedule"] == {
        "@type": "Schedule",
        "repeatFrequency": "P1W",
        "startDate": "2026-10-08",
        "endDate": "2026-11-12",
        "startTime": "19:00",
        "exceptDate": [at(22).isoformat()],
        "scheduleTimezone": "Europe/London",
    }


@pytest.mark.parametrize(
    ("kinds", "shown"),
    [
        ([], ["Singing", "Concert", "Staff"]),
        (["concert"], ["Concert"]),
        (["workshop", "training"], ["Singing", "Staff"]),
        (["open_day"], []),
    ],
)
def test_a_list_of_events_can_be_narrowed_to_some_kinds(index, rf, kinds, shown):
    once = {"repeats": Repeats.ONCE, "repeats_until": None}
    for title, kind in (("Singing", "workshop"), ("Concert", "concert"), ("Staff", "training")):
        make(index, title=title, kind=kind, **once)
    block = BodyBlock().child_blocks["event_feed"]
    value = block.to_python({"heading": "Coming up", "number": 9, "kinds": kinds})

    html = block.render(block.clean(value), context={"request": rf.get("/")})

    titles = [title for title in ("Singing", "Concert", "Staff") if f">{title}</a>" in html]
    assert titles == shown


def test_a_list_of_events_made_before_kinds_could_be_chosen_shows_every_kind(index):
    make(index)
    block = BodyBlock().child_blocks["event_feed"]

    html = block.render(block.to_python({"heading": "Coming up", "number": 1}), context={})

    assert ">Singing</a>" in html
