"""The family folder in a real browser: every page passes axe, on a phone and on a desk."""

import os

import pytest

from tests.browser import visit
from tests.folder import furnish
from tests.settings import ON_SERVICES

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(ON_SERVICES, reason="pages look the same on both back ends"),
]
LOOK = os.environ.get("LOOK_AT_FOLDER")  # a folder for pictures, for whoever wants to look


@pytest.fixture(scope="module")
def furnished(demo_hub):
    hub, _session = demo_hub
    return hub, hub.call(f"{furnish.__module__}:{furnish.__name__}")


@pytest.mark.parametrize(("width", "scheme"), [(375, "light"), (1280, "dark")])
def test_every_page_of_the_folder_passes_axe(browser, furnished, width, scheme):
    hub, made = furnished
    base = hub.address
    cookie = {"name": "family", "value": made["cookie"], "url": f"{base}/family/"}
    asked = f"/family/{made['asked']}/"
    paths = {
        "home": "/family/",
        "case": "/family/TL26-0002/",
        "asked": asked,
        "press": "/family/TL26-0001/choose/withdraw/",
        "answer": f"{asked}answer/1/",
        "new": "/family/new/",
        "begin": "/family/new/lessons/",
        "download": "/family/download/",
        "delete": "/family/delete/",
    }
    found = {}
    for name, path in paths.items():
        with visit(browser, base + path, width=width, scheme=scheme, cookies=[cookie]) as seen:
            assert seen.page.locator("h1").count() == 1, name
            found[name] = seen.problems()
            if LOOK:
                seen.page.screenshot(path=f"{LOOK}/{name}-{width}.png", full_page=True)
    for name, path in {
        "ask": "/family/",
        "sent": "/family/sent/",
        "out": "/family/signed-out/",
    }.items():
        with visit(browser, base + path, width=width, scheme=scheme) as seen:
            found[name] = seen.problems()
            assert seen.page.context.cookies() == []
            if LOOK:
                seen.page.screenshot(path=f"{LOOK}/{name}-{width}.png", full_page=True)

    assert {name: problems for name, problems in found.items() if problems} == {}
