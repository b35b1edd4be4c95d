"""Nothing of an application's private parts reaches the public: pages, search, feeds, maps, mails.

Every private answer of the shipped form carries a canary word. The application becomes a partner
that is published, renamed, lapsed, renewed, suspended and gone; everything public and every letter
is read meanwhile. The twin lets one private answer through, and has to be caught.
"""

from pathlib import Path

import pytest
from django.contrib.auth import get_user_model
from django.core.files.uploadedfile import SimpleUploadedFile

from cms import wallclock
from cms.governance import boards, interests
from cms.models import Board, OutboxMessage, Partner, PartnerPaper
from cms.partners import conditions, drafting, names, night, papers, standing
from cms.roles import grant
from forms import letters, package
from forms.models import FormDefinition
from forms.standins import stand_in
from pages.models import GovernancePage, HomePage, PartnerIndexPage
from tests.partnership import TODAY, noon

CANARY = "Quillback"
SHIPPED = Path(package.__file__).parent / "packages" / "hub-partner.json"
PUBLIC = {
    "trading_name": "Otter Strings",
    "description": "Strings by the river.",
    "website": "https://otter.example.org/",
    "kind": "community",
    "functions": ["inclusion"],
    "email": "robin@example.org",  # where letters go; never in one
}
ADDRESSES = (
    "/",
    "/partners/",
    "/partners/?kind=community",
    "/governance/",
    "/partners/otter-strings/",
    "/partners/otter-music/",
    "/search/?q=otter",
    f"/search/?q={CANARY}",
    "/sitemap.xml",
    "/robots.txt",
    "/events.ics",
)


@pytest.fixture(autouse=True)
def _today():
    with wallclock.instead(noon()):
        yield


@pytest.fixture
def hub(db):
    home = HomePage.objects.get()
    home.add_child(instance=PartnerIndexPage(title="Partners", slug="partners"))
    home.add_child(instance=GovernancePage(title="Governance", slug="governance"))
    lead = get_user_model().objects.create_user("dee", email="dee@example.org")
    grant(lead, "hub_manager")
    grant(lead, "safeguarding_lead")
    return lead


def marked(value):
    """The canary wherever a private answer has words of its own."""
    if isinstance(value, dict):
        return {name: marked(part) for name, part in value.items()}
    if isinstance(value, list):
        return [marked(part) for part in value]
    return f"{CANARY} words" if value in ("Example", "Robin", "1 Example Street") else value


def application():
    """A case of the shipped form, its private answers marked, and the received letter on its way."""
    package.load(SHIPPED, publish=True)
    version = FormDefinition.objects.get(slug="hub-partner").current_version
    samples = [one["answers"] for one in package.read(SHIPPED)["samples"]]
    whole = next(
        one for one in samples if one["kind"] not in ("individual", "school") and "terms" in one
    )
    answers = {
        **{key: marked(value) for key, value in whole.items()},
        **PUBLIC,
        "policy_date": "2026-03-03",
        "policy_next": "2029-03-02",
        "training": "2026-03-03",
        "dbs_checked": "2026-09-01",
        "register_date": "2026-09-01",
        "liability_until": "2027-08-31",
    }
    case = stand_in(version, answers, title="A partner")
    letters.send_received(case.subject, to="robin@example.org", contact_name="Robin")
    return case, answers


def a_board_with_a_paper(lead, partner):
    """A board whose member declared the partner, and a paper about it: all of it marked."""
    board = Board.objects.create(slug="board", name="Hub Board")
    boards.give_seat(board, lead, "clerk", by=lead)
    meeting = boards.call(board, noon(TODAY), place="", agenda=f"{CANARY} words", by=lead)
    file = SimpleUploadedFile(f"{CANARY} words.pdf", b"%PDF-1.4\n%%EOF")
    boards.add_paper(board, file, title=f"{CANARY} words", meeting=meeting, by=lead)
    interests.declare(lead, f"{CANARY} words", partner=partner)


def live_through(client, lead, answers, reference):
    """Every public page in every state of the partner, and all letters: where the canary was."""
    met = []

    def look(state):
        for address in ADDRESSES:
            answer = client.get(address)
            body = b"".join(answer) if answer.streaming else answer.content
            said = body.decode().replace(f"q={CANARY}", "").replace(f'value="{CANARY}"', "")
            met.extend([f"{state}: {address}"] if f"{CANARY} words" in said else [])

    partner = drafting.draft_page_for(None, answers, reference=reference)
    look("draft")
    standing.publish(partner, by=lead)
    look("live")
    conditions.add(partner, [(f"{CANARY} words", TODAY)], by=lead)
    partner.papers.update(note=f"{CANARY} words")
    a_board_with_a_paper(lead, partner)
    night.remind(partner)
    interests.remind(TODAY)
    look("with conditions and papers")
    names.rename(partner, "Otter Music", by=lead)
    look("renamed")
    PartnerPaper.objects.filter(kind="dbs").update(dated_on="2025-01-01", valid_until="2026-01-01")
    night.settle(partner)
    look("lapsed")
    papers.give(partner, "dbs", dated_on=TODAY)
    night.settle(partner)
    PartnerPaper.objects.filter(kind="policy").update(valid_until="2026-10-01")
    night.remind(partner)
    standing.suspend(partner, by=lead)
    look("suspended")
    standing.lift(partner, by=lead)
    standing.leave(partner, by=lead)
    look("left")
    met += [
        f"letter: {one.template}"
        for one in OutboxMessage.objects.all()
        if CANARY in one.subject + one.text + one.html
    ]
    return met


def test_nothing_private_of_an_application_is_met_anywhere_public(client, hub):
    case, answers = application()

    assert CANARY in str(case.subject.answers)
    assert live_through(client, hub, answers, case.reference) == []
    assert set(OutboxMessage.objects.values_list("template", flat=True)) >= {
        "form-received",
        "interests-due",
        "passport-condition",
        "passport-reminder",
        "passport-lapsed",
        "passport-listed",
        "passport-suspended",
        "passport-left",
        "passport-staff",
    }


def test_the_public_record_was_really_looked_at_while_it_was_live(client, hub):
    case, answers = application()
    partner = drafting.draft_page_for(None, answers, reference=case.reference)
    standing.publish(partner, by=hub)

    for address in ("/partners/", "/partners/otter-strings/", "/search/?q=otter"):
        assert "Strings by the river." in client.get(address).content.decode()
    assert "/partners/otter-strings/" in client.get("/sitemap.xml").content.decode()
    assert Partner.objects.live().count() == 1


def test_one_private_answer_let_through_is_caught(client, hub, monkeypatch):
    case, answers = application()
    monkeypatch.setitem(drafting.PUBLIC, "summary", "finance")

    met = live_through(client, hub, answers, case.reference)

    assert "live: /partners/" in met
    assert "live: /partners/otter-strings/" in met
    assert "live: /search/?q=otter" in met
