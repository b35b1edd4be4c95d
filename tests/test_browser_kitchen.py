"""Every page type in a real browser, light and dark, one of them with every block in it."""

import pytest

from tests import kitchen_sink
from tests.browser import visit
from tests.settings import ON_SERVICES

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(ON_SERVICES, reason="pages look the same on both back ends"),
]
TYPES = sorted(model.__name__ for model in kitchen_sink.page_models())
OUTLINE = {"h1": 1, "banner": 1, "main": 1, "contentinfo": 1}


@pytest.fixture(scope="module")
def kitchen(demo_hub):
    """Where each page type stands: {name: whole address}."""
    hub, _session = demo_hub
    return {name: hub.address + path for name, path in hub.call("tests.kitchen_sink:lay").items()}


@pytest.mark.parametrize("name", TYPES)
def test_a_page_of_each_type_has_nothing_wrong_in_light_and_dark(browser, kitchen, name):
    wrong = {}
    with visit(browser, kitchen[name], width=320) as found:
        wrong["light"] = found.problems()
        found.page.set_viewport_size({"width": 1280, "height": 900})
        found.page.emulate_media(color_scheme="dark")
        wrong["dark"] = found.problems()
        outline = found.outline()

    assert (wrong, outline) == ({"light": {}, "dark": {}}, OUTLINE)


@pytest.mark.parametrize("name", TYPES)
def test_a_page_of_each_type_reads_without_script_and_prints(browser, kitchen, name):
    with visit(browser, kitchen[name], js=False, width=320) as found:
        assert found.page.locator("h1").is_visible()
        assert found.page.locator("main").inner_text().strip()
        assert not found.is_sideways()

        found.page.emulate_media(media="print")
        found.page.set_viewport_size({"width": 700, "height": 990})  # A4 less its margins
        assert found.page.locator("h1").is_visible()
        assert not found.page.locator(".masthead .search").first.is_visible()
        assert not found.is_sideways()


def test_every_block_is_there_and_reads_without_script(browser, kitchen):
    with visit(browser, kitchen[kitchen_sink.EVERY_BLOCK], js=False) as found:
        details = found.page.locator("main details").first
        details.locator("summary").click()
        text = found.page.locator("main").inner_text()

        assert details.locator("> div").is_visible()
        assert "What is First Access?" in text
        assert kitchen_sink.LONG in text
        assert not found.is_sideways()


def test_every_block_prints_within_the_paper(browser, kitchen):
    with visit(browser, kitchen[kitchen_sink.EVERY_BLOCK], width=700) as found:
        found.page.emulate_media(media="print")
        found.page.set_viewport_size({"width": 700, "height": 990})  # A4 less its margins

        assert not found.is_sideways()
        assert not found.page.locator(".masthead .search").first.is_visible()
        assert found.page.pdf(format="A4")[:5] == b"%PDF-"


FILM = "https://www.youtube.com/watch?v=a-day-of-it"
PLAYER = "https://www.youtube-nocookie.com/embed/a-day-of-it?autoplay=1&rel=0"


def test_an_outside_film_is_asked_for_by_a_click_and_not_before(browser, kitchen):
    """The policy lets the frame load, once somebody has been told who is asked."""
    with visit(browser, kitchen[kitchen_sink.EVERY_BLOCK]) as found:
        found.page.route(PLAYER, lambda route: route.fulfill(body="<p>A film</p>"))
        film = found.page.locator("[data-player]").first
        play = film.get_by_role("button", name="Play the film here")
        play.scroll_into_view_if_needed()
        words, before = film.inner_text(), list(found.foreign)
        with found.page.expect_request(PLAYER):
            play.press("Enter")
        frame = found.page.frame_locator("iframe[title='A day of Songwriter']")
        frame.get_by_text("A film").wait_for()

        assert "www.youtube-nocookie.com" in words
        assert (before, found.foreign) == ([], [PLAYER])
        assert found.page.evaluate("document.activeElement.tagName") == "IFRAME"
        assert found.problems() == {"foreign": [PLAYER]}


def test_without_script_an_outside_film_is_a_link(browser, kitchen):
    with visit(browser, kitchen[kitchen_sink.EVERY_BLOCK], js=False) as found:
        found.page.route(FILM, lambda route: route.fulfill(body="A film"))
        assert not found.page.locator("[data-player]").first.is_visible()
        found.page.get_by_role("link", name="Watch the film on YouTube").first.click()
        found.page.wait_for_url(FILM)
