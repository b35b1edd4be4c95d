"""What a panel has in front of it: the film, played in the page; the teacher's words, without who
wrote them; and nothing that leads to a family."""

import re

import pytest
from django.core.cache import cache
from django.core.files.base import ContentFile
from django.urls import reverse

from cms.downloads import MOST_AT_ONCE
from cms.models import AccessLogEntry
from forms import referees
from forms.demo_season.play import work
from forms.models import Attachment, ReferenceRequest
from tests.panelwork import a_user
from tests.seasons import a_round, an_application
from workflows import masks
from workflows.engine import perform
from workflows.models import Review
from workflows.reviews import blind

pytestmark = pytest.mark.django_db

FILM = b"\0\0\0\x14ftypisom" + bytes(range(256)) * 12_000  # a little over three megabytes


@pytest.fixture
def manager(db):
    return a_user("Enid Manager", "ensembles_manager")


@pytest.fixture
def panel(db):
    return [a_user(name, "panellist") for name in ("Pat Alto", "Pia Bass", "Pim Cello")]


@pytest.fixture
def made(centres, manager, panel):
    return a_round(centres["west"], panel="pat.alto, pia.bass")


def with_film(case, scan="clean"):
    subject = case.subject
    row = Attachment.objects.create(
        journey=subject.journey, question="video_file", name="Wren at home.mp4", size=len(FILM),
        content_type="video/mp4", sha256="0" * 64, scan_status=scan, file=ContentFile(FILM, "x"),
    )  # fmt: skip
    subject.answers["video_file"] = [{"id": row.pk, "name": row.name, "size": row.size}]
    subject.save()
    return row


@pytest.fixture
def filmed(made, manager):
    """A review of somebody who sent a film, and the film."""
    case = an_application(made, film="upload", video="")
    row = with_film(case)
    perform(case.pk, "panel", by=manager)
    work()
    return Review.objects.filter(round__case=case).select_related("reviewer").first(), row


def play(client, review, row, asked=None):
    client.force_login(review.reviewer)
    more = {"HTTP_RANGE": asked} if asked else {}
    return client.get(reverse("reviews:file", args=[review.pk, row.pk]), **more)


def body(answer):
    return b"".join(answer.streaming_content)


# --- films ------------------------------------------------------------------------------------
def test_a_film_is_played_in_the_panels_page_and_is_no_download(client, filmed):
    review, row = filmed
    client.force_login(review.reviewer)
    text = client.get(reverse("reviews:review", args=[review.pk])).content.decode()
    answer = play(client, review, row)

    address = reverse("reviews:file", args=[review.pk, row.pk])
    assert re.search(rf'<video[^>]+src="{address}"', text)
    assert f'href="{address}"' not in text
    assert "Wren" not in text
    assert answer.status_code == 206
    assert answer["Content-Disposition"] == "inline"
    assert {"private", "no-store"} <= set(answer["Cache-Control"].split(", "))
    assert answer["Cross-Origin-Resource-Policy"] == "same-origin"
    assert answer["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert "Wren" not in str(answer.headers)


@pytest.mark.parametrize(
    ("asked", "first", "last"),
    [
        (None, 0, MOST_AT_ONCE - 1),
        ("bytes=0-99", 0, 99),
        ("bytes=100-199", 100, 199),
        ("bytes=1000-", 1000, 1000 + MOST_AT_ONCE - 1),
        ("bytes=-50", len(FILM) - 50, len(FILM) - 1),
        (f"bytes={len(FILM) - 1}-{len(FILM) + 900}", len(FILM) - 1, len(FILM) - 1),
        ("pages=1-2", 0, MOST_AT_ONCE - 1),
        ("bytes=0-9,20-29", 0, MOST_AT_ONCE - 1),
    ],
)
def test_a_player_gets_the_part_that_it_asks_for(client, filmed, asked, first, last):
    answer = play(client, *filmed, asked)

    assert answer.status_code == 206
    assert answer["Accept-Ranges"] == "bytes"
    assert answer["Content-Range"] == f"bytes {first}-{last}/{len(FILM)}"
    assert body(answer) == FILM[first : last + 1]
    assert int(answer["Content-Length"]) == last - first + 1


@pytest.mark.parametrize("asked", [f"bytes={len(FILM)}-", "bytes=99-3", "bytes=-0"])
def test_past_the_end_there_is_nothing_to_play(client, filmed, asked):
    answer = play(client, *filmed, asked)

    assert (answer.status_code, answer["Content-Range"]) == (416, f"bytes */{len(FILM)}")


def test_a_film_is_for_its_own_panel_alone(client, filmed, manager, panel):
    review, row = filmed
    address = reverse("reviews:file", args=[review.pk, row.pk])
    others = [user for user in panel if user != review.reviewer]
    for user in (*others, manager, a_user("No Body", "comms_editor")):
        client.force_login(user)
        assert client.get(address).status_code == 404, user
    client.logout()
    assert client.get(address).status_code == 302


def test_a_film_that_was_not_scanned_clean_is_not_played(client, filmed):
    review, row = filmed
    Attachment.objects.filter(pk=row.pk).update(scan_status="infected")

    assert play(client, review, row).status_code == 404


def test_watching_a_film_is_one_line_of_the_access_log(client, filmed):
    review, row = filmed
    cache.clear()
    for asked in ("bytes=500-", "bytes=0-99", "bytes=100-199"):
        play(client, review, row, asked)

    lines = AccessLogEntry.objects.filter(action="download", record_id=str(review.round.case_id))
    assert [line.detail["film"] for line in lines] == ["watched"]


# --- references -------------------------------------------------------------------------------
def referred(case, manager):
    perform(case.pk, "reference", by=manager)
    work()
    wanted = ReferenceRequest.objects.get(case=case)
    referees.give(
        wanted.pk,
        [
            f"I, Morgan Penn, have taught {wanted.about} for three years.",
            "She listens to the others. Write to morgan.penn@example.org.",
            "No.",
        ],
    )
    return case


@pytest.fixture
def with_words(made, manager):
    case = an_application(made, teacher_name="Morgan Penn", teacher_email="morgan.penn@example.org")
    referred(case, manager)
    perform(case.pk, "panel", by=manager)
    work()
    return case


def test_the_panel_reads_the_teachers_words_and_not_who_wrote_them(client, with_words):
    review = Review.objects.filter(round__case=with_words).select_related("reviewer").first()
    client.force_login(review.reviewer)
    text = client.get(reverse("reviews:review", args=[review.pk])).content.decode()

    assert "She listens to the others." in text
    assert f"have taught {masks.BLACK}" in text
    name = with_words.subject.answers["player_name"]["first"]
    for hidden in ("Morgan", "Penn", "penn@example.org", "example.org", name, "Ashdown"):
        assert hidden not in text.replace("hub.example.org", ""), hidden


def test_without_the_mask_the_page_would_say_who_wrote(client, with_words, monkeypatch):
    monkeypatch.setattr(blind.Mask, "__call__", lambda _self, text: str(text))
    review = Review.objects.filter(round__case=with_words).select_related("reviewer").first()
    client.force_login(review.reviewer)

    assert "Morgan" in client.get(reverse("reviews:review", args=[review.pk])).content.decode()


def test_a_reference_reaches_only_the_panels_whose_stage_shows_it(with_words):
    from dataclasses import replace

    from workflows.reviews.rubrics import reviewing

    how = reviewing(with_words.version.plan, "panel")

    assert len(blind.references(with_words, how)) == 1
    assert blind.references(with_words, replace(how, references=False)) == []


def test_a_reference_that_did_not_come_is_not_shown(made, manager):
    case = an_application(made, teacher_email="morgan.penn@example.org")
    perform(case.pk, "reference", by=manager)
    work()

    assert case.subject.case_references() == []
