"""A person builds a form in the real editor, with a branch, publishes it and opens it.

Everything is done as a person does it: typing, choosing from the lists that the editor offers,
pressing its buttons. Nothing is posted behind its back.
"""

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from cms.models import User
from forms.models import FormDefinition, FormVersion
from tests.browser import CHROMIUM, axe_findings, launch

sync_playwright = pytest.importorskip("playwright.sync_api").sync_playwright
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM, reason="Chromium is not installed."),
    pytest.mark.django_db(transaction=True),
]

OPEN_ALL = """() => document.querySelectorAll(
  '#steps-root [data-panel-toggle][aria-expanded="false"]').forEach((one) => one.click())"""
# Wagtail's own controls fail some rules; ours must fail none.
OURS = ("hub-rule", "hub-effects", "hub-map", "hub-reference")


@pytest.fixture
def page(live_server, client, monkeypatch):
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
    user = User.objects.create_superuser("editor", "editor@example.org", "a-long-password-1")
    client.force_login(user)
    with sync_playwright() as playwright:
        browser = launch(playwright)
        context = browser.new_context(viewport={"width": 1280, "height": 1000})
        context.add_cookies(
            [
                {"name": name, "value": morsel.value, "url": live_server.url}
                for name, morsel in client.cookies.items()
            ]
        )
        opened = context.new_page()
        opened.set_default_timeout(20_000)
        yield opened
        browser.close()


def add(page, scope, words):
    """Press the last + in a stream and choose a block where there is a choice."""
    scope.locator(
        "> [data-streamfield-stream-container] > div > button.c-sf-add-button"
    ).last.click()
    if words:
        page.get_by_role("option", name=words, exact=True).click()
    page.wait_for_timeout(400)


def test_a_form_with_a_branch_is_built_published_and_opened(page, live_server):
    page.goto(live_server.url + reverse(FormDefinition.snippet_viewset.get_url_name("add")))
    page.fill("[name=title]", "Borrow an instrument")
    page.get_by_role("tab", name="Settings").click()
    # The title proposes an address a moment later; one that is typed then stays.
    expect(page.locator("[name=slug]")).to_have_value("borrow-an-instrument")
    page.fill("[name=slug]", "borrow")
    page.get_by_role("tab", name="Questions").click()
    steps = page.locator("#steps-root")

    add(page, steps, None)
    page.fill("[name=steps-0-value-title]", "Who is it for")
    questions = page.locator("div:has(> input[name=steps-0-value-questions-count])")
    add(page, questions, "One of several (radio buttons)")
    page.fill("[name=steps-0-value-questions-0-value-label]", "Who will play it?")
    page.fill("[name=steps-0-value-questions-0-value-options-0-value-label]", "My child")
    page.locator("div:has(> input[name=steps-0-value-questions-0-value-options-count])").locator(
        "button[data-streamfield-list-add]"
    ).last.click()
    page.fill("[name=steps-0-value-questions-0-value-options-1-value-label]", "Me")

    add(page, steps, None)
    page.fill("[name=steps-1-value-title]", "Your child")
    page.evaluate(OPEN_ALL)
    rule = page.locator(".hub-rule:has(> input[name=steps-1-value-show_if])")
    rule.get_by_role("button", name="Only when…").click()
    rule.get_by_label("Condition 1: question").select_option(label="1.1. Who will play it?")
    rule.get_by_label("Condition 1: value").select_option(label="My child")
    expect(rule.locator(".hub-rule__sentence")).to_have_text(
        "Shown when “Who will play it?” is “My child”."
    )

    # The same rule, from the option it waits for, in words that follow what is typed.
    page.fill("[name=steps-0-value-questions-0-value-options-0-value-label]", "A pupil")
    effects = page.locator(".hub-effects").first
    effects.get_by_role("button", name="2. Your child", exact=True).wait_for()
    expect(effects).to_contain_text("If A pupil, also show")
    page.wait_for_function(
        "() => [...document.querySelectorAll('.hub-rule__sentence')].some("
        "(one) => one.textContent.includes('“A pupil”'))"
    )

    inner = page.locator("div:has(> input[name=steps-1-value-questions-count])")
    add(page, inner, "Number")
    page.fill("[name=steps-1-value-questions-0-value-label]", "How tall are they?")

    ours = [line for line in axe_findings(page) if any(name in line for name in OURS)]
    assert ours == []

    page.locator("[data-w-dropdown-target=toggle]").last.click()
    page.locator("button[name=action-publish]").click()
    page.wait_for_url("**/formdefinition/")
    version = FormVersion.objects.get()
    assert [(step["title"], bool(step["show_if"])) for step in version.compiled["steps"]] == [
        ("Who is it for", False),
        ("Your child", True),
    ]
    page.goto(f"{live_server.url}/apply/borrow/")
    assert page.locator("h1").inner_text() == "Borrow an instrument"
    page.get_by_role("button", name="Start now").click()
    page.get_by_label("A pupil").check()
    page.get_by_role("button", name="Continue").click()
    page.get_by_label("How tall are they?").wait_for()
