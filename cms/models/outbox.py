"""Promises to the outside, written in the transaction that makes them.

The queue is a doorbell, never the record: Huey may lose any task at any time, and what was
promised still stands here as a row until it has been kept.
"""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class Job(models.Model):
    """A piece of background work with a lease, a cursor and a fence.

    `key` makes a promise once only. `attempt` is the fence: a worker whose attempt is no longer
    the row's may not commit a step. `cursor` is how far the committed work has come, in whatever
    the handler counts; `done` of `total` is what a progress bar shows. `tries` counts turns since
    the work last got further. Run by cms.jobs; `kind` names its handler in cms.jobs.handlers.
    """

    class State(models.TextChoices):
        READY = "ready", _("Waiting")
        RUNNING = "running", _("Running")
        DONE = "done", _("Done")
        FAILED = "failed", _("Failed")
        CANCELLED = "cancelled", _("Cancelled")

    kind = models.CharField(max_length=60)
    key = models.CharField(max_length=160, unique=True)
    payload = models.JSONField(default=dict, help_text=_("Keys of rows, never personal data."))
    state = models.CharField(max_length=10, choices=State.choices, default=State.READY)
    not_before = models.DateTimeField()
    owner = models.CharField(max_length=40, blank=True)
    attempt = models.PositiveIntegerField(default=0)
    tries = models.PositiveSmallIntegerField(default=0)
    lease_until = models.DateTimeField(null=True, blank=True)
    cursor = models.BigIntegerField(default=0)
    done = models.BigIntegerField(default=0)
    total = models.BigIntegerField(null=True, blank=True)
    phase = models.CharField(max_length=80, blank=True)
    cancel_requested = models.BooleanField(default=False)
    problem = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    OPEN = ("ready", "running")

    class Meta:
        ordering = ["id"]
        indexes = [
            models.Index(
                fields=["not_before"], name="job_due", condition=Q(state__in=["ready", "running"])
            ),
        ]

    def __str__(self):
        return f"{self.kind} {self.pk}"

    @property
    def is_over(self) -> bool:
        return self.state not in self.OPEN

    @property
    def percent(self) -> int | None:
        """How much is done, 0 to 100, or None while the total is not known."""
        if self.state == self.State.DONE:
            return 100
        if not self.total:
            return None
        return min(99, self.done * 100 // self.total)


class OutboxMessage(models.Model):
    """One e-mail, rendered when the decision was taken, sent when the mail server will have it.

    `message_id` never changes, so that a second delivery after a crash is known as the same mail.
    """

    class State(models.TextChoices):
        READY = "ready", _("Waiting")
        SENDING = "sending", _("Being sent")
        SENT = "sent", _("Sent")
        FAILED = "failed", _("Given up")

    key = models.CharField(max_length=160, unique=True)
    template = models.CharField(max_length=60, blank=True)
    to = models.EmailField(max_length=254)
    subject = models.CharField(max_length=200)
    text = models.TextField()
    html = models.TextField(blank=True)
    attachments = models.JSONField(
        default=list, blank=True, help_text=_("Name, type and base64 content of each.")
    )
    headers = models.JSONField(
        default=dict, blank=True, help_text=_("More headers, such as how to leave a list.")
    )
    message_id = models.CharField(max_length=120, unique=True)
    state = models.CharField(max_length=8, choices=State.choices, default=State.READY)
    attempts = models.PositiveSmallIntegerField(default=0)
    not_before = models.DateTimeField()
    lease_until = models.DateTimeField(null=True, blank=True)
    problem = models.CharField(max_length=300, blank=True)
    record_type = models.CharField(max_length=60, blank=True)
    record_id = models.CharField(max_length=64, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    sent_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["id"]
        indexes = [
            models.Index(
                fields=["not_before"],
                name="outbox_due",
                condition=Q(state__in=["ready", "sending"]),
            ),
            models.Index(fields=["record_type", "record_id"], name="outbox_record"),
        ]

    def __str__(self):
        return f"Message {self.pk}"


class ScheduledRun(models.Model):
    """That a clock task ran for one slot. Unique, so that two clocks do nothing twice."""

    task = models.CharField(max_length=80)
    slot = models.DateTimeField()
    ran_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["task", "slot"], name="scheduledrun_once")]

    def __str__(self):
        return f"{self.task} {self.slot:%Y-%m-%d %H:%M}"


class RateCount(models.Model):
    """How often something happened within one window of time. The key is sealed: no address."""

    key = models.CharField(max_length=64)
    window_ends_at = models.DateTimeField(db_index=True)
    count = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["key", "window_ends_at"], name="ratecount_once"),
        ]

    def __str__(self):
        return f"Rate {self.pk}"
