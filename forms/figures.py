"""How many families are on each step now, and how many left at each, without reading an answer.

Only the keys of visited steps and two dates of a journey are read, never what was written.
"""

from collections import Counter
from datetime import timedelta

from django.contrib.contenttypes.models import ContentType
from django.db.models import (
    CharField,
    Count,
    Exists,
    F,
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

from .models import FormDefinition, FormVersion, Journey

PERIOD_DAYS = 30
MOST_JOURNEYS = 20_000


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
    """`{step key: {"now", "reached", "left"}}` over journeys of every version of a form.

    `now` counts unfinished journeys whose last page is that step. Of the journeys begun within
    `days`, `reached` counts those that came to it and `left` those that went no further and were
    not sent; both look at the latest MOST_JOURNEYS of them.
    """
    now, reached, left = Counter(), Counter(), Counter()
    since = timezone.now() - timedelta(days=days)
    rows = (
        Journey.objects.filter(version__form=definition)
        .filter(Q(submitted_at=None, expires_at__gt=timezone.now()) | Q(began_at__gte=since))
        .order_by(F("began_at").desc())
        .values_list("visited", "submitted_at", "began_at")[:MOST_JOURNEYS]
    )
    for visited, submitted_at, began_at in rows:
        if not visited:
            continue
        if submitted_at is None:
            now[visited[-1]] += 1
        if began_at >= since:
            reached.update(set(visited))
            if submitted_at is None:
                left[visited[-1]] += 1
    return {
        key: {"now": now[key], "reached": reached[key], "left": left[key]}
        for key in {*now, *reached}
    }
