# ruff: noqa: ANN001, ANN201 - as in every module of models (pyproject.toml)
"""What families write: a journey on its way, what it submitted, and the files it brought.

Personal data. Answers are encrypted at rest; nothing here is searchable, a snippet, a chooser
target or in Wagtail's history, and staff reach it through a case that `for_user` gave them.
A journey keeps the version it began with, whatever is published meanwhile.
"""

import uuid

from django.core.files.storage import storages
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from cms.access import ScopedQuerySet
from cms.conditions import holds
from cms.models import CourseDate
from forms.secrecy import EncryptedJSONField

from .definitions import FormVersion


class JourneyQuerySet(models.QuerySet):
    def unfinished(self):
        return self.filter(submitted_at=None)

    def expired(self, now=None):
        """Unfinished and past the day on which they were promised to be deleted."""
        return self.unfinished().filter(expires_at__lte=now or timezone.now())


class Journey(models.Model):
    """One family's way through one version of a form.

    `answers` is `{question key: value}`; a repeated step has a list of such items under its own
    key. A key whose value is null was asked and left empty; a key that is absent was never asked.
    Answers to questions that are hidden now are kept, in case they show again, and are never
    read: everything goes through forms.walk.
    """

    key = models.CharField(max_length=43, unique=True)
    version = models.ForeignKey(FormVersion, models.PROTECT, related_name="journeys")
    offering = models.ForeignKey(
        CourseDate, models.PROTECT, null=True, blank=True, related_name="+"
    )
    answers = EncryptedJSONField(default=dict)
    rev = models.PositiveIntegerField(default=0)
    owner_hash = models.CharField(max_length=64)
    resume_hash = models.CharField(max_length=64, blank=True, db_index=True)
    resume_expires_at = models.DateTimeField(null=True, blank=True)
    resume_email = EncryptedJSONField(default=str)
    held_until = models.DateTimeField(null=True, blank=True)
    began_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField(db_index=True)
    submitted_at = models.DateTimeField(null=True, blank=True)

    objects = JourneyQuerySet.as_manager()

    class Meta:
        ordering = ["-began_at"]
        default_permissions = ()

    def __str__(self):
        return f"Journey {self.pk}"

    @property
    def holder(self):
        """The name under which cms.places keeps this journey's places."""
        return f"journey-{self.pk}"

    @property
    def is_open(self):
        return self.submitted_at is None and self.expires_at > timezone.now()


class SubmissionQuerySet(ScopedQuerySet):
    """Submissions, narrowed to what a member of staff may reach."""


class Submission(models.Model):
    """What was sent, once. `answers` holds visible questions only; `labels` is how they read then.

    The subject of a case: the desk shows `case_sections()`, and buttons ask `condition_holds()`.
    """

    journey = models.OneToOneField(Journey, models.PROTECT, related_name="submission")
    version = models.ForeignKey(FormVersion, models.PROTECT, related_name="submissions")
    reference = models.CharField(max_length=24, unique=True)
    offering = models.ForeignKey(
        CourseDate, models.PROTECT, null=True, blank=True, related_name="+"
    )
    answers = EncryptedJSONField(default=dict)
    labels = EncryptedJSONField(default=list)
    price = models.JSONField(null=True, blank=True)
    submitted_at = models.DateTimeField(default=timezone.now)

    objects = SubmissionQuerySet.as_manager()
    scope_centres = ("offering__centre",)

    class Meta:
        ordering = ["-submitted_at"]
        default_permissions = ("view",)

    def __str__(self):
        return self.reference

    @property
    def holder(self):
        return f"journey-{self.journey_id}"

    def condition_holds(self, rule):
        """Whether a button's rule is true for what was answered."""
        groups = self.version.compiled.get("groups") or {}
        return holds(rule, self.answers, groups=groups, facts=facts_for(self.offering))

    def case_sections(self):
        """What the case page shows: `[{title, group, rows: [{question, lines}]}]`, in order.

        `group` names the group of restricted fields (cms.roles) a section belongs to, or "".
        """
        return self.labels

    def mail_context(self):
        """What letters about this submission may say: see forms.letter_facts."""
        from forms.letters import submission_facts  # noqa: PLC0415 - letters reads this model

        return submission_facts(self)


def facts_for(offering):
    """The days that rules may name: today, and the first day of what is applied for."""
    today = timezone.localdate()
    return {"today": today, "offering": offering_day(offering) or today}


def offering_day(offering):
    return timezone.localtime(offering.starts_at).date() if offering else None


def private_storage():
    return storages["private"]


def attachment_path(attachment, filename):
    """A random name: nothing of what a family called the file becomes part of a path."""
    return f"attachments/{uuid.uuid4().hex[:2]}/{uuid.uuid4().hex}"


class Attachment(models.Model):
    """A file that a family sent, in private storage. Unscanned means not opened."""

    class Scan(models.TextChoices):
        WAITING = "waiting", _("Not yet scanned")
        CLEAN = "clean", _("Clean")
        INFECTED = "infected", _("Refused by the virus scanner")
        NONE = "none", _("No scanner is set up")

    journey = models.ForeignKey(Journey, models.CASCADE, related_name="attachments")
    question = models.CharField(max_length=80)
    file = models.FileField(upload_to=attachment_path, storage=private_storage, max_length=200)
    name = models.CharField(max_length=150)
    content_type = models.CharField(max_length=100)
    size = models.PositiveBigIntegerField()
    sha256 = models.CharField(max_length=64)
    scan_status = models.CharField(max_length=8, choices=Scan.choices, default=Scan.NONE)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["id"]
        default_permissions = ()

    def __str__(self):
        return f"Attachment {self.pk}"
