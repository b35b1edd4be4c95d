"""What a workflow is, and what is on its way through one.

A WorkflowDefinition is edited; publishing it compiles a WorkflowVersion, which never changes
again. A Case keeps the version it began with. Only workflows.engine changes a case's stage, and
every change is a CaseEvent that nothing edits or deletes.
Cases are personal data: staff reach them through `Case.objects.for_user(user)` alone.
"""

from django.conf import settings
from django.contrib.auth.models import Group
from django.contrib.contenttypes.fields import GenericForeignKey, GenericRelation
from django.contrib.contenttypes.models import ContentType
from django.db import models, transaction
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from wagtail.fields import StreamField
from wagtail.models import DraftStateMixin, LockableMixin, PreviewableMixin, RevisionMixin

from cms.models import Area, MusicCentre

from .appointments.models import (  # noqa: F401 - Django looks here
    Appointment,
    AppointmentMark,
    AppointmentOffer,
    AppointmentSession,
    AppointmentSlot,
)
from .blocks import StagesBlock
from .deskmodels import (  # noqa: F401 - Django looks here
    BatchRun,
    CaseSeen,
    MoveRun,
    Rehearsal,
    SavedView,
)
from .drawmodels import Draw  # noqa: F401 - the same
from .offermodels import ListEntry, Offer, Pool, Seat  # noqa: F401 - the same
from .plan import FINAL, WAITING, Plan
from .querysets import CaseQuerySet
from .releasemodels import Decision, Release  # noqa: F401 - the same
from .reviews.models import Review, ReviewRound  # noqa: F401 - the same
from .seasons.models import (  # noqa: F401 - the same
    AuditionRound,
    Entrant,
    Invitation,
    Placement,
    RoundDate,
    RoundEnsemble,
    RoundInstrument,
    SignOff,
    Taken,
    Vacancy,
)

_plans: dict[str, Plan] = {}
MAX_PLANS = 200


class NeverChangesError(Exception):
    """Somebody tried to edit or delete a row that is written once."""


class WrittenOnceQuerySet(models.QuerySet):
    def update(self, **kwargs):
        raise NeverChangesError(f"A {self.model._meta.verbose_name} is never changed.")


class WrittenOnce(models.Model):
    """A row that is written once: saving it again is refused."""

    objects = WrittenOnceQuerySet.as_manager()

    class Meta:
        abstract = True

    def save(self, *args, **kwargs):
        if not self._state.adding:
            raise NeverChangesError(f"A {self._meta.verbose_name} is never changed.")
        super().save(*args, **kwargs)


class StagesField(StreamField):
    """A StreamField whose migrations do not freeze the editor: actions may come and go."""

    def __init__(self, block_types=None, **kwargs):
        kwargs.pop("block_lookup", None)
        super().__init__(block_types or StagesBlock(), **kwargs)

    def deconstruct(self):
        name, path, _args, kwargs = super().deconstruct()
        kwargs.pop("block_lookup", None)
        return name, path, [], kwargs


class WorkflowDefinition(
    PreviewableMixin, LockableMixin, DraftStateMixin, RevisionMixin, models.Model
):
    """A review process as its designer edits it. Running cases never read it.

    Publishing, by whichever route, compiles and checks it and makes the next version, or none of
    it happens: see `publish`.
    """

    slug = models.SlugField(
        unique=True, help_text=_("How forms refer to it. Do not change it once forms use it.")
    )
    title = models.CharField(max_length=120)
    stages = StagesField(blank=True)
    _revisions = GenericRelation("wagtailcore.Revision", related_query_name="workflowdefinition")

    class Meta:
        ordering = ["title"]
        verbose_name = _("review process")
        verbose_name_plural = _("review processes")

    def __str__(self):
        return self.title

    @property
    def revisions(self):
        return self._revisions

    def publish(self, revision, user=None, **kwargs):
        """Make the revision live and compile it, in one transaction.

        Raises NotPublishableError, and then nothing has changed.
        """
        from .compile import publish_version  # noqa: PLC0415 - compile writes these models

        with transaction.atomic():
            result = super().publish(revision, user=user, **kwargs)
            live = type(self).objects.select_for_update().get(pk=self.pk)
            if live.live and live.live_revision_id == revision.pk:
                publish_version(live, by=user)
        return result

    def get_preview_template(self, request, mode_name):
        return "workflows/preview.html"

    def get_preview_context(self, request, mode_name):
        from .diagram import preview  # noqa: PLC0415 - diagram compiles, compile writes these

        return preview(self, request.user)


class LightVersionManager(models.Manager):
    """Versions without their data, which is large: `plan` reads it once per process."""

    def get_queryset(self):
        return super().get_queryset().defer("data")


class WorkflowVersion(WrittenOnce):
    """One published workflow: compiled, numbered, immutable."""

    definition = models.ForeignKey(WorkflowDefinition, models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    data = models.JSONField()
    sha256 = models.CharField(max_length=64)
    groups = models.ManyToManyField(
        Group, related_name="+", help_text=_("Every role that has a part in it.")
    )
    published_at = models.DateTimeField(default=timezone.now)
    published_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )

    objects = WrittenOnceQuerySet.as_manager()
    light = LightVersionManager()

    class Meta:
        base_manager_name = "light"  # what `case.version` is fetched by
        ordering = ["definition", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["definition", "number"], name="workflowversion_once"),
        ]

    def __str__(self):
        return f"{self.definition_id}, version {self.number}"

    @property
    def plan(self) -> Plan:
        """The compiled workflow, read. Content decides, so each is parsed once per process."""
        plan = _plans.get(self.sha256)
        if plan is None:
            if len(_plans) > MAX_PLANS:
                _plans.clear()
            plan = _plans[self.sha256] = Plan(self.data)
        return plan


class Case(models.Model):
    """One application on its way through one workflow version.

    `stage_kind` copies the kind of the stage, so that lists can ask for it. `subject` is what
    the case is about, such as a submission; it answers `case_sections()` for the case page.
    """

    reference = models.CharField(max_length=24, unique=True)
    version = models.ForeignKey(WorkflowVersion, models.PROTECT, related_name="cases")
    stage_key = models.CharField(max_length=60)
    stage_kind = models.CharField(max_length=10)
    stage_since = models.DateTimeField()
    subject_type = models.ForeignKey(ContentType, models.PROTECT, related_name="+")
    subject_id = models.CharField(max_length=64)
    subject = GenericForeignKey("subject_type", "subject_id")
    title = models.CharField(max_length=200)
    contact_name = models.CharField(max_length=160, blank=True)
    contact_email = models.EmailField(max_length=254, blank=True)
    centre = models.ForeignKey(
        MusicCentre, models.PROTECT, null=True, blank=True, related_name="cases"
    )
    area = models.ForeignKey(Area, models.PROTECT, null=True, blank=True, related_name="cases")
    assignee = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    due_at = models.DateTimeField(null=True, blank=True)
    noted_due_at = models.DateTimeField(
        null=True, blank=True, help_text=_("The due date whose passing is in the history.")
    )
    escalated_at = models.DateTimeField(null=True, blank=True)
    family_wrote_at = models.DateTimeField(
        null=True, blank=True, help_text=_("Its last message or answer that nobody has dealt with.")
    )
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)

    objects = CaseQuerySet.as_manager()
    scope_centres = ("centre",)
    scope_areas = ("area",)

    class Meta:
        ordering = ["-opened_at"]
        default_permissions = ("view", "change")
        permissions = [("export_case", "Can export cases")]
        indexes = [
            models.Index(fields=["stage_kind", "due_at"], name="case_inbox"),
            models.Index(fields=["version", "stage_key"], name="case_stage"),
            # What the inbox chooses and sorts by: it reads no row that it will not show.
            models.Index(
                fields=[
                    *("version", "stage_key", "stage_kind", "due_at", "stage_since"),
                    *("assignee", "family_wrote_at", "centre", "area", "id"),
                ],
                name="case_desk",
            ),
            models.Index(fields=["assignee", "stage_kind"], name="case_assignee"),
            models.Index(fields=["subject_type", "subject_id"], name="case_subject"),
            models.Index(fields=["opened_at"], name="case_opened"),
            models.Index(Lower("contact_email"), name="case_family"),
        ]

    def __str__(self):
        return self.reference

    @property
    def stage(self):
        return self.version.plan.by_key[self.stage_key]

    @property
    def public_status(self) -> str:
        """What the family is told."""
        return self.stage.public_name

    @property
    def is_open(self) -> bool:
        return self.stage_kind != FINAL

    @property
    def is_waiting(self) -> bool:
        return self.stage_kind == WAITING

    @property
    def is_overdue(self) -> bool:
        return self.is_open and self.due_at is not None and self.due_at <= timezone.now()


class CaseParty(models.Model):
    """Somebody besides the contact who acts on a case in the family folder: a young person of 16
    or over, with an address of their own. Sees where it stands, never what the contact has sent.
    """

    case = models.ForeignKey(Case, models.CASCADE, related_name="parties")
    email = models.EmailField(max_length=254)
    joined_at = models.DateTimeField(default=timezone.now)

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(Lower("email"), "case", name="caseparty_once"),
        ]

    def __str__(self):
        return f"Party {self.pk} of case {self.case_id}"


class CaseEvent(WrittenOnce):
    """One thing that happened to a case, who or which rule did it, and why."""

    class Kind(models.TextChoices):
        OPENED = "opened", _("Opened")
        MOVED = "moved", _("Moved")
        NOTE = "note", _("Note")
        ASSIGNED = "assigned", _("Assigned")
        DEADLINE = "deadline", _("Deadline")
        FAMILY = "family", _("From the family")
        TOLD = "told", _("To the family")
        REVIEW = "review", _("Review")
        CHECK = "check", _("Checklist")

    case = models.ForeignKey(Case, models.CASCADE, related_name="events")
    at = models.DateTimeField(default=timezone.now)
    kind = models.CharField(max_length=10, choices=Kind.choices)
    # A number and a name, no foreign key: forgetting a user must not have to change history.
    actor_id = models.BigIntegerField(null=True)
    actor_name = models.CharField(max_length=160)
    button_key = models.CharField(max_length=60, blank=True)
    from_stage = models.CharField(max_length=60, blank=True)
    to_stage = models.CharField(max_length=60, blank=True)
    summary = models.CharField(max_length=250)
    comment = models.TextField(blank=True)

    class Meta:
        ordering = ["id"]
        default_permissions = ("view",)

    def __str__(self):
        return f"Event {self.pk} of case {self.case_id}"


class ActionRun(models.Model):
    """One action that an event promised: run once, retried when it fails, restartable."""

    class State(models.TextChoices):
        READY = "ready", _("Waiting")
        DONE = "done", _("Done")
        FAILED = "failed", _("Did not work")

    event = models.ForeignKey(CaseEvent, models.CASCADE, related_name="runs")
    index = models.PositiveSmallIntegerField()
    type = models.CharField(max_length=60)
    options = models.JSONField(default=dict)
    state = models.CharField(max_length=6, choices=State.choices, default=State.READY)
    attempts = models.PositiveSmallIntegerField(default=0)
    result = models.CharField(max_length=300, blank=True)
    problem = models.CharField(max_length=300, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["event", "index"]
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["event", "index"], name="actionrun_once"),
        ]
        indexes = [
            models.Index(
                fields=["state"], name="actionrun_failed", condition=models.Q(state="failed")
            ),
        ]

    def __str__(self):
        return f"{self.type} of event {self.event_id}"


class WebhookCall(models.Model):
    """What another system is to be told by an action, once; see workflows.webhooks."""

    run = models.OneToOneField(ActionRun, models.CASCADE, related_name="webhook")
    url = models.URLField(max_length=500)
    body = models.JSONField()
    answer = models.PositiveSmallIntegerField(null=True)
    sent_at = models.DateTimeField(null=True)

    class Meta:
        default_permissions = ()

    def __str__(self):
        return f"Call of action {self.run_id}"


class ListRow(models.Model):
    """One row that an action added to a list; see workflows.lists."""

    run = models.OneToOneField(ActionRun, models.CASCADE, related_name="+")
    name = models.SlugField(max_length=60)
    case = models.ForeignKey(Case, models.CASCADE, related_name="+")
    at = models.DateTimeField(default=timezone.now)
    facts = models.JSONField()

    class Meta:
        ordering = ["pk"]
        default_permissions = ()

    def __str__(self):
        return f"Row {self.pk} of {self.name}"


class DecisionEvent(WrittenOnce):
    """A decision that was entered or changed, by whom and why. Not part of the case's history."""

    case = models.ForeignKey(Case, models.CASCADE, related_name="decision_log")
    at = models.DateTimeField(default=timezone.now)
    words = models.CharField(max_length=300)
    reason = models.TextField(blank=True)
    actor_id = models.BigIntegerField(null=True)
    actor_name = models.CharField(max_length=160)

    class Meta:
        ordering = ["id"]
        default_permissions = ()

    def __str__(self):
        return f"Event {self.pk} of a decision"


class PoolEvent(WrittenOnce):
    """One thing that happened to a list or an offer, who did it, and why."""

    class What(models.TextChoices):
        JOINED = "joined", _("Joined")
        LEFT = "left", _("Left")
        PAUSED = "paused", _("Paused")
        RESUMED = "resumed", _("Waits again")
        MOVED = "moved", _("Moved")
        SKIPPED = "skipped", _("Passed over")
        KEPT = "kept", _("Places are kept together")
        OFFERED = "offered", _("Offered")
        REMINDED = "reminded", _("Reminded")
        ACCEPTED = "accepted", _("Accepted")
        DECLINED = "declined", _("Declined")
        LAPSED = "lapsed", _("Ran out")
        WITHDRAWN = "withdrawn", _("Withdrawn")
        RULES = "rules", _("Rules")

    pool = models.ForeignKey(Pool, models.CASCADE, related_name="log")
    entry = models.ForeignKey(ListEntry, models.CASCADE, null=True, related_name="log")
    at = models.DateTimeField(default=timezone.now)
    what = models.CharField(max_length=10, choices=What.choices)
    words = models.CharField(max_length=300)
    reason = models.TextField(blank=True)
    actor_id = models.BigIntegerField(null=True)
    actor_name = models.CharField(max_length=160)

    class Meta:
        ordering = ["id"]
        default_permissions = ()

    def __str__(self):
        return f"{self.what} in pool {self.pool_id}"
