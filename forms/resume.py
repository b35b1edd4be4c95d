"""Saving a journey and coming back to it: a link by e-mail, on any device.

The link carries 256 random bits of which only a hash is stored. It works once: opening it shows a
button and asks for the e-mail address again (mail programs open links by themselves, and letters
are forwarded); using it hands the journey to that browser and sends the next link. Unknown, used
and expired links cannot be told apart.
"""

import hmac

from django.db import transaction
from django.utils import timezone

from cms.secrecy import hashed, new_token
from forms import letters
from forms.family import links
from forms.journeys import AlreadySubmittedError
from forms.models import Journey


class NoSuchLinkError(LookupError):
    """Unknown, used, revoked or expired: which of them, nobody is told."""


class WrongAddressError(ValueError):
    """The e-mail address is not the one that the link was sent to."""


def send_link(journey: Journey, email: str, *, template: str = letters.SAVED) -> Journey:
    """Mail a new link to `email`; any link before it stops working."""
    with transaction.atomic():
        locked = (
            Journey.objects.select_for_update(of=("self",))
            .select_related("version__form")
            .get(pk=journey.pk)
        )
        if locked.submitted_at:
            raise AlreadySubmittedError
        _send(locked, email, template)
    return locked


def _send(journey: Journey, email: str, template: str) -> None:
    token = new_token()
    journey.resume_hash, journey.resume_email = hashed(token), email
    journey.resume_expires_at, journey.folder_seal = journey.expires_at, links.seal(email)
    journey.save(update_fields=["resume_hash", "resume_email", "resume_expires_at", "folder_seal"])
    letters.send_link(journey, token, template=template)


def find(token: str) -> Journey:
    """The journey that a link leads to. Changes nothing. Raises NoSuchLinkError."""
    now = timezone.now()
    journey = (
        Journey.objects.unfinished()
        .select_related("version__form")
        .filter(resume_hash=hashed(token), resume_expires_at__gt=now, expires_at__gt=now)
        .first()
    )
    if journey is None:
        raise NoSuchLinkError
    return journey


def use(token: str, *, email: str, owner: str) -> Journey:
    """Hand the journey to the browser that has the `owner` token, and mail the next link.

    Raises NoSuchLinkError, WrongAddressError; the caller counts tries (cms.throttle).
    """
    with transaction.atomic():
        found = find(token)
        journey = (
            Journey.objects.select_for_update(of=("self",))
            .select_related("version__form")
            .get(pk=found.pk)
        )
        if not hmac.compare_digest(journey.resume_hash, hashed(token)) or journey.submitted_at:
            raise NoSuchLinkError  # used at this very moment by somebody else
        if not hmac.compare_digest(_plain(email), _plain(journey.resume_email)):
            raise WrongAddressError
        journey.owner_hash = hashed(owner)
        journey.save(update_fields=["owner_hash"])
        _send(journey, journey.resume_email, letters.SAVED)
    return journey


def _plain(email: str) -> bytes:
    return email.strip().casefold().encode()
