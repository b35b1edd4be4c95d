"""Pictures and documents that the public may see. Nothing private is ever one of these."""

from datetime import date

from django.db import models
from django.utils.translation import gettext_lazy as _
from wagtail.documents.models import AbstractDocument, Document
from wagtail.images.models import AbstractImage, AbstractRendition, Image


class HubImage(AbstractImage):
    """A picture with the facts that decide whether it may still be shown."""

    credit = models.CharField(max_length=120, blank=True)
    shows_children = models.BooleanField(
        default=False, help_text=_("Can a child be recognised in it?")
    )
    consent_reference = models.CharField(
        max_length=80, blank=True, help_text=_("Where the permission for this picture is kept.")
    )
    expires_on = models.DateField(
        null=True, blank=True, help_text=_("After this day the picture is no longer shown.")
    )

    consent_withdrawn_on = models.DateField(
        null=True,
        blank=True,
        help_text=_("From this day a placeholder stands wherever the picture was used."),
    )

    admin_form_fields = (
        *Image.admin_form_fields,
        "credit",
        "shows_children",
        "consent_reference",
        "expires_on",
        "consent_withdrawn_on",
    )

    def may_be_shown(self, today: date) -> bool:
        """Whether pages may show it: neither expired nor without the permission it needs."""
        ended = [day for day in (self.expires_on, self.consent_withdrawn_on) if day]
        return all(today < day for day in ended)

    class Meta(AbstractImage.Meta):
        verbose_name = _("image")
        verbose_name_plural = _("images")


class HubRendition(AbstractRendition):
    image = models.ForeignKey(HubImage, models.CASCADE, related_name="renditions")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["image", "filter_spec", "focal_point_key"], name="rendition_once"
            ),
        ]


class HubDocument(AbstractDocument):
    """A download, with what a reader wants to know before opening it."""

    summary = models.CharField(max_length=200, blank=True)
    pages = models.PositiveSmallIntegerField(null=True, blank=True)
    accessible_alternative = models.URLField(
        blank=True, help_text=_("A web page that says the same.")
    )

    admin_form_fields = (*Document.admin_form_fields, "summary", "pages", "accessible_alternative")

    class Meta(AbstractDocument.Meta):
        verbose_name = _("document")
        verbose_name_plural = _("documents")
