"""An application by an invented sample family, written whole: for proofs and for the demo hub.

What `submissions.submit` would write, without its letters, its places and its checks: a sample
brings no real files, and its days may be past by now.
"""

from datetime import timedelta

from django.utils import timezone

from cms.secrecy import hashed, new_token
from forms import children
from forms.answers import marks
from forms.answersets import normal
from forms.models import FormVersion, Journey, Submission
from forms.references import new_reference
from forms.summary import area_of, contact_of, for_the_case, title_of
from forms.walk import walk
from workflows.engine import open_case
from workflows.models import Case


def stand_in(version: FormVersion, answers: dict, *, title: str = "") -> Case:
    """A case at the start of the form's workflow, about these answers. In the caller's transaction.

    The form must have a workflow. `title` is what lists call it, by default what the form says.
    """
    form = version.compiled
    seen = walk(form, normal(form, answers))
    now = timezone.now()
    journey = Journey.objects.create(
        key=new_token(),
        version=version,
        owner_hash=hashed(new_token()),
        resume_email="",
        submitted_at=now,
        expires_at=now + timedelta(days=1),
    )
    submission = Submission.objects.create(
        journey=journey,
        version=version,
        reference=new_reference(version, None),
        answers=seen.answers,
        labels=for_the_case(seen),
    )
    marks.mark(submission)
    children.mark(submission)
    name, email = contact_of(form, seen.answers)
    return open_case(
        workflow_slug=form["workflow"],
        subject=submission,
        title=title or title_of(submission),
        reference=submission.reference,
        area=area_of(form, seen.answers),
        contact_name=name,
        contact_email=email,
    )
