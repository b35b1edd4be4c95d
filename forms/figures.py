"""How many families are on each step now, and how many left at each.

Where a family stands follows from its answers, so they are walked in memory; nothing but counts by
step leaves this module. What was sent is counted once, in the night after (`tally_sent`), and what
is forgotten before that when it goes (`tally`): so a long period is read from a few rows, and only
journeys of today and those under way are walked, each once for each change of its answers.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta

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
    Sum,
)
from django.db.models.functions import Cast, Coalesce
from django.utils import timezone
from wagtail.models import Revision, WorkflowState

from cms import clock, jobs

from .journeys import walked
from .models import FormDefinition, FormVersion, Journey, StepTally, facts_for
from .walk import walk

PERIOD_DAYS = 30
CHUNK = 200
#: How many journeys' ways a process remembers before it begins anew.
MOST_REMEMBERED = 50_000
_remembered: dict[tuple, tuple[tuple[str, ...], str]] = {}


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
    """`{step key: {"now", "reached", "left"}}` of a form, whichever its versions.

    `now` counts unfinished journeys that wait at that step. Of the journeys begun within `days`,
    `reached` counts those that came to it and `left` those that wait there unsent, or were deleted
    unsent. Every journey is counted.
    """
    now, reached, left = Counter(), Counter(), Counter()
    this_moment = timezone.now()
    since = this_moment - timedelta(days=days)
    for began_at, expires_at, steps, last in _ways(definition, since):
        if last and expires_at > this_moment:
            now[last] += 1
        if began_at >= since:
            reached.update(steps)
            left.update([last] if last else [])
    for row in (
        StepTally.objects.filter(form=definition, day__gte=since.date())
        .order_by()
        .values("step")
        .annotate(reached=Sum("reached"), left=Sum("left"))
    ):
        reached[row["step"]] += row["reached"]
        left[row["step"]] += row["left"]
    return {
        key: {"now": now[key], "reached": reached[key], "left": left[key]}
        for key in {*now, *reached}
    }


def _ways(definition: FormDefinition, since: datetime) -> Iterator[tuple]:
    """`(began_at, expires_at, steps, last)` of each journey that no tally counts."""
    rows = (
        Journey.objects.filter(version__form=definition, is_tallied=False)
        .filter(Q(submitted_at=None, expires_at__gt=timezone.now()) | Q(began_at__gte=since))
        .exclude(submission__anonymised_at__isnull=False)
        .order_by()
        .values_list("pk", "key", "rev", "submitted_at", "began_at", "expires_at")
    )
    today = timezone.localdate()  # a rule may look at the day
    found = [(pk, (key, rev, sent, today), began, ends) for pk, key, rev, sent, began, ends in rows]
    if len(_remembered) > MOST_REMEMBERED:
        _remembered.clear()
    missing = {pk: mark for pk, mark, *_rest in found if mark not in _remembered}
    versions = {version.pk: version for version in definition.versions.all()} if missing else {}
    keys = [*missing]
    for start in range(0, len(keys), CHUNK):
        journeys = (
            Journey.objects.filter(pk__in=keys[start : start + CHUNK])
            .select_related("offering", "submission")
            .defer("submission__labels", "submission__price")
        )
        for journey in journeys:
            journey.version = versions[journey.version_id]
            steps, last = came_to(journey)
            _remembered[missing[journey.pk]] = (tuple(steps), last)
    for _pk, mark, began_at, expires_at in found:
        if mark in _remembered:  # else it was deleted this moment
            yield began_at, expires_at, *_remembered[mark]


def came_to(journey: Journey) -> tuple[list[str], str]:
    """Keys of the steps a family came to, and of the one it waits at: "" once it was sent."""
    if journey.submitted_at:
        seen = walk(
            journey.version.compiled, journey.submission.answers, facts=facts_for(journey.offering)
        )
        return [step.key for step in seen.steps], ""
    steps = []
    for step in walked(journey).steps:
        steps.append(step.key)
        if step.kind == "questions" and not step.is_complete:
            break
    return steps, steps[-1] if steps else ""


def tally(*journeys: Journey) -> None:
    """Keep the counts of journeys that were sent or are about to be forgotten, by the day they
    began. Each is counted once.

    Inside the caller's transaction. Numbers of steps and nothing else: they say nothing of whom.
    """
    counts: dict[tuple, Counter] = defaultdict(Counter)
    new = [journey for journey in journeys if not journey.is_tallied]
    for journey in new:
        steps, last = came_to(journey)
        day = timezone.localtime(journey.began_at).date()
        for step in steps:
            counts[(journey.version.form_id, day, step)].update(reached=1, left=int(step == last))
    for (form_id, day, step), more in sorted(counts.items()):
        row, _made = StepTally.objects.get_or_create(form_id=form_id, day=day, step=step)
        StepTally.objects.filter(pk=row.pk).update(
            reached=F("reached") + more["reached"], left=F("left") + more["left"]
        )
    Journey.objects.filter(pk__in=[journey.pk for journey in new]).update(is_tallied=True)
    for journey in new:
        journey.is_tallied = True


@jobs.handlers("forms.tally_sent")
def tally_sent(run: jobs.JobRun) -> None:
    """Count what was sent before today, so that nobody walks it again to draw a map."""
    today = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    waiting = (
        Journey.objects.filter(submitted_at__lt=today, is_tallied=False)
        .exclude(submission__anonymised_at__isnull=False)
        .order_by("pk")
    )
    while batch := list(waiting.filter(pk__gt=run.cursor).values_list("pk", flat=True)[:CHUNK]):
        with run.chunk(to=batch[-1], count=len(batch)):
            locked = (
                waiting.filter(pk__in=batch)
                .select_for_update(of=("self",))
                .select_related("version", "offering", "submission")
            )
            tally(*locked)


clock.daily("forms.tally_sent", at="02:50")
