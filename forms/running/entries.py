"""The calendar entry of a booking as it changes: moved with the booking, taken away with it.

One entry for each booking, under the uid of its first letter; its sequence grows with time, so a
diary keeps the newest whatever order the letters arrive in. It names no child: diaries are shared.
"""

from django.utils import timezone
from django.utils.translation import gettext as _

from cms import ics, mail
from cms.models import CourseDate
from forms.models import Submission


def uid_of(submission: Submission) -> str:
    """The uid that forms.letters gave the entry of the first letter."""
    return f"booking-{submission.reference.lower()}@hub"


def entry_for(
    submission: Submission, date: CourseDate, *, is_cancelled: bool = False
) -> mail.Attachment:
    """The booking on this date for a diary, newer than any that was sent before this second."""
    now = timezone.now()
    content = ics.entry(
        uid=uid_of(submission),
        title=str(date.course),
        starts_at=date.starts_at,
        ends_at=date.ends_at,
        where=ics.place_of(date),
        times=ics.times_of(date),
        about=_("Reference %(reference)s") % {"reference": submission.reference},
        changed_at=now,
        sequence=max(1, int((now - submission.submitted_at).total_seconds())),
        is_cancelled=is_cancelled,
    )
    kind = ics.CANCEL_CONTENT_TYPE if is_cancelled else ics.CONTENT_TYPE
    return mail.Attachment(f"{date.reference}.ics", kind, content)
