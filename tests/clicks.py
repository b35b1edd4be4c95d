"""How many clicks an editor needs for three everyday tasks, counted in Chromium.

Not part of the suite. Against a running demo hub, for example:

    python -m tests.clicks http://127.0.0.1:8000 comms-lead PASSWORD

Signing in is not counted, nor is typing; a choice from a list is one click.
"""

import json
import sys
from datetime import timedelta

from django.utils import timezone
from playwright.sync_api import Page, sync_playwright


class Counting:
    """A page on which clicks and typed fields are counted."""

    def __init__(self, page: Page):
        self.page = page
        self.clicks = self.typed = 0

    def click(self, selector: str) -> None:
        self.page.locator(selector).first.click(timeout=10_000)
        self.clicks += 1

    def type(self, selector: str, words: str) -> None:
        self.page.locator(selector).first.fill(words, timeout=10_000)
        self.typed += 1

    def choose(self, selector: str, **option: str | int) -> None:
        self.page.locator(selector).first.select_option(**option, timeout=10_000)
        self.clicks += 1


def publish_news(on: Counting) -> None:
    on.click("nav button:has-text('Pages')")
    on.click("a:has-text(\"View child pages of 'Home'\")")
    on.click("a[href^='/admin/pages/']:has(:text-is('News'))")
    on.click("a[href$='/add_subpage/']")
    on.click("input[name=starter]")
    on.type("#id_title", "A piano for everybody")
    on.click("button:has-text('Make the draft')")
    on.page.wait_for_url("**/edit/")
    on.type("#id_summary", "Four pianos stand in four stations from Monday.")
    on.type("[contenteditable=true]", "Sit down and play: nobody has to ask.")
    on.type("[name='body-1-value-text']", "I missed my train and did not mind.")
    on.type("[name='body-1-value-cite']", "Somebody on platform 2")
    on.page.wait_for_function(  # the editor notes running text a moment later
        "[...document.querySelectorAll('input')].some((one) => one.value.includes('Sit down'))"
    )
    on.click("footer button:has-text('More actions'), footer button[aria-label='More actions']")
    on.click("button[name='action-publish']")
    on.page.wait_for_selector("text=has been published")


def pick(on: Counting, field: str) -> None:
    """The first of a chooser."""
    on.click(f"#id_{field}-chooser button:visible")
    on.click("a[data-chooser-modal-choice]:visible")
    on.page.wait_for_selector(".modal", state="detached")


def add_course_date(on: Counting) -> None:
    starts = timezone.localtime() + timedelta(days=90)
    on.click("nav button:has-text('Catalogue')")
    on.click("nav a:has-text('Course dates')")
    on.click("a[href$='/coursedate/add/']")
    pick(on, "course")
    pick(on, "centre")
    on.type("#id_reference", f"clicks-{starts:%H%M%S}")
    on.type("#id_starts_at", f"{starts:%Y-%m-%d} 10:00")
    on.type("#id_ends_at", f"{starts:%Y-%m-%d} 15:00")
    on.type("#id_capacity", "20")
    on.type("#id_price_pence", "3500")
    on.type("#id_booking_opens_at", f"{timezone.localtime():%Y-%m-%d} 09:00")
    on.type("#id_booking_closes_at", f"{starts - timedelta(days=2):%Y-%m-%d} 17:00")
    on.click("footer button[type=submit]")
    on.page.wait_for_selector("text=created")


def close_centre(on: Counting) -> None:
    on.click("nav a:has-text('Close a centre')")
    on.page.wait_for_selector("#id_centre")
    on.choose("#id_centre", index=1)
    on.type("#id_reason", "Snow. No sessions today.")
    on.click("main form button[type=submit]")
    on.page.wait_for_selector("text=is closed on the site now")


def count(base: str, user: str, password: str) -> dict[str, dict[str, int]]:
    from tests.browser import launch

    found = {}
    with sync_playwright() as playwright:
        chromium = launch(playwright)
        page = chromium.new_context(viewport={"width": 1280, "height": 900}).new_page()
        page.goto(f"{base}/admin/login/")
        page.fill("[name=username]", user)
        page.fill("[name=password]", password)
        page.click("button[type=submit]")
        for task in (publish_news, add_course_date, close_centre):
            page.goto(f"{base}/admin/")
            on = Counting(page)
            task(on)
            found[task.__name__] = {"clicks": on.clicks, "fields typed": on.typed}
        chromium.close()
    return found


if __name__ == "__main__":
    import os

    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cms.settings")
    django.setup()
    sys.stdout.write(json.dumps(count(*sys.argv[1:4]), indent=2) + "\n")
