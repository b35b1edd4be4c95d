# ruff: noqa: ANN001, ANN201 - the signatures are those of Django, which has no types
"""What every roster screen shares: furniture, rights, and the run that an address names."""

from typing import ClassVar

from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views import View
from wagtail.admin.views.generic.base import WagtailAdminTemplateMixin

from imports.models import ImportRun
from imports.resources import rosters
from imports.rights import APPROVE, EXPORT, UPLOAD, VIEW, may

PER_PAGE = 50


class RosterView(WagtailAdminTemplateMixin, View):
    """Furniture and rights of every roster screen."""

    right: ClassVar[str] = VIEW
    header_icon = "upload"

    def dispatch(self, request, *args, **kwargs):
        if not may(request.user, VIEW):
            raise Http404
        if not may(request.user, self.right):
            return render(request, "403.html", status=403)
        return super().dispatch(request, *args, **kwargs)

    def get_breadcrumbs_items(self):
        items = [*self.breadcrumbs_items, {"url": reverse("rosters"), "label": _("Roster imports")}]
        if title := self.get_page_title():
            items.append({"url": "", "label": title})
        return items

    def get_context_data(self, **kwargs):
        rights = {name: may(self.request.user, name) for name in (UPLOAD, APPROVE, EXPORT)}
        return super().get_context_data(**kwargs) | {
            "may_upload": rights[UPLOAD],
            "may_approve": rights[APPROVE],
            "may_export": rights[EXPORT],
        }

    def show(self, status=200, **context):
        context = self.get_context_data(**context)
        return self.render_to_response(context, status=status)


class RunView(RosterView):
    """A screen of one run, which must be one that this person may see."""

    def dispatch(self, request, *args, **kwargs):
        if request.user.is_authenticated:
            found = ImportRun.objects.for_user(request.user).select_related(
                "created_by", "approved_by", "undoes", "job"
            )
            self.run = get_object_or_404(found, pk=kwargs["pk"])
        return super().dispatch(request, *args, **kwargs)

    def get_page_title(self):
        what = _("Undo of import %(pk)s") if self.run.undoes_id else _("Import %(pk)s")
        pk = self.run.undoes_id or self.run.pk
        return f"{rosters[self.run.roster].title}: " + what % {"pk": pk}

    def back(self):
        return redirect("roster_run", pk=self.run.pk)
