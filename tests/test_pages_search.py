"""Search: the words people use, hostile strings, what is never found."""

import pytest
from django.core.files.base import ContentFile
from wagtail.models import Collection, CollectionViewRestriction, Page

from cms.models import HubDocument, OrganisationType, Partner
from pages.models import HomePage, PartnerIndexPage, SearchWord, StandardPage
from pages.search import excerpt, find, tidy

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
