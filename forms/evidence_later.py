"""Evidence for help with costs that a family sends later: asked for at once, and once more.

The question for the file is opened again in the family's folder, as the office does when it asks
for more, with that request's own letter and reminders. Where a case moved on before the family
answered, the night opens it once more.
"""

from datetime import timedelta

from django.utils import timezone

from cms import clock, jobs
from cms.models import HelpClaim
from forms import asking_more, filepages
from forms.models import MoreRequest, Submission
from forms.running.words import case_of

JOB = "forms.ask_for_evidence"
DAYS, CHUNK = 14, 50
ONCE = "evidence-"
WORDS = "You told us that you will send what shows it later. Please send it here."
State, How = HelpClaim.State, HelpClaim.How


def ask(claim: HelpClaim, submission: Submission, *, again: bool = False) -> MoreRequest | None:
    """Open the question, in the caller's transaction; None where there is nothing to ask for."""
    case, questions = case_of(submission), _questions(submission)
    is_due = claim.how == How.LATER and claim.state in (State.CLAIMED, State.WAITING)
    if not is_due or not questions or case is None or has_come(submission):
        return None
    once = f"{ONCE}{claim.pk}" + ("-again" if again else "")
    return asking_more.ask(case, questions=questions, words=WORDS, once=once, days=DAYS)


def is_for_evidence(request: MoreRequest) -> bool:
    """Whether it waits for evidence alone: a family may change other answers meanwhile."""
    return request.once.startswith(ONCE)


def has_come(submission: Submission) -> bool:
    return any(file["group"] == "evidence" for file in filepages.files_of(submission))


def _questions(submission: Submission) -> list[str]:
    """The questions for a file that shows why, where this family met them."""
    asked = {one.name for one in asking_more.askable(submission)}
    return [
        question["key"]
        for step in submission.version.compiled["steps"]
        for question in step["questions"]
        if question["type"] == "file"
        and question["settings"].get("restricted") == "evidence"
        and question["key"] in asked
    ]


@jobs.handlers(JOB)
def ask_again(run: jobs.JobRun) -> None:
    """Who was asked two weeks ago and sent nothing is asked a second time, and no third."""
    late = HelpClaim.objects.filter(
        how=How.LATER,
        state__in=(State.CLAIMED, State.WAITING),
        asked_at__lt=timezone.now() - timedelta(days=DAYS),
    ).select_related("account")
    while batch := list(late.filter(pk__gt=run.cursor).order_by("pk")[:CHUNK]):
        with run.chunk(to=batch[-1].pk, count=len(batch)):
            for claim in batch:
                _once_more(claim)


def _once_more(claim: HelpClaim) -> None:
    submission = Submission.objects.filter(reference=claim.account.reference).first()
    case = case_of(submission) if submission else None
    if case and case.is_open and asking_more.open_request(case) is None:
        ask(claim, submission, again=True)


clock.daily(JOB, at="10:05")
