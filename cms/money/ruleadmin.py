"""The rules for help with costs in the Wagtail admin. They name reasons and no person."""

from django.utils.translation import gettext_lazy as _
from wagtail.admin.panels import FieldPanel, FieldRowPanel, HelpPanel, MultiFieldPanel
from wagtail.admin.ui.tables import Column, DateColumn
from wagtail.admin.viewsets.model import ModelViewSet

from cms.models import RemissionRule


class RemissionRuleViewSet(ModelViewSet):
    """One row for each reason and time. A new share is a new rule; the old one gets a last day."""

    model = RemissionRule
    icon = "minus"
    menu_label = _("Rules for help")
    menu_name = "remission-rules"
    menu_order = 113
    add_to_admin_menu = True
    copy_view_enabled = True
    add_to_reference_index = False
    list_per_page = 50
    list_display = [
        "label",
        Column("percent", label=_("Per cent"), accessor="percent"),
        DateColumn("valid_from", label=_("First day")),
        DateColumn("valid_until", label=_("Last day")),
    ]
    search_fields = ["label"]
    panels = [
        HelpPanel(
            _(
                "Families choose one of these where a form asks why they need help. The first day "
                "of the course decides which rules hold. To change a share, end the rule and make "
                "a new one with the same short name."
            )
        ),
        FieldRowPanel([FieldPanel("label"), FieldPanel("basis")]),
        FieldPanel("hint"),
        FieldRowPanel([FieldPanel("percent"), FieldPanel("position")]),
        MultiFieldPanel(
            [FieldPanel("evidence_needed"), FieldPanel("evidence")], heading=_("Evidence")
        ),
        FieldRowPanel([FieldPanel("valid_from"), FieldPanel("valid_until")]),
    ]
