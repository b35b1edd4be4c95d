"""A line of the A-Z that is no page's title."""

from django.utils.translation import gettext_lazy as _
from wagtail import blocks

from cms.models.site import LinkBlock


class EntryBlock(blocks.StructBlock):
    term = blocks.CharBlock(max_length=90, label=_("What people call it"))
    link = LinkBlock(label=_("Where it is"))

    class Meta:
        icon = "link"
        label_format = "{term}"
        preview_value = {"term": "Wider opportunities", "link": {"path": "/schools/"}}
        description = _("Another name for something, and where it is.")
