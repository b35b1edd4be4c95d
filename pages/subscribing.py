"""Asking for the newsletter, confirming it, changing it, leaving it, and forgetting addresses.

Nobody is told whether an address is known: the answer is the same, and the letter says the rest.
Leaving deletes the address, and what was still to be sent to it.
"""

from collections.abc import Collection
from datetime import timedelta

from django.db import IntegrityError, models, transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from cms import clock, jobs, mail, throttle
from cms.models import OutboxMessage
from pages.letters import own_page
from pages.models import NewsletterSending, Subscriber

CONFIRM_WITHIN = timedelta(days=7)
KEEP_LETTERS = timedelta(days=30)
ASKS_PER_ADDRESS, ASKS_SECONDS = 3, 24 * 3600
State = OutboxMessage.State

mail.declare(
    "newsletter-confirm",
    name="Newsletter: is this your address?",
    subject="Please confirm: the newsletter of {{ hub_name }}",
    body="Somebody asked us to send our newsletter to this address. If it was you, please say so:"
    "\n\n[Yes, send me the newsletter]({{ own_page }})\n\nIf it was not you, do nothing. We send "
    "nothing more, and forget the address within a week.",
    placeholders={"own_page": "/letters/join/"},
)
mail.declare(
    "newsletter-known",
    name="Newsletter: you get it already",
    subject="You get the newsletter of {{ hub_name }} already",
    body="Somebody asked us to send our newsletter to this address. You get it already.\n\n"
    "[Change what you get, or leave]({{ own_page }})",
    placeholders={"own_page": "/letters/join/"},
)


def ask(email: str, wants: Collection[str]) -> None:
    """Note that the address is asked for, and write to it. `wants`: audiences; none is all three.

    Beyond a few times a day for one address nothing happens, and nobody is told.
    """
    email = email.strip().lower()
    try:
        throttle.count("newsletter", email, limit=ASKS_PER_ADDRESS, seconds=ASKS_SECONDS)
    except throttle.TooOftenError:
        return
    with transaction.atomic():
        subscriber = _found_or_made(email)
        if subscriber.confirmed_at is None:
            set_wants(subscriber, wants)
            subscriber.asked_at = timezone.now()
            subscriber.save()
        mail.queue(
            "newsletter-known" if subscriber.confirmed_at else "newsletter-confirm",
            to=subscriber.email,
            context={"own_page": own_page(subscriber)},
            key=f"newsletter-ask-{subscriber.pk}-{timezone.now().timestamp()}",
            record=subscriber,
        )


def _found_or_made(email: str) -> Subscriber:
    try:
        with transaction.atomic():
            found = Subscriber.objects.select_for_update().filter(email__iexact=email).first()
            return found or Subscriber.objects.create(email=email)
    except IntegrityError:  # asked for twice in the same instant
        return Subscriber.objects.select_for_update().get(email__iexact=email)


def set_wants(subscriber: Subscriber, wants: Collection[str]) -> None:
    """Set what is asked for on the row, without saving it."""
    for name in ("families", "schools", "partners"):
        setattr(subscriber, f"wants_{name}", name in wants or not wants)


def confirm(subscriber: Subscriber) -> None:
    """Whoever reads the mail of this address has said yes. Twice is once."""
    Subscriber.objects.filter(pk=subscriber.pk, confirmed_at=None).update(
        confirmed_at=timezone.now()
    )


def leave(subscriber: Subscriber) -> None:
    """Forget the address and every letter to it, also those that wait; the counts stay."""
    with transaction.atomic():
        pk = subscriber.pk
        # First the row: a sending that holds it ends its step, and what it wrote is found below.
        Subscriber.objects.filter(pk=pk).delete()
        fold(_letters_to(pk).exclude(state=State.SENDING))
        _about(pk).delete()


def _letters_to(subscriber_id: int) -> QuerySet[OutboxMessage]:
    return OutboxMessage.objects.filter(key__startswith=f"newsletter-to-{subscriber_id}-")


def _about(subscriber_id: int) -> QuerySet[OutboxMessage]:
    return OutboxMessage.objects.filter(
        record_type=Subscriber._meta.label_lower, record_id=str(subscriber_id)
    )


def fold(messages: QuerySet[OutboxMessage]) -> int:
    """Delete messages of sendings, and keep how many were sent and given up. How many there were.

    In the caller's transaction.
    """
    rows = list(messages.select_for_update().values_list("pk", "record_id", "state"))
    for sending in {row[1] for row in rows}:
        states = [row[2] for row in rows if row[1] == sending]
        NewsletterSending.objects.filter(pk=sending).update(
            sent=F("sent") + states.count(State.SENT),
            given_up=F("given_up") + states.count(State.FAILED),
        )
    OutboxMessage.objects.filter(pk__in=[row[0] for row in rows]).delete()
    return len(rows)


@jobs.handlers("pages.forget_letters")
def forget_letters(run: jobs.JobRun) -> None:
    """Drop addresses that nobody confirmed, and letters that were sent a month ago."""
    now = timezone.now()
    old = OutboxMessage.objects.filter(
        models.Q(state=State.SENT) | models.Q(state=State.FAILED),
        record_type=NewsletterSending._meta.label_lower,
        created_at__lt=now - KEEP_LETTERS,
    ).order_by("pk")
    while batch := list(old.values_list("pk", flat=True)[:200]):
        with run.chunk(to=run.cursor + 1):
            fold(OutboxMessage.objects.filter(pk__in=batch))
    with run.finish():
        never = Subscriber.objects.filter(confirmed_at=None, asked_at__lt=now - CONFIRM_WITHIN)
        for pk in list(never.values_list("pk", flat=True)):
            Subscriber.objects.filter(pk=pk, confirmed_at=None).delete()
            _about(pk).delete()


clock.daily("pages.forget_letters", at="03:50")
