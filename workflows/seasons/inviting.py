"""Letters of a season that no button of the process sends: invitations to members, excerpts.

A member of the roster is invited once for each round, through each guardian who may be written to.
The link leads to the form, in which whoever proved in the family folder that the address is theirs
finds last year's details filled in. An excerpt is reached by a
link of the application's own, which names nobody.
"""

from django.core import signing
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from cms import mail
from cms.mailmarkup import site_link
from cms.models import Enrolment, Ensemble, HubDocument, PupilGuardian, User
from workflows.actions import Action, actions
from workflows.models import Case

from .models import AuditionRound, Entrant, Invitation
from .seats import entrant_of

SIGNER = signing.Signer(salt="excerpt")

mail.declare(
    "audition-invitation",
    name=gettext_noop("Auditions: members are invited to apply again"),
    subject="Will you play with {{ group }} again in {{ season }}?",
    body="Dear {{ contact_name }},\n\nApplications for {{ season }} are open until {{ until }}. "
    "Everybody applies each year, members of {{ group }} too.\n\n"
    "[Apply with last year’s details filled in]({{ link }})\n\n"
    "There is no password: the folder asks for this e-mail address and sends you a link. You only "
    "confirm what is still right.\n",
    placeholders={
        "contact_name": "Rowan Ashdown",
        "group": "County Youth Orchestra",
        "season": "2026-27",
        "until": "30 August 2026 at 23:59",
        "link": "/family/new/ensemble-audition/",
    },
)
mail.declare(
    "audition-excerpts",
    name=gettext_noop("Auditions: the excerpts to prepare"),
    subject="What to prepare for your audition ({{ reference }})",
    body="Dear {{ contact_name }},\n\nHere is what to prepare besides your own piece.\n\n"
    "{{ excerpts }}\n\nThe links are for you alone: please do not pass them on.\n",
    placeholders={
        "contact_name": "Rowan Ashdown",
        "reference": "AU26-4K7P",
        "excerpts": "Oboe: /family/excerpt/sample/",
    },
)


class NoSuchExcerptError(LookupError):
    """The link is not one of ours, or leads nowhere any more."""


def members(made: AuditionRound) -> dict[int, str]:
    """Pupils who are members of a group of the round now, with that group's name."""
    today = timezone.localdate()
    rows = Enrolment.objects.filter(
        Q(ends_on=None) | Q(ends_on__gte=today),
        status=Enrolment.Status.ACTIVE,
        group__ensemble__in=Ensemble.objects.filter(rounds__round=made).values("pk"),
    )
    return dict(rows.order_by("-pk").values_list("pupil", "group__ensemble__name"))


def invite(made: AuditionRound, *, by: User) -> int:
    """Write to every member who was not invited yet. How many; run again, nobody twice."""
    number = 0
    for pupil_id, group in members(made).items():
        with transaction.atomic():
            AuditionRound.objects.select_for_update().get(pk=made.pk)
            if Invitation.objects.filter(round=made, pupil=pupil_id).exists():
                continue
            invitation = Invitation.objects.create(round=made, pupil_id=pupil_id)
            number += bool(_write(invitation, group))
    return number


def _write(invitation: Invitation, group: str) -> int:
    made, sent = invitation.round, 0
    ends = timezone.localtime(made.closes_at)
    links = PupilGuardian.objects.filter(
        pupil=invitation.pupil_id, no_contact=False
    ).select_related("guardian")
    for link in links:
        if not link.guardian.email or link.has_parental_responsibility is False:
            continue
        mail.queue(
            "audition-invitation",
            to=link.guardian.email,
            context={
                "contact_name": link.guardian.full_name,
                "group": group,
                "season": made.season,
                "until": f"{ends.day} {ends:%B %Y at %H:%M}",
                "link": site_link(f"/family/new/{made.form_slug}/"),
            },
            key=f"invite-{invitation.pk}-{link.guardian_id}",
            record=invitation,
        )
        sent += 1
    return sent


@actions("send_excerpts")
class SendExcerpts(Action):
    """Links to what the player's instruments prepare, where the round has something."""

    label = _("Send the excerpts to prepare")

    def run(self, case: Case, options: dict) -> str:
        lines = lines_for(entrant_of(case))
        if not lines:
            return "There are no excerpts for these instruments"
        mail.queue(
            "audition-excerpts",
            to=case.contact_email,
            context={
                "contact_name": case.contact_name,
                "reference": case.reference,
                "excerpts": "\n".join(lines),
            },
            key=self.once,
            record=case,
        )
        return f"{len(lines)} excerpts sent"


def lines_for(entrant: Entrant) -> list[str]:
    """One line for each instrument of the player that has excerpts."""
    rows = entrant.round.instruments.filter(
        instrument__slug__in=entrant.instruments, excerpts__isnull=False
    ).select_related("instrument")
    return [f"- {one.instrument}: {site_link(_path(entrant, one.pk))}" for one in rows]


def _path(entrant: Entrant, row: int) -> str:
    return f"/family/excerpt/{SIGNER.sign(f'{entrant.pk}-{row}')}/"


def excerpt_of(token: str) -> HubDocument:
    """The document behind a link, while its application is there. Raises NoSuchExcerptError."""
    try:
        entrant, _dash, row = SIGNER.unsign(token).partition("-")
    except signing.BadSignature:
        raise NoSuchExcerptError from None
    found = Entrant.objects.filter(pk=entrant).filter(case__closed_at=None).first()
    one = found and found.round.instruments.select_related("excerpts").filter(pk=row).first()
    if not one or one.excerpts is None:
        raise NoSuchExcerptError
    return one.excerpts
