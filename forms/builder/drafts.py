# ruff: noqa: ANN001, ANN201 - the signatures are those of Wagtail's views
"""What the builder's own pages share: the draft they are about, its lock, and keeping it."""

from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.views.generic import View
from wagtail.admin import messages
from wagtail.admin.views.generic.base import WagtailAdminTemplateMixin
from wagtail.admin.views.generic.permissions import PermissionCheckedMixin

from forms.models import FormDefinition
from forms.publishing import DraftChangedError


class DraftView(PermissionCheckedMixin, WagtailAdminTemplateMixin, View):
    """A page of the admin about the latest draft of one form."""

    permission_policy = None
    permission_required = "change"
    header_icon = "form"
    _show_breadcrumbs = True

    def setup(self, request, *args, pk, **kwargs):
        super().setup(request, *args, **kwargs)
        self.definition = get_object_or_404(FormDefinition, pk=unquote(str(pk)))

    @cached_property
    def draft(self):
        return self.definition.get_latest_revision_as_object()

    @staticmethod
    def address(name: str, *args: object) -> str:
        return reverse(FormDefinition.snippet_viewset.get_url_name(name), args=args)

    @property
    def edit_url(self):
        return self.address("edit", self.definition.pk)

    def get_breadcrumbs_items(self):
        return [
            *self.breadcrumbs_items,
            {"url": self.address("list"), "label": _("Forms")},
            {"url": self.edit_url, "label": self.draft.title},
            {"url": "", "label": self.page_title},
        ]

    def get(self, request, *args, **kwargs):
        return self.show()

    def show(self, status=200, **context):
        return self.render_to_response(self.get_context_data(**context), status=status)

    def get_context_data(self, **kwargs):
        context = super().get_context_data(**kwargs)
        return context | {"draft": self.draft, "edit_url": self.edit_url}

    def check_lock(self):
        """Raises PermissionDenied when somebody else has locked the form."""
        lock = self.draft.get_lock()
        if lock and lock.for_user(self.request.user):
            raise PermissionDenied

    def keep_samples(self, samples, said=""):
        """A new revision of the draft with these samples, logged like any other edit.

        Raises DraftChangedError when the draft was saved since this page read it: the answers of a
        sample are named by keys of that draft.
        """
        self.check_lock()
        with transaction.atomic():
            latest = FormDefinition.objects.select_for_update().get(pk=self.definition.pk)
            if latest.latest_revision_id != self.definition.latest_revision_id:
                raise DraftChangedError
            self.draft.samples = samples
            self.draft.save_revision(user=self.request.user, log_action=True, clean=False)
        if said:
            messages.success(self.request, said)

    def dispatch(self, request, *args, **kwargs):
        try:
            return super().dispatch(request, *args, **kwargs)
        except DraftChangedError:
            messages.warning(request, _("The form was saved meanwhile. Try again."))
            return self.go(request.get_full_path())

    def go(self, url):
        return HttpResponseRedirect(url)
