"""The pictures of docs/comms-handbook.md, taken in Chromium and kept small.

Not part of the suite. Against a running demo hub, where comms-lead may sign in, for example:

    python -m tests.pictures http://127.0.0.1:8000 comms-lead PASSWORD
"""

import io
import sys
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, sync_playwright

from tests.browser import launch

FOLDER = Path(__file__).parents[1] / "docs" / "pictures"
COLOURS = 48
DESK, PHONE = {"width": 1000, "height": 760}, {"width": 375, "height": 640}
PICTURES = "/admin/pictures/"


def a_news_story(page: Page, base: str) -> None:
    """Choosing what to start from, below the list of news."""
    answer = page.request.get(f"{base}/admin/api/main/pages/?slug=news").json()
    page.goto(f"{base}/admin/pages/add/pages/newspage/{answer['items'][0]['id']}/")


def the_permission(page: Page, base: str) -> None:
    page.goto(f"{base}{PICTURES}")
    page.locator(f"main a[href^='{PICTURES}']:not([href*='?'])").nth(1).click()
    page.get_by_role("heading", name="Where it is used").wait_for()


VIEWS = {
    "start": (DESK, a_news_story),
    "snow": (PHONE, lambda page, base: page.goto(f"{base}/admin/close-centre/")),
    "permission": (DESK, the_permission),
}


def small(taken: bytes) -> bytes:
    """The same picture in few colours, which is a fifth of its size."""
    picture = Image.open(io.BytesIO(taken)).convert("RGB")
    few = picture.quantize(COLOURS, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    out = io.BytesIO()
    few.save(out, "PNG", optimize=True)
    return out.getvalue()


def take(base: str, user: str, password: str) -> int:
    """Take every picture anew. Returns how many bytes they are together."""
    FOLDER.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        chromium = launch(playwright)
        page = chromium.new_page(viewport=DESK)
        page.goto(f"{base}/admin/login/")
        page.fill("[name=username]", user)
        page.fill("[name=password]", password)
        page.click("button[type=submit]")
        for name, (size, show) in VIEWS.items():
            page.set_viewport_size(size)
            show(page, base)
            (FOLDER / f"comms-{name}.png").write_bytes(small(page.screenshot()))
        chromium.close()
    return sum(file.stat().st_size for file in FOLDER.glob("comms-*.png"))


if __name__ == "__main__":
    sys.stdout.write(f"{take(*sys.argv[1:4]):,} bytes\n")
