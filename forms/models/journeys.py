# ruff: noqa: ANN001, ANN201 - as in every module of models (pyproject.toml)
"""What families write: a journey on its way, what it submitted, and the files it brought.

Personal data. Answers are encrypted at rest; nothing here is searchable, a snippet, a chooser
target or in Wagtail's history, and staff reach it through a case that `for_user` gave them.
A journey keeps the version it began with, whatever is published meanwhile.
"""

import uuid

from django.apps import apps
from django.core.files.storage import storages
from django.db import models
from django.urls import reverse
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
    suggested = EncryptedJSONField(default=dict)  # what the family said before: see family.again
    rev = models.PositiveIntegerField(default=0)
    language = models.CharField(max_length=10, blank=True)
    owner_hash = models.CharField(max_length=64)
    resume_hash = models.CharField(max_length=64, blank=True, db_index=True)
    resume_expires_at = models.DateTimeField(null=True, blank=True)
    resume_email = EncryptedJSONField(default=str)
    folder_seal = models.CharField(
        max_length=64, blank=True, db_index=True, help_text=_("Whose folder lists it, unsent.")
    )
    held_until = models.DateTimeField(null=True, blank=True)
    began_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField(db_index=True)
    submitted_at = models.DateTimeField(null=True, blank=True)
    is_tallied = models.BooleanField(default=False, help_text=_("Its steps are counted for good."))

    #: Why places that ran out could not be taken up again when a page was saved; never stored.
    hold_problem: Exception | None = None

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
    def is_moved(self):
        """Whether the form was changed under this family, and it goes on with what came after."""
        return self.version.published_at > self.began_at

    @property
    def is_open(self):
        return self.submitted_at is None and self.expires_at > timezone.now()


class SubmissionQuerySet(ScopedQuerySet):
    """Submissions. A role reaches those whose case it reaches, and those without any case."""

    def narrowed_to_role(self, group_id):
        # A case has its submission's reference, and both are unique.
        cases = apps.get_model("workflows", "Case").objects
        own = cases.filter(reference=models.OuterRef("reference"))
        return self.filter(
            models.Exists(own.narrowed_to_role(group_id)) | ~models.Exists(own.order_by())
        )


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
    contact_seal = models.CharField(max_length=64, blank=True, db_index=True, editable=False)
    # What has become of it since: see forms.due and forms.forgetting.
    dropped = models.JSONField(default=list, help_text=_("Questions whose answers are gone."))
    anonymised_at = models.DateTimeField(null=True, blank=True)
    hold_reason = models.CharField(
        max_length=200, blank=True, help_text=_("Why it is kept although its time is over.")
    )

    objects = SubmissionQuerySet.as_manager()
    scope_centres = ("offering__centre",)

    class Meta:
        ordering = ["-submitted_at"]
        default_permissions = ("view",)
        permissions = [
            ("hold_submission", "Can hold submissions back from being deleted"),
            ("forget_submission", "Can delete what a family sent, when it asks for that"),
        ]

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
        later = [
            {**part, "title": f"{request.form.title}: {part['title']}"}
            for request in self.requests.filter(journey__submission__isnull=False)
            for part in request.journey.submission.labels
        ]
        return [*self.labels, *self._price_section(), *later]

    def _price_section(self):
        """What it costs, as the family saw it. Help with costs is nobody's business but some."""
        from forms.pricing import from_data  # noqa: PLC0415 - it reads models

        price = from_data(self.price)
        if price is None:
            return []
        rows = [{"question": line.label, "lines": [line.words]} for line in price.lines]
        rows.append({"question": _("To pay"), "lines": [price.words]})
        return [{"title": _("What it costs"), "group": "money", "rows": rows}]

    def case_facts(self):
        """Each answer by the key of its question: see forms.factsheet."""
        from forms.factsheet import facts_of  # noqa: PLC0415 - it reads this model

        return facts_of(self)

    def case_files(self):
        """What was sent with it: `[{name, id, question, label, note, url, group}]`.

        `url` is "" for a file that may not be opened now; `group` as in `case_sections`.
        """
        from forms.filepages import files_of  # noqa: PLC0415 - it reads this model

        return files_of(self)

    def open_case_file(self, file_id):
        """A file of `case_files`, (content, content type); LookupError when it cannot be opened."""
        from forms.filepages import content_of  # noqa: PLC0415 - it reads this model

        return content_of(self, file_id)

    def case_answer(self, key):
        """The answers to one question as people read them, one of each; [] without any."""
        from forms.reviewing import answers_to  # noqa: PLC0415 - it reads this model

        return answers_to(self, key)

    def case_steps(self):
        """`{step: questions}`, all by key, for stages that hide a whole step from a role."""
        from forms.reviewing import steps_of  # noqa: PLC0415 - it reads this model

        return steps_of(self)

    def case_identity(self):
        """Which questions say who it is, for blind reviewers: see forms.reviewing."""
        from forms.reviewing import identity  # noqa: PLC0415 - it reads this model

        return identity(self)

    def case_kin(self):
        """References of other submissions about the same children: see forms.children."""
        from forms.children import kin  # noqa: PLC0415 - it reads this model

        return kin(self)

    def case_references(self):
        """`[{names, address, rows: [(question, words)]}]`, one for each that was given."""
        from forms.reviewing import references_of  # noqa: PLC0415 - it reads this model

        return references_of(self)

    @staticmethod
    def case_kin_of_many(ids) -> dict[int, set[str]]:
        """`{id: references}` of those of `ids` that share a child with others: see case_kin."""
        from forms.children import kin_of_many  # noqa: PLC0415 - it reads this model

        return kin_of_many(int(one) for one in ids)

    def case_panels(self, user):
        """What else stands beside a case: its references, and its money for whoever may see it."""
        from forms import paying, referees  # noqa: PLC0415 - they read this model

        return [*referees.panel(self), *paying.panel(self, user)]

    def case_links(self, case, user):
        """What can be printed of it: see forms.sheets."""
        from forms.sheets import is_there_for_staff  # noqa: PLC0415 - it reads this model
        from workflows.hiding import hidden_from  # noqa: PLC0415 - the same

        is_there = is_there_for_staff(self) and not hidden_from(case, user)
        url = reverse("case_sheet", args=[case.pk]) if is_there else ""
        return [{"label": _("Sheet to print"), "url": url}] if url else []

    def case_people(self, user):
        """`[{name, url}]`: the children as the roster knows them, within the user's reach."""
        from forms.children import people  # noqa: PLC0415 - it reads this model

        return people(self, user)

    def answers_changed_since(self, moment):
        """Questions that the family has answered anew since then."""
        from forms.children import changed_since  # noqa: PLC0415 - it reads this model

        return changed_since(self, moment)

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
