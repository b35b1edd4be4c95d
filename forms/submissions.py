"""Sending a form in: once, whole or not at all.

One transaction locks the journey, makes its places the family's for good, writes the submission
with every label as it read, opens the case and promises the letter. Pressed twice, or twenty times
at once, it answers with the same submission. Answers to questions that are hidden are left behind
here for ever: the journey is emptied once its submission stands.

Places are confirmed here and not by a member of staff later: from the moment that a family has its
reference its places count like any others. The workflow's `confirm_place` only says so again. Only
a form that is paid at once keeps them for so long as paying takes (forms.paying).
"""

from django.db import transaction
from django.utils import timezone

from forms import (
    asking_more,
    attachments,
    children,
    codes,
    evidence_later,
    journeys,
    letters,
    paying,
    remission,
)
from forms.answers import marks
from forms.family.links import seal
from forms.models import Journey, Submission
from forms.pricing import Price, places_in
from forms.references import new_reference
from forms.running import clashing
from forms.summary import area_of, contact_of, for_the_case, title_of
from forms.translating import plain, speaking
from forms.versions import version_of
from forms.walk import Walk
from workflows.engine import open_case

#: What a journey loses or gains when it is sent.
CLOSED = (
    *("answers", "suggested", "submitted_at", "held_until"),
    *("resume_hash", "resume_email", "resume_expires_at"),
)


class IncompleteError(Exception):
    """Something is still to be asked. `walk` says what."""

    def __init__(self, walk: Walk):
        super().__init__("The form is not complete.")
        self.walk = walk


class PriceChangedError(Exception):
    """The price is no longer the one that the family saw. `price` is what it is now."""

    def __init__(self, price: Price | None):
        super().__init__("The price has changed.")
        self.price = price


def submit(journey: Journey, *, seen_pence: int | None = None) -> Submission:
    """Send a journey in; the submission, the same one whenever it is asked again.

    `seen_pence` is the price that the family saw on the check page. Raises IncompleteError,
    PriceChangedError, cms.places.PlacesError (no place any more); then nothing has changed.
    """
    with transaction.atomic():
        locked = journeys.row_of("id", journey.pk, lock=True)
        if locked is None:
            raise Journey.DoesNotExist
        if done := already_sent(locked):
            return done
        is_same = locked.version_id == journey.version_id
        locked.version = (
            plain(journey.version) if is_same else version_of(locked.version_id, locked.digest)
        )
        with speaking(""):  # what is kept is read by staff, whatever the family reads
            return _submit(locked, seen_pence)


def _submit(locked: Journey, seen_pence: int | None) -> Submission:
    seen = journeys.walked(locked)
    if not seen.is_complete:
        raise IncompleteError(seen)
    code = codes.given(locked.version, seen.answers, lock=True)
    if remission.asks(locked.version.compiled):
        paying.lock_dates(locked)
    asked = journeys.wanted_help(locked, seen, lock=True)
    price = journeys.price(locked, seen, code, asked)
    if seen_pence is not None and price is not None and price.pence != seen_pence:
        raise PriceChangedError(price)
    offering, pay_by = None, None
    if places_in(locked.version.compiled, seen.answers):
        pay_by = paying.keep_places(locked, price)
        offering = locked.offering
    submission = _write(locked, seen, price, offering or locked.offering)
    account = paying.open_account(submission, price, pay_by=pay_by)
    if account and asked and price.help_pence:
        evidence_later.ask(remission.claim(account, price, asked, submission), submission)
    paying.send_bill(account, submission)
    if code:
        codes.note_use(code, submission)
    return submission


def already_sent(journey: Journey) -> Submission | None:
    """What this journey became, when somebody pressed before. Call it with the row locked."""
    return Submission.objects.filter(journey=journey).first() if journey.submitted_at else None


def _write(journey: Journey, seen: Walk, price: Price | None, offering: object) -> Submission:
    name, email = contact_of(journey.version.compiled, seen.answers)
    submission = Submission.objects.create(
        journey=journey,
        contact_seal=seal(email) if email else "",
        version=journey.version,
        reference=new_reference(journey.version, offering),
        offering=offering,
        answers=seen.answers,
        labels=for_the_case(seen),
        price=price.as_data() if price else None,
    )
    marks.mark(submission)
    children.mark(submission)
    if workflow := journey.version.compiled.get("workflow"):
        open_case(
            workflow_slug=workflow,
            subject=submission,
            title=title_of(submission),
            reference=submission.reference,
            centre=offering.centre if offering else None,
            area=None if offering else area_of(journey.version.compiled, seen.answers),
            contact_name=name,
            contact_email=email,
        )
    clashing.notice(submission)
    letters.send_received(submission, to=email, contact_name=name)
    asking_more.form_arrived(journey)
    _close(journey, seen)
    return submission


def _close(journey: Journey, seen: Walk) -> None:
    """The submission holds what was sent; of the rest nothing stays."""
    hidden = attachments.ids_in(journey.answers) - attachments.ids_in(seen.answers)
    attachments.forget(journey, hidden)
    journey.answers, journey.suggested = {}, {}
    journey.submitted_at = timezone.now()
    journey.held_until = None
    journey.resume_hash, journey.resume_email, journey.resume_expires_at = "", "", None
    journey.save(update_fields=CLOSED)
