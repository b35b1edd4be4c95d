"""Notices for staff, on the first page of the admin."""

from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from wagtail.admin.ui.components import Component

from pages.notices import banners_for_staff


class StaffNotices(Component):
    order = 10

    def render_html(self, parent_context: dict | None = None) -> SafeString | str:
        found = banners_for_staff()
        if not found:
            return ""
        return render_to_string("pages/desks/_staff_notices.html", {"notices": found})
