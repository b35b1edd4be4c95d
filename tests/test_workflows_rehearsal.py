"""Rehearsals play the real engine, leave nothing behind, and are held against before publishing."""

import copy
from datetime import UTC, datetime

import pytest
from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.cache import cache
from django.db import connection, transaction
from django.urls import reverse
from django.utils import timezone
from huey.contrib.djhuey import HUEY

from cms import jobs, mail, places, sandbox, wallclock
from cms.models import CourseDate, OutboxMessage
from cms.roles import grant
from forms import rehearsing
from forms.package import load
from tests.casework import BOOKING
from tests.journeys import a_course_date
from workflows import webhooks
from workflows.compile import publish
from workflows.findings import NotPublishableError
from workflows.models import Case, Rehearsal, WorkflowDefinition
from workflows.rehearsal import keeping, stage
from workflows.rehearsal.play import play

BEGINS = datetime(2026, 10, 20, 9, 0, tzinfo=UTC)
PLAIN = "plain:anybody"
SONGWRITER = settings.BASE_DIR / "forms/packages/songwriter-booking.json"
CONFIRM = {"do": "press", "button": "confirm", "by": "bookings"}


def rehearsed(definition, steps, **more):
    more = {"family": PLAIN, "begins_at": BEGINS, **more}
    return play(definition, stage.data_of(definition), steps=steps, **more)


def keys(story, step=None):
    return [one.key for one in story.happenings if step is None or one.step == step]


def with_times():
    """New; overdue after 3 days, told to the manager after 5, declined by itself after 10."""
    data = copy.deepcopy(BOOKING)
    new = data["stages"][0]
    new |= {"escalate_after_days": 5, "escalate_to": "hub_manager"}
    new |= {"auto_after_days": 10, "auto_button": "confirm"}
    return data


@pytest.fixture
def songwriter(db):
    return load(SONGWRITER, publish=True)


def one_child(form, which=0):
    sample = form.samples[which]
    return f"forms:{form.slug}/{sample.get('id') or sample['name']}"


def everything():
    """Every row of every table, every file, what waits in the queue, and the cache's own word."""
    with connection.cursor() as cursor:
        rows = {}
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT * FROM "{table}"')
            rows[table] = sorted(repr(row) for row in cursor.fetchall())
    files = {
        str(path): (path.stat().st_size, path.stat().st_mtime_ns)
        for path in settings.DATA_DIR.rglob("*")
        if path.is_file() and "sqlite" not in path.name
    }
    return {"rows": rows, "files": files, "queue": HUEY.pending_count(), "word": cache.get("word")}


def play_all(form, screens=("case/bookings", "family/case", "family/home")):
    """A long rehearsal with letters, places, the clock, a page of each kind."""
    definition = WorkflowDefinition.objects.get(slug="course-booking")
    steps = [
        {"do": "wait", "days": 5},
        {"do": "press", "button": "to_remission", "by": "bookings"},
        {"do": "press", "button": "ask_evidence", "by": "remission_officer", "comment": "Please"},
        {"do": "wait", "days": 10},
        {"do": "press", "button": "evidence_ok", "by": "remission_officer"},
        {"do": "press", "button": "cancel", "by": "bookings", "comment": "Ill"},
    ]
    for screen in screens:
        family = one_child(form, 1)  # who asks for help with the cost
        story = rehearsed(definition, steps, family=family, screen=screen)
        assert story.screen
    return story


@pytest.mark.django_db(transaction=True)
def test_nothing_is_touched():
    form = load(SONGWRITER, publish=True)
    cache.set("word", "as it was")
    before = everything()

    story = play_all(form)

    assert everything() == before
    assert story.stage.key == "cancelled"
    assert len(story.letters) >= 4
    assert [one for one in story.happenings if one.kind == "refused"] == []


def test_a_rehearsal_that_is_not_undone_would_be_noticed(songwriter, monkeypatch):
    before = everything()["rows"]
    monkeypatch.setattr(sandbox, "undo", lambda: None)

    play_all(songwriter, ["case/bookings"])

    after = everything()["rows"]
    touched = {table for table in before if before[table] != after[table]}
    assert {"workflows_case", "cms_outboxmessage", "cms_job", "cms_place"} <= touched


def test_promises_inside_are_never_rung_for(version, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks() as promised:
        rehearsed(version.definition, [CONFIRM])

    assert promised == []


def test_what_talks_to_the_outside_is_refused(db):
    with sandbox.nothing_stays(at=BEGINS):
        with pytest.raises(sandbox.OutsideError):
            webhooks.call("https://example.org/", b"{}", "once")
        with pytest.raises(sandbox.OutsideError):
            mail._send(OutboxMessage(), None)
    with pytest.raises(webhooks.RefusedAddressError):
        webhooks.call("ftp://example.org/", b"{}", "once")


def test_a_rehearsal_has_a_clock_and_a_cache_of_its_own(db):
    cache.set("word", "real")
    with sandbox.nothing_stays(at=BEGINS):
        assert timezone.now() == BEGINS
        assert Rehearsal().made_at == BEGINS  # a default is asked at the same clock
        assert cache.get("word") is None
        cache.set("word", "rehearsed")
        wallclock.turn_to(datetime(2027, 1, 1, tzinfo=UTC))
        assert timezone.localdate().isoformat() == "2027-01-01"
        with pytest.raises(RuntimeError), sandbox.nothing_stays(at=BEGINS):
            pass
    assert cache.get("word") == "real"
    assert timezone.now() > BEGINS
    with pytest.raises(RuntimeError):
        wallclock.turn_to(BEGINS)


def test_an_error_inside_leaves_nothing_either(version):
    with pytest.raises(ZeroDivisionError), sandbox.nothing_stays(at=BEGINS):
        stage.set_up(version.definition, stage.data_of(version.definition))
        stage.send(version.definition.slug, PLAIN)
        assert Case.objects.exists()
        _ = 1 / 0
    assert not Case.objects.exists()
    assert not sandbox.is_on()


def test_the_clock_reminds_escalates_and_moves(db):
    definition = publish(with_times()).definition

    story = rehearsed(definition, [{"do": "wait", "days": 14}])

    days = {one.key: one.day for one in story.happenings}
    assert days["letter:staff-overdue:staff"] == 4
    assert days["letter:staff-escalated:staff"] == 5
    assert days["moved:new>confirmed:confirm"] == 10
    assert days["action:demo:done"] == 10
    assert "has waited: 5 days" in story.letters[1].text
    assert story.now == datetime(2026, 11, 3, 10, 0, tzinfo=UTC)  # the clocks went back
    assert story.stage.key == "confirmed"


def test_the_clock_goes_on_to_the_next_thing_only(db):
    definition = publish(with_times()).definition

    story = rehearsed(definition, [{"do": "next"}])
    assert keys(story, 1) == ["deadline:The due date, 23 October 2026, has passed"]
    assert story.now == datetime(2026, 10, 23, 23, 0, tzinfo=UTC)
    story = rehearsed(definition, [CONFIRM, {"do": "next"}])
    assert [one.kind for one in story.happenings if one.step == 2] == ["refused"]


def test_a_sample_family_sends_its_form_and_reads_its_letters(songwriter):
    definition = WorkflowDefinition.objects.get(slug="course-booking")

    story = rehearsed(definition, [CONFIRM], family=one_child(songwriter), screen="family/case")

    assert keys(story)[0] == "opened:new"
    assert any(one.startswith("letter:booking-received:family") for one in keys(story, 0))
    assert "action:confirm_place:done" in keys(story, 1)
    assert story.reference in story.letters[0].subject + story.letters[0].text
    assert "Where it stands" in story.screen
    assert "data-here" not in story.screen  # it is the family's page


def test_the_invented_date_has_the_places_of_the_next_real_one(songwriter, monkeypatch):
    definition = WorkflowDefinition.objects.get(slug="course-booking")
    seen, hold = [], places.hold
    monkeypatch.setattr(
        rehearsing.places,
        "hold",
        lambda key, **more: (seen.append(CourseDate.objects.get(pk=key)), hold(key, **more))[1],
    )

    rehearsed(definition, [CONFIRM], family=one_child(songwriter))
    a_course_date(capacity=7)
    rehearsed(definition, [CONFIRM], family=one_child(songwriter))

    assert [date.capacity for date in seen] == [20, 7]
    assert {date.places.count() for date in CourseDate.objects.all()} == {0}


def test_each_role_sees_its_own_page(songwriter):
    definition = WorkflowDefinition.objects.get(slug="course-booking")
    pages = {
        role: rehearsed(definition, [], family=one_child(songwriter), screen=f"case/{role}").screen
        for role in ("bookings", "centre_admin")
    }

    assert 'value="cancel"' in pages["bookings"]
    assert 'value="cancel"' not in pages["centre_admin"]
    assert "Your role does not include this part" in pages["centre_admin"]


def test_a_family_that_does_not_answer_cannot_be_played(songwriter):
    sample = {"id": "gap", "name": "Gap", "answers": {}}
    songwriter.samples = [sample]
    songwriter.save_revision().publish()

    story = rehearsed(
        WorkflowDefinition.objects.get(slug="course-booking"),
        [],
        family="forms:songwriter-booking/gap",
    )

    assert "does not answer all" in story.problem
    assert (
        "not there any more"
        in rehearsed(
            WorkflowDefinition.objects.get(slug="course-booking"), [], family="forms:none/x"
        ).problem
    )


def test_a_step_that_cannot_be_done_is_part_of_the_story(version):
    wrong = [
        {"do": "press", "button": "confirm", "by": "nobody"},
        {"do": "press", "button": "decline", "by": "bookings"},
        {"do": "press", "button": "decline", "by": "hub_manager"},
        {"do": "move", "move": "none", "offer": "x"},
        {"do": "fly"},
        CONFIRM,
    ]

    story = rehearsed(version.definition, wrong)

    assert [one.kind for one in story.happenings if 0 < one.step < 6] == ["refused"] * 5
    assert "needs a comment" in story.by_step()[3][0].words
    assert story.stage.key == "confirmed"


def test_a_webhook_is_told_of_and_not_called(db, settings):
    settings.WEBHOOK_HOSTS, settings.WEBHOOK_SECRET = ["example.org"], "s" * 40
    data = copy.deepcopy(BOOKING)
    data["stages"][0]["buttons"][0]["actions"] = [
        {"type": "webhook", "url": "https://example.org/hook"}
    ]
    story = rehearsed(publish(data).definition, [CONFIRM])

    said = [one.words for one in story.happenings if one.kind == "outside"]
    assert said == ["https://example.org/hook would be told, signed: new to confirmed, no facts"]


def test_a_failing_action_is_tried_until_it_is_given_up(db):
    data = copy.deepcopy(BOOKING)
    data["stages"][0]["buttons"][0]["actions"] = [{"type": "failing_demo"}]

    story = rehearsed(publish(data).definition, [CONFIRM, {"do": "wait", "days": 1}])

    assert keys(story).count("action:failing_demo:problem") >= 5


def test_a_panel_is_invented_reminded_and_scores(db):
    from tests.panelwork import PANEL, a_panel

    _officer, real = a_panel(PANEL)
    definition = WorkflowDefinition.objects.get(slug="panel")
    score = {"do": "move", "move": "review", "offer": "1:best"}
    steps = [
        {"do": "press", "button": "score", "by": "ensembles_manager"},
        {"do": "wait", "days": 6},
        score,
        score,
        {"do": "press", "button": "offer", "by": "ensembles_manager"},
    ]

    story = rehearsed(definition, steps)

    assert [one.kind for one in story.happenings if one.kind == "refused"] == []
    assert story.stage.key == "offered"
    assert "letter:review-asked:staff" in keys(story, 1)
    assert "letter:review-reminder:staff" in keys(story, 2)
    assert not {letter.to for letter in story.letters} & {user.email for user in real}
    assert real[0].memberships.count() == 1
    short = rehearsed(definition, [*steps[:2], score | {"offer": "1:worst"}, score, steps[4]])
    assert short.stage.key == "panel"  # the button asks for 60 in all


# Kept with the process --------------------------------------------------------------------------


@pytest.fixture
def kept(db):
    definition = publish(with_times()).definition
    rehearsal = Rehearsal.objects.create(
        definition=definition,
        family=PLAIN,
        begins_at=BEGINS,
        steps=[{"do": "wait", "days": 14}],
    )
    keeping.keep(rehearsal, "Nobody acts", stage.data_of(definition))
    return rehearsal


def later(data=None):
    """The same process, told to the manager a day later."""
    data = data or with_times()
    data["stages"][0]["escalate_after_days"] = 6
    return data


def test_what_goes_otherwise_stops_publishing(kept):
    with pytest.raises(NotPublishableError) as problem:
        publish(later())

    said = str(problem.value)
    assert "Nobody acts" in said
    assert "No longer on day 5" in said
    assert "Now on day 6" in said
    assert kept.definition.versions.count() == 1


def test_the_same_process_and_other_words_go_as_before(kept):
    data = with_times()
    data["stages"][0]["guidance"] = "Look at the age."

    assert publish(data).number == 2


def test_without_rehearsals_it_would_be_published(kept):
    Rehearsal.objects.all().delete()

    assert publish(later()).number == 2


def save_draft(definition, data):
    from workflows.blocks import from_data
    from workflows.compile import compiled

    draft = definition.get_latest_revision_as_object()
    draft.stages = from_data(compiled(data))
    return draft.save_revision()


def test_whoever_means_it_publishes_and_it_is_expected_from_then_on(kept, admin_client):
    revision = save_draft(kept.definition, later())
    address = reverse("cases:rehearsal_publish", args=["course-booking"])

    page = admin_client.get(address).content.decode()
    assert "Now on day 6" in page
    stale = admin_client.post(address, {"revision": "1"})
    assert stale.status_code == 409
    done = admin_client.post(address, {"revision": revision.pk})

    assert done.status_code == 302
    assert kept.definition.versions.count() == 2
    kept.refresh_from_db()
    assert [row[1] for row in kept.expected if row[2].startswith("letter:staff-escalated")] == [6]
    assert publish(later()).number == 2


def test_the_screens(kept, admin_client):
    index = reverse("cases:rehearsals", args=["course-booking"])
    assert b"Nobody acts" in admin_client.get(index).content
    begun = admin_client.post(index, {"family": PLAIN})
    page = begun["Location"]
    assert b"Confirm place" in admin_client.get(page).content

    posted = {"do": "press", "press": "bookings:confirm"}
    shown = admin_client.post(page, posted, follow=True).content.decode()
    assert "New → Confirmed" in shown
    for words in ({"do": "wait", "days": "x"}, {"do": "press", "press": "\0"}, {}, {"do": "no"}):
        assert admin_client.post(page, words).status_code == 302
    assert len(Rehearsal.objects.get(name="").steps) == 1
    admin_client.post(page, {"do": "keep", "name": "Nobody acts"})
    assert not Rehearsal.objects.filter(name="Nobody acts").exclude(pk=kept.pk).exists()
    admin_client.post(page, {"do": "back"})
    assert Rehearsal.objects.get(name="").steps == []
    admin_client.post(page, {"do": "forget"})
    assert admin_client.get(page).status_code == 404


def test_a_screen_can_be_looked_at_and_not_used(kept, admin_client):
    page = reverse("cases:rehearsal", args=["course-booking", kept.pk])
    answer = admin_client.get(f"{page}screen/case/bookings/")

    assert answer.status_code == 200
    policy = answer["Content-Security-Policy"]
    assert policy.startswith("sandbox;")
    assert "allow-forms" not in policy
    assert admin_client.get(f"{page}screen/letter/0/").status_code == 200
    for wrong in ("letter/99", "letter/x", "case/none", "none", "none/x"):
        assert admin_client.get(f"{page}screen/{wrong}/").status_code == 404


def test_only_designers_rehearse(kept, client):
    user = get_user_model().objects.create_user("panel", password_alone=True)
    grant(user, "panellist")
    client.force_login(user)

    for name, args in (("rehearsals", []), ("rehearsal", [kept.pk]), ("rehearsal_publish", [])):
        answer = client.get(reverse(f"cases:{name}", args=["course-booking", *args]))
        assert answer.status_code in (302, 403)
        assert b"Nobody acts" not in answer.content


def test_a_draft_that_cannot_be_played_says_why(kept, admin_client):
    broken = with_times()
    broken["stages"][0]["buttons"] = []
    broken["stages"][0]["auto_button"] = ""
    save_draft(kept.definition, broken)

    page = admin_client.get(reverse("cases:rehearsals", args=["course-booking"]))
    assert b"Mend this first" in page.content
    played = admin_client.get(reverse("cases:rehearsal", args=["course-booking", kept.pk]))
    assert b"cannot be played yet" in played.content


def test_unnamed_rehearsals_are_forgotten_after_a_week(kept):
    with wallclock.instead(BEGINS):
        Rehearsal.objects.create(definition=kept.definition, family=PLAIN)
    with transaction.atomic():
        job = jobs.enqueue(keeping.FORGET, key="forget", payload={})
    jobs.run_job.call_local(job.pk)

    assert list(Rehearsal.objects.all()) == [kept]
