"""The register in a real browser: on a phone, without a connection, and nothing left afterwards."""

import os

import pytest
from playwright.sync_api import expect

from tests.browser import POLICY_WATCH, axe_findings
from tests.harness import a_hub
from tests.settings import ON_SERVICES

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(ON_SERVICES, reason="a phone is the same on both back ends"),
]
LOOK = os.environ.get("LOOK_AT_REGISTER")  # a folder for pictures, for whoever wants to look


def furnish():
    """A course that begins in an hour, its team, and sessions of its lead and of the office."""
    from datetime import timedelta

    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.contrib.sessions.backends.db import SessionStore
    from django.utils import timezone

    from forms.models import RegisterLine
    from tests.courserun import book, half_term_date, health, person, publish_songwriter, team

    now = timezone.now()
    date = half_term_date(
        starts_at=now + timedelta(hours=1),
        ends_at=now + timedelta(hours=7),
        booking_opens_at=now - timedelta(days=20),
        booking_closes_at=now + timedelta(minutes=30),
    )
    version = publish_songwriter()
    names = [("Wren", "Ashdown", "2014-05-02"), ("Robin", "Ashdown", "2016-11-20")]
    book(version, date, children=2, names=names, **health())
    book(version, date, names=[("Lark", "Reed", "2013-09-01")], email="lark@example.org")
    lead, helper, _safeguarding = team(date)
    sessions = {}
    for user in (lead, helper, person("ada", "bookings")):
        user.password_alone = True
        user.save()
        session = SessionStore()
        session[SESSION_KEY] = str(user.pk)
        session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
        session[HASH_SESSION_KEY] = user.get_session_auth_hash()
        session.save()
        sessions[user.username] = session.session_key
    assert not RegisterLine.objects.exists()
    return {"date": date.pk, **sessions}


def states():
    from forms.models import RegisterLine, RegisterMark

    rows = RegisterLine.objects.order_by("place").values_list("state", flat=True)
    return {"lines": list(rows), "marks": RegisterMark.objects.count()}


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    with a_hub(tmp_path_factory.mktemp("register")) as hub:
        made = hub.call(f"{furnish.__module__}:{furnish.__name__}")
        hub.start_web(workers=1)
        yield hub, made


def phone(browser, hub, session, width=375):
    context = browser.new_context(
        viewport={"width": width, "height": 800}, locale="en-GB", timezone_id="Europe/London"
    )
    context.add_cookies([{"name": "sessionid", "value": session, "url": hub.address}])
    context.add_init_script(POLICY_WATCH)
    return context


def look(page, name):
    if LOOK:
        page.screenshot(path=f"{LOOK}/{name}.png", full_page=True)


def kept(page):
    return page.evaluate(
        "async () => ({store: Object.keys(localStorage), caches: await caches.keys(),"
        " workers: (await navigator.serviceWorker.getRegistrations()).length})"
    )


def test_marks_made_without_a_connection_are_kept_and_sent_once(browser, course):
    hub, made = course
    context = phone(browser, hub, made["lena"])
    page = context.new_page()
    page.goto(f"{hub.address}/admin/register/{made['date']}/")
    page.evaluate("navigator.serviceWorker.ready")
    page.wait_for_function(
        "async () => (await (await caches.open(`register-${document.querySelector('#register')"
        ".dataset.register}`)).keys()).length >= 3"
    )
    expect(page.locator("[data-line]")).to_have_text("All saved.")
    assert axe_findings(page) == []
    look(page, "register-375")

    context.set_offline(True)
    page.locator(".reg-row", has_text="Wren Ashdown").get_by_role("button", name="Sign in").click()
    expect(page.locator("[data-line]")).to_contain_text("1 kept on this phone")
    page.reload()  # the phone's own copy
    row = page.locator(".reg-row", has_text="Wren Ashdown")
    expect(row.locator("[data-words]")).to_have_text("Here")
    expect(row.locator("[data-waits]")).to_have_text("waits for a connection")
    row.locator(".reg-out > summary").click()
    row.get_by_label("Somebody else: name").fill("Gran")
    row.get_by_role("button", name="Sign out").last.click()
    expect(page.locator("[data-line]")).to_contain_text("2 kept on this phone")
    assert hub.call(f"{states.__module__}:{states.__name__}") == {"lines": [], "marks": 0}
    look(page, "register-offline-375")

    context.set_offline(False)
    page.evaluate("window.dispatchEvent(new Event('online'))")
    expect(page.locator("[data-line]")).to_have_text("All saved.")
    expect(row.locator("[data-words]")).to_have_text("Gone home")
    assert hub.call(f"{states.__module__}:{states.__name__}") == {"lines": ["left"], "marks": 2}
    assert kept(page)["store"] == []
    assert page.evaluate("window.__violations") == []
    context.close()


def test_after_the_window_nothing_is_left_on_the_phone_even_without_a_connection(browser, course):
    hub, made = course
    context = phone(browser, hub, made["lena"])
    page = context.new_page()
    page.clock.install()
    page.goto(f"{hub.address}/admin/register/{made['date']}/")
    page.evaluate("navigator.serviceWorker.ready")
    page.wait_for_function("async () => (await caches.keys()).length > 0")
    context.set_offline(True)
    page.locator(".reg-row", has_text="Lark Reed").get_by_role("button", name="Sign in").click()
    assert kept(page)["store"] != []

    page.clock.fast_forward("48:00:00")

    expect(page.get_by_role("alert")).to_contain_text("Nothing of it is left on this phone")
    assert "Ashdown" not in page.content()
    page.wait_for_function("async () => !(await navigator.serviceWorker.getRegistrations()).length")
    assert kept(page) == {"store": [], "caches": [], "workers": 0}
    context.close()


def test_the_lead_taps_for_health_is_warned_and_prints_the_sheet(browser, course):
    hub, made = course
    context = phone(browser, hub, made["lena"])
    page = context.new_page()
    address = f"{hub.address}/admin/register/{made['date']}/"
    page.goto(address)
    row = page.locator(".reg-row", has_text="Robin Ashdown")
    expect(row.locator(".reg-warning")).to_contain_text("Dale Canaryman")
    assert "Canaryasthma" not in page.content()  # health is a tap away

    row.get_by_role("button", name="Sign in").click()
    expect(row.locator("[data-words]")).to_have_text("Here")
    row.locator(".reg-out > summary").click()
    row.get_by_label("Somebody else: name").fill("Dale Canaryman")
    row.get_by_role("button", name="Sign out").last.click()
    expect(page.get_by_role("alert")).to_contain_text("Ask the course lead")
    expect(row.locator("[data-words]")).to_have_text("Here")  # nobody has left

    row.get_by_role("link", name="Health").click()
    expect(page.locator("main")).to_contain_text("Canaryasthma")
    assert axe_findings(page) == []
    look(page, "register-health-375")

    page.goto(address + "sheet/")
    page.emulate_media(media="print")
    expect(page.locator("tr", has_text="Wren Ashdown")).to_contain_text("Dale Canaryman")
    assert axe_findings(page) == []
    look(page, "register-sheet-print")
    context.close()


def test_a_helper_reads_no_warning_and_the_office_no_register(browser, course):
    hub, made = course
    address = f"{hub.address}/admin/register/{made['date']}/"
    context = phone(browser, hub, made["henry"])
    page = context.new_page()
    page.goto(address)
    expect(page.locator(".reg-row", has_text="Wren Ashdown")).to_be_visible()
    assert "Canaryman" not in page.content()
    context.close()

    context = phone(browser, hub, made["ada"])
    page = context.new_page()
    answer = page.goto(address)
    assert answer.status == 404
    assert "Ashdown" not in page.content()
    assert kept(page) == {"store": [], "caches": [], "workers": 0}
    look(page, "register-closed-375")
    context.close()


def test_no_other_page_is_kept_on_the_phone(browser, course):
    hub, made = course
    context = phone(browser, hub, made["lena"])
    page = context.new_page()
    page.goto(f"{hub.address}/admin/register/{made['date']}/")
    page.evaluate("navigator.serviceWorker.ready")
    page.wait_for_function("async () => (await caches.keys()).length > 0")
    scopes = (
        "async () => (await navigator.serviceWorker.getRegistrations()).map((one) => one.scope)"
    )
    assert page.evaluate(scopes) == [page.url]
    page.goto(f"{hub.address}/admin/register/")  # through no worker
    assert page.evaluate("navigator.serviceWorker.controller") is None
    context.set_offline(True)
    with pytest.raises(Exception, match="ERR_INTERNET_DISCONNECTED"):
        page.reload()
    context.close()


def test_who_is_taken_off_the_team_loses_the_phones_copy(browser, course):
    hub, made = course
    context = phone(browser, hub, made["lena"])
    page = context.new_page()
    address = f"{hub.address}/admin/register/{made['date']}/"
    page.goto(address)
    page.evaluate("navigator.serviceWorker.ready")
    page.wait_for_function("async () => (await caches.keys()).length > 0")
    context.clear_cookies()

    page.goto(address)  # leads to the page that signs in

    page.wait_for_function("async () => (await caches.keys()).length === 0")
    context.set_offline(True)
    page.goto(address)
    assert "Ashdown" not in page.content()
    context.close()


@pytest.mark.parametrize("width", [375, 1280])
def test_the_board_and_its_pages_pass_axe(browser, course, width):
    hub, made = course
    context = phone(browser, hub, made["ada"], width)
    page = context.new_page()
    base = f"{hub.address}/admin/course-board/"
    found = {}
    for name, path in {
        "board": "",
        "date": f"{made['date']}/",
        "cancel": f"{made['date']}/cancel/",
        "groups": f"{made['date']}/groups/",
        "songs": f"{made['date']}/songs/",
    }.items():
        page.goto(base + path)
        found[name] = axe_findings(page, leave_out=[["#wagtail-sidebar"], [".w-slim-header"]])
        look(page, f"{name}-{width}")

    assert {name: problems for name, problems in found.items() if problems} == {}
    context.close()
