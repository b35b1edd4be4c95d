"""Where a partner stands: published, unlisted, suspended, gone. One function for each verb.

The directory, feeds, search, sitemap and JSON-LD all ask `Partner.objects.live()`, so each follows
at once. Suspension is a fact beside the status: lifting it gives back whatever holds by then.
"""

from django.contrib.auth.base_user import AbstractBaseUser
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from cms import access, audit
from cms.models import Partner, PartnerEvent

from . import letters, papers, terms

MAY_SUSPEND = "cms.suspend_partner"
Status = Partner.Status


class NotInOrderError(Exception):
    """The partner cannot be listed now. The message is a sentence that staff will read."""


def note(
    partner: Partner,
    kind: str,
    words: str,
    *,
    by: AbstractBaseUser | None = None,
    actor: str = "",
    reference: str = "",
) -> PartnerEvent:
    """Add a line to the partner's history. `actor` names one who has no account here."""
    return PartnerEvent.objects.create(
        partner=partner,
        kind=kind,
        words=words[:250],
        reference=reference,
        actor=(actor or (str(by) if by else _("The hub")))[:150],
    )


def locked(partner: Partner) -> Partner:
    """The partner's row, held until the caller's transaction ends."""
    return Partner.objects.select_for_update(of=("self",)).get(pk=partner.pk)


def publish(partner: Partner, *, by: AbstractBaseUser | None = None) -> Partner:
    """List it. Raises NotInOrderError while it is suspended, gone, or a paper has run out."""
    with transaction.atomic():
        partner = locked(partner)
        if partner.suspended_at:
            raise NotInOrderError(_("It is suspended. The safeguarding lead can lift that."))
        if missing := papers.out_of_date(partner):
            raise NotInOrderError(
                _("It cannot be listed: %(what)s.") % {"what": papers.sentence(missing)}
            )
        if partner.status == Status.LIVE and not partner.left_at:
            return partner
        if partner.status == Status.DRAFT and (unsigned := terms.to_agree(partner)):
            raise NotInOrderError(
                _("They have not agreed to %(text)s yet. They can in their passport.")
                % {"text": unsigned[0]}
            )
        partner.status, partner.lapsed_at, partner.left_at = Status.LIVE, None, None
        partner.save(update_fields=["status", "lapsed_at", "left_at"])
        note(partner, "listed", _("Listed in the directory"), by=by)
        audit.record(by, "change", partner, {"status": Status.LIVE})
    return partner


def unlist(partner: Partner, reason: str, *, by: AbstractBaseUser | None = None) -> Partner:
    """Take it out of the directory until `publish`. `reason` is for its history: a sentence."""
    with transaction.atomic():
        partner = locked(partner)
        if partner.status != Status.LIVE:
            return partner
        partner.status = Status.LAPSED
        partner.save(update_fields=["status"])
        note(partner, "unlisted", reason or _("Taken out of the directory"), by=by)
        audit.record(by, "change", partner, {"status": Status.LAPSED})
    return partner


def may_suspend(user: AbstractBaseUser) -> bool:
    return access.may_in_whole_hub(user, MAY_SUSPEND)


def suspend(partner: Partner, *, by: AbstractBaseUser) -> Partner:
    """Out of everything public at once. No reason is asked, kept or told.

    Raises PermissionDenied for anyone but the safeguarding lead.
    """
    with transaction.atomic():
        partner = _for_the_lead(partner, by)
        if partner.suspended_at:
            return partner
        partner.suspended_at = timezone.now()
        partner.save(update_fields=["suspended_at"])
        event = note(partner, "suspended", _("Suspended"), by=by)
        letters.suspended(partner, key=f"partner-suspended-{event.pk}")
        audit.record(by, "change", partner, {"suspended": True})
    return partner


def lift(partner: Partner, *, by: AbstractBaseUser) -> Partner:
    """End a suspension; the partner is listed again if it was, and nothing has run out since."""
    with transaction.atomic():
        partner = _for_the_lead(partner, by)
        if not partner.suspended_at:
            return partner
        partner.suspended_at = None
        partner.save(update_fields=["suspended_at"])
        note(partner, "lifted", _("The suspension was lifted"), by=by)
        audit.record(by, "change", partner, {"suspended": False})
    return partner


def _for_the_lead(partner: Partner, user: AbstractBaseUser) -> Partner:
    if not may_suspend(user):
        raise PermissionDenied
    return locked(partner)


def leave(
    partner: Partner, *, by: AbstractBaseUser | None = None, actor: str = "", words: str = ""
) -> Partner:
    """The partnership ends: out of the directory, and its people's links open nothing any more.

    Papers, agreements and history stay. Applying again begins anew.
    """
    with transaction.atomic():
        partner = locked(partner)
        if partner.status == Status.LEFT:
            return partner
        partner.status, partner.lapsed_at = Status.LEFT, None
        partner.save(update_fields=["status", "lapsed_at"])
        event = note(partner, "left", words or _("Left the hub"), by=by, actor=actor)
        letters.left(partner, key=f"partner-left-{event.pk}")
        partner.people.all().delete()
        audit.record(by, "change", partner, {"status": Status.LEFT})
    return partner
