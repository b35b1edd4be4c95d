"""The impact page: what a signed-off data return says, in totals that give nobody away."""

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from cms.returns import snapshots

from .base import BodyPage


class ImpactPage(BodyPage):
    """Totals of the newest public return, part by part. Before there is one, only the body."""

    max_count_per_parent = 1
    page_description = _("Numbers of the hub's signed-off data return, told in totals.")

    class Meta:
        verbose_name = _("impact page")

    def get_context(self, request: HttpRequest, *args, **kwargs) -> dict:
        context = super().get_context(request, *args, **kwargs)
        found = snapshots.public_figures()
        context["snapshot"], context["parts"] = found or (None, [])
        return context
