"""What was sent in is forgotten when its form said so, by how it ended, and leaves no trace."""

import copy
import logging
from datetime import timedelta

import pytest
from django.apps import apps
from django.core.cache import cache
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from cms import audit, clock, jobs, places
from cms.models import AccessLogEntry, Job, OutboxMessage, Place
from forms import retention
from forms.due import ANSWERS, Promises, everything_due
from forms.models import (
    AnswerMark,
    Attachment,
    ForgottenCount,
    FormVersion,
    Journey,
    Submission,
)
from forms.secrecy import EncryptedJSONField
from tests.journeys import (
    PNG,
    Family,
    a_course_date,
    answers_of_a_family,
    publish_form,
    songwriter_package,
)
from tests.test_forms_answers import ROWAN, SIZE, WHO, sent, signed_in, staff
from tests.test_forms_retention import everything_stored
from workflows.engine import perform
from workflows.models import ActionRun, Case, CaseEvent

pytestmark = pytest.mark.django_db

CANARIES = {
    "child_name": "Canarybird",
    "booker": "Wagtailson",
    "mail": "canary.family@example.org",
    "phone": "7700900123",
    "allergy": "Zwiebelkuchen",
    "collector": "Grandma Nightjar",
    "comment": "Told Nightingale by phone",
    "file": "letter-of-the-canary.png",
}


def publish(**retention_of_form):
    package = songwriter_package()
    package["form"]["retention"] = retention_of_form
    return publish_form(package.pop("form"), **{k: v for k, v in package.items() if k != "package"})


@pytest.fixture
def booked(django_capture_on_commit_callbacks):
    """A family's booking with everything in it, and a course that was nine weeks ago."""
    publish(unsuccessful={"days": 60}, completed={"days": 90, "then": "anonymise"})
    date = a_course_date()
    family = Family()
    family.start()
    answers = answers_of_a_family(
        children=2,
        email=CANARIES["mail"],
        mobile="07700 900123",
        booker_name={"first": "Rowan", "last": CANARIES["booker"]},
        has_needs="yes",
        allergies=CANARIES["allergy"],
        goes_home="collected",
        may_collect=CANARIES["collector"],
        wants_help="yes",
        help_basis="service",
    )
    answers["child"][0]["child_name"]["last"] = CANARIES["child_name"]
    with django_capture_on_commit_callbacks(execute=True):
        family.walk(answers | {"evidence": [(CANARIES["file"], PNG)]})
        family.send()
    submission = Submission.objects.get()
    ago = timezone.now() - timedelta(days=64)
    type(date).objects.filter(pk=date.pk).update(
        starts_at=ago,
        ends_at=ago + timedelta(hours=6),
        booking_opens_at=ago - timedelta(days=90),
        booking_closes_at=ago,
    )
    Submission.objects.update(submitted_at=ago - timedelta(days=20))
    return submission


def close(submission, *buttons, days_ago):
    for button in buttons:
        case = Case.objects.get(reference=submission.reference)
        perform(case.pk, button, by=None, comment=CANARIES["comment"])
    Case.objects.update(closed_at=timezone.now() - timedelta(days=days_ago))


def ended(submission, *, days_ago):
    day = timezone.now() - timedelta(days=days_ago)
    type(submission.offering).objects.update(
        booking_opens_at=day - timedelta(days=90),
        booking_closes_at=day - timedelta(hours=9),
        starts_at=day - timedelta(hours=6),
        ends_at=day,
    )


def night(key="night"):
    with transaction.atomic():
        job = jobs.enqueue("forms.forget_submissions", key=key, payload={})
    jobs.run_job.call_local(job.pk)
    assert Job.objects.get(pk=job.pk).state == Job.State.DONE


def everything_readable():
    """Every text of every table, sealed ones opened, every private file, and the cache."""
    found = everything_stored()
    for model in apps.get_models():
        sealed = [f.name for f in model._meta.concrete_fields if isinstance(f, EncryptedJSONField)]
        if sealed:
            found += [str(row) for row in model._base_manager.values_list(*sealed)]
    found.append(str(getattr(cache, "_cache", "")))
    return "\n".join(found)


def traces(*extra):
    stored = everything_readable()
    return sorted(name for name, word in [*CANARIES.items(), *extra] if str(word) in stored)


def test_the_canaries_are_there_to_be_found(booked):
    close(booked, "cancel", days_ago=1)

    assert traces() == sorted(CANARIES)


def test_of_a_declined_application_nothing_is_left(
    booked, caplog, django_capture_on_commit_callbacks
):
    close(booked, "cancel", days_ago=61)
    journey = booked.journey
    marks = [("reference", booked.reference), ("key", journey.key), ("owner", journey.owner_hash)]
    file = Attachment.objects.get().file
    assert file.storage.exists(file.name)
    with caplog.at_level(logging.DEBUG), django_capture_on_commit_callbacks(execute=True):
        night()

    assert traces(*marks, ("file", file.name)) == []
    assert [word for word in CANARIES.values() if word in caplog.text] == []
    kept = (Submission, Journey, Attachment, AnswerMark, Case, CaseEvent, ActionRun, OutboxMessage)
    assert [model.__name__ for model in kept if model.objects.exists()] == []
    entry = AccessLogEntry.objects.order_by("pk").last()
    assert (entry.actor, entry.action, entry.record_id) == ("The hub", "delete", str(booked.pk))
    assert audit.verify().is_whole


def test_a_declined_application_is_kept_until_its_day(booked):
    close(booked, "cancel", days_ago=59)
    night()

    assert Submission.objects.get().answers["booker_name"]["last"] == CANARIES["booker"]


def test_of_a_completed_application_only_what_says_nothing_of_whom_is_left(
    booked, django_capture_on_commit_callbacks
):
    close(booked, "confirm", "finish", days_ago=91)
    ended(booked, days_ago=91)
    before = (booked.reference, booked.journey.key, booked.journey.owner_hash)
    with django_capture_on_commit_callbacks(execute=True):
        night()

    assert traces(*((word, word) for word in before)) == []
    left = Submission.objects.get()
    assert left.anonymised_at is not None
    assert left.reference.startswith("ANON-")
    assert left.answers["likes"] == ["words", "singing"]
    assert set(left.answers) == {
        *("all_in_age", "in_county", "child", "likes", "brings", "relationship", "responsibility"),
        *("emergency", "goes_home", "allows", "song_name", "wants_help"),
    }
    assert left.answers["child"] == [{}, {}]
    case = Case.objects.get()
    assert (case.reference, case.contact_name, case.contact_email) == (left.reference, "", "")
    assert [event.to_stage for event in case.events.all()] == ["new", "confirmed", "finished"]
    assert Place.objects.filter(state=Place.State.CONFIRMED).count() == 2
    assert places.left_on(booked.offering_id) == 18


def test_an_anonymous_application_is_still_counted_and_filtered(booked):
    close(booked, "confirm", "finish", days_ago=99)
    ended(booked, days_ago=99)
    night()
    question = next(
        q for s in booked.version.compiled["steps"] for q in s["questions"] if q["key"] == "likes"
    )
    client = signed_in(staff("ada", "bookings"))
    address = reverse("answers:list", args=["songwriter-booking"])
    answer = client.get(f"{address}?answer-{question['id']}=words")

    assert [row["submission"].pk for row in answer.context["rows"]] == [booked.pk]
    one = client.get(reverse("answers:one", args=["songwriter-booking", booked.pk]))
    assert one.status_code == 200
    assert CANARIES["booker"] not in one.content.decode()


def test_health_and_collection_go_thirty_days_after_the_course_and_the_rest_stays(
    booked, django_capture_on_commit_callbacks
):
    close(booked, "confirm", "finish", days_ago=31)
    file = Attachment.objects.get().file
    with django_capture_on_commit_callbacks(execute=True):
        night()

    assert traces() == ["booker", "child_name", "comment", "mail", "phone"]
    left = Submission.objects.get()
    assert {"allergies", "may_collect", "evidence"} & set(left.answers) == set()
    assert set(left.dropped) >= {"allergies", "may_collect", "evidence"}
    assert not file.storage.exists(file.name)
    night("next night")
    assert ForgottenCount.objects.values_list("then", "number").get() == (ANSWERS, 1)


def test_nothing_of_an_open_case_goes_and_the_list_says_why(booked):
    Submission.objects.update(submitted_at=timezone.now() - timedelta(days=4000))
    night()

    assert traces() == sorted(set(CANARIES) - {"comment"})
    page = signed_in(staff("ada", "bookings")).get(reverse("answers:keeping")).content.decode()
    assert booked.reference in page
    assert "Its case is still open." in page


def test_what_is_held_back_stays_until_it_is_let_go(booked):
    close(booked, "cancel", days_ago=61)
    ada, address = staff("ada", "bookings"), reverse("answers:hold", args=[booked.pk])
    assert signed_in(staff("centre", "centre_admin")).post(address, {"reason": "incident 12"}).status_code in (302, 403)  # fmt: skip
    assert Submission.objects.get().hold_reason == ""
    signed_in(ada).post(address, {"reason": "no"})
    assert Submission.objects.get().hold_reason == ""
    signed_in(ada).post(address, {"reason": "Incident form 12"})
    night()
    assert Submission.objects.exists()
    assert "Incident form 12" in signed_in(ada).get(reverse("answers:keeping")).content.decode()

    signed_in(ada).post(address, {"let_go": "1"})
    night("next")
    assert not Submission.objects.exists()
    done = AccessLogEntry.objects.filter(action__in=["hold", "release", "delete"]).order_by("pk")
    assert [(e.actor, e.action) for e in done] == [
        ("ada", "hold"),
        ("ada", "release"),
        ("The hub", "delete"),
    ]


def test_a_case_out_of_reach_cannot_be_held_back_or_looked_at(booked):
    close(booked, "cancel", days_ago=61)
    user = staff("ensembles", "ensembles_manager")

    address = reverse("answers:hold", args=[booked.pk])
    assert signed_in(user).post(address, {"reason": "Incident 12"}).status_code == 404
    page = signed_in(user).get(reverse("answers:keeping")).content.decode()
    assert booked.reference not in page


def test_the_list_shows_what_the_night_will_do_and_changes_nothing(booked):
    close(booked, "cancel", days_ago=55)
    client = signed_in(staff("ada", "bookings"))
    address = reverse("answers:keeping")
    before = everything_readable().count("\n")

    tonight = client.get(address).context["rows"]
    month = client.get(f"{address}?days=30").context["rows"]

    assert [row["item"].then for row in tonight] == [ANSWERS]
    assert [(row["item"].then, row["item"].submission.pk) for row in month] == [
        ("delete", booked.pk)
    ]
    assert Submission.objects.count() == 1
    assert everything_readable().count("\n") == before + 2  # the two looks, in the access log


def test_the_report_counts_by_night_form_and_outcome_and_names_nobody(booked):
    close(booked, "cancel", days_ago=61)
    night()

    row = ForgottenCount.objects.get()
    assert (row.day, row.outcome, row.then, row.number) == (
        timezone.localdate(),
        "unsuccessful",
        "delete",
        1,
    )
    page = signed_in(staff("ada", "bookings")).get(reverse("answers:keeping")).content.decode()
    assert "Declined, cancelled or withdrawn" in page


def test_a_case_that_is_taken_up_again_at_the_last_moment_is_left_alone(booked, monkeypatch):
    close(booked, "cancel", days_ago=61)
    item = next(everything_due())
    Case.objects.update(stage_key="new", stage_kind="open", closed_at=None)
    with transaction.atomic():
        retention._carry_out(item, Promises(), timezone.now())

    assert Submission.objects.exists()


def test_a_later_version_shortens_what_was_promised_and_never_lengthens_it():
    def version(days):
        form = {
            "slug": "borrow",
            "title": "Borrow",
            "retention": {"completed": {"days": days, "then": "delete"}},
            "steps": [{"key": "you", "title": "You", "questions": [copy.deepcopy(WHO), SIZE]}],
        }
        return publish_form(form)

    def is_due():
        return [item.submission for item in everything_due()] == [old]

    old = sent(version(50), who=ROWAN["who"], size="small")
    Submission.objects.update(submitted_at=timezone.now() - timedelta(days=40))
    assert not is_due()
    version(30)
    assert is_due()
    version(90)
    assert not is_due()
    Submission.objects.update(submitted_at=timezone.now() - timedelta(days=51))
    assert is_due()


def test_a_form_without_any_process_counts_from_the_day_it_was_sent():
    form = {
        "slug": "contact",
        "title": "Contact",
        "retention": {"completed": {"days": 10, "then": "delete"}},
        "steps": [{"key": "you", "title": "You", "questions": [WHO, SIZE]}],
    }
    published = publish_form(form)
    young, old = sent(published), sent(published)
    Submission.objects.filter(pk=old.pk).update(submitted_at=timezone.now() - timedelta(days=11))
    night()

    assert list(Submission.objects.all()) == [young]
    assert FormVersion.objects.exists()


def test_it_runs_every_night():
    assert clock.tasks["forms.forget_submissions"].at.isoformat("minutes") == "03:15"


def test_a_job_that_is_stopped_after_every_part_forgets_each_once(monkeypatch):
    form = {
        "slug": "contact",
        "title": "Contact",
        "retention": {"completed": {"days": 1, "then": "delete"}},
        "steps": [{"key": "you", "title": "You", "questions": [WHO]}],
    }
    published = publish_form(form)
    for _number in range(7):
        sent(published)
    Submission.objects.update(submitted_at=timezone.now() - timedelta(days=2))
    monkeypatch.setattr(retention, "CHUNK", 2)
    monkeypatch.setattr(retention, "READ_AHEAD", 3)
    monkeypatch.setattr(jobs, "TURN", -1)
    with transaction.atomic():
        job = jobs.enqueue("forms.forget_submissions", key="stops", payload={})
    for _turn in range(12):
        Job.objects.update(not_before=timezone.now())
        jobs.run_job.call_local(job.pk)

    assert not Submission.objects.exists()
    assert ForgottenCount.objects.get().number == 7
