# ruff: noqa: ANN001, ANN201 - as in every module of models (pyproject.toml)
"""What a form is: a definition that its author edits, and the versions published from it.

Publishing compiles a FormVersion, which never changes again; journeys, submissions, exports and
the builder's own checks read nothing else. No personal data may ever stand in a definition: its
versions outlive every family's right to be forgotten.
"""

from django.conf import settings
from django.contrib.contenttypes.fields import GenericRelation
from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from wagtail.models import (
    DraftStateMixin,
    LockableMixin,
    PreviewableMixin,
    RevisionMixin,
    WorkflowMixin,
)


class NeverChangesError(Exception):
    """Somebody tried to edit a published version."""


class FormDefinitionQuerySet(models.QuerySet):
    def open(self):
        """Those that families may begin: published, and not taken down since."""
        return self.filter(
            models.Exists(FormVersion.objects.filter(form=models.OuterRef("pk"))), live=True
        )


class FormDefinition(
    WorkflowMixin, DraftStateMixin, LockableMixin, RevisionMixin, PreviewableMixin, models.Model
):
    """A form as its author edits it. Running journeys never read it.

    `data` is the form in the package's shape (forms/package.schema.json); the builder's
    StreamField reads and writes that same shape, so nothing here depends on block classes.
    """

    slug = models.SlugField(
        _("address"), max_length=80, unique=True, help_text=_("The form is at /apply/…/.")
    )
    title = models.CharField(_("title"), max_length=200)
    data = models.JSONField(default=dict, blank=True)
    workflow_slug = models.SlugField(_("review process"), blank=True)
    samples = models.JSONField(_("sample families"), default=list, blank=True)
    #: What becomes of families half-way when this draft goes live (forms.publishing.keep_choices).
    half_way = models.JSONField(_("families half-way"), default=dict, blank=True, editable=False)

    workflow_states = GenericRelation(
        "wagtailcore.WorkflowState",
        content_type_field="base_content_type",
        object_id_field="object_id",
        related_query_name="form_definition",
        for_concrete_model=False,
    )
    revisions = GenericRelation(
        "wagtailcore.Revision",
        content_type_field="base_content_type",
        object_id_field="object_id",
        related_query_name="form_definition",
        for_concrete_model=False,
    )

    objects = FormDefinitionQuerySet.as_manager()

    class Meta:
        ordering = ["title"]
        verbose_name = _("form")
        verbose_name_plural = _("forms")

    def __str__(self):
        return self.title

    def publish(self, revision, user=None, **kwargs):
        """Make a revision live and compile its next version, both or neither.

        Every way to publish ends here: the editor, an approval, the schedule. Raises
        NotPublishableError, with each error found, and then changes nothing. A revision whose
        time has not come is checked now and compiled when it has.
        """
        from forms.publishing import (  # noqa: PLC0415 - they read it
            check_or_raise,
            is_for_later,
            publish_version,
        )

        wanted = revision.as_object()
        check_or_raise(wanted)
        with transaction.atomic():
            super().publish(revision, user=user, **kwargs)
            if not is_for_later(wanted):
                publish_version(wanted, by=user)

    @property
    def approved_schedule(self):
        """Whether a revision waits for its time; lists annotate it (forms.figures)."""
        known = self.__dict__.get("is_scheduled")
        return super().approved_schedule if known is None else known

    @property
    def preview_modes(self):
        """The start page, then each step: what the preview beside the editor can show."""
        from forms.preview import modes_of  # noqa: PLC0415 - it reads the models

        return modes_of(self)

    def serve_preview(self, request, mode_name):
        """The real page of this draft. Writes nothing."""
        from forms.preview import page_of  # noqa: PLC0415 - it reads the models

        return page_of(self, request, mode_name)

    @property
    def current_version(self):
        """The version that new journeys begin with, or None when nothing is published."""
        return self.versions.order_by("-number").first()


class FormVersionQuerySet(models.QuerySet):
    def update(self, **kwargs):
        raise NeverChangesError("A published version is never changed: publish a new one.")


class FormVersion(models.Model):
    """One published form: compiled, numbered, immutable. See forms.compile for the shape."""

    form = models.ForeignKey(FormDefinition, models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    schema_version = models.PositiveSmallIntegerField(default=1)
    compiled = models.JSONField()
    sha256 = models.CharField(max_length=64)
    published_at = models.DateTimeField(default=timezone.now)
    published_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )

    objects = FormVersionQuerySet.as_manager()

    class Meta:
        ordering = ["form", "-number"]
        default_permissions = ("view",)
        constraints = [
            models.UniqueConstraint(fields=["form", "number"], name="formversion_once"),
        ]

    def __str__(self):
        return f"Form {self.form_id}, version {self.number}"

    @property
    def title(self):
        """What the form was called when this version was published."""
        return self.compiled["title"]

    @property
    def slug(self):
        """Its address then: a family half-way keeps the one that it has."""
        return self.compiled["slug"]

    def save(self, *args, **kwargs):
        if not self._state.adding:
            raise NeverChangesError("A published version is never changed: publish a new one.")
        super().save(*args, **kwargs)
