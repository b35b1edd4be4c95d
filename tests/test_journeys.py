"""The promises of the README, from end to end: real browser, real server, real task consumer.

A family books two children; the office sees the booking, confirms it; the family is told. Every
page on the way is held to axe, the content policy and the narrow screen.
"""

import email
import email.policy

import pytest

from tests import harness
from tests.browser import visit
from tests.journeys import answers_of_a_family

pytestmark = [pytest.mark.browser, pytest.mark.crash]
PASSWORD = "strings-and-staves"
LAST_STEP = "done"


def prepare() -> None:
    """Inside the hub: one date to book, the Songwriter form, the staff."""
    from cms.demo_users import demo_logins
    from tests.journeys import a_course_date, publish_songwriter

    a_course_date(capacity=20)
    publish_songwriter()
    demo_logins(PASSWORD)


def fill_in(page, answers: dict, item: dict | None) -> None:
    """Answer every question that the page asks, by its type, as a person would."""
    for question in page.locator("[data-question]").all():
        key, kind = question.get_attribute("data-question"), question.get_attribute("data-type")
        value = (item or {}).get(key, answers.get(key))
        if value in (None, "", []) or kind == "file":
            continue
        fields = question.locator("input:not([type=hidden]), textarea")
        if kind == "date":
            for part, field in zip(reversed(value.split("-")), fields.all(), strict=True):
                field.fill(part)
        elif kind in ("name", "uk_address"):
            for part, text in value.items():
                question.locator(f"[name*='{part}-']").first.fill(text)
        elif kind in ("yes_no", "radios"):
            question.locator(f"input[value={value}]").check(force=True)
        elif kind == "checkboxes":
            for tick in value:
                question.locator(f"input[value={tick}]").check(force=True)
        elif kind == "declaration":
            question.locator("input[type=checkbox]").check(force=True)
        elif kind == "school":
            question.locator(f"input[value={value['choice']}]").check(force=True)
        elif kind == "places":
            question.locator(f"input[value={value['offering']}]").check(force=True)
            question.locator("select").select_option(str(value["children"]))
        else:
            fields.first.fill(str(value))


def book(found, answers: dict) -> tuple[str, dict]:
    """From the start page to the reference; also what was wrong with any page on the way."""
    page, wrong, seen = found.page, {}, {}
    page.get_by_role("button", name="Start now").click()
    while True:
        step = page.url.rstrip("/").split("/")[-1]
        number = seen[step] = seen.get(step, -1) + 1
        assert number < 5, f"{step} came back for the {number}th time: {page.inner_text('main')}"
        found.address = page.url
        if problems := found.problems():
            wrong[f"{step} {number}"] = problems
        if step == LAST_STEP:
            return page.locator("[data-reference]").first.inner_text(), wrong
        items = answers.get(step, [])
        is_item = isinstance(items, list) and items and number < len(items)
        fill_in(page, answers, items[number] if is_item else None)
        page.locator("main form button[type=submit]:visible").filter(
            has_text="Send" if step == "check" else "Continue"
        ).first.click()


def letter_texts(hub) -> list[tuple[str, str]]:
    """Subject and plain text of every letter sent so far."""
    letters = [email.message_from_bytes(raw, policy=email.policy.default) for raw in hub.letters()]
    return [(one["Subject"], one.get_body(("plain",)).get_content()) for one in letters]


def test_a_family_books_the_office_confirms_and_the_family_is_told(browser, tmp_path):
    with harness.a_hub(tmp_path) as hub:
        hub.call("tests.test_journeys:prepare")
        hub.start_web()
        hub.start_consumer()
        answers = answers_of_a_family(children=2)
        start = f"{hub.address}/apply/songwriter-booking/?for=SW-WAT-1"

        with visit(browser, start, width=375) as found:
            reference, wrong = book(found, answers)
        assert wrong == {}
        harness.wait_for(lambda: len(hub.letters()) == 1, 30, "the first letter")

        with visit(browser, f"{hub.address}/admin/login/", width=1280) as found:
            page = found.page
            page.fill("[name=username]", "bookings")
            page.fill("[name=password]", PASSWORD)
            page.locator("button[type=submit]").click()
            page.goto(f"{hub.address}/admin/cases/")
            page.get_by_role("link", name=reference).click()
            page.get_by_role("button", name="Confirm the booking").click()
            page.wait_for_url("**/admin/cases/*/")
        harness.wait_for(lambda: len(hub.letters()) == 2, 30, "the second letter")

        (received, first), (confirmed, second) = letter_texts(hub)
        assert received == f"We have your booking {reference}"
        assert confirmed.startswith("Confirmed: Songwriter, ")
        assert "Places: 2 places" in first
        assert f"your booking {reference} is confirmed" in second
        assert hub.sql("SELECT state, count(*) FROM cms_place GROUP BY state") == [("confirmed", 2)]
