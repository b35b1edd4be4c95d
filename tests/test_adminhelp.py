"""Every page of the admin offers help that is about it, and every chapter can be read."""

import re

import pytest
from django.contrib.auth import get_user_model
from django.test import Client
from django.urls import reverse

from cms import adminhelp
from tests.addresses import addresses, class_of, filled
from tests.canaries import furnish

pytestmark = pytest.mark.django_db
#: Answered without a page of the admin around it: told of in a sentence of its own, each.
PLAIN = {
    "admin/failwhale/": "Wagtail's own page that always fails",
    "admin/logout/": "ends the visit",
    "admin/login/": "nobody is signed in yet",
}


#: How many pages have no menu at all, Wagtail's frame being left out on purpose: the second step of
#: signing in, sheets to print, screens as families see them. One more is looked at first.
UNFRAMED = 12


@pytest.fixture
def admin():
    user = get_user_model().objects.create_superuser("admin", password="x")
    client = Client()
    client.force_login(user)
    return client


def is_whole_page(response):
    kind = response.headers.get("Content-Type", "")
    return response.status_code == 200 and kind.startswith("text/html") and not response.streaming


def pages_of_staff(client, values):
    """(pattern, address, page) of each page of the admin that this person is shown whole."""
    for address in addresses():
        if not address.path.startswith("admin/") or address.path in PLAIN:
            continue
        if class_of(address).kind != "staff":
            continue
        url = filled(address, values)
        response = client.get(url)
        if is_whole_page(response) and b"<html" in response.content:
            yield address.path, url, response.content.decode()


def test_each_page_of_the_admin_leads_to_the_chapter_about_it(
    admin, centres, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        values = furnish(centres["east"])
    seen, without, unframed = 0, [], []
    for pattern, url, page in pages_of_staff(admin, values):
        try:
            wanted = reverse("admin_help", args=[adminhelp.chapter_of(url)])
        except LookupError:
            without.append((pattern, "put it into CHAPTERS of cms/adminhelp.py"))
            continue
        if "data-wagtail-sidebar" not in page:
            unframed.append(pattern)
        elif wanted not in page:
            without.append((pattern, "has no link to its help"))
        else:
            seen += 1

    assert without == []
    assert seen > 5 * UNFRAMED
    assert len(unframed) <= UNFRAMED, "\n".join(unframed)


def test_a_page_that_no_chapter_is_for_is_noticed(monkeypatch):
    assert adminhelp.chapter_of("/admin/rosters/7/") == "rosters"
    monkeypatch.delitem(adminhelp.CHAPTERS, "rosters")
    with pytest.raises(LookupError):
        adminhelp.chapter_of("/admin/rosters/7/")


@pytest.mark.parametrize("name", adminhelp.CHAPTERS)
def test_each_chapter_can_be_read_and_is_short(admin, name):
    text = (adminhelp.FOLDER / f"{name}.md").read_text()
    page = admin.get(reverse("admin_help", args=[name]))

    assert page.status_code == 200
    html = page.content.decode().split("desk-help", 1)[1]
    assert not re.search(r"\*\*|\]\(|^\s*\* ", html.split("</nav>")[0], re.MULTILINE)
    assert len(text.splitlines()) < 45
    for line in re.findall(r"\]\(([a-z]+)\.md\)", text):
        assert line in adminhelp.CHAPTERS


def test_every_chapter_that_is_written_is_offered():
    assert {path.stem for path in adminhelp.FOLDER.glob("*.md")} == set(adminhelp.CHAPTERS)


def test_the_longest_beginning_decides():
    assert adminhelp.chapter_of("/admin/answers/loan/") == "answers"
    assert adminhelp.chapter_of("/admin/answers/kept/") == "privacy"
    assert adminhelp.chapter_of("/admin/") == "start"


def test_there_is_no_other_chapter(admin):
    assert admin.get(reverse("admin_help", args=["nothing"])).status_code == 404
