"""Every page of the demo hub in a real browser: axe, policy, other hosts, narrow screens, no script.

The look does not depend on the database, so this runs on the embedded back end only.
"""

import pytest

from tests.browser import axe_findings, page_types, visit
from tests.settings import ON_SERVICES

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(ON_SERVICES, reason="pages look the same on both back ends"),
]
ADDRESSES = [
    "/",
    "/a-to-z/",
    "/about/",
    "/about/vision/",
    "/accessibility/",
    "/blog/",
    "/blog/half-way-to-2030/",
    "/centres/",
    "/centres/watford/",
    "/contact/",
    "/cookies/",
    "/courses/",
    "/courses/songwriter/",
    "/find/",
    "/ensembles/",
    "/ensembles/county-youth-orchestra/",
    "/events/",
    "/events/winter-concert-west/",
    "/families/",
    "/help-with-costs/",
    "/hub/",
    "/hub/partners/",
    "/news/",
    "/news/songwriter-days-for-half-term/",
    "/newsletter/",
    "/newsletter/this-term/",
    "/no/such/page/",
    "/privacy/",
    "/safeguarding/",
    "/schools/",
    "/schools/self-evaluation/",
    "/search/?q=songwriter",
    "/search/?q=nothingatall",
]
# First visit to the home page on a phone, everything that is sent, not compressed by a proxy.
HOME_BYTES = 150_000


@pytest.mark.parametrize("address", ADDRESSES)
def test_a_page_has_nothing_wrong_with_it(browser, demo_hub, address):
    hub, _session = demo_hub
    wrong = {}
    with visit(browser, hub.address + address) as found:
        for width, scheme in ((375, "light"), (1280, "dark")):
            found.page.set_viewport_size({"width": width, "height": 900})
            found.page.emulate_media(color_scheme=scheme)
            if problems := found.problems():
                wrong[f"{width} {scheme}"] = problems
        found.page.set_viewport_size({"width": 320, "height": 640})
        if found.is_sideways():
            wrong["320"] = "scrolls sideways"

    assert wrong == {}


def test_every_page_type_is_looked_at(demo_hub):
    hub, _session = demo_hub
    types = hub.call(f"{page_types.__module__}:{page_types.__name__}")
    types.pop("StarterFolderPage", None)  # holds ready-made pages, and is no page itself
    kinds = {"/" + address.strip("/").split("/")[0] for address in ADDRESSES}

    unseen = {
        kind: address
        for kind, address in types.items()
        if "/" + address.strip("/").split("/")[0] not in kinds
        and not address.startswith(
            "/kitchen/"
        )  # each type is looked at there: test_browser_kitchen
    }
    assert unseen == {}


@pytest.mark.parametrize(
    ("width", "scheme"), [(375, "light"), (1280, "light"), (375, "dark"), (1280, "dark")]
)
def test_every_component_in_every_state_passes_axe(browser, demo_hub, width, scheme):
    hub, session = demo_hub
    cookie = {"name": "sessionid", "value": session, "url": hub.address}
    address = hub.address + "/admin/handbook/"
    with visit(browser, address, width=width, scheme=scheme, cookies=[cookie]) as found:
        assert found.page.title() == "Comms handbook - Hertfordshire Music Hub"
        # The summary of errors that is only shown there does not pull the reader down to itself.
        assert found.page.evaluate("[document.activeElement.tagName, scrollY]") == ["BODY", 0]
        assert found.problems() == {}


def test_axe_would_find_a_fault(browser, demo_hub):
    hub, _session = demo_hub
    with visit(browser, hub.address + "/contact/") as found:
        found.page.evaluate("document.querySelector('h1').innerHTML = '<img src=x>'")

        assert axe_findings(found.page)[0].startswith("image-alt (critical)")


def test_a_sideways_scroll_would_be_found(browser, demo_hub):
    hub, _session = demo_hub
    with visit(browser, hub.address + "/contact/", width=320) as found:
        found.page.evaluate("document.querySelector('h1').textContent = 'W'.repeat(90)")
        found.page.evaluate("document.querySelector('h1').setAttribute('class', 'scroll')")
        assert not found.is_sideways()
        found.page.evaluate(
            "document.querySelector('main').innerHTML = '<table><td>' + 'W&nbsp;'.repeat(90)"
        )

        assert found.is_sideways()


def test_the_menu_opens_without_script(browser, demo_hub):
    hub, _session = demo_hub
    with visit(browser, hub.address + "/", js=False) as found:
        link = found.page.locator(".menu--narrow nav a").first
        assert not link.is_visible()

        found.page.locator(".menu--narrow summary").click()

        assert link.is_visible()


def test_the_skip_link_is_the_first_thing_a_keyboard_meets(browser, demo_hub):
    hub, _session = demo_hub
    with visit(browser, hub.address + "/") as found:
        found.page.keyboard.press("Tab")
        assert found.page.evaluate("document.activeElement.textContent") == "Skip to main content"

        found.page.keyboard.press("Enter")

        assert found.page.evaluate("document.activeElement.id") == "main"


def test_escape_closes_the_menu_and_gives_focus_back(browser, demo_hub):
    hub, _session = demo_hub
    with visit(browser, hub.address + "/") as found:
        found.page.locator(".menu--narrow summary").click()
        found.page.keyboard.press("Tab")
        found.page.keyboard.press("Escape")

        assert not found.page.locator(".menu--narrow nav a").first.is_visible()
        assert found.page.evaluate("document.activeElement.tagName") == "SUMMARY"


def test_home_sets_no_cookie(browser, demo_hub):
    hub, _session = demo_hub
    with visit(browser, hub.address + "/") as found:
        assert found.page.context.cookies() == []


def test_home_is_light_on_a_phone(browser, demo_hub):
    hub, _session = demo_hub
    sizes = {}
    with visit(browser, "about:blank") as found:
        found.page.on(
            "response",
            lambda answer: sizes.__setitem__(answer.url, len(answer.body())),
        )
        found.page.goto(hub.address + "/", wait_until="networkidle")

    assert {url.split("/")[-1] for url in sizes} >= {"hub.css", "tokens.css", "hub.js"}
    assert sum(sizes.values()) < HOME_BYTES, sizes


@pytest.mark.parametrize("address", ["/", "/courses/songwriter/", "/centres/watford/"])
def test_nothing_jumps_while_a_page_loads(browser, demo_hub, address):
    hub, _session = demo_hub
    with visit(browser, hub.address + address) as found:
        shift = found.page.evaluate(
            """async () => {
              let sum = 0;
              new PerformanceObserver((list) => {
                for (const entry of list.getEntries()) sum += entry.value;
              }).observe({type: 'layout-shift', buffered: true});
              await document.fonts.ready;
              await new Promise((done) => setTimeout(done, 400));
              return sum;
            }"""
        )

    assert shift < 0.02


@pytest.mark.parametrize("width", [375, 412, 600])
def test_the_menu_stays_beside_the_name_whichever_font_is_there(browser, demo_hub, width):
    hub, _session = demo_hub
    with visit(browser, hub.address + "/", width=width) as found:
        tops = []
        for font in ("", "Heading fallback"):
            found.page.locator(".brand").evaluate("(it, font) => it.style.fontFamily = font", font)
            brand = found.page.locator(".brand").bounding_box()
            menu = found.page.locator(".masthead summary").first.bounding_box()
            tops.append(brand["y"] < menu["y"] + menu["height"] / 2 < brand["y"] + brand["height"])

    assert tops == [True, True]


def test_forced_colours_keep_what_is_current_and_focused(browser, demo_hub):
    hub, _session = demo_hub
    with visit(browser, hub.address + "/courses/", width=1280, forced=True) as found:
        current = found.page.locator(".menu--wide [aria-current]").first

        assert current.evaluate("node => getComputedStyle(node).outlineStyle") == "solid"


def test_a_printed_page_leaves_out_what_paper_cannot_use(browser, demo_hub):
    hub, _session = demo_hub
    with visit(browser, hub.address + "/courses/songwriter/", width=1280) as found:
        found.page.emulate_media(media="print")

        hidden = [".masthead .search", ".menu--wide", ".audiences", ".breadcrumbs"]
        assert [found.page.locator(part).first.is_visible() for part in hidden] == [False] * 4
        assert found.page.locator("h1").is_visible()
