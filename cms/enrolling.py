"""The rows by which a person joins and leaves a group: found or made once, under the group's lock.

Called inside the caller's transaction. What is written here counts as edited here, so that the
next roster keeps it (cms.ownership).
"""

from datetime import date

from django.db import connection
from django.db.models import Q
from django.utils import timezone

from cms.models import Enrolment, Guardian, MusicGroup, Pupil, PupilGuardian
from cms.ownership import note_edits

NEWCOMERS_LOCK = 1_752_523_362


class NoSuchGroupError(LookupError):
    """No group goes by that name. The message is a sentence for staff."""


class WhichPupilError(LookupError):
    """Nobody can be meant for certain. The message is a sentence for staff."""


def group_named(words: str) -> MusicGroup:
    """The group of that code, or of `centre/name`, locked. Raises NoSuchGroupError."""
    centre, _slash, name = words.strip().partition("/")
    by_name = Q(centre__slug=centre.strip(), name__iexact=name.strip())
    groups = MusicGroup.objects.select_for_update(of=("self",)).filter(left_at=None)
    found = list(groups.filter(Q(external_id=words.strip()) | by_name).order_by("pk")[:2])
    if not found:
        raise NoSuchGroupError(
            f"There is no group “{words}” in the roster. Add it, then try again."
        )
    if len(found) > 1:
        raise NoSuchGroupError(f"Two groups are called “{words}”. Name one by its code.")
    return found[0]


def pupil_named(first: str, last: str, born: date) -> Pupil | None:
    """Who has that name and birthday: None when nobody has. Raises WhichPupilError for several."""
    named = Q(legal_first_name__iexact=first) | Q(known_as__iexact=first)
    found = list(Pupil.objects.filter(named, legal_last_name__iexact=last, date_of_birth=born)[:2])
    if len(found) > 1:
        raise WhichPupilError(
            "Two people in the roster have that name and birthday. Join them there, then try again."
        )
    return found[0] if found else None


def newcomers_in_turn() -> None:
    """From here to the end of the transaction nobody else adds a person to the roster by a case.

    Two cases about one new child would else both find nobody and make the child twice. Call it,
    then look whether the child is known, then add it. Locks of groups come before this one.
    SQLite's IMMEDIATE transactions are such a turn already.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [NEWCOMERS_LOCK])


def add_pupil(
    first: str, last: str, born: date, *, contact_name: str = "", contact_email: str = ""
) -> Pupil:
    """A new person of the roster, with the contact as guardian where there is one."""
    pupil = Pupil.objects.create(legal_first_name=first, legal_last_name=last, date_of_birth=born)
    given, _space, family = contact_name.strip().rpartition(" ")
    if contact_email and given:
        known = Guardian.objects.filter(email__iexact=contact_email, last_name__iexact=family)
        guardian = known.first() or Guardian.objects.create(
            first_name=given[:80], last_name=family[:80], email=contact_email
        )
        PupilGuardian.objects.get_or_create(pupil=pupil, guardian=guardian)
    return pupil


def enrol(pupil: Pupil, group: MusicGroup) -> bool:
    """Put a person into a group from today on. Whether they were not in it already."""
    today = timezone.localdate()
    row = Enrolment.objects.filter(pupil=pupil, group=group).first()
    if row and row.status == Enrolment.Status.ACTIVE and row.left_at is None:
        return False
    row = row or Enrolment(pupil=pupil, group=group)
    row.status, row.left_at = Enrolment.Status.ACTIVE, None
    row.starts_on, row.ends_on = today, None
    note_edits(row, ["status", "starts_on", "ends_on"])
    row.save()
    return True


def leave(pupil: Pupil, group: MusicGroup) -> bool:
    """End a person's time in a group today. Whether they were in it."""
    row = Enrolment.objects.filter(pupil=pupil, group=group).first()
    if row is None or row.status == Enrolment.Status.LEFT:
        return False
    today = timezone.localdate()
    row.status = Enrolment.Status.LEFT
    row.ends_on = max(today, row.starts_on or today)
    note_edits(row, ["status", "ends_on"])
    row.save()
    return True
