"""Keeping the site right: what goes out of date, whom it is written to, and links that lead nowhere."""

import http.server
import socket
import threading
from datetime import date, timedelta

import pytest
import time_machine
from django.core.files.base import ContentFile
from django.urls import reverse
from django.utils import timezone

from cms import jobs, outside, outward
from cms.models import HubDocument, Job, OutboxMessage, User
from cms.roles import grant
from pages import linkcheck, stale
from pages.models import HomePage, KeyFigure, LinkCheck, Logo, Notice, StandardPage

pytestmark = pytest.mark.django_db
TODAY = date(2026, 11, 23)


@pytest.fixture(autouse=True)
def monday():
    with time_machine.travel("2026-11-23T09:00Z", tick=False):
        yield


@pytest.fixture
def home():
    return HomePage.objects.get()


@pytest.fixture
def lead():
    user = User.objects.create_user("lead", email="lead@example.org", password="x")
    grant(user, "comms_lead")
    return user


def add(home, title, body=(), **facts):
    page = StandardPage(title=title, slug=title.lower().replace(" ", "-"), **facts)
    page.body = [{"type": kind, "value": value} for kind, value in body]
    page.body = StandardPage.body.field.to_python(page.body.get_prep_value())
    return home.add_child(instance=page)


@pytest.fixture
def things(home):
    """One of everything that goes out of date, and one of each that does not."""
    soon, late = TODAY + timedelta(days=10), TODAY + timedelta(days=90)
    editor = User.objects.create_user("editor", email="editor@example.org", password="x")
    document = HubDocument.objects.create(
        title="Form", file=ContentFile(b"x", "a.pdf"), review_on=soon
    )
    entry = {"document": document.pk, "label": "", "expires_on": soon.isoformat()}
    link = {"label": "Old", "path": "https://example.org/", "checked_on": "2025-12-01"}
    add(home, "Fees", review_on=TODAY - timedelta(days=1), owner=editor)
    add(home, "Later", review_on=late)
    add(
        home,
        "Links",
        [
            ("documents", {"heading": "", "entries": [entry]}),
            ("links", {"heading": "", "links": [link]}),
        ],
    )
    for label, day in (("pupils", soon), ("medals", late)):
        KeyFigure.objects.create(
            label=label, value="9", as_at=TODAY, source="x", owner="x", review_on=day
        )
    for name, day in (("Mark", soon), ("Badge", None)):
        Logo.objects.create(name=name, valid_to=day)
    Notice.objects.create(title="Snow", ends_at=timezone.now() + timedelta(days=3))
    return editor


EXPECTED = [
    "Page: Fees, to be checked by 22 November 2026",
    "Notice: Snow, ends on 26 November 2026",
    "Page: Links, a link on it to be tried again by 1 December 2026",
    "Document: Form, to be checked by 3 December 2026",
    "Key figure: pupils, to be counted again by 3 December 2026",
    "Logo: Mark, may be shown until 3 December 2026",
    "Page: Links, a link on it ends on 3 December 2026",
]


def test_everything_with_a_day_is_on_one_list(things):
    assert [str(one) for one in stale.stale_by(TODAY + stale.AHEAD)] == EXPECTED


def run_digest():
    job = jobs.enqueue(
        "pages.stale_digest", key="d1", payload={"slot": "2026-11-23T07:30:00+00:00"}
    )
    jobs.run_job.call_local(job.pk)
    job.refresh_from_db()
    return job


def test_each_owner_gets_their_own_and_the_leads_the_rest(things, lead):
    assert run_digest().state == "done"
    Job.objects.all().delete()
    run_digest()

    letters = {letter.to: letter for letter in OutboxMessage.objects.all()}
    assert set(letters) == {"lead@example.org", "editor@example.org"}
    assert letters["editor@example.org"].subject == "1 thing to look at this month"
    assert EXPECTED[0] in letters["editor@example.org"].text
    assert letters["lead@example.org"].subject == "6 things to look at this month"
    assert [line for line in EXPECTED[1:] if line not in letters["lead@example.org"].text] == []
    assert EXPECTED[0] not in letters["lead@example.org"].text


def test_nobody_is_written_to_when_nothing_goes_out_of_date(lead):
    run_digest()

    assert not OutboxMessage.objects.exists()


def test_the_screen_shows_the_list_to_those_who_look_after_it(client, things, lead):
    client.force_login(lead)
    html = client.get(reverse("out_of_date")).content.decode()
    assert "Fees" in html
    assert "Form</a> (PDF)" in html

    panellist = User.objects.create_user("panel-1", password="x")
    grant(panellist, "panellist")
    client.force_login(panellist)
    assert client.get(reverse("out_of_date")).status_code in {302, 403}
    assert client.get(reverse("link_checks")).status_code in {302, 403}


# --- Links ----------------------------------------------------------------------------------------


def check() -> dict[str, tuple]:
    job = jobs.enqueue("pages.check_links", key=f"check-{Job.objects.count()}", payload={})
    jobs.run_job.call_local(job.pk)
    job.refresh_from_db()
    assert (job.state, job.problem) == ("done", "")
    return {
        link.address: (link.state, sorted(page.title for page in link.pages.all()))
        for link in LinkCheck.objects.all()
    }


def test_links_of_this_site_are_looked_up_and_others_only_listed(home):
    there = add(home, "There")
    draft = add(home, "Draft", live=False)
    rich = (
        f'<p><a linktype="page" id="{there.pk}">a</a> <a id="{draft.pk}" linktype="page">b</a> '
        '<a linktype="page" id="99999">c</a> <a linktype="document" id="99999">d</a> '
        '<a href="/nowhere/?a=1&amp;b=2">e</a> <a href="https://example.org/x">f</a> '
        '<a href="mailto:x@example.org">g</a> <a href="/search/?q=x">h</a></p>'
    )
    links = {"heading": "", "links": [{"label": "x", "path": "/there/"}]}
    add(home, "One", [("paragraph", rich)])
    add(
        home,
        "Two",
        [("links", links), ("paragraph", '<p><a href="/nowhere/?a=1&amp;b=2">e</a></p>')],
    )

    assert check() == {
        f"page:{there.pk}": ("good", ["One"]),
        f"page:{draft.pk}": ("broken", ["One"]),
        "page:99999": ("broken", ["One"]),
        "document:99999": ("broken", ["One"]),
        "/nowhere/?a=1&b=2": ("broken", ["One", "Two"]),
        "https://example.org/x": ("untried", ["One"]),
        "/search/?q=x": ("good", ["One"]),
        "/there/": ("good", ["Two"]),
    }


def test_the_next_check_forgets_what_is_no_longer_linked(home):
    page = add(home, "One", [("paragraph", '<p><a href="/nowhere/">e</a></p>')])
    assert set(check()) == {"/nowhere/"}
    page.delete()

    assert check() == {}


def test_outside_links_are_tried_where_the_hub_is_set_up_to(home, settings, monkeypatch):
    settings.CHECK_OUTSIDE_LINKS = True
    monkeypatch.setattr(linkcheck, "PAUSE", 0)
    answers = {
        "https://a.example.org/": outside.Verdict(True),
        "https://b.example.org/": outside.Verdict(False, "It answers 404."),
        "https://c.example.org/": outside.Verdict(None, "No answer within 8 seconds."),
    }
    monkeypatch.setattr(outside, "try_address", answers.__getitem__)
    rich = "".join(f'<p><a href="{address}">x</a></p>' for address in answers)
    add(home, "One", [("paragraph", rich)])

    assert [state for state, _pages in check().values()] == ["good", "broken", "unsure"]


def test_the_report_shows_the_broken_ones_with_their_pages_and_checks_again(client, home, lead):
    add(home, "One", [("paragraph", '<p><a href="/nowhere/">e</a></p>')])
    check()
    client.force_login(lead)

    html = client.get(reverse("link_checks")).content.decode()
    again = client.post(reverse("check_links_now"))

    assert "/nowhere/" in html
    assert "There is no page at this address." in html
    assert again.status_code == 302
    assert client.get(reverse("check_links_now")).status_code == 405


# --- Other hosts ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.1/",
        "http://localhost/",
        "http://10.1.2.3/",
        "http://192.168.0.1/",
        "http://169.254.169.254/latest/meta-data/",
        "http://[::1]/",
        "http://[::ffff:127.0.0.1]/",
        "http://0/",
        "http://2130706433/",
        "file:///etc/passwd",
        "gopher://example.org/",
        "http://user:secret@example.org/",
        "http://example.org:6379/",
    ],
)
def test_our_own_network_is_never_asked(monkeypatch, address):
    asked = []
    monkeypatch.setattr(
        socket, "create_connection", lambda *where, **how: asked.append(where) or 1 / 0
    )

    verdict = outside.try_address(address)

    assert (asked, verdict.works) == ([], None)


def test_a_redirect_inwards_is_not_followed(monkeypatch):
    answers = {"example.org": (302, "http://127.0.0.1/"), "loop.example.org": (302, "/")}
    real = outside._ask
    monkeypatch.setattr(outside, "_ask", lambda parts: answers.get(parts.hostname) or real(parts))

    assert "private network" in outside.try_address("https://example.org/").problem
    assert outside.try_address("https://loop.example.org/").problem == "It leads on and on."


@pytest.mark.parametrize(
    ("status", "works"),
    [(200, True), (204, True), (404, False), (410, False), (403, None), (503, None)],
)
def test_what_an_answer_proves(status, works):
    assert outside._judge(status).works is works


def test_a_real_server_is_asked_with_head_and_then_with_get(monkeypatch):
    asked = []

    class Site(http.server.BaseHTTPRequestHandler):
        def answer(self):
            asked.append((self.command, self.path, self.headers["Host"]))
            self.send_response(404 if self.command == "HEAD" else 200)
            self.end_headers()

        do_HEAD = do_GET = answer

        def log_message(self, *args):
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Site) as server:
        port = server.server_address[1]
        threading.Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setattr(outside, "PORTS", {"http": port})
        monkeypatch.setattr(outward, "public_address", lambda host, port: "127.0.0.1")
        verdict = outside.try_address("http://example.org/a?b=1")
        server.shutdown()

    assert verdict == outside.Verdict(True)
    assert asked == [
        ("HEAD", "/a?b=1", f"example.org:{port}"),
        ("GET", "/a?b=1", f"example.org:{port}"),
    ]
