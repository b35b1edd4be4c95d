"""A new member of staff builds "Borrow an instrument" with no code, and a family completes it.

Everything is done with the mouse and the keyboard, in a real browser: a branch, a repeat, a file, a
price with help, a sample family; published; begun on a telephone; changed; completed. The clicks
that it takes are counted, so that a change which makes the work longer is seen.
"""

import os

import pytest
from django.urls import reverse
from django.utils import timezone

from cms import jobs
from cms.models import Job, User
from forms import moving
from forms.models import FormDefinition, FormVersion, Journey, Submission
from tests.browser import CHROMIUM, a_chromium
from tests.journeys import PNG

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM, reason="Chromium is not installed."),
    pytest.mark.skipif(
        "TRYOUT" not in os.environ, reason="TRYOUT=1: it builds a whole form, which takes minutes."
    ),
    pytest.mark.django_db(transaction=True),
]

#: What building and publishing it took when it was last made easier.
MOST_CLICKS = 40
COUNT = """
addEventListener("click", (event) => { if (event.isTrusted) window.hubClick(); }, true);
"""


class Builder:
    """The editor, as a person uses it."""

    def __init__(self, page):
        self.page = page

    def stream(self, name):
        return self.page.locator(f"div:has(> input[name={name}-count])")

    def add(self, stream, words=None):
        stream.locator(
            "> [data-streamfield-stream-container] > div > button.c-sf-add-button"
        ).last.click()
        if words:
            self.page.get_by_role("option", name=words, exact=True).click()
        self.page.wait_for_timeout(300)

    def step(self, title):
        number = int(self.page.input_value("[name=steps-count]"))
        self.add(self.stream("steps"))
        self.page.fill(f"[name=steps-{number}-value-title]", title)
        return f"steps-{number}"

    def question(self, step, kind, label=None):
        stream = self.stream(f"{step}-value-questions")
        number = int(self.page.input_value(f"[name={step}-value-questions-count]"))
        self.add(stream, kind)
        name = f"{step}-value-questions-{number}-value"
        if label:
            self.page.fill(f"[name={name}-label]", label)
        return name

    def options(self, question, *labels):
        for number, label in enumerate(labels):
            if number:
                self.stream(f"{question}-options").locator(
                    "button[data-streamfield-list-add]"
                ).last.click()
            self.page.fill(f"[name={question}-options-{number}-value-label]", label)

    def only_when(self, name, question, answer):
        rule = self.page.locator(f".hub-rule:has(> input[name={name}])")
        rule.get_by_role("button", name="Only when…").click()
        rule.get_by_label("Condition 1: question").select_option(label=question)
        rule.get_by_label("Condition 1: value").select_option(label=answer)

    def settings_of(self, step):
        section = self.page.locator(f"section:has([name={step}-value-title])").last
        section.get_by_role("button", name="Settings", exact=True).first.click()
        self.page.wait_for_timeout(300)


@pytest.fixture
def clicks():
    return []


@pytest.fixture
def browser(live_server, client, monkeypatch, clicks):
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
    client.force_login(
        User.objects.create_superuser("editor", "editor@example.org", "a-long-password-1")
    )
    with a_chromium() as chromium:
        yield chromium


@pytest.fixture
def page(browser, live_server, client, clicks):
    context = browser.new_context(viewport={"width": 1280, "height": 1000})
    context.add_cookies(
        [
            {"name": name, "value": morsel.value, "url": live_server.url}
            for name, morsel in client.cookies.items()
        ]
    )
    context.expose_function("hubClick", lambda: clicks.append(1))
    context.add_init_script(COUNT)
    opened = context.new_page()
    opened.set_default_timeout(20_000)
    return opened


@pytest.fixture
def phone(browser):
    opened = browser.new_context(viewport={"width": 375, "height": 800}).new_page()
    opened.set_default_timeout(20_000)
    return opened


def url(name, *args):
    return reverse(FormDefinition.snippet_viewset.get_url_name(name), args=args)


def build(page):
    """The whole form, from an empty editor; the builder."""
    do = Builder(page)
    page.fill("[name=title]", "Borrow an instrument")
    who = do.step("Who it is for")
    for_whom = do.question(who, "One of several (radio buttons)", "Who is it for?")
    do.options(for_whom, "My child", "Me")

    child = do.step("Your child")
    do.only_when(f"{child}-value-show_if", "1.1. Who is it for?", "My child")
    do.question(child, "Name of a person", "Child’s name")
    page.fill(f"[name={child}-value-questions-0-value-reason]", "For the loan agreement.")
    do.settings_of(child)
    page.check(f"[name={child}-value-repeats]")
    page.fill(f"[name={child}-value-item_name]", "child")
    size = do.question(child, "One of several (radio buttons)", "Which violin?")
    do.options(size, "Half size", "Full size")

    helped = do.step("Help with the cost")
    do.question(helped, "Yes or no", "Do you claim help with the cost?")
    proof = do.step("Your evidence")
    do.only_when(f"{proof}-value-show_if", "3.1. Do you claim help with the cost?", "Yes")
    do.question(proof, "File", "A letter about your benefit")

    agreed = do.step("Agreement")
    do.question(agreed, "Declaration", "I look after the instrument")

    page.get_by_role("tab", name="Prices").click()
    prices = do.stream("prices")
    do.add(prices, "Something that is charged")
    page.fill("[name=prices-0-value-label]", "Hire")
    page.fill("[name=prices-0-value-pence]", "45")
    each = page.locator(".hub-reference:has(> input[name=prices-0-value-each]) select")
    each.select_option(label="2. Your child")
    do.add(prices, "Less for some families")
    page.fill("[name=prices-1-value-label]", "Help with the cost")
    page.fill("[name=prices-1-value-percent]", "50")
    do.only_when("prices-1-value-show_if", "3.1. Do you claim help with the cost?", "Yes")
    return do


def save_draft(page):
    with page.expect_navigation():  # autosave may have changed the address before
        page.get_by_role("button", name="Save draft").click()
    page.wait_for_url("**/edit/*/")


def publish(page):
    page.get_by_role("tab", name="Questions").click()
    page.locator("[data-w-dropdown-target=toggle]").last.click()
    page.locator("button[name=action-publish]").click()


def go_on(phone):
    phone.get_by_role("button", name="Continue").click()


def test_borrow_an_instrument_is_built_published_begun_changed_and_completed(
    page, phone, live_server, clicks, tmp_path
):
    began = timezone.now()
    page.goto(live_server.url + url("add"))
    build(page)
    save_draft(page)
    page.get_by_role("tab", name="Samples").click()
    page.get_by_role("link", name="Sample families and untested ways").click()
    way = page.locator(".hub-ways li", has_text="My child").filter(has_text="Yes").first
    with page.expect_navigation():  # the family is there once its page has come back
        way.get_by_role("button", name="Make a sample family").click()
    [sample] = FormDefinition.objects.get().get_latest_revision_as_object().samples
    assert sample["expect"]["price"] == "£22.50"
    page.goto(live_server.url + url("edit", FormDefinition.objects.get().pk))
    publish(page)
    page.wait_for_url("**/formdefinition/")
    minutes = (timezone.now() - began).total_seconds() / 60
    print(f"{len(clicks)} clicks, {minutes:.1f} minutes by machine")
    assert len(clicks) <= MOST_CLICKS

    # A family, on a telephone: two children, and half-way when the form changes.
    address = f"{live_server.url}/apply/{FormDefinition.objects.get().slug}/"
    assert address.endswith("/apply/borrow-an-instrument/")
    phone.goto(address)
    phone.get_by_role("button", name="Start now").click()
    phone.get_by_label("My child").check()
    go_on(phone)
    for first, size in (("Wren", "Half size"), ("Robin", "Full size")):
        phone.get_by_label("First name").fill(first)
        phone.get_by_label("Last name").fill("Ashdown")
        phone.get_by_label(size).check()
        go_on(phone)
        if first == "Wren":
            phone.get_by_role("link", name="Add another child").click()
    go_on(phone)
    phone.get_by_label("Yes").check()
    go_on(phone)
    letter = tmp_path / "letter.png"
    letter.write_bytes(PNG)
    phone.get_by_label("A letter about your benefit").wait_for()

    page.goto(live_server.url + url("edit", FormDefinition.objects.get().pk))
    # A closed step is drawn when it is opened.
    page.locator("div:has(> [name=steps-4-order])").get_by_role(
        "button", name="Toggle section"
    ).first.click()
    page.fill("[name=steps-4-value-title]", "What we agree")
    publish(page)
    page.wait_for_url("**/publish/*/")
    assert "The step has another title." in page.content()
    assert "1 family is half-way." in page.content()
    page.get_by_label("Everybody").select_option(label="Move on, answers kept")
    page.get_by_role("button", name="Show what that would do").click()
    page.get_by_text("1 family would go on at “Your evidence”.").wait_for()
    page.get_by_role("button", name="Publish", exact=True).click()
    page.wait_for_url("**/formdefinition/")
    for job in Job.objects.filter(kind=moving.KIND):
        jobs.run_job.call_local(job.pk)
    assert Journey.objects.get().version == FormVersion.objects.get(number=2)

    phone.locator("input[type=file]").set_input_files(letter)
    go_on(phone)
    assert phone.locator("h1").inner_text() == "What we agree"
    phone.locator("input[type=checkbox]").check()
    go_on(phone)
    assert "£45" in phone.locator("main").inner_text()
    wide = phone.evaluate("document.documentElement.scrollWidth")
    assert wide <= 375
    phone.locator("main form button.button").last.click()
    phone.locator("[data-reference]").wait_for()
    submission = Submission.objects.get()
    assert submission.price["pence"] == 4500
    children = next(one for one in submission.answers.values() if isinstance(one, list) and one)
    names = [
        answer["first"]
        for child in children
        for answer in child.values()
        if isinstance(answer, dict)
    ]
    assert names == ["Wren", "Robin"]
