"""A batch of a thousand cases. Called inside a hub (tests/harness.py), as tests/crash.py is."""

from django.contrib.auth import get_user_model
from django.db.models import Count

from cms.models import Area, Job, MusicCentre
from cms.roles import grant, sync_roles
from tests.casework import BOOKING
from workflows import batch
from workflows.compile import publish
from workflows.engine import open_case
from workflows.models import BatchRun, Case, CaseEvent


def a_thousand(number=1000):
    """So many new cases, and a batch that presses the same button on each: the batch's key."""
    sync_roles()
    area = Area.objects.create(name="West", slug="west")
    centre = MusicCentre.objects.create(
        name="Hill Centre", slug="hill", area=area, address="1 Hill Road", postcode="AL1 1AA"
    )
    publish(BOOKING)
    officer = get_user_model().objects.create_user("officer")
    grant(officer, "bookings")
    for each in range(number):
        open_case(
            workflow_slug="course-booking",
            subject=centre,
            title="One child",
            reference=f"SW-{each:04}",
            centre=centre,
        )
    stages = dict(Case.objects.values_list("pk", "stage_key"))
    return batch.begin(officer, stages, "confirm", label="Confirm", comment="").pk


def standing(batch_id):
    """How far it is, as its page says, and what has become of the cases."""
    run = BatchRun.objects.get(pk=batch_id)
    moved = CaseEvent.objects.filter(kind="moved").values("case").annotate(times=Count("pk"))
    return {
        **batch.progress(run),
        "refused": len(run.refused),
        "moved": moved.count(),
        "twice": moved.filter(times__gt=1).count(),
        "confirmed": Case.objects.filter(stage_key="confirmed").count(),
        "job": Job.objects.get(key=f"batch-{batch_id}").state,
    }
