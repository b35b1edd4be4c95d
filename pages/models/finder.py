"""The finder, "What can my child join?", as a page that editors place where they like.

The form is posted, not put into the address, although it changes nothing: a date of birth in an
address would land in the browser's history, in logs of every proxy on the way and in what a page
linked from here is told. The answer is a page of its own that nobody keeps (pages.views.finder).
"""

from django.core.validators import MaxValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _
from wagtail.admin.panels import FieldPanel, FieldRowPanel, MultiFieldPanel

from pages import finder
from pages.audiences import LEARNERS
from pages.finder_form import FinderForm

from .base import BodyPage, HubPage


class FinderPage(BodyPage):
    """Asks five questions; shows what fits, how far it is, what it costs, why not the rest."""

    help_percent = models.PositiveSmallIntegerField(
        _("part help, in per cent"),
        default=50,
        validators=[MaxValueValidator(100)],
        help_text=_("What part help takes off a price."),
    )
    full_help = models.BooleanField(
        _("all of a price can be paid"),
        default=True,
        help_text=_("Whether help with costs can come to the whole price."),
    )
    help_page = models.ForeignKey(
        "wagtailcore.Page",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        help_text=_("Where help with costs is explained."),
    )

    content_panels = [
        *HubPage.content_panels,
        MultiFieldPanel(
            [FieldRowPanel(["help_percent", "full_help"]), FieldPanel("help_page")],
            heading=_("Help with costs"),
        ),
        FieldPanel("body", help_text=_("Shown below the questions, and not with the answers.")),
    ]

    speaks_to = LEARNERS
    page_description = _("What can my child join? The questions, and what fits.")

    class Meta:
        verbose_name = _("finder")

    def get_context(self, request, *args, **kwargs) -> dict:  # noqa: ANN001
        context = super().get_context(request, *args, **kwargs)
        form = FinderForm(request.POST if request.method == "POST" else None)
        context["form"] = form
        if form.is_bound and form.is_valid():
            context["outcome"] = finder.look(form.child(), form.home())
        return context

    def part_price(self, pence: int) -> int:
        """What is left to pay with part help, rounded in the family's favour."""
        return pence * (100 - self.help_percent) // 100
