"""The finder: the right day for each age and year, every "why not", and nothing of it kept."""

import logging
from datetime import date, datetime, timedelta
from urllib.parse import urlencode

import pytest
import time_machine
from django.test import Client
from django.utils import timezone
from wagtail.models import Locale

from cms import places
from cms.models import Course, Ensemble, EnsembleSection, Instrument
from pages import finder
from pages.distance import Point, districts, miles, outcode_of, point_of
from pages.fitting import Child
from pages.models import FinderPage, HomePage

from .costs import fewest_queries
from .demo_hub import make_centre, make_course_date, rows_of_everything

pytestmark = pytest.mark.django_db

TODAY = date(2026, 9, 20)
CANARY = "14"
URLENCODED = "application/x-www-form-urlencoded"
HITCHIN = Point(51.95, -0.28)


@pytest.fixture(autouse=True)
def _on_the_day():
    with time_machine.travel(datetime(2026, 9, 20, 9, tzinfo=timezone.get_default_timezone())):
        yield


@pytest.fixture
def page():
    return HomePage.objects.get().add_child(instance=FinderPage(title="Find", slug="find"))


def course_on(day: date, **facts):
    """A date of a course on that day; `course__...` are fields of the course."""
    own = {name.removeprefix("course__"): facts.pop(name) for name in list(facts) if "__" in name}
    starts = timezone.make_aware(datetime(day.year, day.month, day.day, 10))
    found = make_course_date(
        starts_at=starts,
        ends_at=starts + timedelta(hours=6),
        booking_opens_at=starts - timedelta(days=90),
        booking_closes_at=starts - timedelta(days=1),
        reference=facts.pop("reference", f"sw-{day:%y%m%d}"),
        **facts,
    )
    Course.objects.filter(pk=found.course_id).update(**own)
    return found


def group(name="Steel Pans", **facts):
    defaults = {"level": "centre", "summary": "x", "centre": make_centre(), "for_beginners": True}
    return Ensemble.objects.create(
        name=name, slug=name.lower().replace(" ", "-"), **defaults | facts
    )


def why_not(child: Child) -> list[str]:
    return [reason for other in finder.look(child).others for reason in other.reasons]


def fitting(child: Child, home=None) -> list[str]:
    found = finder.look(child, home)
    return [offer.title for offer in (*found.courses, *found.groups, *found.auditions)]


# --- The right day ------------------------------------------------------------------------------


@pytest.mark.parametrize(("born", "fits"), [(date(2015, 8, 31), True), (date(2015, 9, 1), False)])
def test_cousins_born_a_day_apart_are_in_different_years_on_the_day_of_the_course(born, fits):
    course_on(date(2026, 10, 26), course__min_year=7, course__max_year=9)
    child = Child(TODAY, born=born)

    assert (fitting(child), why_not(child)) == (
        (["Songwriter"], [])
        if fits
        else (
            [],
            [
                (
                    "Monday 26 October 2026, 10am to 4pm, Watford Music Centre: For school years 7 to 9. "
                    "Your child will be in Year 6 on 26 October 2026, the day of the course."
                )
            ],
        )
    )


def test_age_counts_on_the_day_of_the_course_and_not_today():
    course_on(date(2026, 10, 26), course__min_age=8, course__max_age=18)
    course_on(date(2027, 2, 16))
    child = Child(TODAY, born=date(2018, 12, 1))

    outcome = finder.look(child)

    assert [offer.when for offer in outcome.courses] == ["Tuesday 16 February 2027, 10am to 4pm"]
    assert [other.reasons for other in outcome.others] == [
        [
            (
                "Monday 26 October 2026, 10am to 4pm, Watford Music Centre: For ages 8 to 18. "
                "Your child will be 7 on 26 October 2026, the day of the course."
            )
        ]
    ]


def test_a_group_without_auditions_goes_by_today():
    group(max_age=4)

    assert why_not(Child(TODAY, born=date(2021, 9, 20))) == [
        "For age 4 and under. Your child is 5 now."
    ]
    assert fitting(Child(TODAY, born=date(2021, 9, 21))) == ["Steel Pans"]


def test_an_audition_goes_by_the_day_that_its_round_names():
    group(
        "County Orchestra",
        has_auditions=True,
        auditions_open_on=date(2026, 9, 1),
        auditions_close_on=date(2026, 11, 1),
        judged_on=date(2027, 9, 1),
        min_year=9,
        max_year=13,
    )
    in_year_8_now = Child(TODAY, born=date(2013, 9, 1))
    a_day_too_young = Child(TODAY, born=date(2014, 9, 1))

    assert fitting(in_year_8_now) == ["County Orchestra"]
    assert why_not(a_day_too_young) == [
        (
            "For school years 9 to 13. Your child will be in Year 8 on 1 September 2027, "
            "the day that counts for these auditions."
        )
    ]


def test_a_school_year_alone_is_carried_to_the_day_of_the_course():
    course_on(date(2027, 10, 25), course__min_year=7, course__max_year=8)

    assert fitting(Child(TODAY, year=6)) == ["Songwriter"]
    assert fitting(Child(TODAY, year=5)) == []


def test_a_school_year_alone_says_so_where_the_birthday_decides():
    course_on(date(2026, 10, 26), course__min_age=8)

    (offer,) = finder.look(Child(TODAY, year=3)).courses

    assert offer.verdict.notes == [
        "For age 8 and over: whether that is your child depends on the birthday."
    ]
    assert why_not(Child(TODAY, year=1)) == [
        (
            "Monday 26 October 2026, 10am to 4pm, Watford Music Centre: For age 8 and over. "
            "Your child will be 5 or 6 on 26 October 2026, the day of the course."
        )
    ]


def test_the_year_a_family_states_counts_and_the_difference_is_said():
    course_on(date(2026, 10, 26), course__min_year=6, course__max_year=6)
    child = Child(TODAY, born=date(2015, 8, 31), year=6)

    outcome = finder.look(child)

    assert [offer.title for offer in outcome.courses] == ["Songwriter"]
    assert outcome.note.startswith("Year 6 is a year below what the date of birth suggests")


def test_a_summer_born_child_a_year_too_high_is_told_how_to_say_so():
    group(min_year=3, max_year=6)

    assert why_not(Child(TODAY, born=date(2015, 8, 31))) == [
        (
            "For school years 3 to 6. Your child is in Year 7 now. "
            "If your child started school a year later, give the school year too."
        )
    ]


def test_before_and_after_school_are_said_in_words():
    group(min_year=0, max_year=13)

    assert why_not(Child(TODAY, born=date(2024, 1, 1))) == [
        "For school years Reception to 13. Your child is not yet at school now."
    ]
    assert why_not(Child(TODAY, born=date(2000, 1, 1))) == [
        "For school years Reception to 13. Your child is after school now."
    ]


# --- Instruments, days, places, auditions -------------------------------------------------------


@pytest.fixture
def violin():
    return Instrument.objects.create(name="Violin", slug="violin", family="strings")


@pytest.fixture
def tuba():
    return Instrument.objects.create(name="Tuba", slug="tuba", family="brass")


def test_a_group_for_other_instruments_says_which(violin, tuba):
    band = group("Brass Band", for_beginners=False)
    EnsembleSection.objects.create(ensemble=band, instrument=tuba, target=1)

    assert why_not(Child(TODAY, year=6, plays=violin)) == [
        "There is no violin in it: it is for tuba."
    ]
    assert fitting(Child(TODAY, year=6, plays=tuba)) == ["Brass Band"]


def test_a_beginners_group_for_another_instrument_fits_as_something_new(violin, tuba):
    group("Brass Starters").instruments.add(tuba)

    (offer,) = finder.look(Child(TODAY, year=6, plays=violin)).groups

    assert offer.verdict.notes == ["Here it is tuba: something new beside the violin."]


def test_somebody_without_an_instrument_is_shown_a_way_in():
    first = group("First Strings")
    later = group("Youth Strings", for_beginners=False, entry_guide="About Grade 3")
    first.leads_to.add(later)
    child = Child(TODAY, year=6, begins=True)

    assert fitting(child) == ["First Strings"]
    assert why_not(child) == [
        "For those who play or sing already (about Grade 3). A way in: First Strings."
    ]


def test_another_day_of_the_week_is_said():
    group(weekday=5)
    course_on(date(2026, 10, 26))

    assert why_not(Child(TODAY, year=6, day=2)) == [
        (
            "Monday 26 October 2026, 10am to 4pm, Watford Music Centre: "
            "The day is Monday, and you asked for Wednesday."
        ),
        "The day is Saturday, and you asked for Wednesday.",
    ]
    assert fitting(Child(TODAY, year=6, day=5)) == ["Steel Pans"]


def test_closed_booking_and_a_full_course_are_said_and_a_cancelled_one_is_left_out():
    now = timezone.now()
    closed = course_on(date(2026, 9, 22))
    closed.booking_closes_at = now - timedelta(hours=1)
    closed.save()
    cancelled = course_on(date(2026, 10, 27))
    cancelled.status = "cancelled"
    cancelled.save()
    full = course_on(date(2026, 10, 26), capacity=1)
    places.hold(full.pk, holder="x", children=1)

    assert why_not(Child(TODAY, year=6)) == [
        (
            "Tuesday 22 September 2026, 10am to 4pm, Watford Music Centre: "
            "Booking closed on 20 September 2026."
        ),
        "Monday 26 October 2026, 10am to 4pm, Watford Music Centre: It is full.",
    ]


@pytest.mark.parametrize(
    ("opens", "closes", "reason"),
    [
        (date(2026, 9, 21), date(2026, 11, 1), "Auditions open on 21 September 2026."),
        (
            date(2026, 8, 1),
            date(2026, 9, 19),
            "Auditions are closed now. They are held once a year.",
        ),
        (None, None, "Auditions are closed now. They are held once a year."),
    ],
)
def test_auditions_that_are_not_open_say_when(opens, closes, reason):
    group(has_auditions=True, auditions_open_on=opens, auditions_close_on=closes)

    assert why_not(Child(TODAY, year=6)) == [reason]


def test_a_closed_centre_is_said():
    centre = make_centre()
    centre.is_open = False
    centre.save()
    group(centre=centre)

    assert why_not(Child(TODAY, year=6)) == ["Watford Music Centre is closed for now."]


# --- How far ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "outcode"),
    [
        ("SG4 9UJ", "SG4"),
        ("sg49uj", "SG4"),
        ("sg4", "SG4"),
        ("AL10 8ZZ", "AL10"),
        ("wc2h 7lt", "WC2H"),
        ("12345", None),
        ("'; --", None),
        ("", None),
    ],
)
def test_a_postcode_is_known_by_its_first_half(typed, outcode):
    assert outcode_of(typed) == outcode


def test_distances_are_near_what_a_map_says():
    hitchin, watford = point_of("SG5 2ZZ"), point_of("WD18 7ZZ")

    assert 20 < miles(hitchin, watford) < 25
    assert miles(hitchin, hitchin) == 0


def test_every_centre_of_the_demo_hub_is_in_its_own_district():
    from pages.demo.load import read

    far = {
        row[0]: round(miles(Point(row[5], row[6]), point_of(row[4])), 1)
        for row in read("records")["centres"]
        if miles(Point(row[5], row[6]), point_of(row[4])) > 3
    }
    assert (far, len(districts()) > 90) == ({}, True)


def test_what_is_near_comes_first():
    far_away = make_centre()
    near = type(far_away).objects.create(
        name="Hitchin", slug="hitchin", area=far_away.area, address="x", postcode="SG5 2ZZ"
    )
    far_away.latitude, far_away.longitude = 51.656, -0.397
    far_away.save()
    group("A far one", centre=far_away)
    group("B near one", centre=near)

    assert fitting(Child(TODAY, year=6), HITCHIN) == ["B near one", "A far one"]
    assert fitting(Child(TODAY, year=6)) == ["A far one", "B near one"]


# --- The page -----------------------------------------------------------------------------------


def ask(client, page, **answers):
    names = {"day_of": "day", "month": "born_month", "year_of": "born_year", "born": "born_day"}
    return client.post(f"/finder/{page.pk}/", {names.get(k, k): v for k, v in answers.items()})


def test_the_page_asks_and_answers_without_a_cookie(client, page):
    course_on(date(2026, 10, 26), course__min_age=8, course__form_slug="")
    asked = client.get("/find/")
    answer = ask(client, page, born=CANARY, month="mar", year_of="2015", postcode="wd18")

    html = answer.content.decode()
    assert (asked.status_code, answer.status_code) == (200, 200)
    assert (dict(asked.cookies), dict(answer.cookies)) == ({}, {})
    assert "1 thing to join" in html and "£17.50 or free with help with costs" in html
    assert "20 places left" in html


def test_the_answer_is_stored_nowhere_on_our_side_and_is_in_no_address(page, caplog):
    course_on(date(2026, 10, 26))
    client = Client(enforce_csrf_checks=True)
    client.get("/find/")  # makes the row of the hub's details
    before = rows_of_everything()

    with caplog.at_level(logging.DEBUG):
        answer = ask(client, page, born="31", month="12", year_of="2013", postcode="SG4 9ZZ")

    # Not no-store: the browser's own copy is what its Back button shows after a POST.
    assert answer["Cache-Control"] == "private, no-cache"
    assert answer.request["QUERY_STRING"] == ""
    assert 'method="post"' in answer.content.decode()
    assert rows_of_everything() == before
    said = [record.getMessage() for record in caplog.records]
    assert [line for line in said if "SG4" in line or "2013" in line] == []


def test_an_answer_that_is_asked_for_by_address_leads_to_the_questions(client, page):
    response = client.get(f"/finder/{page.pk}/?born_day=1")

    assert (response.status_code, response["Location"]) == (302, "/find/")


def test_an_unpublished_finder_answers_nobody(client, page):
    page.unpublish()

    assert ask(client, page, year="6").status_code == 404


@pytest.mark.parametrize(
    ("answers", "message"),
    [
        ({}, "Enter a date of birth or choose a school year"),
        ({"born": "31", "month": "2", "year_of": "2015"}, "Date of birth must be a real date"),
        ({"born": "1", "month": "1", "year_of": "2030"}, "Date of birth must be in the past"),
        ({"born": "1", "month": "", "year_of": "2015"}, "Date of birth must include a month"),
        ({"year": "99"}, "Choose a school year from the list"),
        ({"year": "6", "postcode": "<b>"}, "Postcode must look like SG4 9UJ or SG4"),
        ({"year": "6", "postcode": "S" * 5000}, "Postcode must look like SG4 9UJ or SG4"),
        ({"year": "6", "instrument": "'; DROP"}, "Choose an instrument from the list"),
        ({"year": "6", "day_of": "-1"}, "Choose a day from the list"),
        ({"year": "6", "day_of": "\x00"}, "Choose a day from the list"),
        ({"year": "6", "postcode": "\x00"}, "Null characters are not allowed"),
    ],
)
def test_bad_values_are_said_plainly(client, page, answers, message):
    response = ask(client, page, **answers)

    main = response.content.decode().partition("<main")[2]
    assert response.status_code == 200
    assert "There is a problem" in main and message in main
    assert "<b>" not in main


def test_a_postcode_elsewhere_only_leaves_the_distances_out(client, page):
    group()

    html = ask(client, page, year="6", postcode="AB10 1AA").content.decode()

    assert "We do not know where that postcode is" in html
    assert " miles" not in html.partition("<main")[2]


def test_nothing_that_fits_shows_every_reason_and_a_way_to_ask(client, page):
    group(max_age=4)

    html = ask(client, page, year="9").content.decode()

    assert "0 things to join" in html and "<details open>" in html and 'href="/contact/"' in html


def test_it_costs_as_many_queries_for_one_offer_as_for_many(client, page, violin):
    def queries():
        return fewest_queries(
            lambda: ask(client, page, year="6", postcode="WD18", instrument="violin")
        )

    course_on(date(2026, 10, 26)).course.instruments.add(violin)
    first = group("One")
    EnsembleSection.objects.create(ensemble=first, instrument=violin, target=1)
    one = queries()
    for number in range(5):
        course_on(date(2026, 11, 2 + number))
        more = group(f"More {number}")
        more.instruments.add(violin)
        more.leads_to.add(first)
        EnsembleSection.objects.create(ensemble=more, instrument=violin, target=1)

    assert queries() <= one


def test_an_answer_is_in_the_language_of_its_page(client, page):
    welsh = Locale.objects.create(language_code="cy")
    translated = page.get_parent().specific.copy_for_translation(welsh)
    translated.save_revision().publish()
    there = page.copy_for_translation(welsh)
    there.save_revision().publish()

    html = ask(client, there, year="6").content.decode()

    assert '<html lang="cy"' in html


@pytest.mark.parametrize(
    "posted", [{"postcode": "x" * 3_000_000}, {f"f{n}": "x" for n in range(13_000)}]
)
def test_too_much_at_once_is_refused_with_a_page(client, page, posted):
    response = client.post(f"/finder/{page.pk}/", urlencode(posted), content_type=URLENCODED)

    assert response.status_code in (400, 413)
