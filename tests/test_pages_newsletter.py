"""The newsletter: who gets it, once each, how they join and leave, and what is forgotten."""

import re
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from cms import jobs, mail
from cms.models import Job, OutboxMessage, User
from cms.roles import grant
from pages import sending, subscribing
from pages.letters import compose
from pages.models import NewsletterSending, Subscriber
from pages.starters import keep_as_starter
from tests.harness import a_hub, wait_for

from .newsletters import MANY, an_issue, subscribers

pytestmark = pytest.mark.django_db


@pytest.fixture
def lead():
    user = User.objects.create_user("lead", "lead@example.org")
    grant(user, "comms_lead")
    return user


def run_jobs(kind="pages.send_newsletter"):
    for job in Job.objects.filter(kind=kind, state="ready"):
        jobs.run_job.call_local(job.pk)


def deliver(mailoutbox):
    mail.deliver.call_local()
    return mailoutbox


def secret_in(letter):
    return re.search(r"/letters/([\w-]{43})/", letter.text)[1]


# --- joining and leaving -------------------------------------------------------------------------
def test_an_address_is_used_only_after_its_reader_has_said_yes(client):
    answer = client.post("/letters/join/", {"email": "Ada@Example.org", "wants": ["schools"]})
    assert (answer.status_code, answer["Location"]) == (303, "/letters/asked/")
    assert list(Subscriber.objects.wanting("everyone")) == []

    letter = OutboxMessage.objects.get()
    own = f"/letters/{secret_in(letter)}/"
    assert letter.to == "ada@example.org"
    assert client.get(own).status_code == 200
    assert list(Subscriber.objects.wanting("everyone")) == []  # looking is not saying yes

    assert client.post(own, {"do": "confirm"}).status_code == 303
    assert Subscriber.objects.wanting("schools").count() == 1
    assert Subscriber.objects.wanting("families").count() == 0
    client.post(own, {"do": "change", "wants": ["families", "nonsense"]})
    assert Subscriber.objects.wanting("families").count() == 1


def test_nobody_learns_whether_an_address_is_on_the_list(client):
    subscribers(1)
    known = client.post("/letters/join/", {"email": "READER-0@example.org"})
    new = client.post("/letters/join/", {"email": "new@example.org"})

    assert (known.status_code, known["Location"]) == (new.status_code, new["Location"])
    assert sorted(OutboxMessage.objects.values_list("to", "template")) == [
        ("new@example.org", "newsletter-confirm"),
        ("reader-0@example.org", "newsletter-known"),
    ]
    assert Subscriber.objects.filter(email__iexact="reader-0@example.org").count() == 1


def test_nobody_is_written_to_again_and_again(client):
    for _time in range(6):
        assert client.post("/letters/join/", {"email": "ada@example.org"}).status_code == 303
    assert OutboxMessage.objects.count() == subscribing.ASKS_PER_ADDRESS


@pytest.mark.parametrize(
    "email", ["", "nobody", "a@b", "a@example.org\nBcc: b@example.org", "x" * 300]
)
def test_what_is_no_address_is_refused_in_words(client, email):
    answer = client.post("/letters/join/", {"email": email})

    assert answer.status_code == 422
    assert "e-mail address" in answer.content.decode()
    assert not Subscriber.objects.exists()


def test_other_sites_cannot_sign_anybody_up(client):
    answer = client.post(
        "/letters/join/", {"email": "ada@example.org"}, headers={"Origin": "https://evil.example"}
    )
    assert answer.status_code == 403
    assert not Subscriber.objects.exists()


def test_one_press_in_a_mail_program_leaves_and_forgets(client, lead, mailoutbox):
    subscribers(2)
    sending.start(an_issue().pk, by=lead, expected=2)
    run_jobs()
    first = deliver(mailoutbox)[0]
    assert first.extra_headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    address = re.fullmatch(
        r"<https?://[^/]+(/letters/[\w-]+/leave/)>", first.extra_headers["List-Unsubscribe"]
    )[1]

    assert client.get(address).status_code == 302
    assert Subscriber.objects.count() == 2  # a program that looks at links removes nobody
    gone = client.post(address, {"List-Unsubscribe": "One-Click"}, headers={"Origin": "null"})

    assert gone.status_code == 200
    assert [one.email for one in Subscriber.objects.all()] == ["reader-1@example.org"]
    assert not OutboxMessage.objects.filter(to="reader-0@example.org").exists()
    run = NewsletterSending.objects.get()
    assert sending.progress_of(run).sent == 2  # the count stays, the address does not
    assert client.post(address).status_code == 200  # twice is once


def test_who_leaves_while_it_is_sent_gets_nothing_more(client, lead, mailoutbox):
    rows = subscribers(3)
    sending.start(an_issue().pk, by=lead, expected=3)
    subscribing.leave(rows[0])
    run_jobs()
    subscribing.leave(rows[1])

    assert [one.to for one in deliver(mailoutbox)] == [["reader-2@example.org"]]


def test_addresses_that_nobody_confirmed_and_old_letters_are_forgotten(lead, mailoutbox):
    subscribers(2)
    sending.start(an_issue().pk, by=lead, expected=2)
    run_jobs()
    deliver(mailoutbox)
    subscribing.ask("never@example.org", ())
    subscribing.ask("today@example.org", ())
    Subscriber.objects.filter(email="never@example.org").update(
        asked_at=timezone.now() - timedelta(days=8)
    )
    OutboxMessage.objects.filter(template="newsletter").update(
        created_at=timezone.now() - timedelta(days=31)
    )
    jobs.enqueue("pages.forget_letters", key="forget", payload={})
    run_jobs("pages.forget_letters")

    assert not Subscriber.objects.filter(email="never@example.org").exists()
    assert list(OutboxMessage.objects.values_list("to", flat=True)) == ["today@example.org"]
    assert sending.progress_of(NewsletterSending.objects.get()).sent == 2


# --- sending -------------------------------------------------------------------------------------
def test_each_audience_gets_its_own_and_what_is_for_everyone(lead):
    for name in ("families", "schools", "partners"):
        Subscriber.objects.create(
            email=f"{name}@example.org", confirmed_at=timezone.now(), **{f"wants_{name}": True}
        )
    Subscriber.objects.create(email="unsure@example.org", wants_schools=True)
    sending.start(an_issue("schools").pk, by=lead, expected=1)
    sending.start(an_issue("everyone").pk, by=lead, expected=3)
    run_jobs()

    to = sorted(OutboxMessage.objects.values_list("to", flat=True))
    assert to == ["families@example.org", "partners@example.org", *["schools@example.org"] * 2]


def test_two_presses_send_it_once(lead):
    subscribers(3)
    issue = an_issue()
    one = sending.start(issue.pk, by=lead, expected=3)
    two = sending.start(issue.pk, by=lead, expected=3)
    run_jobs()

    assert one == two
    assert OutboxMessage.objects.count() == 3


def test_twin_without_its_key_a_step_done_again_would_write_again(lead, monkeypatch):
    subscribers(3)
    run = sending.start(an_issue().pk, by=lead, expected=3)

    def again():
        Job.objects.filter(pk=run.job_id).update(state="ready", cursor=0)
        run_jobs()
        return OutboxMessage.objects.count()

    run_jobs()
    assert again() == 3
    keys = iter(range(100))
    monkeypatch.setattr(sending, "message_key", lambda *_about: f"new-{next(keys)}")
    assert again() == 6


@pytest.mark.parametrize("why", ["draft", "changed", "nobody", "another number"])
def test_it_is_not_sent_when_something_is_not_as_confirmed(lead, why):
    subscribers(0 if why == "nobody" else 2)
    issue = an_issue()
    if why == "draft":
        issue.unpublish()
    if why == "changed":
        issue.title = "Another"
        issue.save_revision()
    with pytest.raises(sending.CannotSendError):
        sending.start(issue.pk, by=lead, expected=5 if why == "another number" else 2)
    assert not Job.objects.filter(kind="pages.send_newsletter").exists()


def test_a_stopped_sending_sends_nothing_more(lead, mailoutbox):
    subscribers(4)
    run = sending.start(an_issue().pk, by=lead, expected=4)
    run_jobs()
    sending.stop(run)

    assert deliver(mailoutbox) == []


def test_the_letter_has_whole_addresses_and_the_same_words_as_text(lead):
    letter = compose(an_issue(title="A & B <script>"))

    assert 'href="/' not in letter.html
    assert "<script>" not in letter.html
    assert "Read the news ( http" in letter.text
    assert "A & B <script>" in letter.text


# --- the screens ---------------------------------------------------------------------------------
def test_comms_look_test_confirm_and_send(client, lead, mailoutbox):
    subscribers(2)
    issue = an_issue()
    client.force_login(lead)
    desk = reverse("newsletter_issue", args=[issue.pk])

    assert "2 people get it" in client.get(desk).content.decode()
    client.post(desk, {"do": "test"})
    assert [one.to for one in deliver(mailoutbox)] == [["lead@example.org"]]
    assert "Yes, send 2 letters" in client.get(desk, {"send": "1"}).content.decode()
    client.post(desk, {"do": "send", "recipients": "2"})
    run_jobs()
    deliver(mailoutbox)
    page = client.get(desk).content.decode()
    assert "2 of 2 letters are sent" in page
    assert "reader-1@example.org" not in page + client.get(reverse("newsletters")).content.decode()


def test_a_ready_made_issue_is_not_among_those_to_send(client, lead):
    keep_as_starter(an_issue(title="A real one"), "A termly issue", by=lead)
    client.force_login(lead)

    html = client.get(reverse("newsletters")).content.decode()

    assert "A real one" in html
    assert "A termly issue" not in html


def test_who_was_not_reached_is_shown_masked_and_tried_again(client, lead):
    subscribers(2)
    run = sending.start(an_issue().pk, by=lead, expected=2)
    run_jobs()
    OutboxMessage.objects.filter(to="reader-0@example.org").update(
        state="failed", problem="SMTPRecipientsRefused 550", attempts=1
    )
    client.force_login(lead)
    desk = reverse("newsletter_issue", args=[run.issue_id])
    page = client.get(desk).content.decode()

    assert "1 were given up" in page
    assert "r…@example.org" in page
    assert "SMTPRecipientsRefused 550" in page
    client.post(desk, {"do": "again"})
    assert OutboxMessage.objects.filter(state="ready").count() == 2


def test_only_those_who_publish_may_send_and_remove(client, lead):
    subscribers(1)
    issue = an_issue()
    editor = User.objects.create_user("editor", "editor@example.org")
    grant(editor, "comms_editor")
    client.force_login(editor)
    desk = reverse("newsletter_issue", args=[issue.pk])
    for answer in (
        client.get(desk),
        client.post(desk, {"do": "send", "recipients": "1"}),
        client.post(reverse("newsletter_remove"), {"email": "reader-0@example.org"}),
    ):
        assert answer.status_code in (302, 403)
    assert not NewsletterSending.objects.exists()
    assert Subscriber.objects.count() == 1

    client.force_login(lead)
    client.post(reverse("newsletter_remove"), {"email": " Reader-0@example.org"})
    assert Subscriber.objects.count() == 0


def test_a_role_in_one_centre_reaches_no_address(centres):
    subscribers(1)
    user = User.objects.create_user("west", "west@example.org")
    grant(user, "comms_lead", centre=centres["west"])

    assert not Subscriber.objects.for_user(user, "delete").exists()


def test_the_preview_is_the_letter(client, lead, rf):
    issue = an_issue()
    answer = issue.serve_preview(rf.get("/"), "mail")

    assert "You get this because you asked" in answer.content.decode()


# --- a worker that dies --------------------------------------------------------------------------
@pytest.mark.crash
def test_kills_in_the_middle_leave_each_letter_once(tmp_path):
    with a_hub(
        tmp_path, patches=["tests.crash:short_leases", "tests.newsletters:slow_steps"]
    ) as hub:
        hub.call("tests.newsletters:promise_many")
        done = "SELECT done FROM cms_job WHERE kind = 'pages.send_newsletter'"
        for goal in (200, 500, 800):
            consumer = hub.start_consumer()
            wait_for(lambda goal=goal: hub.sql(done)[0][0] >= goal, 60, "the sending to get on")
            hub.kill(consumer)
        hub.start_consumer()
        state = "SELECT state FROM cms_job WHERE kind = 'pages.send_newsletter'"
        wait_for(lambda: hub.sql(state)[0][0] == "done", 90, "the sending to end")
        assert hub.call("tests.newsletters:tally") == {
            "messages": MANY,
            "people": MANY,
            "state": "done",
            "left": 0,
        }
