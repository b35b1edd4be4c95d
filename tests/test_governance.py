"""Boards: papers for their members alone, the register of interests, documents on the public site."""

from datetime import timedelta

import pytest
from django.contrib.auth import get_user_model
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from cms import wallclock
from cms.governance import boards, interests
from cms.governance.hooks import boards_menu_item
from cms.models import AccessLogEntry, Board, BoardPaper, GoverningText, Interest, OutboxMessage
from cms.partners import terms
from cms.roles import grant
from pages.models import GovernancePage, HomePage
from tests.costs import fewest_queries
from tests.partnership import TODAY, a_partner, noon

pytestmark = pytest.mark.django_db
SECRET = "Quillback minutes"
PDF = b"%PDF-1.4\n1 0 obj << /Type /Catalog >> endobj\ntrailer << /Root 1 0 R >>\n%%EOF"


@pytest.fixture(autouse=True)
def _today():
    with wallclock.instead(noon()):
        yield


def a_user(name, *roles, **more):
    user = get_user_model().objects.create_user(name, email=f"{name}@example.org", **more)
    for role in roles:
        grant(user, role)
    return user


def upload(content=PDF, name="minutes.pdf"):
    return SimpleUploadedFile(name, content)


@pytest.fixture
def hub(db):
    """A board with its clerk and a member, a subgroup with somebody else, and one paper."""
    manager = a_user("mo", "hub_manager")
    board = Board.objects.create(slug="hub-board", name="Hub Board", purpose="Decides.")
    group = Board.objects.create(slug="safeguarding", name="Safeguarding Subgroup", part_of=board)
    people = {name: a_user(name, "board_member") for name in ("clerk", "member", "other")}
    boards.give_seat(board, people["clerk"], "clerk", by=manager)
    boards.give_seat(board, people["member"], "member", by=manager)
    boards.give_seat(group, people["other"], "chair", by=manager)
    meeting = boards.call(board, noon(TODAY + timedelta(days=9)), place="Hall", agenda=SECRET,
                          by=people["clerk"])  # fmt: skip
    paper = boards.add_paper(board, upload(), title=SECRET, meeting=meeting, by=people["clerk"])
    return people | {"manager": manager, "board": board, "group": group, "paper": paper,
                     "meeting": meeting}  # fmt: skip


def test_the_entry_is_there_for_who_sits_on_a_board_and_costs_pages_no_query(hub, rf):
    request, item = rf.get("/admin/"), boards_menu_item()
    request.user = hub["member"]

    assert item.is_shown(request)
    assert fewest_queries(lambda: item.is_shown(request)) == 0

    boards.end_seat(hub["member"].board_seats.get(), by=hub["manager"])
    assert not item.is_shown(request)


def addresses(hub):
    return {
        "board": reverse("board", args=[hub["board"].pk]),
        "meeting": reverse("board_meeting", args=[hub["meeting"].pk]),
        "paper": reverse("board_paper", args=[hub["paper"].pk]),
    }


def test_members_read_and_each_reading_is_logged(client, hub):
    client.force_login(hub["member"])
    found = addresses(hub)
    assert SECRET in client.get(found["meeting"]).content.decode()
    file = client.get(found["paper"])
    assert file.streaming
    assert b"".join(file) == PDF
    assert "attachment" in file["Content-Disposition"]
    assert "no-store" in file["Cache-Control"]
    logged = AccessLogEntry.objects.filter(user_id=hub["member"].pk)
    assert set(logged.values_list("action", flat=True)) == {"inspect", "download"}


@pytest.mark.parametrize("who", ["other", "manager", "superuser", "editor", "left", "nobody"])
def test_nobody_else_reads_a_paper_or_a_meeting_by_any_way(client, hub, who):
    if who == "superuser":
        client.force_login(get_user_model().objects.create_superuser("root", password="x"))
    elif who == "editor":
        client.force_login(a_user("ed", "comms_lead", "comms_editor", "safeguarding_lead"))
    elif who == "left":
        boards.end_seat(hub["member"].board_seats.get(), by=hub["manager"])
        client.force_login(hub["member"])
    elif who != "nobody":
        client.force_login(hub[who])
    for name, address in addresses(hub).items():
        for method in (client.get, client.post):
            answer = method(address)
            body = b"".join(answer) if answer.streaming else answer.content
            assert SECRET not in body.decode(), (name, who)
            assert PDF not in body
            assert name == "board" or answer.status_code in (302, 404, 405)
    for address in (f"/search/?q={SECRET}", "/admin/pages/search/?q=Quillback", "/sitemap.xml",
                    "/admin/documents/?q=Quillback", "/admin/boards/", "/admin/reports/"):  # fmt: skip
        said = client.get(address).content.decode().replace(SECRET.replace(" ", "+"), "")
        assert f">{SECRET}" not in said
    assert client.get(f"/media/{hub['paper'].file.name}").status_code == 404


def test_without_the_seat_in_the_question_the_paper_would_open(client, hub, monkeypatch):
    monkeypatch.setattr(boards, "papers_for", lambda user: BoardPaper.objects.all())
    client.force_login(hub["other"])
    assert client.get(addresses(hub)["paper"]).status_code == 200


def test_only_chair_and_clerk_add_and_take_away_and_only_what_it_says_it_is(client, hub):
    given = {"do": "paper", "paper-title": "Budget"}
    address = addresses(hub)["board"]
    client.force_login(hub["member"])
    assert client.post(address, given | {"paper-file": upload()}).status_code == 302
    taken = {"do": "take_away", "row": hub["paper"].pk}
    client.post(address, taken)
    assert BoardPaper.objects.count() == 1
    client.force_login(hub["clerk"])
    wrong = client.post(address, given | {"paper-file": upload(b"<html>", "a.pdf")})
    assert wrong.status_code == 422
    assert client.post(address, given | {"paper-file": upload(b"x", "a.exe")}).status_code == 422
    assert client.post(address, given | {"paper-file": upload()}).status_code == 302
    assert BoardPaper.objects.count() == 2
    client.post(reverse("board", args=[hub["group"].pk]), taken)
    assert BoardPaper.objects.count() == 2
    client.post(address, taken)
    assert not BoardPaper.objects.filter(pk=hub["paper"].pk).exists()


def test_managers_give_and_end_seats_and_members_do_not(client, hub):
    new = a_user("new", "board_member")
    address = addresses(hub)["board"]
    given = {"do": "seat", "seat-user": new.pk, "seat-part": "member"}
    client.force_login(hub["clerk"])
    client.post(address, given)
    assert not new.board_seats.exists()
    client.force_login(hub["manager"])
    assert client.post(address, given).status_code == 302
    seat = new.board_seats.get()
    client.post(address, {"do": "end_seat", "row": seat.pk})
    assert not boards.boards_of(new).exists()
    made = {"name": "New", "slug": "new", "is_public": "on"}
    assert client.post(reverse("boards"), made).status_code == 302
    assert Board.objects.filter(slug="new").exists()


def test_interests_are_declared_confirmed_yearly_and_shown_at_meetings(client, hub):
    partner, member = a_partner(), hub["member"]
    client.force_login(member)
    mine = reverse("board_interests")
    client.post(mine, {"do": "declare", "words": "Trustee of Otter", "partner": partner.pk})
    client.post(mine, {"do": "declare", "words": "A cousin teaches here"})
    gone = Interest.objects.get(words__startswith="A cousin")
    client.post(mine, {"do": "end", "row": gone.pk})
    client.post(mine, {"do": "confirm"})
    meeting = client.get(addresses(hub)["meeting"]).content.decode()
    assert "Trustee of Otter" in meeting
    assert "Otter Strings" in meeting
    assert "A cousin" not in meeting
    assert "Not yet" in meeting  # the clerk
    assert interests.is_confirmed(member, TODAY + timedelta(days=364))
    assert not interests.is_confirmed(member, TODAY + timedelta(days=365))
    client.force_login(hub["other"])
    foreign = Interest.objects.get(words="Trustee of Otter")
    client.post(mine, {"do": "end", "row": foreign.pk})
    foreign.refresh_from_db()
    assert foreign.ended_on is None
    assert client.get(reverse("board_register", args=[hub["board"].pk])).status_code == 404


def test_members_are_asked_once_a_month_until_they_confirm(hub):
    def letters(days):
        before = OutboxMessage.objects.filter(template=interests.DUE).count()
        interests.remind(TODAY + timedelta(days=days))
        interests.remind(TODAY + timedelta(days=days))
        return OutboxMessage.objects.filter(template=interests.DUE).count() - before

    assert [letters(days) for days in (0, 20, 31)] == [3, 0, 3]
    interests.confirm(hub["member"])
    assert letters(70) == 2
    assert letters(366) == 3


def test_the_public_page_names_who_agreed_and_shows_no_paper(client, hub):
    boards.give_seat(hub["board"], hub["clerk"], "clerk", is_named=True, by=hub["manager"])
    Board.objects.create(slug="quiet", name="Quiet Group", is_public=False)
    home = HomePage.objects.get()
    home.add_child(instance=GovernancePage(title="Governance", slug="governance"))
    said = client.get("/governance/").content.decode()
    assert "Hub Board" in said
    assert "clerk" in said
    assert "member@" not in said
    assert SECRET not in said
    assert "Quiet Group" not in said
    assert "Part of Hub Board" in said
    assert "23 September 2026" in said
    Board.objects.filter(pk=hub["board"].pk).update(is_public=False)
    said = client.get("/governance/").content.decode()
    assert ("Safeguarding Subgroup" in said, "Hub Board" in said) == (True, False)


def test_documents_show_what_holds_their_versions_and_differences(client, hub):
    home = HomePage.objects.get()
    home.add_child(instance=GovernancePage(title="Governance", slug="governance"))
    text = GoverningText.objects.create(slug="tor", title="Terms of Reference", review_on=TODAY)
    terms.publish(text, "We meet each term.", changes="First.", in_force_from=TODAY)
    terms.publish(text, "We meet each month.", changes="More often.", in_force_from=TODAY)
    terms.publish(text, "Not yet known.", changes="Later.", in_force_from=TODAY + timedelta(days=5))
    hidden = GoverningText.objects.create(slug="inner", title="Inner policy", is_public=False)
    terms.publish(hidden, SECRET, changes="First.", in_force_from=TODAY)

    listed = client.get("/governance/").content.decode()
    assert "Terms of Reference" in listed
    assert "version 2" in listed
    assert "Inner policy" not in listed
    now = client.get("/governance/documents/tor/").content.decode()
    assert "each month" in now
    assert "<del" not in now
    assert "Not yet known" not in now
    compared = client.get("/governance/documents/tor/2/").content.decode()
    assert "<del" in compared
    assert "term." in compared
    for path in ("tor/3/", "inner/", "inner/1/", "none/", "tor/9/"):
        assert client.get(f"/governance/documents/{path}").status_code == 404
    assert "/governance/documents/tor/" in client.get("/sitemap.xml").content.decode()
    with wallclock.instead(noon(TODAY + timedelta(days=5))):
        assert timezone.localdate() > TODAY
        assert terms.in_force(text).number == 3
