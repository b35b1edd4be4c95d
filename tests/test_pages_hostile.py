"""Whatever stands in an address or is pasted into a page: a clean answer, and clean content."""

import json
import re

import pytest
from django.urls import reverse
from wagtail.models import Page
from wagtail.test.utils.form_data import nested_form_data, rich_text, streamfield

from cms.models import User
from pages.blocks.prose import clean
from pages.blocks.text import PROSE
from pages.models import HomePage, PolicyPage, StandardPage

from .demo_hub import load_demo_hub

pytestmark = pytest.mark.django_db

PATHS = [
    "/news/",
    "/blog/",
    "/newsletter/",
    "/events/",
    "/hub/partners/",
    "/search/",
    "/courses/",
    "/a-to-z/",
]
VALUES = [
    "0", "-1", "1e9", "99999999999999999999999999", "NaN", "٣", "2026-02-31", "0000-00-00", "99999-01",
    "'; DROP TABLE cms_partner; --", "%00", "\x00", "\ud800", "<script>alert(1)</script>", "{{7*7}}",
    "a" * 5000, "((((((", "* OR *", '"', "\\", "é" * 300, "🎺", "../../etc/passwd",
]  # fmt: skip
NAMES = ["page", "q", "kind", "area", "function", "month", "from", "until", "year"]
BELOW = ["news/0/", "blog/99999/", "news/99999/", "news/99999999999999999999/", "news/category/%00/", "events/2026-13/",
         "events/0000-01/", "centres/%3Cscript%3E/dates.ics", "ensembles/%00/dates.ics", "news/feed/x",
         "letters/x/", "letters/%00/leave/", "finder/999999999999999999999/", "nowhere/at/all/"]  # fmt: skip


def test_no_address_makes_the_site_stumble(client):
    load_demo_hub()
    client.raise_request_exception = False
    for path in PATHS:
        for value in VALUES:
            asked = {name: value.encode("utf-8", "replace") for name in NAMES}
            answer = client.get(path, asked)
            assert answer.status_code in (200, 302, 400, 404), (
                path,
                value[:30],
                answer.status_code,
            )
            assert "<script>alert" not in answer.content.decode(), (path, value[:30])
    for path in BELOW:
        answer = client.get(f"/{path}")
        assert answer.status_code in (200, 301, 302, 400, 404, 405), (path, answer.status_code)
    missing = client.get("/nowhere/at/all/")
    assert missing.status_code == 404
    assert 'action="/search/"' in missing.content.decode()


# --- pasting -------------------------------------------------------------------------------------
WORD = (
    '<p class="MsoNormal" style="margin:0cm;font-family:Calibri"><o:p></o:p><span lang="EN-GB" '
    'style="color:red">A <b style="mso-bidi-font-weight:normal">bold</b> word</span></p>'
    "<!--[if gte mso 9]><xml><w:WordDocument/></xml><![endif]--><style>p{color:red}</style>"
    '<script>alert(1)</script><img src=x onerror="alert(1)"><iframe src="//evil.example"></iframe>'
    '<p><a href="javascript:alert(1)" onclick="x()">bad</a> <a href="/news/">good</a></p>'
    '<table><tr><td>cell</td></tr></table><font size="7">big</font><svg onload="alert(1)"></svg>'
)  # fmt: skip
BAD = re.compile(
    r"<script|<style|<img|<iframe|<svg|<font|<o:p|mso-|Mso|onerror|onclick|onload|javascript:|style="
)


def test_what_came_from_word_loses_its_markup_and_keeps_its_words():
    kept = clean(WORD, PROSE)

    assert not BAD.search(kept)
    assert "bold" in kept
    assert "cell" in kept
    assert '<a href="/news/">good</a>' in kept


def test_twin_without_cleaning_it_would_be_there():
    assert BAD.search(WORD)


def _draft(*, href):
    """What the editor sends for one paragraph with a link; `href` by hand."""
    block = {
        "key": "a1", "text": "see this", "type": "unstyled", "depth": 0,
        "inlineStyleRanges": [{"offset": 0, "length": 3, "style": "SCRIPT"}],
        "entityRanges": [{"offset": 4, "length": 4, "key": 0}],
    }  # fmt: skip
    link = {"type": "LINK", "mutability": "MUTABLE", "data": {"url": href, "onclick": "x()"}}
    return json.dumps({"blocks": [block], "entityMap": {"0": link}})


@pytest.mark.parametrize("kind", ["field", "block"])
def test_an_editor_who_posts_script_by_hand_stores_clean_content(client, kind):
    client.force_login(User.objects.create_superuser("boss", "boss@example.org", "x"))
    home = HomePage.objects.get()
    bad = _draft(href="javascript:alert(1)")
    words = rich_text(WORD)
    facts = {"title": "Pasted <script>alert(1)</script>", "slug": "pasted", "summary": WORD[:200]}
    if kind == "field":
        model = PolicyPage
        facts |= {"version": "1", "in_force_from": "2026-01-01", "for_young_people": bad}
        facts["body"] = streamfield([("paragraph", words)])
    else:
        model = StandardPage
        facts["body"] = streamfield([("paragraph", bad), ("paragraph", words)])
    where = reverse("wagtailadmin_pages:add", args=["pages", model._meta.model_name, home.pk])
    answer = client.post(
        where, nested_form_data({**facts, "comments": [], "action-publish": "1"}) | _no_comments()
    )
    page = model.objects.filter(slug="pasted").first()

    assert page is not None, re.findall(r"error[^<]{0,200}", answer.content.decode())[:5]
    stored = json.dumps(list(page.body.raw_data)) + (getattr(page, "for_young_people", "") or "")
    assert not BAD.search(stored), stored
    html = client.get(page.url).content.decode() if page.live else ""
    assert "<script>alert" not in html
    assert "javascript:alert" not in html
    assert Page.objects.filter(slug="pasted").count() == 1


def _no_comments():
    return {f"comments-{name}": "0" for name in ("TOTAL_FORMS", "INITIAL_FORMS", "MIN_NUM_FORMS")}
