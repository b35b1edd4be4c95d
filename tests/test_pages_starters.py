"""Ready-made pages, the A to Z, the handbook, and the accessibility statement's issues."""

import re
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from wagtail.models import Page, get_page_models

from cms.models import Course, User
from cms.roles import grant
from pages import starters
from pages.blocks import BodyBlock
from pages.models import (
    AccessibilityStatementPage,
    AZPage,
    CourseIndexPage,
    CoursePage,
    HomePage,
    NewsIndexPage,
    NewsPage,
    StandardPage,
)
from pages.stale import stale_by

pytestmark = pytest.mark.django_db


@pytest.fixture
def home():
    return HomePage.objects.get()


@pytest.fixture
def editor(client):
    user = User.objects.create_user("editor", "editor@example.org")
    grant(user, "comms_editor")
    client.force_login(user)
    return user


@pytest.fixture
def news(home):
    return home.add_child(instance=NewsIndexPage(title="News", slug="all-news"))


def a_story(news, title="A concert", **facts):
    story = news.add_child(
        instance=NewsPage(title=title, body=[("paragraph", "<p>Words.</p>")], **facts)
    )
    story.save_revision().publish()
    return story


# --- ready-made pages ----------------------------------------------------------------------------
def test_a_page_is_kept_and_the_next_one_starts_from_it(client, editor, news):
    story = a_story(news, published_on="2020-01-01")
    add = reverse("wagtailadmin_pages:add", args=["pages", "newspage", news.pk])
    assert "Start from" not in client.get(add).content.decode()

    client.post(reverse("keep_page", args=[story.pk]), {"name": "A short story"})
    kept = starters.starters_for(NewsPage).get()
    page = client.get(add).content.decode()
    assert "A short story" in page
    assert client.get(add, {"blank": "1"}).status_code == 200
    answer = client.post(
        reverse("start_page", args=["newspage", news.pk]),
        {"starter": kept.pk, "title": "Spring concert"},
    )

    made = NewsPage.objects.get(title="Spring concert")
    assert answer["Location"] == reverse("wagtailadmin_pages:edit", args=[made.pk])
    assert (made.live, made.slug, made.owner) == (False, "spring-concert", editor)
    assert made.published_on == timezone.localdate()
    assert made.body.raw_data[0]["value"] == "<p>Words.</p>"
    assert made.get_parent().pk == news.pk
    assert client.get(answer["Location"]).status_code == 200


def test_a_ready_made_page_is_never_live_whoever_publishes_it(home, news):
    kept = starters.keep_as_starter(a_story(news), "A short story", by=None)
    kept.save_revision().publish()
    kept.refresh_from_db()

    assert not kept.live
    assert list(NewsPage.objects.live().values_list("title", flat=True)) == ["A concert"]
    assert kept.get_url() is None


def test_a_course_page_starts_for_a_course_that_has_none_yet(client, editor, home):
    index = home.add_child(instance=CourseIndexPage(title="Courses", slug="all-courses"))
    old, new = (
        Course.objects.create(title=title, slug=title.lower(), code=title[:2], summary="-")
        for title in ("Drums", "Strings")
    )
    page = index.add_child(instance=CoursePage(title="Drums", course=old, summary="Bang."))
    kept = starters.keep_as_starter(page, "A course", by=editor)
    start = reverse("start_page", args=["coursepage", index.pk])

    assert client.post(start, {"starter": kept.pk, "record": old.pk}).status_code == 422
    client.post(start, {"starter": kept.pk, "record": new.pk})
    made = CoursePage.objects.get(course=new)
    assert (made.title, made.summary) == ("Strings", "Bang.")


def test_starting_asks_the_same_rights_as_adding(client, home, news):
    kept = starters.keep_as_starter(a_story(news), "A short story", by=None)
    user = User.objects.create_user("desk", "desk@example.org")
    grant(user, "bookings")
    client.force_login(user)
    start = reverse("start_page", args=["newspage", news.pk])

    assert client.post(start, {"starter": kept.pk, "title": "X"}).status_code in (302, 403)
    assert client.post(reverse("keep_page", args=[news.pk]), {"name": "X"}).status_code in (
        302,
        403,
    )
    assert not NewsPage.objects.filter(title="X").exists()
    assert Page.objects.filter(path__startswith=starters.folder().path).count() == 2


@pytest.mark.parametrize(
    "wrong", [{"title": "X"}, {"starter": "9999999", "title": "X"}, {"starter": "a"}, {}]
)
def test_a_choice_that_is_none_is_said_in_words(client, editor, news, wrong):
    starters.keep_as_starter(a_story(news), "A short story", by=editor)
    answer = client.post(reverse("start_page", args=["newspage", news.pk]), wrong)

    assert answer.status_code == 422
    assert "Make the draft" in answer.content.decode()
    assert client.post(reverse("start_page", args=["homepage", news.pk]), wrong).status_code in (
        302,
        403,
    )


# --- the A to Z ----------------------------------------------------------------------------------
def test_the_a_to_z_has_lasting_pages_and_other_names(client, home, news):
    for title in ("Élan strings", "drums", "2020 vision"):
        home.add_child(instance=StandardPage(title=title))
    home.add_child(instance=StandardPage(title="Unborn", live=False))
    a_story(news)
    starters.keep_as_starter(StandardPage.objects.get(title="drums"), "Sample", by=None)
    page = home.add_child(
        instance=AZPage(
            title="A to Z",
            slug="a-to-z",
            entries=[("name", {"term": "Wider opps", "link": {"path": "/schools/"}})],
        )
    )
    html = client.get(page.url).content.decode()
    listed = re.findall(r'<h2 id="letter-([^"]+)">|<li><a href="[^"]*">([^<]*)</a></li>', html)
    flat = [letter or term for letter, term in listed]

    assert flat[flat.index("0-9") :][:9] == [
        "0-9",
        "2020 vision",
        "d",
        "drums",
        "e",
        "Élan strings",
        "n",
        "News",
        "w",
    ]
    assert "Wider opps" in flat
    assert {"Unborn", "Sample", "A concert"} & set(flat) == set()


def test_the_a_to_z_asks_the_same_number_of_questions_for_many(
    client, home, django_assert_max_num_queries
):
    page = home.add_child(instance=AZPage(title="A to Z", slug="a-to-z"))
    for number in range(60):
        home.add_child(instance=StandardPage(title=f"Page {number}"))
    client.get(page.url)
    with django_assert_max_num_queries(25):
        client.get(page.url)


# --- the handbook --------------------------------------------------------------------------------
def test_the_handbook_shows_every_block_and_every_page_type(client, editor):
    html = client.get(reverse("comms_handbook")).content.decode()
    shown = set(re.findall(r'data-handbook="([^"]+)"', html))

    wanted = {f"blocks:{name}" for name in BodyBlock().child_blocks}
    wanted |= {
        f"page-types:{model.__name__}"
        for model in get_page_models()
        if model is not Page and model.allowed_parent_page_models()
    }
    assert wanted - shown == set()
    assert len(shown) > 50


def test_every_page_type_and_block_says_what_it_is_for():
    types = [model for model in get_page_models() if model is not Page]
    assert [m.__name__ for m in types if not getattr(m, "page_description", "")] == []
    blocks = BodyBlock().child_blocks
    assert [name for name, block in blocks.items() if not block.meta.description] == []


# --- the accessibility statement -----------------------------------------------------------------
ISSUE = {
    "summary": "Old sheets have no headings",
    "kind": "mend",
    "criterion": "1.3.1 Info and Relationships",
    "affects": "Screen reader users",
    "instead": "Ask us",
    "text": "",
}


def a_statement(home, **issue):
    return home.add_child(
        instance=AccessibilityStatementPage(
            title="Accessibility",
            slug="access",
            introduction="<p>We try.</p>",
            enforcement="<p>EHRC.</p>",
            checked_on="2026-01-01",
            checked_how="By hand.",
            contact_email="access@example.org",
            issues=[("issue", ISSUE | issue)],
        )
    )


def test_the_statement_says_each_part_of_each_issue(client, home):
    page = a_statement(home, planned_on=timezone.localdate() + timedelta(days=40))
    html = client.get(page.url).content.decode()

    for part in (
        "partially compliant with the Web Content Accessibility Guidelines version 2.2 AA",
        "Non-compliance with the accessibility regulations",
        "1.3.1 Info and Relationships",
        "Screen reader users",
        "Ask us",
        "Enforcement procedure",
    ):
        assert part in html
    assert page.own_findings() == []


def test_an_issue_past_its_day_is_told_to_editors(home):
    today = timezone.localdate()
    page = a_statement(home, planned_on=today - timedelta(days=1))

    assert [finding.kind for finding in page.own_findings()] == ["overdue issue"]
    assert [one.name for one in stale_by(today)] == ["Accessibility"]
    page.compliance = "full"
    with pytest.raises(Exception, match="not fully compliant"):
        page.clean()


def test_an_issue_without_its_parts_is_refused():
    from wagtail.blocks import StructBlockValidationError

    block = AccessibilityStatementPage._meta.get_field("issues").stream_block.child_blocks["issue"]
    with pytest.raises(StructBlockValidationError) as refused:
        block.clean(block.to_python({"summary": "X", "kind": "mend"}))
    assert set(refused.value.block_errors) == {"criterion", "affects", "instead", "planned_on"}
    assert block.clean(block.to_python({"summary": "X", "kind": "outside"}))["summary"] == "X"


# --- choosing a page ------------------------------------------------------------------------------
def test_a_page_that_is_called_so_is_found_before_those_that_mention_it(client, editor, home):
    for number in range(10):
        home.add_child(instance=StandardPage(title=f"Visit {number}", summary="For schools, free."))
    for title in ("Primary schools", "Schools and you", "Preschools", "Schools"):
        home.add_child(instance=StandardPage(title=title, summary="Music in class."))
    home.add_child(instance=StandardPage(title="Later", summary="For schools, schools, schools."))

    html = client.get(
        reverse("wagtailadmin_choose_page_search"),
        {"q": " schools", "page_type": "wagtailcore.page"},
    ).content.decode()

    titles = re.findall(r'class="title-wrapper".*?data-chosen|data-title="([^"]+)"', html)
    assert [title for title in titles if title][:3] == [
        "Schools",
        "Schools and you",
        "Primary schools",
    ]
