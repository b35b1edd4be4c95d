"""How many families are on each step now, and how many left at each.

Where a family stands follows from its answers, so they are walked in memory; nothing but counts by
step leaves this module.
"""

from collections import Counter
from datetime import timedelta

from django.contrib.contenttypes.models import ContentType
from django.db.models import (
    CharField,
    Count,
    Exists,
    IntegerField,
    Max,
    OuterRef,
    Prefetch,
    Q,
    QuerySet,
    Subquery,
)
from django.db.models.functions import Cast, Coalesce
from django.utils import timezone
from wagtail.models import Revision, WorkflowState

from .journeys import walked
from .models import FormDefinition, FormVersion, Journey
from .walk import Walk

PERIOD_DAYS = 30
MOST_JOURNEYS = 500


def with_figures(definitions: QuerySet) -> QuerySet:
    """Forms with `number` and `published_at` of the latest version, journeys `under_way`."""
    versions = FormVersion.objects.filter(form=OuterRef("pk")).order_by().values("form")
    journeys = (
        Journey.objects.filter(
            version__form=OuterRef("pk"), submitted_at=None, expires_at__gt=timezone.now()
        )
        .order_by()
        .values("version__form")
    )
    waiting = Revision.objects.filter(
        content_type=ContentType.objects.get_for_model(FormDefinition),
        object_id=Cast(OuterRef("pk"), CharField()),
        approved_go_live_at__isnull=False,
    )
    in_review = Prefetch(
        "workflow_states",
        WorkflowState.objects.active().select_related("current_task_state__task"),
        to_attr="_current_workflow_states",
    )
    definitions = definitions.select_related("latest_revision").prefetch_related(in_review)
    return definitions.annotate(
        is_scheduled=Exists(waiting),
        number=Subquery(versions.annotate(most=Max("number")).values("most")),
        published_at=Subquery(versions.annotate(last=Max("published_at")).values("last")),
        under_way=Coalesce(
            Subquery(journeys.annotate(n=Count("pk")).values("n"), output_field=IntegerField()), 0
        ),
    )


def step_figures(definition: FormDefinition, *, days: int = PERIOD_DAYS) -> dict[str, dict]:
    """`{step key: {"now", "reached", "left"}}` over the latest MOST_JOURNEYS journeys of a form.

    `now` counts unfinished journeys that wait at that step. Of the journeys begun within `days`,
    `reached` counts those that came to it and `left` those that wait there unsent.
    """
    now, reached, left = Counter(), Counter(), Counter()
    since = timezone.now() - timedelta(days=days)
    versions = {version.pk: version for version in definition.versions.all()}
    journeys = (
        Journey.objects.filter(version__in=versions)
        .filter(Q(submitted_at=None, expires_at__gt=timezone.now()) | Q(began_at__gte=since))
        .select_related("offering")
        .order_by("-began_at")[:MOST_JOURNEYS]
    )
    for journey in journeys:
        journey.version = versions[journey.version_id]
        came_to = _came_to(walked(journey))
        if not came_to:
            continue
        waits = journey.submitted_at is None
        now[came_to[-1]] += waits
        if journey.began_at >= since:
            reached.update(came_to)
            left[came_to[-1]] += waits
    return {
        key: {"now": now[key], "reached": reached[key], "left": left[key]}
        for key in {*now, *reached}
    }


def _came_to(seen: Walk) -> list[str]:
    """Keys of the steps up to the one that waits for an answer."""
    keys = []
    for step in seen.steps:
        keys.append(step.key)
        if step.kind == "questions" and not step.is_complete:
            break
    return keys
