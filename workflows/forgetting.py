"""Taking a family out of a case: the whole case, or only the words that say who it was.

Called inside the transaction of whoever keeps the promise (forms.forgetting). History is written
once, and this is the one exception: a comment may name somebody, and a promise to forget is worth
more than the comment. What was done, when and by which member of staff stays.
"""

from django.db.models import Q, QuerySet

from cms.models import OutboxMessage

from .models import ActionRun, Case, CaseEvent, Review, ReviewRound


def forget(case: Case) -> None:
    """Delete a case, its history and the letters about it."""
    _letters(case).delete()
    case.delete()


def anonymise(case: Case, *, reference: str) -> None:
    """Keep which stages it went through and when; forget whom it was about."""
    _letters(case).delete()
    # Past WrittenOnceQuerySet, on purpose.
    QuerySet(CaseEvent).filter(case=case).exclude(comment="").update(comment="")
    ActionRun.objects.filter(event__case=case).update(result="", problem="", options={})
    reviews = Review.objects.filter(round__case=case)
    reviews.update(comments={}, for_panel="", for_applicant="", recused_because="")
    ReviewRound.objects.filter(case=case).update(moderated_reason="")
    Case.objects.filter(pk=case.pk).update(
        reference=reference, contact_name="", contact_email="", assignee=None
    )


def _letters(case: Case) -> QuerySet[OutboxMessage]:
    """Those about the case, about what it is about, and those that asked for its reviews."""
    reviews = Review.objects.filter(round__case=case).values_list("pk", flat=True)
    subject = f"{case.subject_type.app_label}.{case.subject_type.model}"
    return OutboxMessage.objects.filter(
        Q(record_type=Case._meta.label_lower, record_id=str(case.pk))
        | Q(record_type=subject, record_id=case.subject_id)
        | Q(record_type=Review._meta.label_lower, record_id__in=[str(pk) for pk in reviews])
    )
