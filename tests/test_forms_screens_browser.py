"""The builder's own screens in Chromium: nothing that axe finds, on a telephone and on a desk.

And the notes beside the editor, written and resolved without leaving it.
"""

import copy

import pytest
from django.db import connection
from django.urls import reverse
from playwright.sync_api import expect

from cms.models import User
from forms.models import FormDefinition, FormNote
from tests.browser import CHROMIUM, axe_findings, launch
from tests.journeys import publish_form
from tests.test_forms_publish_preview import FORM, changed, family, save_draft

sync_playwright = pytest.importorskip("playwright.sync_api").sync_playwright
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM, reason="Chromium is not installed."),
    pytest.mark.django_db(transaction=True),
]


@pytest.fixture
def form():
    """A published form with a family half-way and a draft that changes it."""
    version = publish_form(copy.deepcopy(FORM))
    family(version, for_whom="me")
    save_draft(version, changed(lambda one: one["steps"][3].update(title="Anything else")))
    return FormDefinition.objects.get()


@pytest.fixture
def chromium(live_server, client, monkeypatch):
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
    client.force_login(
        User.objects.create_superuser("editor", "editor@example.org", "a-long-password-1")
    )
    with sync_playwright() as playwright:
        browser = launch(playwright)
        # Playwright's loop has a connection of its own, which the last test left at its database.
        connection.close()

        def opened(width=1280):
            context = browser.new_context(viewport={"width": width, "height": 1000})
            context.add_cookies(
                [
                    {"name": name, "value": morsel.value, "url": live_server.url}
                    for name, morsel in client.cookies.items()
                ]
            )
            page = context.new_page()
            page.set_default_timeout(20_000)
            return page

        yield opened
        browser.close()


def url(name, *args):
    return reverse(FormDefinition.snippet_viewset.get_url_name(name), args=args)


SCREENS = ("notes", "publish", "half_way", "families", "family", "language")
# Of Wagtail's shell, the same on every page of its admin.
SHELL = [["#wagtail-sidebar"], [".sidebar-footer"], ["header.w-header"], [".w-slim-header"]]


@pytest.mark.parametrize("width", [375, 1280])
def test_nothing_on_the_builders_screens_keeps_anybody_out(chromium, live_server, form, width):
    FormNote.objects.create(form=form, text="Which unit?", author_name="Ada")
    page, wrong = chromium(width), {}
    addresses = {name: url(name, form.pk) for name in SCREENS}
    addresses["language"] += "?to=cy"
    addresses["gallery"] = url("gallery")
    addresses["codes"] = reverse("price-codes:index")
    addresses["new code"] = reverse("price-codes:add")
    for name, address in addresses.items():
        answer = page.goto(live_server.url + address)
        assert answer.status == 200, name
        found = axe_findings(page, leave_out=SHELL)
        wide = page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        if found or wide > 0:
            wrong[name] = [*found, *([f"{wide} px too wide"] if wide > 0 else [])]
    assert wrong == {}


def test_notes_are_written_and_resolved_beside_the_editor(chromium, live_server, form):
    page = chromium()
    page.goto(live_server.url + url("edit", form.pk))
    mark = page.get_by_role("button", name="Write a note on 1. Who", exact=True)
    mark.click()
    panel = page.locator("[data-hub-notes]")
    box = panel.get_by_label("Note", exact=True)
    expect(box).to_be_focused()
    box.fill("Should we ask schools too?")
    panel.get_by_role("button", name="Write the note").click()
    expect(panel.locator("[data-hub-thread]")).to_have_count(1)
    expect(page.get_by_role("button", name="1 open note on 1. Who", exact=True)).to_be_visible()
    counter = page.locator("[data-side-panel-toggle='notes'] [data-side-panel-toggle-counter]")
    expect(counter).to_have_text("1")
    assert axe_findings(page, leave_out=[*SHELL, ["#w-editor-form"]]) == []
    panel.get_by_role("button", name="Resolve").click()
    expect(panel.get_by_text("No open notes.")).to_be_visible()
    expect(page.get_by_role("button", name="Write a note on 1. Who", exact=True)).to_be_visible()
    note = FormNote.objects.get()
    assert (note.block_id, note.resolved_by.username) == ("s-who", "editor")
