"""For schools: the self-evaluation toolkit, whose downloads carry a phase and a version."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from modelcluster.fields import ParentalKey
from wagtail.admin.panels import FieldPanel, FieldRowPanel, InlinePanel
from wagtail.models import Orderable

from pages.audiences import Audience

from .base import BodyPage, HubPage


class ToolkitPage(BodyPage):
    """A toolkit that schools download, by phase; older versions stay in reach."""

    content_panels = [
        *HubPage.content_panels,
        InlinePanel("downloads", heading=_("Downloads"), label=_("Download")),
        FieldPanel("body"),
    ]

    speaks_to = frozenset({Audience.SCHOOLS})
    page_description = _("Files to work with, by phase, with their versions.")

    class Meta:
        verbose_name = _("toolkit")

    def get_context(self, request, *args, **kwargs) -> dict:  # noqa: ANN001
        context = super().get_context(request, *args, **kwargs)
        current, earlier = {}, []
        for download in self.downloads.select_related("document").order_by("phase", "-issued_on"):
            if download.phase in current:
                earlier.append(download)
            else:
                current[download.phase] = download
        context["current"] = [current[p] for p in ToolkitDownload.Phase.values if p in current]
        context["earlier"] = earlier
        return context


class ToolkitDownload(Orderable):
    class Phase(models.TextChoices):
        EARLY_YEARS = "early_years", _("Early years")
        PRIMARY = "primary", _("Infant and primary")
        SECONDARY = "secondary", _("Secondary")
        SPECIAL = "special", _("Special schools and other settings")

    page = ParentalKey(ToolkitPage, related_name="downloads", on_delete=models.CASCADE)
    phase = models.CharField(max_length=12, choices=Phase.choices)
    document = models.ForeignKey("cms.HubDocument", models.PROTECT, related_name="+")
    version = models.CharField(max_length=20)
    issued_on = models.DateField()
    changes = models.CharField(
        max_length=250, blank=True, help_text=_("What is new in this version.")
    )

    panels = [
        "phase",
        "document",
        FieldRowPanel(["version", "issued_on"]),
        "changes",
    ]

    def __str__(self):
        return f"{self.get_phase_display()}, version {self.version}"
