"""Sending an issue of the newsletter: to each subscriber once, whatever happens meanwhile.

`start` writes the letter and promises a job, in one transaction; the job puts one message for each
subscriber into the outbox, a hundred at a time, and the outbox sends them. Three things keep it
once: an issue has one sending, the job's steps commit with its cursor, and a message has a key.
"""

from dataclasses import dataclass

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction
from django.db.models import Count, Max, Q
from django.utils.translation import gettext as _

from cms import audit, jobs, mail
from cms.mail import Letter
from cms.models import Job, OutboxMessage
from pages.letters import addressed, compose, headers_for
from pages.models import NewsletterIssuePage, NewsletterSending, Subscriber

BATCH = 100
State = OutboxMessage.State


class CannotSendError(Exception):
    """A sentence for whoever pressed the button."""


def start(issue_id: int, *, by: AbstractBaseUser, expected: int) -> NewsletterSending:
    """Promise the issue to its subscribers; one that is being sent already is handed back.

    `expected` is the number that was confirmed. Raises CannotSendError when it is another by now,
    when nobody would get it, or when the issue is not published as it stands.
    """
    with transaction.atomic():
        # The lock is what makes two presses one; `issue` being unique holds even without it.
        issue = NewsletterIssuePage.objects.select_for_update(of=("self",)).get(pk=issue_id)
        already = NewsletterSending.objects.filter(issue=issue).first()
        if already:
            return already
        if not issue.live or issue.has_unpublished_changes:
            raise CannotSendError(_("Publish the issue first: what is sent is what is published."))
        recipients = Subscriber.objects.wanting(issue.audience)
        figures = recipients.aggregate(number=Count("pk"), last=Max("pk"))
        if not figures["number"]:
            raise CannotSendError(_("Nobody has asked for it yet, so it was not sent."))
        if figures["number"] != expected:
            raise CannotSendError(
                _("%(number)s people would get it now. Please look again, and confirm.")
                % {"number": figures["number"]}
            )
        return _promise(issue, by, figures)


def _promise(
    issue: NewsletterIssuePage, by: AbstractBaseUser, figures: dict[str, int]
) -> NewsletterSending:
    letter = compose(issue)
    sending = NewsletterSending.objects.create(
        issue=issue,
        audience=issue.audience,
        subject=letter.subject,
        html=letter.html,
        text=letter.text,
        up_to=figures["last"],
        recipients=figures["number"],
        started_by=by,
    )
    sending.job = jobs.enqueue(
        "pages.send_newsletter",
        key=f"newsletter-{sending.pk}",
        payload={"sending": sending.pk},
        total=figures["number"],
    )
    sending.save(update_fields=["job"])
    audit.record(by, "send", sending, {"recipients": figures["number"]})
    return sending


@jobs.handlers("pages.send_newsletter")
def send_newsletter(run: jobs.JobRun) -> None:
    """The cursor is the key of a subscriber."""
    sending = NewsletterSending.objects.get(pk=run.payload["sending"])
    letter = Letter(sending.subject, sending.text, sending.html)
    run.describe(phase=_("Writing to subscribers"))
    wanting = Subscriber.objects.wanting(sending.audience).filter(pk__lte=sending.up_to)
    while batch := list(
        wanting.filter(pk__gt=run.cursor).order_by("pk").values_list("pk", flat=True)[:BATCH]
    ):
        with run.chunk(to=batch[-1], count=len(batch)):
            # Locked: who leaves at this moment leaves after this step, and the letter goes too.
            for subscriber in wanting.select_for_update().filter(pk__in=batch):
                _put_into_outbox(letter, subscriber, sending)


def message_key(subscriber: Subscriber, sending: NewsletterSending) -> str:
    return f"newsletter-to-{subscriber.pk}-{sending.pk}"


def _put_into_outbox(letter: Letter, subscriber: Subscriber, sending: NewsletterSending) -> None:
    mail.post(
        addressed(letter, subscriber),
        to=subscriber.email,
        key=message_key(subscriber, sending),
        template="newsletter",
        stored={"headers": headers_for(subscriber)},
        record=sending,
    )


@dataclass(frozen=True)
class Progress:
    """How a sending stands. `tried` are those that wait after a try that failed."""

    recipients: int
    sent: int
    waiting: int
    tried: int
    given_up: int
    state: str
    problem: str

    @property
    def is_over(self) -> bool:
        return self.state not in Job.OPEN and not self.waiting

    @property
    def handled(self) -> int:
        return self.sent + self.given_up


def progress_of(sending: NewsletterSending) -> Progress:
    """Counted from the outbox, in one query."""
    waits = Q(state__in=[State.READY, State.SENDING])
    rows = messages_of(sending).aggregate(
        sent=Count("pk", filter=Q(state=State.SENT)),
        waiting=Count("pk", filter=waits),
        tried=Count("pk", filter=waits & Q(attempts__gt=1)),
        given_up=Count("pk", filter=Q(state=State.FAILED)),
    )
    job = sending.job
    return Progress(
        recipients=sending.recipients,
        sent=sending.sent + rows["sent"],
        waiting=rows["waiting"],
        tried=rows["tried"],
        given_up=sending.given_up + rows["given_up"],
        state=job.state if job else Job.State.DONE,
        problem=job.problem if job else "",
    )


def messages_of(sending: NewsletterSending):  # noqa: ANN201
    return OutboxMessage.objects.filter(
        record_type=NewsletterSending._meta.label_lower, record_id=str(sending.pk)
    )


def stop(sending: NewsletterSending) -> None:
    """Send it to nobody else: the job ends after its present step, and what waits is dropped."""
    if sending.job and not sending.job.is_over:
        jobs.cancel(sending.job_id)
    with transaction.atomic():
        _drop_waiting(sending.pk)


def go_on(sending: NewsletterSending) -> None:
    """Take a sending up again that failed, from where it came to."""
    if sending.job and sending.job.state == Job.State.FAILED:
        jobs.restart(sending.job_id)


def _drop_waiting(sending_id: int) -> None:
    OutboxMessage.objects.filter(
        record_type=NewsletterSending._meta.label_lower,
        record_id=str(sending_id),
        state=State.READY,
    ).delete()


@jobs.endings("pages.send_newsletter")
def dropped_when_stopped(job: Job) -> None:
    if job.state == Job.State.CANCELLED:
        _drop_waiting(job.payload["sending"])
