"""What is written once and shown on many pages: figures, contacts, questions, logos, themes."""

from datetime import date

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _
from phonenumber_field.modelfields import PhoneNumberField
from wagtail.admin.panels import FieldPanel, FieldRowPanel, MultiFieldPanel
from wagtail.fields import RichTextField

from pages.blocks.text import INLINE, PROSE


class KeyFigure(models.Model):
    """A number worth quoting, with the day it was true, where it comes from, and who keeps it."""

    label = models.CharField(max_length=90, unique=True, help_text=_("What is counted."))
    value = models.CharField(max_length=30, help_text=_("As it is shown: 25,000 or over 40."))
    as_at = models.DateField(help_text=_("The day on which it was true."))
    source = models.CharField(max_length=140)
    owner = models.CharField(max_length=80, help_text=_("The role that keeps it up to date."))
    review_on = models.DateField(help_text=_("When it should be counted again."))

    panels = [
        "label",
        FieldRowPanel(["value", "as_at"]),
        "source",
        MultiFieldPanel([FieldRowPanel(["owner", "review_on"])], heading=_("Keeping it right")),
    ]

    class Meta:
        ordering = ["label"]
        verbose_name = _("key figure")

    def __str__(self):
        return f"{self.value} {self.label}"


class ContactCard(models.Model):
    """Who to ask about something, by role. No private person."""

    title = models.CharField(max_length=90, unique=True, help_text=_("What to ask about."))
    role = models.CharField(max_length=90, blank=True, help_text=_("Who answers, by role."))
    area = models.ForeignKey(
        "cms.Area", models.SET_NULL, null=True, blank=True, related_name="contact_cards"
    )
    phone = PhoneNumberField(blank=True)
    email = models.EmailField(blank=True)
    hours = models.CharField(max_length=120, blank=True)
    answer_within = models.CharField(
        max_length=80, blank=True, help_text=_("For example: two working days.")
    )

    panels = [
        "title",
        "role",
        "area",
        FieldRowPanel(["phone", "email"]),
        FieldRowPanel(["hours", "answer_within"]),
    ]

    class Meta:
        ordering = ["title"]
        verbose_name = _("contact card")

    def __str__(self):
        return self.title

    def clean(self) -> None:
        if not self.phone and not self.email:
            raise ValidationError(_("Give a phone number or an e-mail address."))


class Question(models.Model):
    """A question people ask, with its answer."""

    question = models.CharField(max_length=140, unique=True)
    answer = RichTextField(features=PROSE, max_length=2000)

    class Meta:
        ordering = ["question"]
        verbose_name = _("question and answer")
        verbose_name_plural = _("questions and answers")

    def __str__(self):
        return self.question


class Logo(models.Model):
    """A funder, a membership or a mark of quality, for as long as the hub may show it."""

    name = models.CharField(max_length=90, unique=True, help_text=_("What the picture says."))
    image = models.ForeignKey(
        "cms.HubImage", models.SET_NULL, null=True, blank=True, related_name="+"
    )
    address = models.URLField(blank=True)
    valid_to = models.DateField(null=True, blank=True, help_text=_("The last day it is shown."))

    panels = ["name", "image", FieldRowPanel(["address", "valid_to"])]

    class Meta:
        ordering = ["name"]
        verbose_name = _("logo")

    def __str__(self):
        return self.name

    def is_valid_on(self, day: date) -> bool:
        return self.valid_to is None or day <= self.valid_to


class NewsCategory(models.Model):
    name = models.CharField(max_length=60, unique=True)
    slug = models.SlugField(unique=True)

    class Meta:
        ordering = ["name"]
        verbose_name = _("news category")
        verbose_name_plural = _("news categories")

    def __str__(self):
        return self.name


class Theme(models.Model):
    """A theme of the hub's strategy; stories tagged with it show what has come of it."""

    title = models.CharField(max_length=90, unique=True)
    slug = models.SlugField(unique=True)
    promise = RichTextField(features=INLINE, max_length=400, help_text=_("In one sentence."))
    order = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["order", "title"]
        verbose_name = _("strategy theme")

    def __str__(self):
        return self.title


class SearchWord(models.Model):
    """What a searched word may stand for. A word with several meanings has a row for each."""

    phrase = models.CharField(
        max_length=60, help_text=_("What people type: wider opps. Capitals do not matter.")
    )
    stands_for = models.CharField(max_length=90, help_text=_("What the pages say: First Access."))

    panels = [FieldPanel("phrase"), FieldPanel("stands_for")]

    class Meta:
        ordering = ["phrase", "stands_for"]
        verbose_name = _("search word")
        constraints = [
            models.UniqueConstraint(fields=["phrase", "stands_for"], name="search_word_once"),
        ]

    def __str__(self):
        return f"{self.phrase}: {self.stands_for}"

    def save(self, *args, **kwargs) -> None:
        self.phrase = " ".join(self.phrase.casefold().split())
        super().save(*args, **kwargs)
