"""Data returns: what is asked, as data that staff edit, and what was signed off, for good.

A heading names a measure (cms.returns.measures) and what narrows it; when the funder changes its
form, staff change the headings and no code. A snapshot keeps its definition and its numbers as
they were signed, with a fingerprint.
"""

import hashlib
import json

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from wagtail import blocks
from wagtail.fields import StreamField

from .catalogue import Ensemble, Instrument
from .partners import WrittenOnce


def _measures():
    from cms.returns.measures import measures  # noqa: PLC0415 - measures reads the models

    return [(key, measure.label) for key, measure in measures.items()]


class HeadingBlock(blocks.StructBlock):
    """One column of a return: what is counted, narrowed by what."""

    section = blocks.CharBlock(max_length=80, help_text=_("The part of the form it stands in."))
    title = blocks.CharBlock(max_length=120, help_text=_("As the funder words it."))
    measure = blocks.ChoiceBlock(choices=_measures)
    family = blocks.ChoiceBlock(
        choices=Instrument.Family.choices,
        required=False,
        label=_("Only this family of instruments"),
    )
    level = blocks.ChoiceBlock(
        choices=Ensemble.Level.choices, required=False, label=_("Only ensembles of this level")
    )
    words = blocks.CharBlock(
        max_length=60,
        required=False,
        label=_("Only where the name holds these words"),
        help_text=_("The group's name, or the award's: First Access, Music Medal."),
    )
    grade = blocks.CharBlock(
        max_length=40, required=False, label=_("Only awards of this level"), help_text=_("Copper.")
    )

    class Meta:
        icon = "list-ul"


class ReturnDefinition(models.Model):
    slug = models.SlugField(unique=True)
    title = models.CharField(max_length=120)
    intro = models.TextField(blank=True, help_text=_("For those who fill it in."))
    headings = StreamField([("heading", HeadingBlock())], blank=True)
    hide_below = models.PositiveSmallIntegerField(
        default=5,
        validators=[MinValueValidator(3), MaxValueValidator(20)],
        help_text=_("Numbers from 1 up to just below this are hidden."),
    )

    class Meta:
        ordering = ["title"]
        permissions = [("sign_return", _("Can sign off a data return"))]

    def __str__(self):
        return self.title

    def heading_list(self):
        """`[{section, title, measure, family, level, words, grade}]`, plain values."""
        return [dict(block.value) for block in self.headings]


class ReturnSnapshot(WrittenOnce):
    """A return as it was signed off: `data` as cms.returns.counting.Table.as_data() gives it."""

    definition = models.ForeignKey(ReturnDefinition, models.PROTECT, related_name="snapshots")
    title = models.CharField(max_length=120)
    academic_year = models.PositiveSmallIntegerField(help_text=_("The year in which it starts."))
    data = models.JSONField()
    sha256 = models.CharField(max_length=64, editable=False)
    is_public = models.BooleanField(
        default=False, help_text=_("Its totals are shown on the impact page.")
    )
    signed_at = models.DateTimeField(default=timezone.now)
    signed_by = models.CharField(max_length=150)

    class Meta:
        ordering = ["-signed_at"]
        default_permissions = ()

    def __str__(self):
        return f"{self.title}, {self.year_words}"

    @property
    def year_words(self):
        return f"{self.academic_year}/{(self.academic_year + 1) % 100:02d}"

    def fingerprint(self):
        text = json.dumps(self.data, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()

    def is_whole(self):
        """Whether the numbers are still those that were signed."""
        return self.fingerprint() == self.sha256

    def save(self, **kwargs):
        self.sha256 = self.fingerprint()
        super().save(**kwargs)
