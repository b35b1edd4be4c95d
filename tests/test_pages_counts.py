"""Daily counts: what is added, what never is, and that nobody can be found in them."""

import re
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings as real_settings
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from cms.roles import grant
from forms import package
from pages import counts
from pages.cookies import all_cookies, all_stores
from pages.models import DailyCount, HomePage, PolicyPage, StandardPage

from .costs import fewest_queries
from .demo_hub import empty_page_cache, make_centre, make_course_date

pytestmark = pytest.mark.django_db
BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


@pytest.fixture(autouse=True)
def empty():
    counts._Buffer.counts.clear()
    yield
    counts._Buffer.counts.clear()


@pytest.fixture
def page():
    home = HomePage.objects.get()
    return home.add_child(instance=StandardPage(title="About", slug="about", summary="x"))


def read(client, path="/about/", **headers):
    return client.get(path, headers={"User-Agent": BROWSER} | headers)


def counted() -> dict[tuple[str, str], int]:
    counts.write_down()
    return {(row.kind, row.what): row.number for row in DailyCount.objects.all()}


def test_a_page_that_is_read_is_counted_with_the_site_it_was_found_on(client, page):
    read(client, Referer="https://www.school.example.org/links?child=Amelia")
    read(client, Referer="http://testserver/")
    read(client)

    assert counted() == {("page", "/about/"): 3, ("from", "school.example.org"): 1}


def test_a_page_from_the_page_cache_is_counted_too_and_costs_no_query(client, page, settings):
    settings.PAGE_CACHE_SECONDS = 60
    empty_page_cache()
    first = read(client)

    with CaptureQueriesContext(connection) as queries:
        read(client)
        unchanged = read(client, **{"If-None-Match": first["ETag"]})
    empty_page_cache()

    assert [query["sql"] for query in queries if "contentstamp" not in query["sql"]] == []
    assert unchanged.status_code == 304
    assert counted() == {("page", "/about/"): 3}


@pytest.mark.parametrize(
    "headers",
    [
        {"DNT": "1"},
        {"Sec-GPC": "1"},
        {"Cookie": "not-counted=1"},
        {"Cookie": f"{real_settings.SESSION_COOKIE_NAME}=x"},
        {"Sec-Purpose": "prefetch"},
        {"User-Agent": ""},
        {"User-Agent": "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"},
        {"User-Agent": "curl/8.14"},
        {"User-Agent": "Mozilla/5.0 HeadlessChrome/140.0"},
    ],
)
def test_who_objects_who_works_here_and_what_is_a_program_is_not_counted(client, page, headers):
    assert read(client, **headers).status_code == 200

    assert counted() == {}


@pytest.mark.parametrize("path", ["/nothing-here/", "/healthz", "/robots.txt", "/admin/login/"])
def test_what_is_no_page_is_not_counted(client, page, path):
    read(client, path)

    assert counted() == {}


@pytest.mark.parametrize(
    "referer",
    ["http://192.0.2.7/x", "javascript:alert(1)", "http://[bad", "about:blank", "x" * 900],
)
def test_a_strange_referrer_is_left_out(client, page, referer):
    read(client, Referer=referer)

    assert counted() == {("page", "/about/"): 1}


def test_a_search_is_counted_once_and_so_is_one_that_finds_nothing(client, page):
    read(client, "/search/?q=About")
    read(client, "/search/?q=about&page=2")
    read(client, "/search/?q=about&kind=pages")
    read(client, "/search/?q=Zither Lessons")

    assert counted() == {
        ("page", "/search/"): 4,
        ("search", "about"): 2,  # page 2 is page 1 when there is only one
        ("search", "zither lessons"): 1,
        ("nothing", "zither lessons"): 1,
    }


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("Wider Opps", "wider opps"),
        ("grade 5 violin", "grade violin"),
        ("amelia@example.org", ""),
        ("07700 900123", ""),
        ("my number is 07700900123", ""),
        ("27/3/2015", ""),
        ("27 march 2015", ""),
        ("SG4 9UJ", ""),
        ("https://example.org", ""),
        ("a b c d e f g", ""),
        ("x" * 61, ""),
        ("'; DROP TABLE x; --", "drop table x"),
        ("rock ’n’ roll", "rock n roll"),
        ("\x00", ""),
    ],
)
def test_only_a_few_plain_words_of_a_search_are_kept(typed, kept):
    assert counts.words_of(typed) == kept


def test_counts_of_several_processes_add_up():
    for _process in range(3):
        counts.count("page", "/")
        counts.count("page", "/")
        counts.write_down()

    assert counted() == {("page", "/"): 6}


def test_a_flood_of_new_words_is_cut_off_and_known_ones_are_still_counted(monkeypatch):
    monkeypatch.setattr(counts, "MOST_KEYS", 2)
    for what in ("a", "b", "c", "a"):
        counts.count("search", what)

    assert counted() == {("search", "a"): 2, ("search", "b"): 1}


def test_search_words_are_forgotten_after_ninety_days_and_pages_after_four_hundred():
    today = timezone.localdate()
    for kind, days in (
        ("nothing", 90),
        ("nothing", 91),
        ("search", 91),
        ("page", 91),
        ("page", 401),
    ):
        DailyCount.objects.create(kind=kind, day=today - timedelta(days=days), what=f"{days}")

    removed = counts.forget_old()

    assert removed == 3
    assert set(counted()) == {("nothing", "90"), ("page", "91")}


def test_a_row_holds_a_day_a_word_and_a_number_and_nothing_else():
    assert [field.name for field in DailyCount._meta.fields] == [
        "id",
        "day",
        "kind",
        "what",
        "number",
    ]


# --- Steps of forms -----------------------------------------------------------------------------


def test_the_steps_of_a_form_are_counted_without_the_journey(client):
    slug = a_published_form()
    read(client, f"/apply/{slug}/")
    begun = client.post(f"/apply/{slug}/", headers={"User-Agent": BROWSER})
    read(client, begun["Location"])

    found = counted()
    key = begun["Location"].split("/")[3]
    assert len(key) > 20 and not any(key in what for _kind, what in found)
    first = begun["Location"].split("/")[4]
    assert found == {("step", f"{slug}/start"): 1, ("step", f"{slug}/{first}"): 1}


def a_published_form() -> str:
    path = Path(package.__file__).parent / "packages" / "songwriter-booking.json"
    package.load(path, publish=True)
    make_course_date()
    return "songwriter-booking"


# --- Saying no ----------------------------------------------------------------------------------


def test_a_visitor_says_no_and_yes_again(client, page):
    no = client.post("/counting/", {"count": "no"})
    read(client)
    told = client.get("/counting/").content.decode()
    yes = client.post("/counting/", {"count": "yes"})
    read(client)

    cookie = no.cookies["not-counted"]
    assert (no.status_code, no["Location"], cookie.value) == (303, "/counting/", "1")
    assert (cookie["httponly"], cookie["samesite"]) == (True, "Lax")
    assert "Your visits are not counted." in told and "Count my visits again" in told
    assert yes.cookies["not-counted"]["max-age"] == 0
    assert counted() == {("page", "/about/"): 1}


def test_looking_whether_one_is_counted_sets_no_cookie_and_is_kept_nowhere(client):
    response = client.get("/counting/")

    assert not response.cookies
    assert "no-store" in response["Cache-Control"]
    assert "numbers without a name" in response.content.decode()


def test_a_browser_that_asks_not_to_be_followed_is_told_that_it_is_not(client):
    html = client.get("/counting/", headers={"Sec-GPC": "1"}).content.decode()

    assert "Your browser asks every site not to follow you" in html


def test_another_site_cannot_press_the_switch(client):
    response = client.post(
        "/counting/", {"count": "yes"}, headers={"Origin": "https://evil.example"}
    )

    assert (response.status_code, dict(response.cookies)) == (403, {})


@pytest.fixture
def cookies_page():
    return HomePage.objects.get().add_child(
        instance=PolicyPage(
            title="Cookies", slug="cookies", in_force_from="2026-01-01", lists_cookies=True
        )
    )


def test_the_cookies_page_names_every_cookie_that_is_set(client, cookies_page, django_user_model):
    """A form, the switch, a sign-in and work, as a browser meets them: all that is set is named."""
    html = client.get("/cookies/").content.decode()
    slug = a_published_form()
    django_user_model.objects.create_superuser("admin", password="a long word for it")
    client.get("/admin/login/")
    client.post("/admin/login/", {"username": "admin", "password": "a long word for it"})
    begun = client.post(f"/apply/{slug}/")
    client.get(begun["Location"])
    client.post("/counting/", {"count": "no"})
    client.post(
        "/admin/close-centre/", {"centre": make_centre().pk, "until": "0", "reason": "Snow"}
    )

    named = set(re.findall(r"<code>(.*?)</code>", html))
    assert set(client.cookies) <= named
    assert {"apply", "not-counted", "sessionid", "csrftoken", "messages"} <= set(client.cookies)
    assert named == {kept.name for kept in (*all_cookies(), *all_stores())}
    assert 'action="/counting/"' in html


def test_a_policy_that_does_not_list_cookies_says_nothing_of_them(client, cookies_page):
    cookies_page.lists_cookies = False
    cookies_page.save()

    assert "<code>" not in client.get("/cookies/").content.decode()


# --- What editors see ---------------------------------------------------------------------------


@pytest.fixture
def comms(client, django_user_model):
    user = django_user_model.objects.create_user("comms")
    grant(user, "comms_editor")
    client.force_login(user)
    return user


def see(client, days=""):
    return client.get("/admin/reports/readers/", {"days": days})


def test_editors_see_what_is_read_and_what_is_looked_for(client, comms):
    today = timezone.localdate()
    rows = [
        ("page", "/courses/", 0, 7),
        ("page", "/courses/", 3, 5),
        ("page", "/old/", 40, 9),
        ("from", "school.example.org", 0, 2),
        ("search", "violin", 0, 4),
        ("nothing", "zither lessons", 2, 3),
    ]
    for kind, what, ago, number in rows:
        day = today - timedelta(days=ago)
        DailyCount.objects.create(kind=kind, what=what, day=day, number=number)

    response = see(client)
    context = response.context

    assert response.status_code == 200
    assert [(bar.label, bar.number, bar.share) for bar in context["pages"]] == [
        ("/courses/", 12, 100)
    ]
    assert [(bar.label, bar.number) for bar in context["referrers"]] == [("school.example.org", 2)]
    assert [(bar.label, bar.number) for bar in context["searches"]] == [("violin", 4)]
    last = today - timedelta(days=2)
    assert [(bar.label, bar.number, bar.note) for bar in context["nothing"]] == [
        ("zither lessons", 3, f"{last.day} {last:%B}")
    ]
    assert (context["total"], len(context["daily"])) == (12, 30)
    assert see(client, "90").context["total"] == 21


def test_a_form_shows_where_it_is_left(client, comms):
    slug = a_published_form()
    for step, number in (("start", 10), ("eligibility", 8), ("done", 4), ("no-such-step", 9)):
        DailyCount.objects.create(
            kind="step", what=f"{slug}/{step}", day=timezone.localdate(), number=number
        )

    ((title, steps),) = see(client).context["forms"]

    assert title == "Book a Songwriter course"
    assert [(bar.number, bar.note) for bar in steps] == [
        (10, ""),
        (8, "20% fewer than the step before"),
        (4, "50% fewer than the step before"),
    ]


@pytest.mark.parametrize("days", ["-1", "99999", "x", "\x00", "٣٠"])
def test_a_strange_period_shows_the_usual_one(client, comms, days):
    assert see(client, days).context["days"] == 30


def test_who_does_not_write_pages_does_not_see_the_counts(client, officer):
    client.force_login(officer)

    assert see(client).status_code in (302, 403)
    assert client.post("/admin/reports/readers/forget/", {"words": "x"}).status_code in (302, 403)


def test_words_can_be_taken_out_of_the_lists(client, django_user_model):
    lead = django_user_model.objects.create_user("lead")
    grant(lead, "comms_lead")
    client.force_login(lead)
    for kind in ("search", "nothing", "page"):
        DailyCount.objects.create(kind=kind, what="amelia fox", day=timezone.localdate(), number=1)

    response = client.post("/admin/reports/readers/forget/", {"words": "amelia fox"})

    assert response.status_code == 302
    assert [row.kind for row in DailyCount.objects.all()] == ["page"]


def test_the_dashboard_costs_as_many_queries_for_much_as_for_little(client, comms):
    def queries() -> int:
        return fewest_queries(lambda: see(client))

    today = timezone.localdate()
    for kind in DailyCount.Kind.values:
        DailyCount.objects.create(kind=kind, what="/", day=today, number=1)
    few = queries()
    for number in range(20):
        for kind in DailyCount.Kind.values:
            DailyCount.objects.create(kind=kind, what=f"/{number}", day=today, number=number)

    assert queries() <= few
