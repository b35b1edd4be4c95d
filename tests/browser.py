"""Real pages in a real Chromium: the helper that the browser tests share.

`visit` opens an address and collects whatever a visitor would never see but should not happen:
console errors, policy violations, requests to another host. `Visit.check()` fails on any of them,
on a sideways scroll and on any axe finding (WCAG 2.2 A and AA).
"""

import shutil
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import axe_playwright_python
from django.db import connection
from playwright.sync_api import sync_playwright

AXE = next(Path(axe_playwright_python.__file__).parent.rglob("axe.min.js")).read_text()
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa"]
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--no-default-browser-check",
    "--disable-extensions",
    "--metrics-recording-only",
    "--disable-features=Translate,OptimizationHints,MediaRouter",
]
POLICY_WATCH = """
window.__violations = [];
document.addEventListener('securitypolicyviolation', (event) =>
  window.__violations.push(event.effectiveDirective + ' ' + event.blockedURI + ' ' + event.sample));
"""
# The user bar belongs to Wagtail and to staff only; families never meet it.
NOT_OURS = [["wagtail-userbar"]]


def launch(playwright):
    return playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)


@contextmanager
def a_chromium():
    """A browser for a test with a live server.

    While it is open the test has a database connection of its own, which must not outlive the
    database that tests/databases.py lays out anew.
    """
    with sync_playwright() as playwright:
        chromium = launch(playwright)
        connection.close()
        yield chromium
        chromium.close()
        connection.close()


def axe_findings(page, *, leave_out=()) -> list[str]:
    """What axe finds, a line each: rule, impact, first element. Ours is always injected anew."""
    page.evaluate("window.axe = undefined")
    # Through the debugging protocol, so that the page's own policy need not allow it.
    page.evaluate(AXE + "\n;undefined")
    result = page.evaluate(
        "async ([tags, exclude]) => await axe.run({exclude},"
        " {runOnly: {type: 'tag', values: tags}, resultTypes: ['violations']})",
        [TAGS, [*NOT_OURS, *leave_out]],
    )
    return [
        f"{found['id']} ({found['impact']}): {node['html'][:160]} - {node['failureSummary'][:300]}"
        for found in result["violations"]
        for node in found["nodes"]
    ]


class Visit:
    """One address, opened in one context."""

    def __init__(self, page, address):
        self.page = page
        self.address = address
        self.host = urlsplit(address).netloc
        self.console: list[str] = []
        self.foreign: list[str] = []
        self.failed: list[str] = []
        self.bytes = 0
        page.on("console", self._heard)
        page.on("pageerror", lambda error: self.console.append(str(error)))
        page.on("request", self._asked)
        page.on("response", self._answered)

    def _heard(self, message):
        # A page that is itself an error says so on the console; the others must stay silent.
        if message.type in {"error", "warning"} and self.address not in message.location["url"]:
            self.console.append(message.text)

    def _asked(self, request):
        parts = urlsplit(request.url)
        if parts.scheme in {"http", "https", "ws"} and parts.netloc != self.host:
            self.foreign.append(request.url)

    def _answered(self, response):
        if response.status >= 400 and response.url != self.address:
            self.failed.append(f"{response.status} {response.url}")

    def is_sideways(self) -> bool:
        return self.page.evaluate(
            "document.documentElement.scrollWidth > document.documentElement.clientWidth"
        )

    def outline(self) -> dict[str, int]:
        """How many there are of what a page has exactly once: first heading and landmarks."""
        count = self.page.locator("h1").count()
        roles = ("banner", "main", "contentinfo")
        return {"h1": count, **{role: self.page.get_by_role(role).count() for role in roles}}

    def problems(self, *, leave_out=()) -> dict[str, list]:
        """Everything wrong with the page, by kind; only the kinds that have something."""
        found = {
            "axe": axe_findings(self.page, leave_out=leave_out),
            "console": self.console,
            "policy": self.page.evaluate("window.__violations"),
            "foreign": self.foreign,
            "failed": self.failed,
            "sideways": [self.page.viewport_size] if self.is_sideways() else [],
        }
        return {kind: list(values) for kind, values in found.items() if values}


@contextmanager
def visit(browser, address, *, width=375, scheme="light", cookies=(), forced=False, js=True):
    """Open `address` at this width; yields the Visit. `scheme` is "light" or "dark"."""
    context = browser.new_context(
        viewport={"width": width, "height": 900},
        color_scheme=scheme,
        forced_colors="active" if forced else "none",
        reduced_motion="reduce",
        java_script_enabled=js,
        locale="en-GB",
        timezone_id="Europe/London",
    )
    try:
        if cookies:
            context.add_cookies(list(cookies))
        context.add_init_script(POLICY_WATCH)
        page = context.new_page()
        found = Visit(page, address)
        page.goto(address)
        yield found
    finally:
        context.close()


def fill() -> dict:
    """Load the demo hub; runs inside it. `{"session": key of a signed-in superuser}`."""
    from django.contrib.auth import get_user_model, login
    from django.contrib.sessions.backends.db import SessionStore
    from django.core.management import call_command
    from django.http import HttpRequest

    call_command("seed_demo", verbosity=0)
    user = get_user_model().objects.create_superuser("axe", "axe@example.org", "only-for-this-test")
    request = HttpRequest()
    request.session = SessionStore()
    login(request, user, backend="django.contrib.auth.backends.ModelBackend")
    request.session.save()
    return {"session": request.session.session_key}


def page_types() -> dict[str, str]:
    """The address of one live page of each type; runs inside the hub."""
    from wagtail.models import Page

    pages = Page.objects.live().filter(depth__gt=1).order_by("path").specific()
    return {type(page).__name__: page.relative_url(None) or page.url for page in reversed(pages)}


def publish_form() -> None:
    """The Songwriter booking form, where the hub has not got it; runs inside the hub."""
    from django.core.management import call_command

    from forms.models import FormVersion

    if not FormVersion.objects.exists():
        call_command(
            "definition_load", "forms/packages/songwriter-booking.json", publish=True, verbosity=0
        )
