"""In a real Chromium: nothing breaks the policy, nothing asks another host, nothing typed is run."""

import pytest

from tests.browser import POLICY_WATCH, visit
from tests.payloads import XSS
from tests.settings import ON_SERVICES

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(ON_SERVICES, reason="pages look the same on both back ends"),
]
PUBLIC = (
    "/",
    "/find/",
    "/courses/songwriter/",
    "/news/",
    "/search/?q=songwriter",
    "/no/such/page/",
)
FAMILY = ("/family/", "/family/sent/", "/apply/songwriter-booking/", "/letters/join/")
#: Pages of ours in the admin, and some of Wagtail's: its update check and avatars would show here.
DESKS = (
    *("cases/", "cases/offers/", "cases/decisions/", "cases/lists/", "appointments/"),
    *("rosters/", "rosters/upload/", "rosters/sources/", "answers/", "answers/kept/", "reviews/"),
    *("money/", "system/", "people/", "processing/", "processing/consents/", "reports/staff/"),
    *("reports/access-log/", "mail/outbox/", "newsletter/", "out-of-date/", "links/", "pictures/"),
)
WAGTAIL = ("", "pages/", "account/", "users/", "reports/site-history/", "snippets/", "images/")


def seen(browser, hub, paths, *, cookies=()):
    """{path: what was against the policy or went to another host}, where there was anything."""
    found = {}
    for path in paths:
        with visit(browser, hub.address + path, width=1280, cookies=cookies) as page:
            wrong = [*page.page.evaluate("window.__violations"), *page.foreign]
            if wrong:
                found[path] = wrong
    return found


def staff_cookie(hub, session):
    return [{"name": "sessionid", "value": session, "url": hub.address}]


def test_public_and_family_pages_keep_the_policy_and_ask_nobody_else(browser, demo_hub):
    hub, _session = demo_hub

    assert seen(browser, hub, [*PUBLIC, *FAMILY]) == {}


def test_desks_keep_the_strict_policy_and_ask_nobody_else(browser, demo_hub):
    hub, session = demo_hub
    paths = [f"/admin/{path}" for path in DESKS]

    assert seen(browser, hub, paths, cookies=staff_cookie(hub, session)) == {}


def test_wagtails_own_pages_keep_theirs_and_ask_nobody_else(browser, demo_hub):
    """No update check, no avatar from elsewhere."""
    hub, session = demo_hub
    paths = [f"/admin/{path}" for path in WAGTAIL]

    assert seen(browser, hub, paths, cookies=staff_cookie(hub, session)) == {}


def test_a_page_that_breaks_the_policy_would_be_noticed(browser, demo_hub):
    hub, _session = demo_hub
    with visit(browser, f"{hub.address}/") as page:
        page.page.evaluate(
            "() => { const s = document.createElement('script'); s.textContent = '1';"
            " document.body.append(s);"
            " const i = new Image(); i.src = 'http://elsewhere.example.org/x.png'; }"
        )
        page.page.wait_for_function("window.__violations.length >= 2")


@pytest.fixture(scope="module")
def poisoned(demo_hub):
    """{what: path} of every surface on which the payloads stand, in the same hub."""
    hub, session = demo_hub
    return hub, session, hub.call("tests.poison:poison")


def executed(browser, hub, paths, cookies):
    """{path: numbers of the payloads that ran}, with the page's own policy switched off."""
    context = browser.new_context(bypass_csp=True, viewport={"width": 1280, "height": 900})
    found = {}
    try:
        context.add_cookies(cookies)
        context.add_init_script(POLICY_WATCH)
        context.on("dialog", lambda dialog: dialog.dismiss())
        page = context.new_page()
        for path in paths:
            page.goto(hub.address + path)
            page.wait_for_load_state("load")
            ran = page.evaluate("window.__x || []")
            if ran or page.evaluate("!!window.__missing"):
                found[path] = ran
    finally:
        context.close()
    return found


def test_nothing_that_was_stored_is_run_anywhere_even_without_a_policy(browser, poisoned):
    hub, session, made = poisoned
    family = {"name": "family", "value": made["cookie"], "url": f"{hub.address}/family/"}
    cookies = [*staff_cookie(hub, session), family]

    assert len(made["paths"]) >= 10
    assert made["payloads"] == len(XSS) == 40
    assert executed(browser, hub, made["paths"], cookies) == {}


def test_twin_a_page_that_escapes_nothing_runs_them(browser, demo_hub):
    hub, _session = demo_hub
    context = browser.new_context(bypass_csp=True)
    page = context.new_page()
    page.goto(f"{hub.address}/")
    page.set_content("<!doctype html><body>" + "".join(f"<div>{one}</div>" for one in XSS))
    page.wait_for_function("(window.__x || []).length >= 5")
    context.close()


def test_the_cookies_page_names_all_that_stays_in_a_browser(browser, demo_hub):
    """A family begins a form, staff close a centre, edit and fold their menu: all in one browser."""
    hub, session = demo_hub
    with visit(browser, hub.address + "/cookies/", cookies=staff_cookie(hub, session)) as found:
        page, names = found.page, set()
        named = tuple(page.locator("th code").all_text_contents())
        wire = page.context.new_cdp_session(page)
        wire.send("Network.enable")
        wire.on("Network.responseReceivedExtraInfo", lambda said: names.update(set_by(said)))
        page.goto(f"{hub.address}/apply/songwriter-booking/")
        page.locator("main form button").first.click()
        page.goto(f"{hub.address}/counting/")
        page.locator("main form button").first.click()
        page.set_viewport_size({"width": 1280, "height": 900})
        page.goto(f"{hub.address}/admin/close-centre/")
        page.locator("main form select").first.select_option(index=1)
        page.locator("main [name=reason]").fill("Snow")
        page.get_by_role("button", name="Close it now").click()
        page.get_by_role("heading", name="Closed today").wait_for()
        page.goto(f"{hub.address}/admin/pages/3/edit/")
        page.locator(".sidebar__collapse-toggle").first.click()
        cookies = page.context.cookies()
        names |= {cookie["name"] for cookie in cookies}
        kept = page.evaluate("[...Object.keys(localStorage), ...Object.keys(sessionStorage)]")

    assert {"apply", "not-counted", "messages", "wagtail_sidebar_collapsed"} <= names
    assert names <= set(named)
    assert [name for name in kept if not name.startswith(named)] == []


def set_by(said: dict) -> list[str]:
    """The names of the cookies that an answer sets or takes away."""
    lines = said["headers"].get("Set-Cookie", "").splitlines()
    return [line.partition("=")[0] for line in lines]
