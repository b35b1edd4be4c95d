"""Lists that are looked for or kept by others cost as many queries for 300 items as for one.

Search results, the A to Z, boards and documents, vacancies and newsletters; as in test_pages_lists.
"""

from datetime import timedelta

import pytest
from django.core.management import call_command
from django.utils import timezone

from cms.models import (
    Board,
    BoardMeeting,
    BoardSeat,
    GoverningText,
    GoverningVersion,
    User,
)
from cms.partners import terms
from pages.models import (
    AZPage,
    GovernancePage,
    NewsletterIndexPage,
    NewsletterIssuePage,
    StandardPage,
    VacancyIndexPage,
    VacancyPage,
)

from .demo_hub import make_centre
from .test_pages_lists import add_pages, below_home, check_cost_of_300, cost, everything, numbers

pytestmark = pytest.mark.django_db


def found_by_words(number):
    everything(number)
    call_command("update_index", verbosity=0)


def names_in_order(number):
    index = AZPage.objects.first() or below_home(AZPage, "a-to-z")
    about = StandardPage.objects.first() or below_home(StandardPage, "about")
    add_pages(StandardPage, about, number)
    link = {"page": about, "label": "About"}
    index.entries = [("name", {"term": f"Word {n}", "link": link}) for n in range(number)]
    index.save()


def boards_and_documents(number):
    if not GovernancePage.objects.exists():
        below_home(GovernancePage, "governance")
    now, today = timezone.now(), timezone.localdate()
    member, _made = User.objects.get_or_create(username="member")
    for n in (next(numbers) for _board in range(number)):
        whole = Board.objects.first()
        board = Board.objects.create(name=f"Board {n}", slug=f"board-{n}", part_of=whole)
        BoardSeat.objects.create(board=board, user=member, is_named=True, since=today)
        BoardMeeting.objects.create(board=board, starts_at=now + timedelta(days=n))
        text = GoverningText.objects.create(title=f"Text {n}", slug=f"text-{n}")
        GoverningVersion.objects.create(
            text=text, number=1, words="All.", changes="New.", in_force_from=today
        )


def versions_of_a_text(number):
    text = GoverningText.objects.first()
    if text is None:
        below_home(GovernancePage, "governance")
        text = GoverningText.objects.create(title="Terms", slug="terms")
    GoverningVersion.objects.bulk_create(
        GoverningVersion(
            text=text, number=n, words=f"Rule {n}.", changes="New.", sha256="0" * 64,
            in_force_from=timezone.localdate(),
        )
        for n in (next(numbers) for _version in range(number))
    )  # fmt: skip


def vacancies(number):
    index = VacancyIndexPage.objects.first() or below_home(VacancyIndexPage, "vacancies")
    closes = timezone.localdate() + timedelta(days=9)
    add_pages(VacancyPage, index, number, centre=make_centre(), closes_on=closes)


def newsletters(number):
    index = NewsletterIndexPage.objects.first() or below_home(NewsletterIndexPage, "newsletter")
    add_pages(NewsletterIssuePage, index, number)


LISTS = {
    "/search/?q=song": found_by_words,
    "/a-to-z/": names_in_order,
    "/governance/": boards_and_documents,
    "/governance/documents/terms/": versions_of_a_text,
    "/vacancies/": vacancies,
    "/newsletter/": newsletters,
}


@pytest.mark.parametrize("path", LISTS)
def test_a_list_costs_the_same_for_one_item_and_for_300(client, path):
    check_cost_of_300(client, path, LISTS[path])


def test_a_page_that_asked_for_each_text_would_be_found(client, monkeypatch):
    monkeypatch.setattr(
        terms, "each_in_force", lambda texts: [(text, terms.in_force(text)) for text in texts]
    )
    boards_and_documents(1)
    cost(client, "/governance/")
    one = cost(client, "/governance/")

    boards_and_documents(9)

    assert cost(client, "/governance/") >= one + 8
