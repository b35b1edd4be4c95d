"""The staff's desk for partners and texts: who may, what each button does, what it refuses."""

import pytest
from django.contrib.auth import get_user_model
from django.urls import reverse

from cms import wallclock
from cms.models import GoverningText, OutboxMessage, Partner
from cms.partners import night, terms
from cms.roles import grant
from tests.partnership import TODAY, a_partner, a_person, noon, with_papers


@pytest.fixture(autouse=True)
def _today():
    with wallclock.instead(noon()):
        yield


def as_role(client, role):
    user = get_user_model().objects.create_user(role, email=f"{role}@example.org")
    grant(user, role)
    client.force_login(user)
    return client


@pytest.fixture
def partner(db):
    partner = with_papers(a_partner())
    a_person(partner)
    return partner


def do(client, partner, deed, **typed):
    data = {f"{deed}-{name}": value for name, value in typed.items()}
    return client.post(reverse("partner_desk", args=[partner.pk]), {"do": deed, **data})


@pytest.mark.parametrize("role", ["comms_lead", "bookings", "roster_admin", "centre_admin"])
def test_other_roles_see_neither_partners_papers_nor_texts(client, partner, role):
    as_role(client, role)

    for url in (reverse("partner_papers"), reverse("governing_texts"),
                reverse("partner_desk", args=[partner.pk])):  # fmt: skip
        assert client.get(url).status_code in (302, 403)


def test_the_list_says_what_runs_out_next(client, partner):
    html = as_role(client, "hub_manager").get(reverse("partner_papers")).content.decode()

    assert "Public liability insurance: Counts until 31 August 2027" in html


@pytest.mark.parametrize(
    ("deed", "typed", "check"),
    [
        (
            "statement",
            {"kind": "dbs", "dated_on": "2026-09-13"},
            lambda p: p.papers.filter(kind="dbs").count() == 2,
        ),
        (
            "person",
            {"name": "Sam", "email": "sam@example.org", "may_sign": "on"},
            lambda p: p.people.get(email="sam@example.org").may_sign,
        ),
        ("unlist", {"words": "A rest."}, lambda p: p.status == "lapsed"),
        ("rename", {"name": "Otter Music"}, lambda p: p.slug == "otter-music"),
        ("leave", {"words": "They closed."}, lambda p: p.status == "left"),
    ],
)
def test_each_button_of_a_hub_manager(client, partner, deed, typed, check):
    answer = do(as_role(client, "hub_manager"), partner, deed, **typed)

    assert answer.status_code == 302
    assert check(Partner.objects.get(pk=partner.pk))


def test_a_merger_at_the_desk(client, partner):
    other = a_partner("Heron Brass", "heron-brass")

    do(as_role(client, "hub_manager"), partner, "merge", into=other.pk)

    assert other.former_names.get().slug == "otter-strings"


@pytest.mark.parametrize(
    ("deed", "typed", "words"),
    [
        ("rename", {"name": "Heron Brass"}, "Another partner has that name"),
        ("statement", {"kind": "insurance", "dated_on": "2026-09-13"}, "Say until when"),
        ("unlist", {"words": ""}, "This field is required"),
    ],
)
def test_what_cannot_be_done_is_said_and_changes_nothing(client, partner, deed, typed, words):
    a_partner("Heron Brass", "heron-brass")

    answer = do(as_role(client, "hub_manager"), partner, deed, **typed)

    assert answer.status_code == 422
    assert words in answer.content.decode()


def test_the_safeguarding_lead_suspends_here_and_does_nothing_else(client, partner):
    as_role(client, "safeguarding_lead")

    assert do(client, partner, "rename", name="Else").status_code in (302, 403)
    assert Partner.objects.get().name == "Otter Strings"
    assert do(client, partner, "suspend").status_code == 302
    assert not Partner.objects.live().exists()
    assert (
        "Lift the suspension"
        in client.get(reverse("partner_desk", args=[partner.pk])).content.decode()
    )


def test_a_hub_manager_cannot_suspend(client, partner):
    as_role(client, "hub_manager")

    assert do(client, partner, "suspend").status_code in (302, 403)
    assert Partner.objects.live().exists()


def test_a_likely_duplicate_is_shown_to_staff(client, partner):
    a_partner("The Otter Strings Ltd", "otter-strings-2", status=Partner.Status.DRAFT)

    html = as_role(client, "hub_manager").get(reverse("partner_desk", args=[partner.pk]))

    assert "These may be the same organisation" in html.content.decode()


def test_a_text_is_added_published_and_shown_as_a_difference(client, partner):
    as_role(client, "hub_manager")
    client.post(
        reverse("governing_texts"), {"title": "Terms", "slug": "terms", "partners_agree": "on"}
    )
    text = GoverningText.objects.get()
    url = reverse("governing_text", args=[text.pk])
    for words in ("We meet each term.", "We meet each month."):
        client.post(
            url,
            {"do": "publish", "words": words, "changes": "Some.", "in_force_from": "2026-09-14"},
        )

    html = client.get(url).content.decode()

    assert text.versions.count() == 2
    assert "<ins>" in html
    assert "Otter Strings" in html  # has not agreed yet
    again = client.post(
        url,
        {
            "do": "publish",
            "words": "We meet each month.",
            "changes": "None.",
            "in_force_from": "2026-09-14",
        },
    )
    assert again.status_code == 422


def test_the_owner_of_a_text_is_asked_to_review_it_once_for_each_day(db):
    owner = get_user_model().objects.create_user("olga", email="olga@example.org")
    text = GoverningText.objects.create(slug="terms", title="Terms", owner=owner, review_on=TODAY)
    terms.publish(text, "Words.", changes="First.", in_force_from=TODAY)

    assert [night.review(), night.review()] == [1, 0]
    assert list(OutboxMessage.objects.values_list("to", flat=True)) == ["olga@example.org"]
