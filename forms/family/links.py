"""Signing in to the family folder: a link by e-mail, and the session that it opens.

Whoever asks gets the same answer and the same letter, whether we know the address or not. The link
carries 256 random bits of which a hash is stored; it ends after half an hour, at its first use, and
when a newer one is asked for. Opening it (mail programs do that by themselves) changes nothing:
only pressing the button does. A session ends by itself, and all of an address can be ended.
"""

from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from cms import clock, jobs, mail, secrecy
from cms.mailmarkup import site_link
from cms.models import OutboxMessage
from cms.secrecy import hashed, new_token
from forms.models import FamilyLink, FamilySession

LINK_LASTS = timedelta(minutes=30)
IDLE, AT_MOST = timedelta(minutes=30), timedelta(hours=8)
TEMPLATE = "family-link"

mail.declare(
    TEMPLATE,
    name="Family: the link to the folder",
    subject="Your link to your family folder",
    body=(
        "Somebody, we hope you, asked to see the family folder of this e-mail address.\n\n"
        "[Open my family folder]({{ link }})\n\n"
        "The link works once, until {{ until }}. Please do not pass it on.\n\n"
        "Did you not ask for this? Then you need do nothing: nobody can open the folder without "
        "this link.\n"
    ),
    placeholders={"link": "/family/link/sample/", "until": "10:30am"},
)


class NoSuchLinkError(LookupError):
    """Unknown, used, replaced or over: which of them, nobody is told."""


def plain(address: str) -> str:
    """The address as it is compared: without capitals and spaces around it."""
    return address.strip().lower()


def seal(address: str) -> str:
    """What rows are found by: the same for the same address, of no use without our secret."""
    return _sealed(address, settings.SECRET_KEY)


def seals(address: str) -> list[str]:
    """The seals that rows of this address may have: also those made under an older secret."""
    return [_sealed(address, key) for key in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)]


def _sealed(address: str, key: str) -> str:
    return secrecy.seal(f"family:{plain(address)}", key)


def send(address: str, *, next_page: str = "") -> None:
    """Mail a link; any link of this address before it stops working."""
    token, now = new_token(), timezone.now()
    with transaction.atomic():
        forget_links(FamilyLink.objects.filter(seal=seal(address)))
        link = FamilyLink.objects.create(
            token_hash=hashed(token),
            seal=seal(address),
            address=plain(address),
            next_page=next_page,
            made_at=now,
            ends_at=now + LINK_LASTS,
        )
        until = timezone.localtime(link.ends_at)
        mail.queue(
            TEMPLATE,
            to=address.strip(),
            context={
                "link": site_link(f"/family/link/{token}/"),
                "until": f"{until:%I:%M%p}".lstrip("0").lower(),
            },
            key=f"family-link-{link.token_hash[:24]}",
            record=link,
        )


def find(token: str) -> FamilyLink:
    """The link of that token. Changes nothing. Raises NoSuchLinkError."""
    link = FamilyLink.objects.filter(token_hash=hashed(token), ends_at__gt=timezone.now()).first()
    if link is None:
        raise NoSuchLinkError
    return link


def use(token: str) -> tuple[str, str]:
    """Open a session with a link, which is used up: its token, and the page that was wanted.

    Raises NoSuchLinkError, also for the second of two at the same moment.
    """
    with transaction.atomic():
        link = FamilyLink.objects.select_for_update().filter(pk=find(token).pk).first()
        if link is None:
            raise NoSuchLinkError
        next_page, opened, now = link.next_page, new_token(), timezone.now()
        FamilySession.objects.create(
            token_hash=hashed(opened),
            seal=link.seal,
            address=link.address,
            ends_at=now + AT_MOST,
        )
        forget_links(FamilyLink.objects.filter(pk=link.pk))
    return opened, next_page


def session_of(token: str) -> FamilySession | None:
    """The session of a cookie, unless it is over. Its use is noted at most once a minute."""
    if not token:
        return None
    now = timezone.now()
    session = FamilySession.objects.filter(
        token_hash=hashed(token), ends_at__gt=now, seen_at__gt=now - IDLE
    ).first()
    if session and now - session.seen_at > timedelta(minutes=1):
        FamilySession.objects.filter(pk=session.pk).update(seen_at=now)
    return session


def sign_out(session: FamilySession, *, everywhere: bool = False) -> None:
    """End this session, or every one of its address."""
    sessions = FamilySession.objects.filter(seal=session.seal)
    (sessions if everywhere else sessions.filter(pk=session.pk)).delete()


def forget_links(links) -> None:  # noqa: ANN001 - a queryset of FamilyLink
    """Delete links with the letters that carry them, sent ones only: others are on their way."""
    ids = list(links.values_list("pk", flat=True))
    OutboxMessage.objects.filter(
        record_type=FamilyLink._meta.label_lower,
        record_id__in=[str(pk) for pk in ids],
        state=OutboxMessage.State.SENT,
    ).delete()
    FamilyLink.objects.filter(pk__in=ids).delete()


@jobs.handlers("forms.forget_family_links")
def forget_old(run: jobs.JobRun) -> None:
    """Delete links and sessions that are over."""
    now = timezone.now()
    with run.finish():
        forget_links(FamilyLink.objects.filter(ends_at__lte=now))
        OutboxMessage.objects.filter(
            template=TEMPLATE, created_at__lt=now - timedelta(days=1)
        ).delete()
        FamilySession.objects.filter(ends_at__lte=now).delete()
        FamilySession.objects.filter(seen_at__lte=now - IDLE).delete()


clock.daily("forms.forget_family_links", at="03:20")
