"""Keeps what officers publish under “You said, we did” (forms.feedback), each press once."""

from forms.feedback import shown_by
from pages.models import FeedbackAnswer


@shown_by("page")
def show(said: str, did: str, once: str) -> None:
    """One line of the page; the same press again changes nothing."""
    FeedbackAnswer.objects.get_or_create(once=once, defaults={"said": said, "did": did})
