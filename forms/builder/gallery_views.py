# ruff: noqa: ANN001, ANN201 - the signatures are those of Wagtail's views
"""Beginning a form from one that was tried already: the gallery, and a copy of a form."""

from django.http import Http404, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.generic import View
from wagtail.admin import messages
from wagtail.admin.views.generic.base import WagtailAdminTemplateMixin
from wagtail.admin.views.generic.permissions import PermissionCheckedMixin
from wagtail.snippets.views.snippets import CopyView

from forms import gallery
from forms.models import FormDefinition


def url_of(name, *args):
    return reverse(FormDefinition.snippet_viewset.get_url_name(name), args=args)


class GalleryView(PermissionCheckedMixin, WagtailAdminTemplateMixin, View):
    """GET shows the packages; POST begins a draft from one."""

    permission_policy = None
    permission_required = "add"
    template_name = "forms/builder/gallery.html"
    page_title = gettext_lazy("Begin a form")
    header_icon = "form"
    _show_breadcrumbs = True

    def get_breadcrumbs_items(self):
        return [
            *self.breadcrumbs_items,
            {"url": url_of("list"), "label": _("Forms")},
            {"url": "", "label": self.page_title},
        ]

    def get(self, request):
        context = self.get_context_data(
            samples=[gallery.shown(name) for name in gallery.names()], add_url=url_of("add")
        )
        return self.render_to_response(context)

    def post(self, request):
        name = request.POST.get("name", "")
        if name not in gallery.names():
            raise Http404
        title = " ".join(request.POST.get("title", "").split())[:200] or gallery.shown(name).title
        made = gallery.begin(name, title=title, by=request.user)
        said = _("“%(title)s” is a draft now. Change what you like; nothing is live yet.")
        messages.success(request, said % {"title": made.title})
        return HttpResponseRedirect(url_of("edit", made.pk))


class FormCopyView(CopyView):
    """The latest draft under another name; its blocks keep their ids, so that the two compare."""

    def get_initial_form_instance(self):
        draft = self.get_object().get_latest_revision_as_object()
        title = _("%(title)s (copy)") % {"title": draft.title}
        return FormDefinition(
            title=title[:200],
            slug=gallery.free_slug(title),
            data=draft.data,
            samples=draft.samples,
            workflow_slug=draft.workflow_slug,
        )
