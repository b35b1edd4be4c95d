"""The family folder: who gets in, what they see, what they may press, and whose it is not."""

from datetime import timedelta

import pytest
from django.core import signing
from django.utils import timezone

from cms.models import OutboxMessage
from forms.family import links
from forms.models import FamilyLink, FamilySession
from tests.costs import fewest_queries
from tests.folder import FLOW, AtHome, a_case, mailed_link
from workflows import family as family_side
from workflows.compile import publish
from workflows.engine import TransitionNotAllowedError, perform
from workflows.models import Case

pytestmark = pytest.mark.django_db


@pytest.fixture
def case(centres):
    publish(FLOW)
    return a_case(centres["west"])


def test_the_answer_is_the_same_for_a_known_and_an_unknown_address(case):
    known, unknown = AtHome(), AtHome("nobody@example.org")

    answers = [one.ask() for one in (known, unknown)]

    assert [(page.status, page.location) for page in answers] == [(303, "/family/sent/")] * 2
    assert known.get("/family/sent/").text == unknown.get("/family/sent/").text
    letters = OutboxMessage.objects.order_by("pk").values_list("to", "subject")
    assert list(letters) == [
        ("rowan@example.org", "Your link to your family folder"),
        ("nobody@example.org", "Your link to your family folder"),
    ]


def test_no_cookie_is_set_before_the_link_is_used(case):
    visitor = AtHome()

    visitor.get("/family/")
    visitor.ask()
    visitor.get("/family/sent/")
    visitor.get(mailed_link(visitor.email))
    before = visitor.cookies
    visitor.browser.post(mailed_link(visitor.email), {})

    assert (before, visitor.cookies) == (set(), {"family"})
    cookie = visitor.browser.client.cookies["family"]
    assert (cookie["path"], cookie["httponly"], cookie["samesite"]) == ("/family/", True, "Lax")


def test_a_link_survives_being_opened_and_works_once(case):
    visitor, thief = AtHome(), AtHome()
    visitor.ask()
    link = mailed_link(visitor.email)

    looked = [visitor.get(link).status for _ in range(3)]
    used = visitor.browser.post(link, {})
    again = thief.browser.post(link, {})

    assert (looked, used.status, used.location) == ([200] * 3, 303, "/family/")
    assert (again.status, again.heading) == (404, "This link no longer works")
    assert thief.cookies == set()


def test_a_newer_link_and_the_clock_end_a_link(case):
    visitor = AtHome()
    visitor.ask()
    first = mailed_link(visitor.email)
    visitor.ask()
    second = mailed_link(visitor.email)
    FamilyLink.objects.update(ends_at=timezone.now() - timedelta(seconds=1))

    assert [visitor.get(link).status for link in (first, second)] == [404, 404]
    assert visitor.get("/family/link/made-up/").text == visitor.get(first).text


def test_only_a_hash_of_a_link_and_of_a_session_is_stored(case):
    visitor = AtHome()
    visitor.ask()
    token = mailed_link(visitor.email).split("/")[-2]
    link = FamilyLink.objects.get()
    visitor.browser.post(mailed_link(visitor.email), {})
    session = FamilySession.objects.get()
    cookie = visitor.browser.client.cookies["family"].value

    assert link.token_hash == links.hashed(token)
    assert token not in str(vars(link)) and "rowan" not in link.seal
    assert cookie.split(":")[0] not in str(vars(session))


def test_a_link_cannot_be_used_from_another_site(case):
    visitor = AtHome()
    visitor.ask()

    answer = visitor.browser.client.post(
        mailed_link(visitor.email), headers={"Origin": "https://elsewhere.example.org"}
    )

    assert (answer.status_code, visitor.cookies) == (403, set())


def test_asking_too_often_for_one_address_sends_no_more_letters_and_says_nothing(case):
    visitor = AtHome()

    answers = {visitor.ask().location for _ in range(9)}

    assert answers == {"/family/sent/"}
    assert OutboxMessage.objects.filter(template="family-link").count() == 5
    assert visitor.get(mailed_link(visitor.email)).status == 200


@pytest.mark.parametrize(
    ("wanted", "led_to"),
    [
        ("/family/TL26-0001/", "/family/TL26-0001/"),
        ("//elsewhere.example.org/", "/family/"),
        ("/family//elsewhere.example.org", "/family/"),
        ("https://elsewhere.example.org/family/", "/family/"),
        ("/admin/", "/family/"),
    ],
)
def test_a_link_leads_to_the_page_that_was_wanted_but_never_out_of_the_folder(case, wanted, led_to):
    visitor = AtHome()
    visitor.ask(next=wanted)

    assert visitor.browser.post(mailed_link(visitor.email), {}).location == led_to


def test_without_signing_in_every_page_asks_to_and_leads_back(case):
    visitor = AtHome()

    page = visitor.get("/family/TL26-0001/")

    assert (page.status, page.location) == (303, "/family/?next=%2Ffamily%2FTL26-0001%2F")
    assert visitor.get(page.location).soup.select_one("input[name=next]")["value"] == page.path


def test_a_session_ends_when_it_is_left_alone_signed_out_or_forged(case):
    visitor, other_device, idle = [AtHome().sign_in() for _ in range(3)]
    assert visitor.get("/family/").heading == "Your family folder"

    FamilySession.objects.update(seen_at=timezone.now() - links.IDLE)
    left_alone = idle.get("/family/TL26-0001/").status
    FamilySession.objects.update(seen_at=timezone.now())
    page = visitor.get("/family/TL26-0001/")
    form = page.soup.select_one('form[action="/family/sign-out/"]')
    token = form.select_one("[name=csrfmiddlewaretoken]")["value"]
    visitor.browser.post("/family/sign-out/", {"csrfmiddlewaretoken": token})
    assert "family" not in {name for name, c in visitor.browser.client.cookies.items() if c.value}
    forged = AtHome()
    forged.browser.client.cookies["family"] = signing.dumps("guess")

    assert left_alone == 303
    assert [v.get("/family/TL26-0001/").status for v in (visitor, other_device, forged)] == [
        303,
        200,
        303,
    ]


def test_the_folder_says_where_everything_stands_in_words_for_families(case, centres):
    a_case(centres["west"], number=2, title="Summer band", email="ROWAN@example.org")
    perform(Case.objects.get(reference="TL26-0002").pk, "offer", by=None)
    by = timezone.localdate() + timedelta(days=5)

    page = AtHome().sign_in().get()

    assert [h2.get_text() for h2 in page.soup.select(".folder h2")] == [
        "Summer band",
        "Trial lesson",
    ]
    assert "We are reading it" in page.text
    assert "We write to you when we have a teacher." in page.text
    assert f"You will hear from us by {by:%A} {by.day} {by:%B %Y}" in page.text
    assert "Please do this by" in page.text
    assert "unread" not in page.text and "Offer is out" not in page.text


def test_an_empty_folder_says_what_to_do(case):
    page = AtHome("else@example.org").sign_in().get()

    assert "Nothing here yet" in page.text
    assert page.links("See our courses") == ["/courses/"]


def test_separated_guardians_of_one_child_never_see_each_others_things(centres):
    publish(FLOW)
    hers = a_case(centres["west"], email="mother-canary@example.org", title="Wren: harp")
    his = a_case(centres["west"], email="father-canary@example.org", number=2, title="Wren: oboe")
    family_side.write(hers, "Our new address is secret-canary lane")
    mother = AtHome(hers.contact_email).sign_in()
    father = AtHome(his.contact_email).sign_in()

    seen = father.get("/family/").text + father.get(f"/family/{his.reference}/").text
    refused = [
        father.get(f"/family/{hers.reference}/{rest}").status for rest in ("", "choose/withdraw/")
    ] + [mother.get(f"/family/{his.reference}/").status]
    page = father.get(f"/family/{his.reference}/")
    posted = father.browser.post(
        f"/family/{hers.reference}/message/",
        {
            "text": "let me in",
            "csrfmiddlewaretoken": page.soup.select("[name=csrfmiddlewaretoken]")[0]["value"],
        },
    )

    assert "Wren: oboe" in seen
    assert not any(word in seen for word in ("mother-canary", "secret-canary", "harp", "TL26-0001"))
    assert (refused, posted.status) == ([404, 404, 404], 404)
    assert hers.events.count() == 2


def test_a_family_presses_its_own_button_after_being_asked_whether_it_is_meant(case):
    home = AtHome().sign_in()
    page = home.get(f"/family/{case.reference}/")
    (link,) = page.links("Withdraw my application")

    asked = home.get(link)
    done = home.send(asked, comment="We are moving away")

    case.refresh_from_db()
    assert "After this it will say “Closed”." in asked.text
    assert (done.status, case.stage_key, case.family_wrote_at is not None) == (303, "gone", True)
    event = case.events.last()
    assert (event.actor_name, event.actor_id, event.comment) == (
        "The family",
        None,
        "We are moving away",
    )
    assert "Offer" not in [li.get_text() for li in page.soup.select(".folder-buttons li")]


def test_a_button_of_the_office_is_not_the_familys_whatever_is_posted(case):
    with pytest.raises(TransitionNotAllowedError):
        family_side.press(case.pk, "offer", expected_stage="new")
    page = AtHome().sign_in().get(f"/family/{case.reference}/choose/offer/")

    case.refresh_from_db()
    assert (page.status, case.stage_key) == (409, "new")


def test_a_stale_button_says_that_things_have_moved_on_and_names_nobody(case, officer):
    home = AtHome().sign_in()
    asked = home.get(f"/family/{case.reference}/choose/withdraw/")
    perform(case.pk, "offer", by=officer)

    answer = home.send(asked)

    case.refresh_from_db()
    assert (answer.status, case.stage_key) == (409, "offered")
    assert "has moved on since you opened the page" in answer.text
    assert "Ada" not in answer.text


def test_a_comment_that_is_needed_is_asked_for(case):
    perform(case.pk, "offer", by=None)
    home = AtHome().sign_in()

    answer = home.send(home.get(f"/family/{case.reference}/choose/decline/"))

    assert (answer.status, answer.errors) == (422, ["Write a few words that say why"])
    case.refresh_from_db()
    assert case.stage_key == "offered"


def test_messages_arrive_on_the_case_and_come_back_without_their_words_in_any_letter(
    case, officer, client
):
    Case.objects.update(assignee=officer)
    officer.email = "ada@example.org"
    officer.save()
    home = AtHome().sign_in()

    home.send(home.get(f"/family/{case.reference}/"), "message/", text="She has a peanut-canary")
    family_side.reply(case.pk, "We note the reply-canary", by=officer)
    page = home.get(f"/family/{case.reference}/")
    client.force_login(officer)
    desk = client.get(f"/admin/cases/{case.pk}/").content.decode()

    assert "She has a peanut-canary" in desk
    assert "We note the reply-canary" in page.text and "The music hub" in page.text
    letters = OutboxMessage.objects.exclude(template="family-link").order_by("pk")
    assert [(one.template, one.to) for one in letters] == [
        ("staff-family-message", "ada@example.org"),
        ("family-message", "rowan@example.org"),
    ]
    assert not any("canary" in one.text + one.html + one.subject for one in letters)


def test_an_empty_message_is_refused_kindly(case):
    home = AtHome().sign_in()

    answer = home.send(home.get(f"/family/{case.reference}/"), "message/", text="  ")

    assert (answer.status, answer.errors) == (422, ["Write your message first."])


def test_pages_of_the_folder_are_kept_by_nobody(case):
    home = AtHome().sign_in()

    pages = [home.get(path) for path in ("/family/", f"/family/{case.reference}/")]

    assert {page.headers["Cache-Control"] for page in pages} == {"private, no-store"}


def test_without_a_token_nothing_in_the_folder_is_changed(case):
    home = AtHome().sign_in()

    answers = [
        home.browser.post(f"/family/{case.reference}/{rest}", {"text": "x", "stage": "new"}).status
        for rest in ("message/", "choose/withdraw/")
    ]

    case.refresh_from_db()
    assert (answers, case.stage_key, case.events.count()) == ([403, 403], "new", 1)


def test_the_folder_costs_as_many_queries_for_three_applications_as_for_one(case, centres):
    home = AtHome().sign_in()
    one = fewest_queries(home.get)
    for number in (2, 3):
        a_case(centres["west"], number=number)

    assert fewest_queries(home.get) <= one


def test_ended_links_and_sessions_are_deleted_with_their_letters(case):
    from cms import jobs
    from cms.models import Job

    AtHome().sign_in()
    AtHome().ask()
    late = timezone.now() - timedelta(days=2)
    FamilyLink.objects.update(ends_at=late)
    FamilySession.objects.update(ends_at=late)
    OutboxMessage.objects.update(created_at=late)
    from django.db import transaction

    with transaction.atomic():
        job = jobs.enqueue("forms.forget_family_links", key="now", payload={})
    jobs.run_job.call_local(job.pk)

    assert Job.objects.get(pk=job.pk).state == "done"
    left = (
        FamilyLink.objects.count(),
        FamilySession.objects.count(),
        OutboxMessage.objects.count(),
    )
    assert left == (0, 0, 0)
