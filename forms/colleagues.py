"""Colleagues who do one section of a long form: invited by letter, for some weeks, until let go.

The link is the proof, and proves that one section: everything else of the journey needs the cookie
of whoever began it. It works any number of times until its last day, until it is taken back, or
until the form is sent. Nobody overwrites anybody: see pagesaving.save_page.
"""

from datetime import timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from cms import clock, jobs, mail
from cms.mailmarkup import site_link
from cms.secrecy import hashed, new_token
from forms import tasklist, translating
from forms.family import links
from forms.journeys import AlreadySubmittedError
from forms.letters import in_language
from forms.models import Journey, SectionInvite

INVITED, FORGET = "form-section", "forms.forget_invites"
DAYS, MOST = 28, 20

mail.declare(
    INVITED,
    name="Colleague: please do one section of a form",
    subject="{{ invited_by }} asks you to fill in: {{ section }}",
    body=(
        "Dear {{ name }},\n\n{{ invited_by }} is filling in “{{ form }}” and asks you to do one "
        "section of it: {{ section }}.\n\n[Open this section]({{ link }})\n\n"
        "The link is for you alone. It works until {{ until }}, as often as you like, and opens "
        "this section and nothing else. What you enter is saved as you write.\n\n"
        "Do you not know {{ invited_by }}? Then you need do nothing.\n"
    ),
    placeholders={
        "name": "Morgan Penn",
        "invited_by": "Robin Otter",
        "form": "Apply to be a hub partner",
        "section": "Safeguarding",
        "link": "/section/sample/",
        "until": "24 November 2026",
    },
)


class NoSuchInviteError(LookupError):
    """Unknown, over, taken back, or the form is sent: which of them, nobody is told."""


class TooManyInvitesError(Exception):
    """So many people cannot be asked at once."""


def sections(journey: Journey) -> list[tuple[str, str]]:
    """`[(key, title)]` of what a colleague can be asked to do: never a page that takes places."""
    compiled = journey.version.compiled
    if not tasklist.is_wanted(compiled):
        return []
    return [
        (step["key"], step["title"])
        for step in compiled["steps"]
        if step["kind"] == "questions" and all(q["type"] != "places" for q in step["questions"])
    ]


def invite(journey: Journey, step: str, *, name: str, address: str, by: str) -> SectionInvite:
    """Write to a colleague; an earlier link of theirs to the same section stops working.

    Raises LookupError for a section that is none, AlreadySubmittedError, TooManyInvitesError.
    """
    title = dict(sections(journey))[step]
    token, now = new_token(), timezone.now()
    with transaction.atomic():
        locked = Journey.objects.select_for_update().get(pk=journey.pk)
        if locked.submitted_at:
            raise AlreadySubmittedError
        mine = links.seal(address)
        locked.invites.filter(step=step, seal=mine, revoked_at=None).update(revoked_at=now)
        if sum(one.is_open() for one in locked.invites.all()) >= MOST:
            raise TooManyInvitesError
        made = SectionInvite.objects.create(
            journey=locked, step=step, name=name, address=address, seal=mine,
            token_hash=hashed(token), ends_at=now + timedelta(days=DAYS),
        )  # fmt: skip
        last = timezone.localdate(made.ends_at)
        context = {
            "name": name,
            "invited_by": by,
            "form": translating.spoken(journey.version, journey.language).title,
            "section": title,
            "link": site_link(f"/section/{token}/"),
            "until": f"{last.day} {last:%B %Y}",
        }
        mail.queue(in_language(INVITED, journey.language), to=address, context=context,
                   key=f"{INVITED}-{made.pk}", record=locked)  # fmt: skip
    return made


def take_back(journey: Journey, pk: int) -> None:
    """The link opens nothing any more, from the next request on. Twice is once."""
    journey.invites.filter(pk=pk, revoked_at=None).update(revoked_at=timezone.now())


def find(token: str) -> SectionInvite:
    """The invitation of a link, while it holds. Raises NoSuchInviteError."""
    now = timezone.now()
    found = SectionInvite.objects.select_related("journey__version__form").filter(
        token_hash=hashed(token),
        revoked_at=None,
        ends_at__gt=now,
        journey__submitted_at=None,
        journey__expires_at__gt=now,
    )
    if (invite := found.first()) is None:
        raise NoSuchInviteError
    return invite


def wrote(invite: SectionInvite) -> None:
    """Note when the colleague last saved something, for whoever asked them."""
    SectionInvite.objects.filter(pk=invite.pk).update(saved_at=timezone.now())


@jobs.handlers(FORGET)
def forget_over(run: jobs.JobRun) -> None:
    """Every night: who was asked, once the form is sent or the link has been over for a while."""
    long_over = timezone.now() - timedelta(days=DAYS)
    with run.finish():
        SectionInvite.objects.filter(
            Q(journey__submitted_at__isnull=False)
            | Q(ends_at__lte=long_over)
            | Q(revoked_at__lte=long_over)
        ).delete()


clock.daily(FORGET, at="03:20")
