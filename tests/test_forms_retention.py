"""An unfinished journey is reminded of once and then gone, wherever one looks."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from cms import jobs, places
from cms.models import Job, OutboxMessage
from forms.models import Attachment, Journey
from tests.journeys import PNG, Family, a_course_date, answers_of_a_family, publish_songwriter
from tests.test_forms_resume import save

pytestmark = pytest.mark.django_db


def run(kind, key):
    with transaction.atomic():
        job = jobs.enqueue(kind, key=key, payload={})
    jobs.run_job.call_local(job.pk)
    assert Job.objects.get(pk=job.pk).state == Job.State.DONE


@pytest.fixture
def unfinished():
    publish_songwriter()
    a_course_date()
    family = Family()
    family.start()
    answers = answers_of_a_family(wants_help="yes", help_basis="service")
    family.walk(answers | {"evidence": [("letter.png", PNG)]}, until="terms")
    save(family, "rowan.canary@example.org")
    return Journey.objects.get()


def everything_stored():
    """Every text of every table, and the name of every private file."""
    found = []
    for model in apps.get_models(include_auto_created=True):
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(model._meta.db_table)}")
            found += [str(row) for row in cursor.fetchall()]
    return found + [str(p) for p in Path(settings.PRIVATE_ROOT).rglob("*") if p.is_file()]


def test_nothing_of_an_expired_journey_is_left(unfinished, django_capture_on_commit_callbacks):
    stored_file = Attachment.objects.get().file.name
    canaries = ["rowan.canary", unfinished.key, unfinished.owner_hash, unfinished.resume_hash]
    canaries += [stored_file, "letter.png", Journey.objects.values_list("pk", flat=True)[0]]
    before = "\n".join(everything_stored())
    assert [c for c in canaries if str(c) not in before] == []

    Journey.objects.update(expires_at=timezone.now())
    with django_capture_on_commit_callbacks(execute=True):
        run("forms.forget_unfinished", "night")

    after = "\n".join(everything_stored())
    assert [c for c in canaries[:-1] if c in after] == []
    assert not Journey.objects.exists()
    assert places.left_on(unfinished.offering_id) == 20


def test_a_journey_with_time_left_is_kept(unfinished):
    run("forms.forget_unfinished", "night")
    assert Journey.objects.get() == unfinished


def test_a_submitted_journey_is_kept_however_old_it_is(unfinished):
    Journey.objects.update(expires_at=timezone.now(), submitted_at=timezone.now())
    run("forms.forget_unfinished", "night")
    assert Journey.objects.exists()


@pytest.mark.parametrize(("days", "told"), [(1, 0), (2.5, 1), (3.5, 0), (28, 0)])
def test_a_reminder_goes_out_three_days_before_the_end(unfinished, days, told):
    Journey.objects.update(expires_at=timezone.now() + timedelta(days=days))
    run("forms.remind_unfinished", "morning")

    assert OutboxMessage.objects.filter(template="form-reminder").count() == told
