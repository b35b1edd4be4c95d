"""Search: the words people use, hostile strings, what is never found."""

import pytest
from django.core.files.base import ContentFile
from django.db import connection
from wagtail.contrib.search_promotions.models import Query, SearchPromotion
from wagtail.models import Collection, CollectionViewRestriction, Page

from cms.models import Course, Ensemble, HubDocument, OrganisationType, Partner
from pages import spelling
from pages.hits import excerpt
from pages.models import (
    CourseIndexPage,
    CoursePage,
    EnsembleIndexPage,
    EnsemblePage,
    HomePage,
    PartnerIndexPage,
    PersonPage,
    SearchWord,
    StandardPage,
)
from pages.search import find, tidy

from .costs import fewest_queries
from .demo_hub import make_course_date

pytestmark = pytest.mark.django_db


@pytest.fixture
def pages(django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        home = HomePage.objects.get()
        for title, summary in (
            ("First Access", "A whole class learns an instrument, formerly Wider Opportunities."),
            ("Cultural learning", "What the Cultural Learning Alliance found."),
            ("Help with costs", "For children looked after, and for others."),
            ("Steel pans", "Come & play <loudly>."),
        ):
            slug = title.lower().replace(" ", "-")
            home.add_child(instance=StandardPage(title=title, slug=slug, summary=summary))
        home.add_child(instance=PartnerIndexPage(title="Partners", slug="partners"))
    return home


def titles(query: str) -> list[str]:
    return [hit.title for hit in find(query).results]


def test_a_former_name_finds_what_it_is_called_now(pages):
    SearchWord.objects.create(phrase="Wider  Opps", stands_for="First Access")

    found = find("wider opps")

    assert [hit.title for hit in found.results] == ["First Access"]
    assert (found.also, found.meanings) == (["First Access"], [])


def test_without_its_row_the_former_name_finds_nothing(pages):
    assert titles("wider opps") == []


def test_a_word_of_two_meanings_offers_both(pages):
    SearchWord.objects.create(phrase="cla", stands_for="Cultural Learning Alliance")
    SearchWord.objects.create(phrase="cla", stands_for="children looked after")

    found = find("CLA")

    assert found.meanings == ["Cultural Learning Alliance", "children looked after"]
    assert {hit.title for hit in found.results} == {"Cultural learning", "Help with costs"}


def test_words_are_found_when_only_begun(pages):
    assert titles("instru") == ["First Access"]


@pytest.mark.parametrize(
    "query",
    [
        "",
        "   ",
        "\x00\x01",
        "'; DROP TABLE wagtailcore_page; --",
        '"',
        '"never closed (',
        "AND OR NOT NEAR *",
        "^a:b*",
        "🎻" * 60,
        "x" * 5000,
        "%_\\",
        "<script>alert(1)</script>",
    ],
)
def test_whatever_is_typed_the_answer_is_a_page(pages, client, query):
    response = client.get("/search/", {"q": query, "page": "99999999999999999999"})

    assert response.status_code == 200
    assert "<script>alert" not in response.content.decode()


def test_the_query_is_shown_as_it_was_typed_and_no_longer_than_a_line():
    assert tidy("  two\twords\x00 ") == "two words"
    assert len(tidy("x" * 5000)) == 100


def test_an_excerpt_marks_the_words_and_escapes_the_rest(pages):
    (hit,) = find("play").results

    assert str(hit.excerpt) == "Come &amp; <mark>play</mark> &lt;loudly&gt;."


def test_an_excerpt_begins_near_the_word():
    import re

    text = "before " * 40 + "needle " + "after " * 40

    shown = str(excerpt(text, re.compile(r"\b(needle)")))

    assert shown.startswith("… before") and "<mark>needle</mark>" in shown and shown.endswith(" …")


def test_drafts_and_private_pages_are_not_found(pages):
    draft = Page.objects.get(slug="steel-pans")
    draft.unpublish()

    assert titles("steel pans") == []


def test_live_partners_are_found_and_suspended_ones_are_not(pages):
    kind = OrganisationType.objects.create(name="Industry", slug="industry")
    for name, status in (("Zither Works", "live"), ("Zither Wrecks", "suspended")):
        Partner.objects.create(
            name=name, slug=name.lower().replace(" ", "-"), organisation_type=kind, status=status
        )

    (hit,) = find("zither").results

    assert (hit.title, hit.url) == ("Zither Works", "/partners/zither-works/")


def test_documents_of_a_private_collection_are_not_found(django_capture_on_commit_callbacks):
    private = Collection.get_first_root_node().add_child(instance=Collection(name="Board"))
    CollectionViewRestriction.objects.create(collection=private, restriction_type="login")
    with django_capture_on_commit_callbacks(execute=True):
        HubDocument.objects.create(title="Public minutes", file=ContentFile(b"x", "a.txt"))
        HubDocument.objects.create(
            title="Private minutes", file=ContentFile(b"x", "b.txt"), collection=private
        )

    assert titles("minutes") == ["Public minutes"]


def test_an_empty_answer_offers_ways_on(client, pages):
    html = client.get("/search/", {"q": "zzzz"}).content.decode()

    assert 'href="/help-with-costs/"' in html.partition("<main")[2]


# --- Kinds, promoted results, slips of the pen ---------------------------------------------------


@pytest.fixture
def songs(pages, django_capture_on_commit_callbacks):
    """A course, a group, a centre, a person and a story that all say "song"."""
    with django_capture_on_commit_callbacks(execute=True):
        date = make_course_date()
        group = Ensemble.objects.create(
            name="Song Circle",
            slug="song-circle",
            level="centre",
            summary="A song a week.",
            centre=date.centre,
            rehearses="Mondays, 4pm to 5pm",
            price_pence=4200,
            min_year=3,
        )
        courses = pages.add_child(instance=CourseIndexPage(title="Courses", slug="courses"))
        courses.add_child(
            instance=CoursePage(title="Songwriter", slug="songwriter", course=date.course)
        )
        groups = pages.add_child(instance=EnsembleIndexPage(title="Groups", slug="groups"))
        groups.add_child(
            instance=EnsemblePage(title="Song Circle", slug="song-circle", ensemble=group)
        )
        pages.add_child(instance=PersonPage(title="Ms Song", slug="ms-song", role="Leader"))
    return pages


def test_results_are_narrowed_by_kind_and_say_how_many_there_are(songs):
    found = find("song")
    groups = find("song", kind="groups")

    assert [(f.key, f.number) for f in found.filters] == [
        ("", 3),
        ("courses", 1),
        ("groups", 1),
        ("people", 1),
    ]
    assert [hit.title for hit in groups.results] == ["Song Circle"]
    assert groups.page_query == "q=song&kind=groups&"
    assert groups.filters == found.filters


def test_a_kind_that_does_not_exist_narrows_nothing(songs, client):
    response = client.get("/search/", {"q": "song", "kind": "<b>'"})

    assert response.status_code == 200
    assert response.context["found"].total == 3


def test_a_course_answers_with_its_next_date_and_a_group_with_its_day(songs):
    facts = {hit.title: hit.facts for hit in find("song").results}

    assert facts["Song Circle"] == (
        "Mondays, 4pm to 5pm · Watford Music Centre · School years 3 and over · £42 a term"
    )
    assert facts["Songwriter"].endswith("Watford Music Centre, £35. Places left: 20.")


def promote(query: str, **what):
    return SearchPromotion.objects.create(query=Query.get(query), **what)


def test_what_editors_promote_stands_first_and_once(songs, client):
    page = Page.objects.get(slug="steel-pans")
    promote("song", page=page, description="Pans sing too.")

    found = find("Song")
    html = client.get("/search/", {"q": "song"}).content.decode()

    assert [chosen.title for chosen in found.promoted] == ["Steel pans"]
    assert "Pans sing too." in html
    assert "Songwriter" in [hit.title for hit in found.results]


def test_a_promoted_page_that_was_taken_down_is_not_shown(pages):
    page = Page.objects.get(slug="steel-pans")
    promote("song", page=page)
    page.unpublish()

    assert find("song").promoted == []


@pytest.mark.parametrize("typed", ["songriter", "sonwriter", "Songwritter"])
def test_a_slip_of_the_pen_is_looked_for_as_it_was_meant(songs, client, typed):
    found = find(typed)

    assert (found.corrected, [hit.title for hit in found.results]) == ("songwriter", ["Songwriter"])
    html = client.get("/search/", {"q": typed}).content.decode()
    assert f"Nothing has “{typed}”. We looked for “songwriter” instead." in html


@pytest.mark.parametrize("typed", ["qqqqq", "sng", "%%%%", "'; drop", "x" * 100])
def test_what_is_near_nothing_is_not_guessed_at(songs, typed):
    assert find(typed).corrected == ""


def test_titles_that_are_not_public_lend_no_words(songs):
    Page.objects.get(slug="steel-pans").unpublish()

    assert spelling.corrected("steell") == ""


@pytest.mark.skipif(connection.vendor != "postgresql", reason="the index is PostgreSQL's")
def test_near_titles_are_found_by_the_index(songs):
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("EXPLAIN SELECT 1 FROM wagtailcore_page WHERE title %> 'songriter'")
        plan = " ".join(row[0] for row in cursor.fetchall())

    assert spelling.has_trigrams()
    assert "pages_title_trigrams" in plan


def test_a_search_costs_as_many_queries_for_one_result_as_for_many(songs, client):
    def queries() -> int:
        return fewest_queries(lambda: client.get("/search/", {"q": "song"}))

    few = queries()
    index = CourseIndexPage.objects.get()
    for number in range(4):
        course = Course.objects.create(
            title=f"Song {number}", slug=f"song-{number}", summary="A song.", code=f"S{number}"
        )
        index.add_child(
            instance=CoursePage(title=f"Song {number}", slug=f"s{number}", course=course)
        )
        make_course_date(course=course, reference=f"s-{number}")
    assert len(find("song").results) > 5

    assert queries() <= few
