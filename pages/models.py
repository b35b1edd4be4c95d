"""The page types of the public site."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from wagtail.admin.panels import FieldPanel, MultiFieldPanel
from wagtail.models import Page


class HubPage(Page):
    """What every page has: a summary for cards and search engines, a picture for social cards."""

    summary = models.CharField(
        max_length=250,
        blank=True,
        help_text=_("One or two sentences, shown on cards and by search engines."),
    )
    social_image = models.ForeignKey(
        "cms.HubImage", models.SET_NULL, null=True, blank=True, related_name="+"
    )
    review_on = models.DateField(
        null=True, blank=True, help_text=_("When somebody should check that this is still right.")
    )

    content_panels = [*Page.content_panels, FieldPanel("summary")]
    promote_panels = [*Page.promote_panels, FieldPanel("social_image")]
    settings_panels = [
        *Page.settings_panels,
        MultiFieldPanel([FieldPanel("review_on")], heading=_("Keeping it right")),
    ]

    class Meta:
        abstract = True


class HomePage(HubPage):
    parent_page_types = ["wagtailcore.Page"]
