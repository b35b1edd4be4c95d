"""Codes for reductions in the Wagtail admin: made here, typed by families, counted."""

from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from wagtail.admin.panels import FieldPanel, FieldRowPanel, MultiFieldPanel
from wagtail.admin.ui.tables import Column, DateColumn
from wagtail.admin.viewsets.model import ModelViewSet

from forms.models import PriceCode


class PriceCodeViewSet(ModelViewSet):
    """The list says the names and never the codes, so it can stand open on a desk."""

    model = PriceCode
    icon = "tag"
    menu_label = _("Codes for reductions")
    menu_name = "price-codes"
    menu_order = 112
    add_to_admin_menu = True
    copy_view_enabled = False
    add_to_reference_index = False
    list_per_page = 50
    list_display = [
        "name",
        "form",
        Column("times_used", label=_("Used"), accessor="times_used"),
        Column("uses", label=_("Of"), accessor="uses"),
        DateColumn("valid_until", label=_("Last day")),
    ]
    list_filter = ["form"]
    search_fields = ["name"]
    panels = [
        FieldPanel("form"),
        FieldRowPanel([FieldPanel("name"), FieldPanel("code")]),
        MultiFieldPanel(
            [FieldRowPanel([FieldPanel("percent"), FieldPanel("pence")])],
            heading=_("What it takes off"),
        ),
        MultiFieldPanel(
            [
                FieldPanel("uses"),
                FieldRowPanel([FieldPanel("valid_from"), FieldPanel("valid_until")]),
            ],
            heading=_("How often, and when"),
        ),
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[PriceCode]:
        return PriceCode.objects.select_related("form").annotate(times_used=Count("used"))
