"""Forgetting what a family sent: all of it, who they were, or some answers only.

Three verbs, each called inside a transaction that the caller owns. Each locks the submission,
leaves nothing behind in journey, files, case, letters or marks, and writes to the access log that
it was done, by which promise or by whom of the staff, and nothing of whom. Places stay: a course
date keeps its count of who came, and a place holds no name.
"""

from collections.abc import Collection

from django.db.models import Q
from django.utils import timezone

from cms import audit
from cms.models import OutboxMessage, User
from cms.secrecy import new_token
from workflows import forgetting as workflows_forgetting
from workflows.models import Case

from . import attachments, paying, referees
from .answers import marks
from .figures import tally
from .keeping import restricted_in
from .models import ChildMark, Journey, MoreRequest, Submission
from .summary import for_the_case
from .walk import walk

#: Kept when a submission is anonymised: what was chosen from a list says little about whom.
KEPT_TYPES = frozenset(
    {"yes_no", "radios", "select", "checkboxes", "instrument", "grade", "matrix"}
)


def delete(
    submission: Submission, case: Case | None, *, because: dict, by: User | None = None
) -> None:
    """Nothing stays but the line in the access log."""
    journey = submission.journey
    audit_as = Submission(pk=submission.pk)
    tally(journey)
    if case is not None:
        referees.forget(case)
        workflows_forgetting.forget(case)
    paying.forget(submission, reference=f"GONE-{new_token()[:16]}")
    _letters(submission).delete()
    attachments.forget(journey, journey.attachments.values_list("pk", flat=True))
    submission.delete()
    journey.delete()
    audit.record(by, "delete", audit_as, because)


def anonymise(
    submission: Submission, case: Case | None, *, because: dict, by: User | None = None
) -> None:
    """What was chosen stays, for counting; who chose it is gone, the reference too."""
    compiled, journey = submission.version.compiled, submission.journey
    tally(journey)
    reference = f"ANON-{new_token()[:16]}"
    if case is not None:
        referees.forget(case)
        workflows_forgetting.anonymise(case, reference=reference)
    paying.forget(submission, reference=reference)
    _letters(submission).delete()
    attachments.forget(journey, journey.attachments.values_list("pk", flat=True))
    kept = kept_keys(compiled)
    submission.reference, submission.contact_seal = reference, ""
    submission.answers = _without(compiled, submission.answers, kept)
    submission.labels = for_the_case(walk(compiled, submission.answers))
    submission.anonymised_at = timezone.now()
    submission.save()
    submission.marks.all().delete()
    marks.mark(submission)
    submission.changes.all().delete()
    ChildMark.objects.filter(submission=submission).delete()
    MoreRequest.objects.filter(Q(submission=submission) | Q(case=case)).delete()
    Journey.objects.filter(pk=journey.pk).update(
        key=new_token(),
        owner_hash="",
        resume_hash="",
        resume_email="",
        folder_seal="",
        answers={},
        suggested={},
    )
    audit.record(by, "anonymise", submission, because)


def drop_answers(submission: Submission, keys: Collection[str], *, because: dict) -> None:
    """Some answers go before the rest does, with their files and their lines on the case page."""
    compiled = submission.version.compiled
    every = {question["key"] for step in compiled["steps"] for question in step["questions"]}
    gone = set(keys)
    before = attachments.ids_in(submission.answers)
    submission.answers = _without(compiled, submission.answers, every - gone)
    files = submission.journey.attachments.filter(question__in=gone).values_list("pk", flat=True)
    lost = before - attachments.ids_in(submission.answers)
    attachments.forget(submission.journey, lost | set(files))
    words = {
        question["label"]
        for step in compiled["steps"]
        for question in step["questions"]
        if question["key"] in gone
    }
    submission.labels = _labels_without(submission.labels, gone, words)
    for change in submission.changes.all():  # what was said before the family answered again
        change.answers = _without(compiled, change.answers, every - gone)
        change.labels = _labels_without(change.labels, gone, words)
        change.save(update_fields=["answers", "labels"])
    for request in submission.requests.all():
        request.answers = {}
        request.save(update_fields=["answers"])
    paying.forget_reason(submission, gone)
    submission.dropped = sorted({*submission.dropped, *gone})
    submission.save(update_fields=["answers", "labels", "dropped"])
    audit.record(None, "forget", submission, because | {"answers": len(gone)})


def kept_keys(compiled: dict) -> set[str]:
    """The questions whose answers stay when a submission is anonymised."""
    restricted = restricted_in(compiled)
    return {
        question["key"]
        for step in compiled["steps"]
        for question in step["questions"]
        if question["type"] in KEPT_TYPES
        and question["key"] not in restricted
        and not question["settings"].get("personal")
    }


def _without(compiled: dict, answers: dict, kept: set[str]) -> dict:
    """Only the answers to those questions, in repeated steps too."""
    repeated = {step["key"] for step in compiled["steps"] if step["repeat"]}
    found = {}
    for key, value in answers.items():
        if key in repeated and isinstance(value, list):
            found[key] = [
                {one: answer for one, answer in item.items() if one in kept}
                for item in value
                if isinstance(item, dict)
            ]
        elif key in kept:
            found[key] = value
    return found


def _labels_without(labels: list[dict], keys: set[str], words: set[str]) -> list[dict]:
    """Rows of an older submission carry no key: then the words of the question decide."""
    found = []
    for section in labels:
        rows = [
            row
            for row in section["rows"]
            if not (row["key"] in keys if row.get("key") else row["question"] in words)
        ]
        if rows:
            found.append(section | {"rows": rows})
    return found


def _letters(submission: Submission):
    """Letters about the submission, and those about its journey: the links that were mailed."""
    return OutboxMessage.objects.filter(
        record_type=Submission._meta.label_lower, record_id=str(submission.pk)
    ) | OutboxMessage.objects.filter(
        record_type=Journey._meta.label_lower, record_id=str(submission.journey_id)
    )
