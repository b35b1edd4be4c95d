"""What an import is made of: where files come from, runs, the plan's rows, what was carried out.

A run never changes a roster by itself: `plan` writes PlanRows, a person approves, `apply` carries
out exactly those rows and writes one Change for each. These rows hold personal data: they are
reached through `ImportRun.objects.for_user(user)` alone and emptied by `imports.retention`.
"""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from cms.access import may_in_whole_hub
from cms.models import Job


class SourceProfile(models.Model):
    """What is remembered about one source, such as "Arbor, nightly": its headings and rules.

    `columns` maps a roster's field to headings of the file; `value_rules` maps field -> {text of
    the file: value}, such as {"year": {"Yr 7": "7"}}; `fingerprint` is that of the headings.
    """

    class Arrival(models.TextChoices):
        UPLOAD = "upload", _("Somebody of the hub uploads it")
        FOLDER = "folder", _("It is put into a watched folder")
        HTTPS = "https", _("It is fetched from an https address")
        LINK = "link", _("The school sends it through its own link")

    slug = models.SlugField(unique=True)
    title = models.CharField(max_length=100)
    roster = models.CharField(max_length=20)
    columns = models.JSONField(default=dict, blank=True)
    value_rules = models.JSONField(default=dict, blank=True)
    date_orders = models.JSONField(default=dict, blank=True)
    fingerprint = models.CharField(max_length=32, blank=True, db_index=True)
    layout = models.JSONField(default=dict, blank=True, editable=False)
    blank_erases = models.BooleanField(
        _("a blank cell erases"),
        default=False,
        help_text=_("Otherwise a blank cell says nothing, and what the hub holds stays."),
    )
    is_full_roster = models.BooleanField(
        _("each file holds everybody"),
        default=False,
        help_text=_("Whoever is not in it is then marked as left, within the limit below."),
    )
    leaver_limit_percent = models.PositiveSmallIntegerField(
        _("leavers allowed, in per cent"),
        default=10,
        help_text=_("More leavers of one school or centre are held back for a person to look at."),
    )
    due_days = models.PositiveSmallIntegerField(
        _("a new file is due every so many days"),
        null=True,
        blank=True,
        help_text=_("Blank: whenever it comes."),
    )
    chased_at = models.DateTimeField(null=True, blank=True, editable=False)
    contact_email = models.EmailField(
        blank=True, help_text=_("Who is asked for the file when it is overdue.")
    )
    arrives_by = models.CharField(
        max_length=8, choices=Arrival.choices, default=Arrival.UPLOAD,
        help_text=_("However a file arrives, it becomes a plan that waits for approval."),
    )  # fmt: skip
    folder = models.SlugField(
        blank=True, help_text=_("Name of its folder below “incoming” in the data folder.")
    )
    address = models.URLField(
        max_length=500, blank=True,
        help_text=_("https only, on a host that the settings allow."),
    )  # fmt: skip
    looks_at = models.TimeField(
        _("looked at daily at"), null=True, blank=True, help_text=_("London time.")
    )
    looked_at = models.DateTimeField(null=True, blank=True, editable=False)
    last_problem = models.CharField(max_length=300, blank=True, editable=False)
    link_hash = models.CharField(max_length=64, blank=True, db_index=True, editable=False)
    link_ends_at = models.DateTimeField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["title"]
        default_permissions = ()

    def __str__(self):
        return self.title


class QuietTime(models.Model):
    """Days on which rosters stay as they are, or only gain: exam weeks, the start of term."""

    class Kind(models.TextChoices):
        NOTHING = "nothing", _("No import is carried out")
        ADDS = "adds", _("Only new records are added")

    title = models.CharField(max_length=80)
    kind = models.CharField(max_length=8, choices=Kind.choices, default=Kind.NOTHING)
    roster = models.CharField(max_length=20, blank=True, help_text=_("Blank: every roster."))
    first_day = models.DateField()
    last_day = models.DateField()

    class Meta:
        ordering = ["first_day"]
        default_permissions = ()
        constraints = [
            models.CheckConstraint(
                condition=Q(first_day__lte=models.F("last_day")), name="quiettime_in_order"
            ),
        ]

    def __str__(self):
        return self.title


class ImportRunQuerySet(models.QuerySet):
    def for_user(self, user):
        """Every run, for those who may see runs in the whole hub; none for anyone else.

        A file holds pupils of all centres, so a role in one centre or area is not enough.
        """
        allowed = may_in_whole_hub(user, "imports.view_importrun")
        return self if allowed else self.none()

    def active(self):
        return self.filter(state__in=ImportRun.ACTIVE)


class ImportRun(models.Model):
    """One file and what became of it; or the undoing of an earlier run (`undoes`)."""

    class State(models.TextChoices):
        UPLOADED = "uploaded", _("Choose the columns")
        PLANNING = "planning", _("Being read")
        PLANNED = "planned", _("Waiting for approval")
        APPLYING = "applying", _("Being applied")
        APPLIED = "applied", _("Applied")
        CANCELLED = "cancelled", _("Stopped")
        DISCARDED = "discarded", _("Discarded")
        REFUSED = "refused", _("File refused")
        FAILED = "failed", _("Failed")

    ACTIVE = (State.APPLYING,)
    COUNTS = (
        "rows", "created", "updated", "unchanged", "left", "duplicates", "refused", "repaired",
        "conflicts", "removed", "asked",
    )  # fmt: skip

    roster = models.CharField(max_length=20)
    profile = models.ForeignKey(
        SourceProfile, models.SET_NULL, null=True, blank=True, related_name="runs"
    )
    undoes = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="undoings"
    )
    state = models.CharField(max_length=10, choices=State.choices, default=State.UPLOADED)
    original_name = models.CharField(max_length=150, blank=True)
    stored_name = models.CharField(max_length=120, blank=True, editable=False)
    size = models.BigIntegerField(default=0)
    sha256 = models.CharField(max_length=64, blank=True, db_index=True)
    sheet = models.CharField(max_length=60, blank=True)
    mapping = models.JSONField(default=dict, blank=True)
    notes = models.JSONField(default=list, blank=True)
    is_full = models.BooleanField(default=False)
    allows_leavers = models.BooleanField(
        default=False, help_text=_("Approved although more would leave than the guard rail lets.")
    )
    held = models.JSONField(default=list, blank=True)
    counts = models.JSONField(default=dict, blank=True)
    problem = models.TextField(blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    approved_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    job = models.ForeignKey(
        Job, models.SET_NULL, null=True, blank=True, related_name="+", editable=False
    )
    purged_at = models.DateTimeField(null=True, blank=True)

    objects = ImportRunQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        default_permissions = ("view",)
        permissions = [
            ("upload_roster", "Can upload rosters and look at what they would change"),
            ("approve_roster", "Can approve, stop and undo roster imports"),
            ("export_roster", "Can take a whole roster out as a file"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["roster"], condition=Q(state="applying"), name="importrun_one_at_a_time"
            ),
        ]

    def __str__(self):
        return f"Import {self.pk}"

    def count(self, name: str) -> int:
        return self.counts.get(name, 0)

    @property
    def is_moving(self) -> bool:
        """Whether a worker is busy with it, so that its page should refresh itself."""
        return self.state in {self.State.PLANNING, self.State.APPLYING}


class PlanRow(models.Model):
    """What one line of the file would do. Lines that change nothing have no row, only a count.

    `before` and `after` map field -> value in the words of the roster (a school is its URN), only
    for the fields that change. `problems` is a list of {column, cell, value, problem, hint,
    level}, where level is "refused", "warning" or "repaired".
    """

    class Action(models.TextChoices):
        CREATE = "create", _("New")
        UPDATE = "update", _("Changed")
        UNCHANGED = "unchanged", _("Unchanged")
        LEAVE = "leave", _("Left")
        REMOVE = "remove", _("Removed")
        DUPLICATE = "duplicate", _("Twice in the file")
        REFUSED = "refused", _("Refused")

    class Outcome(models.TextChoices):
        CONFLICT = "conflict", _("Changed since the plan")
        HELD = "held", _("Held back")
        ASK = "ask", _("Is it the same person?")

    WRITES = (Action.CREATE, Action.UPDATE, Action.UNCHANGED, Action.LEAVE, Action.REMOVE)

    # Its indexes below begin with the run.
    run = models.ForeignKey(ImportRun, models.CASCADE, related_name="plan_rows", db_index=False)
    line = models.PositiveIntegerField(null=True)
    action = models.CharField(max_length=9, choices=Action.choices)
    key = models.CharField(max_length=160, blank=True)
    record_id = models.BigIntegerField(null=True)
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)
    problems = models.JSONField(default=list)
    has_problems = models.BooleanField(default=False)
    outcome = models.CharField(max_length=8, choices=Outcome.choices, blank=True)

    class Meta:
        ordering = ["id"]
        default_permissions = ()
        indexes = [
            models.Index(fields=["run", "action", "id"], name="planrow_by_action"),
            models.Index(
                fields=["run", "id"], name="planrow_problems", condition=Q(has_problems=True)
            ),
        ]

    def __str__(self):
        return f"Plan row {self.pk}"


class Correction(models.Model):
    """Cells of one line of a run's file, mended by a person: heading -> text to read instead."""

    run = models.ForeignKey(ImportRun, models.CASCADE, related_name="corrections")
    line = models.PositiveIntegerField()
    cells = models.JSONField(default=dict)
    corrected_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    corrected_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["line"]
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["run", "line"], name="correction_once"),
        ]

    def __str__(self):
        return f"Correction {self.pk}"


class Change(models.Model):
    """That a plan row was carried out, and on which record. With its row, all that undo needs."""

    run = models.ForeignKey(ImportRun, models.CASCADE, related_name="changes")
    row = models.OneToOneField(PlanRow, models.CASCADE, related_name="change")
    record_id = models.BigIntegerField()

    class Meta:
        ordering = ["id"]
        default_permissions = ()

    def __str__(self):
        return f"Change {self.pk}"


class FormerKey(models.Model):
    """A key that a record once had: a school's old URN, a pupil's number before the move."""

    roster = models.CharField(max_length=20)
    key = models.CharField(max_length=160)
    record_id = models.BigIntegerField()
    since = models.DateTimeField(auto_now_add=True)

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["roster", "key"], name="formerkey_once"),
        ]

    def __str__(self):
        return f"Former key {self.pk}"


class NotSamePerson(models.Model):
    """That a person decided two look-alikes are two people, so that it is never asked again."""

    roster = models.CharField(max_length=20)
    record_id = models.BigIntegerField()
    fingerprint = models.CharField(max_length=32)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    decided_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                fields=["roster", "record_id", "fingerprint"], name="notsameperson_once"
            ),
        ]

    def __str__(self):
        return f"Not the same person {self.pk}"
