"""Films of auditions go after the season, by the round's own day, whatever became of the player.

A member's case stays open for the year, so the promise of the form, which counts from the end of a
case, would keep a child's film as long. What somebody holds back is left alone here, too.
"""

from datetime import timedelta

from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.utils import timezone

from cms import clock, jobs
from forms import forgetting
from forms.models import Submission
from workflows.models import AuditionRound, Case
from workflows.seasons.rounds import names_in

KIND = "forms.forget_films"


@jobs.handlers(KIND)
def forget_films(run: jobs.JobRun) -> None:
    """Drop the film answers of every round whose day for it has come; again changes nothing."""
    for made in AuditionRound.objects.filter(result_at__lt=timezone.now()).order_by("pk"):
        if made.result_at + timedelta(days=made.films_days) > timezone.now():
            continue
        keys = set(names_in(made.film_questions))
        for pk in _still_kept(made, keys):
            with run.chunk(to=pk, count=1):
                forget_one(pk, keys, made)


def _still_kept(made: AuditionRound, keys: set[str]) -> list[int]:
    kind = ContentType.objects.get_for_model(Submission)
    cases = Case.objects.filter(entrant__round=made, subject_type=kind).order_by()
    subjects = [int(pk) for pk in cases.values_list("subject_id", flat=True)]
    kept = Submission.objects.filter(pk__in=subjects, anonymised_at=None, hold_reason="")
    rows = kept.values_list("pk", "dropped")
    return sorted(pk for pk, dropped in rows if not keys <= set(dropped))


def forget_one(pk: int, keys: set[str], made: AuditionRound) -> None:
    """The films of one application: answers, files and links."""
    with transaction.atomic():
        locked = Submission.objects.select_for_update(of=("self",)).filter(pk=pk).first()
        if locked is None or locked.hold_reason:
            return
        forgetting.drop_answers(locked, keys, because={"films of round": made.pk})


clock.daily(KIND, at="03:20")
