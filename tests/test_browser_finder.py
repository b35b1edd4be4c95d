"""The finder as a family meets it: without script, on a phone, and with the Back button."""

import pytest

from tests.browser import visit
from tests.settings import ON_SERVICES

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(ON_SERVICES, reason="pages look the same on both back ends"),
]


def answer(page, *, year="Year 6"):
    page.get_by_label("Or the school year now").select_option(label=year)
    page.get_by_label("Postcode").fill("SG4")
    page.get_by_role("button", name="Show what fits").click()
    page.locator(".finder__list").first.wait_for()


@pytest.mark.parametrize("js", [True, False])
def test_a_family_finds_something_looks_at_it_and_comes_back(demo_hub, browser, js):
    hub, _session = demo_hub
    with visit(browser, f"{hub.address}/find/", js=js) as found:
        answer(found.page)
        title = found.page.title()
        assert "?" not in found.page.url
        assert title.startswith("What fits: ")

        found.page.locator(".finder__list h4 a").first.click()
        found.page.wait_for_url("**/courses/**")
        found.page.go_back()
        found.page.locator(".finder__list").first.wait_for()

        assert (found.page.title(), found.page.context.cookies()) == (title, [])


def test_the_answer_and_an_error_have_nothing_wrong_in_light_and_dark(demo_hub, browser):
    hub, _session = demo_hub
    wrong = {}
    with visit(browser, f"{hub.address}/find/", width=320) as found:
        found.page.get_by_role("button", name="Show what fits").click()
        found.address = found.page.url
        wrong["error"] = found.problems()
        answer(found.page)
        found.page.locator("details summary").last.click()
        wrong["light"] = found.problems()
        found.page.set_viewport_size({"width": 1280, "height": 900})
        found.page.emulate_media(color_scheme="dark")
        wrong["dark"] = found.problems()

    assert wrong == {"error": {}, "light": {}, "dark": {}}
