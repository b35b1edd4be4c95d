"""A person builds a form in the real editor, with a branch, publishes it and opens it.

Everything is done as a person does it: typing, choosing from the lists that the editor offers,
pressing its buttons. Nothing is posted behind its back.
"""

import json
from pathlib import Path

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from cms.models import User
from forms.compile import compiled
from forms.models import FormDefinition, FormVersion
from forms.package import load
from tests import harness
from tests.browser import CHROMIUM, a_chromium, axe_findings

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM, reason="Chromium is not installed."),
    pytest.mark.django_db(transaction=True),
]

PACKAGES = Path("forms/packages")
OPEN_ALL = """() => document.querySelectorAll(
  '#steps-root [data-panel-toggle][aria-expanded="false"]').forEach((one) => one.click())"""
POSTED = """() => [...new FormData(document.querySelector("#w-editor-form"))]
  .filter(([name]) => name.startsWith("steps-")).map((pair) => pair.join("="))"""
# Wagtail's own controls fail some rules; ours must fail none.
OURS = ("hub-rule", "hub-effects", "hub-map", "hub-reference")


@pytest.fixture
def page(live_server, client, monkeypatch):
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
    user = User.objects.create_superuser("editor", "editor@example.org", "a-long-password-1")
    client.force_login(user)
    with a_chromium() as browser:
        context = browser.new_context(viewport={"width": 1280, "height": 1000})
        context.add_cookies(
            [
                {"name": name, "value": morsel.value, "url": live_server.url}
                for name, morsel in client.cookies.items()
            ]
        )
        opened = context.new_page()
        opened.set_default_timeout(60_000)
        yield opened


def add(page, scope, words):
    """Press the last + in a stream and choose a block where there is a choice."""
    scope.locator(
        "> [data-streamfield-stream-container] > div > button.c-sf-add-button"
    ).last.click()
    if words:
        page.get_by_role("option", name=words, exact=True).click()


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


def saved(name):
    """A tried form as a draft."""
    return load(json.loads((PACKAGES / f"{name}.json").read_text()))


def edit(page, live_server, definition):
    url = FormDefinition.snippet_viewset.url_of("edit", definition.pk)
    page.goto(live_server.url + url)
    until(page, "window.hubOutline && window.hubOutline.current.steps.length")


def until(page, condition):
    """When `condition` is true in the page; the pause lets the page's own answers arrive."""
    for _ in range(300):
        if page.evaluate(f"() => Boolean({condition})"):
            return
        page.wait_for_timeout(200)
    raise AssertionError(f"Waited 60 s for {condition}.")


@pytest.mark.parametrize("name", ["songwriter-booking", "instrument-loan", "hub-partner"])
def test_opening_every_step_and_question_changes_nothing_that_is_posted(page, live_server, name):
    """Not even a course that the hub does not have."""
    definition = saved(name)
    edit(page, live_server, definition)
    assert page.locator(".hub-question").count() == 0  # drawn when they are opened
    closed = page.evaluate(POSTED)
    page.evaluate(OPEN_ALL)
    page.evaluate(OPEN_ALL)
    questions = sum(len(step["questions"]) for step in definition.data["steps"])
    assert page.locator(".hub-question").count() == questions
    assert page.evaluate(POSTED) == closed


def test_a_rule_of_a_step_that_is_closed_is_set_from_the_option(page, live_server):
    """The step that it is about stays closed, is saved with it, and shows it when it is opened."""
    yes_no = {"key": "help", "type": "yes_no", "label": "Do you claim help?"}
    steps = [
        {"key": "who", "title": "You", "questions": [yes_no]},
        {
            "key": "proof",
            "title": "Proof",
            "questions": [{"key": "a", "type": "text", "label": "A"}],
        },
    ]
    form = {"slug": "proof", "title": "Proof", "steps": steps}
    definition = FormDefinition.objects.create(slug="proof", title="Proof", data=compiled(form))
    edit(page, live_server, definition)
    page.evaluate("() => document.querySelector('#steps-root [data-panel-toggle]').click()")
    page.evaluate(OPEN_ALL.replace("#steps-root", ".hub-step"))
    also = page.get_by_label("If Yes, also show")
    also.focus()
    also.select_option(label="2. Proof")
    page.get_by_role("button", name="2. Proof", exact=True).wait_for()
    assert page.locator("[name=steps-1-value-title]").count() == 0
    page.get_by_role("button", name="Save draft").click()

    def rule():
        draft = FormDefinition.objects.get().get_latest_revision_as_object()
        return draft.data["steps"][1]["show_if"]

    harness.wait_for(lambda: FormDefinition.objects.get().latest_revision_id and rule(), seconds=60)
    assert rule()["clauses"] == [{"op": "is", "value": "yes", "question": "help"}]
    edit(page, live_server, definition)
    page.evaluate(OPEN_ALL)
    sentence = page.locator(
        ".hub-rule:has(> input[name=steps-1-value-show_if]) .hub-rule__sentence"
    )
    expect(sentence).to_have_text("Shown when “Do you claim help?” is “Yes”.")


def test_an_option_tells_what_waits_for_it_through_a_named_rule_or_with_more(page, live_server):
    """And what there is to mend inside a step that is closed stands on that step."""
    yes = {"question": "help", "op": "is", "value": "yes"}
    born = {"key": "born", "type": "date", "label": "Date of birth"}
    more = {"key": "more", "type": "text", "label": "More"}
    form = {
        "slug": "proof",
        "title": "Proof",
        "groups": {"In need": {"clauses": [yes]}},
        "steps": [
            {
                "key": "you",
                "title": "You",
                "questions": [{"key": "help", "type": "yes_no", "label": "Help?"}],
            },
            {
                "key": "proof",
                "title": "Proof",
                "show_if": {"clauses": [{"group": "In need"}]},
                "questions": [born],
            },
            {
                "key": "more",
                "title": "More",
                "show_if": {"clauses": [yes, {"question": "born", "op": "answered"}]},
                "questions": [more],
            },
        ],
    }
    definition = FormDefinition.objects.create(slug="proof", title="Proof", data=compiled(form))
    edit(page, live_server, definition)
    expect(page.locator(".hub-note").first).to_contain_text("2.1. Date of birth: This asks")
    page.evaluate("() => document.querySelector('#steps-root [data-panel-toggle]').click()")
    page.evaluate(OPEN_ALL.replace("#steps-root", ".hub-step"))
    effects = page.locator(".hub-effects").first
    expect(effects).to_contain_text("2. Proofby the rule “In need”")
    expect(effects).to_contain_text("3. Moreif the rest of its rule is true")
    assert effects.locator(".hub-effects__drop").count() == 1
