"""Lists and forms for records of people, on wagtail-modeladmin, with every door guarded.

A subclass of ScopedModelAdmin says which columns, filters and fields; this module sees to it that
list, inspect, edit, delete and export each ask for their own permission and for the row within the
user's scope, that each is written to the access log, and that nothing reaches Wagtail's history,
reference index or choosers. A row out of scope answers like one that does not exist: 404.
The rule a newcomer would break: never widen `get_queryset`, and never list a filter or a search
field that the user could not read in the list.
"""

from django import forms
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.sites import AdminSite
from django.contrib.admin.utils import label_for_field, lookup_field, unquote
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import models, transaction
from django.http import FileResponse, Http404
from django.shortcuts import redirect
from django.urls import re_path, reverse
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.functional import cached_property
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from wagtail.admin import messages
from wagtail.admin.forms.models import WagtailAdminModelForm
from wagtail.admin.panels import ObjectList
from wagtail_modeladmin.helpers import AdminURLHelper, ButtonHelper, PermissionHelper
from wagtail_modeladmin.options import ModelAdmin
from wagtail_modeladmin.views import (
    CreateView,
    DeleteView,
    EditView,
    IndexView,
    InspectView,
    ModelFormView,
    WMABaseView,
)

from . import audit, exports, ownership
from .access import ScopedQuerySet, may_in_whole_hub
from .models.roster import RosterRecord

OBJECT_ACTIONS = {"inspect": "inspect", "edit": "change", "delete": "delete"}


class ScopedPermissionHelper(PermissionHelper):
    """Asks the scoped queryset about each object, and a permission of its own for each action."""

    def may(self, user, action: str) -> bool:
        return self.user_has_specific_permission(user, f"{action}_{self.opts.model_name}")

    def rows(self, user, action: str):
        """The rows that this user may do `action` to: inspect, change, delete, list, export."""
        if not self.may(user, action):
            return self.model._default_manager.none()
        return self.model.objects.for_user(user, action)

    def user_can_list(self, user):
        return self.may(user, "list")

    def user_can_export(self, user):
        return self.may(user, "export") and self.may(user, "list")

    def user_can_create(self, user):
        """Only a whole-hub role adds records by hand: a new one has no centre yet to check."""
        permission = f"{self.opts.app_label}.add_{self.opts.model_name}"
        return self.may(user, "add") and may_in_whole_hub(user, permission)

    def user_can_inspect_obj(self, user, obj):
        return self.rows(user, "inspect").filter(pk=obj.pk).exists()

    def user_can_edit_obj(self, user, obj):
        return self.rows(user, "change").filter(pk=obj.pk).exists()

    def user_can_delete_obj(self, user, obj):
        return self.rows(user, "delete").filter(pk=obj.pk).exists()


class ReadOnlyPermissionHelper(ScopedPermissionHelper):
    """For records that one module writes under a lock: nobody adds, edits or deletes them here."""

    def rows(self, user, action):
        if action in ("change", "delete"):
            return self.model._default_manager.none()
        return super().rows(user, action)

    def user_can_create(self, user):
        return False


class ScopedURLHelper(AdminURLHelper):
    def get_action_url_pattern(self, action):
        if action == "export":
            return self._get_action_url_pattern(action)
        return super().get_action_url_pattern(action)

    @cached_property
    def export_url(self):
        return super().get_action_url("export")


class ScopedButtonHelper(ButtonHelper):
    """Knows what may be done to every row of the page from three queries, not three per row."""

    @cached_property
    def _allowed(self):
        shown = getattr(self.view, "shown_pks", None)
        result = {}
        for button, action in OBJECT_ACTIONS.items():
            rows = self.permission_helper.rows(self.request.user, action)
            result[button] = set(rows.filter(pk__in=shown).values_list("pk", flat=True))
        return result

    def get_buttons_for_obj(self, obj, exclude=None, **kwargs):
        if not hasattr(self.view, "shown_pks"):
            return super().get_buttons_for_obj(obj, exclude=exclude, **kwargs)
        return []  # the title of a row is its link

    def get_primary_button(self, obj):
        if not hasattr(self.view, "shown_pks"):
            return super().get_primary_button(obj)
        for button in ("inspect", "edit"):
            if obj.pk in self._allowed[button]:
                return getattr(self, f"{button}_button")(obj.pk)
        return None


class ScopedForm(WagtailAdminModelForm):
    """Offers, in each of its choices, only records that its user may reach."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            queryset = getattr(field, "queryset", None)
            if isinstance(queryset, ScopedQuerySet):
                field.queryset = queryset.for_user(self.for_user)


class BreadcrumbsMixin:
    """The slim header that Wagtail's own screens have."""

    def get_context_data(self, **kwargs):
        trail = [
            {"url": reverse("wagtailadmin_home"), "label": _("Home")},
            {"url": self.index_url, "label": capfirst(self.verbose_name_plural)},
        ]
        instance = getattr(self, "instance", None)
        if instance is not None and instance.pk:
            trail.append({"url": "", "label": str(instance)})
        elif not isinstance(self, IndexView):
            trail.append({"url": "", "label": str(self.get_page_title())})
        return super().get_context_data(**{"breadcrumbs_items": trail, **kwargs})


class ScopedIndexView(BreadcrumbsMixin, IndexView):
    """The list. Its own export by address is off: see ExportView."""

    FORMATS = ()

    def get_filters(self, request):
        specs, has_filters, remaining, distinct = super().get_filters(request)
        if remaining:  # any lookup on any field would answer questions about hidden ones
            raise IncorrectLookupParameters
        return specs, has_filters, remaining, distinct

    def dispatch(self, request, *args, **kwargs):
        try:
            return super().dispatch(request, *args, **kwargs)
        except IncorrectLookupParameters:
            return redirect(self.index_url)

    def get_context_data(self, **kwargs):
        context = super().get_context_data(**kwargs)
        rows = list(context["object_list"])
        self.shown_pks = [row.pk for row in rows]
        context["object_list"] = rows
        context["user_can_export"] = bool(
            self.model_admin.export_columns
        ) and self.permission_helper.user_can_export(self.request.user)
        audit.record(
            self.request.user,
            "list",
            self.model,
            {
                "rows": len(rows),
                "page": context["page_obj"].number,
                "searched": bool(self.query),
                "filtered": sorted(set(self.params) - set(self.IGNORED_PARAMS)),
            },
        )
        return context


class ScopedInspectView(BreadcrumbsMixin, InspectView):
    def get_context_data(self, **kwargs):
        context = super().get_context_data(**kwargs)
        audit.record(self.request.user, "inspect", self.instance)
        if isinstance(self.instance, RosterRecord):
            context["columns"] = self.owned_columns()
            context["locks_url"] = self.url_helper.get_action_url("locks", self.instance.pk)
            context["may_lock"] = self.permission_helper.user_can_edit_obj(
                self.request.user, self.instance
            )
        return context

    def owned_columns(self):
        """Who decides over each column that people can edit here."""
        rows = []
        for name in self.model_admin.owned_fields():
            owner, day = ownership.owner_of(self.instance, name)
            label = self.get_field_label(name)
            rows.append(
                {"name": name, "label": label, "owner": owner, "day": parse_date(day or "")}
            )
        return rows

    def get_field_label(self, field_name, field=None):
        return label_for_field(field_name, model=self.model, model_admin=self.model_admin)

    def get_field_display_value(self, field_name, field=None):
        own = getattr(self.model_admin, field_name, None)
        if callable(own):
            return own(self.instance) or self.model_admin.get_empty_value_display(field_name)
        value = getattr(self.instance, field_name, None)
        if isinstance(value, models.Manager) and isinstance(value.all(), ScopedQuerySet):
            reached = value.all().for_user(self.request.user)
            return ", ".join(str(row) for row in reached) or "-"
        return super().get_field_display_value(field_name, field)


class ScopedCreateView(BreadcrumbsMixin, CreateView):
    def form_valid(self, form):
        with transaction.atomic():
            response = ModelFormView.form_valid(self, form)  # not Wagtail's, which logs the label
            audit.record(self.request.user, "add", self.instance)
        return response


class ScopedEditView(BreadcrumbsMixin, EditView):
    def form_valid(self, form):
        ownership.note_edits(form.instance, form.changed_data)
        with transaction.atomic():
            response = ModelFormView.form_valid(self, form)
            audit.record(
                self.request.user, "change", self.instance, {"fields": sorted(form.changed_data)}
            )
        return response

    def get_context_data(self, **kwargs):
        context = super().get_context_data(**kwargs)
        if self.request.method == "GET":
            audit.record(self.request.user, "inspect", self.instance, {"form": True})
        return context


class ScopedDeleteView(BreadcrumbsMixin, DeleteView):
    def post(self, request, *args, **kwargs):
        name, key = str(self.instance), self.instance.pk
        try:
            with transaction.atomic():
                self.delete_instance()
                self.instance.pk = key
                audit.record(request.user, "delete", self.instance)
        except (models.ProtectedError, models.RestrictedError) as error:
            held = {str(row._meta.verbose_name_plural) for row in error.args[1]}
            messages.error(
                request,
                _("%(record)s was not deleted: there are still %(held)s that belong to it.")
                % {"record": name, "held": ", ".join(sorted(held))},
            )
            return redirect(self.index_url)
        messages.success(request, _("%(record)s was deleted.") % {"record": name})
        return redirect(self.index_url)


class ExportForm(forms.Form):
    kind = forms.ChoiceField(
        label=gettext_lazy("Format"),
        choices=[("xlsx", "Excel (XLSX)"), ("csv", "CSV")],
        widget=forms.RadioSelect,
        initial="xlsx",
    )
    reason = forms.CharField(
        label=gettext_lazy("What is it for?"),
        max_length=200,
        min_length=5,
        help_text=gettext_lazy(
            "Kept in the access log with your name. Do not write the name of a child here."
        ),
    )


class ExportView(BreadcrumbsMixin, WMABaseView):
    """Asks what the file is for, notes it, then gives the rows this user may export."""

    page_title = gettext_lazy("Export")
    template_name = "modeladmin/export.html"

    def check_action_permitted(self, user):
        return self.permission_helper.user_can_export(user)

    def get_context_data(self, **kwargs):
        rows = self.permission_helper.rows(self.request.user, "export")
        return super().get_context_data(
            **{"form": ExportForm(), "row_count": rows.count(), **kwargs}
        )

    def post(self, request, *args, **kwargs):
        form = ExportForm(request.POST)
        if not form.is_valid():
            return self.render_to_response(self.get_context_data(form=form), status=422)
        kind = form.cleaned_data["kind"]
        columns = self.model_admin.export_columns
        rows = self.model_admin.prepare(self.permission_helper.rows(request.user, "export"))
        file = exports.table(
            kind,
            [
                capfirst(label_for_field(name, self.model, model_admin=self.model_admin))
                for name in columns
            ],
            (
                [self._value(name, row) for name in columns]
                for row in rows.order_by("pk").iterator(chunk_size=1000)
            ),
        )
        audit.record(
            request.user,
            "export",
            self.model,
            {"reason": form.cleaned_data["reason"], "rows": rows.count(), "format": kind},
        )
        name = f"{self.opts.model_name}-{timezone.localdate():%Y-%m-%d}.{kind}"
        return FileResponse(
            file, as_attachment=True, filename=name, content_type=exports.CONTENT_TYPES[kind]
        )

    def _value(self, name, row):
        return lookup_field(name, row, self.model_admin)[2]


class ScopedModelAdmin(ModelAdmin):
    """The base of every admin of personal records. See the module's docstring."""

    permission_helper_class = ScopedPermissionHelper
    url_helper_class = ScopedURLHelper
    button_helper_class = ScopedButtonHelper
    index_view_class = ScopedIndexView
    create_view_class = ScopedCreateView
    edit_view_class = ScopedEditView
    inspect_view_class = ScopedInspectView
    delete_view_class = ScopedDeleteView
    inspect_view_enabled = True
    history_view_enabled = False
    list_export = ()
    list_per_page = 50
    index_template_name = "modeladmin/scoped_index.html"
    inspect_template_name = "modeladmin/scoped_inspect.html"
    create_template_name = edit_template_name = "modeladmin/scoped_form.html"
    export_columns: tuple[str, ...] = ()
    select_related: tuple[str, ...] = ()
    prefetch_related: tuple[str, ...] = ()

    def __init__(self, parent=None):
        super().__init__(parent)
        # Filters on related records ask a Django admin site, and there is none here.
        self.admin_site = AdminSite(name="none")

    def prepare(self, queryset):
        """Rows with what their columns read, in a constant number of queries."""
        return queryset.select_related(*self.select_related).prefetch_related(
            *self.prefetch_related
        )

    def get_queryset(self, request):
        rows = self.permission_helper.rows(request.user, "list")
        return self.prepare(rows).order_by(*(self.ordering or self.opts.ordering))

    def get_edit_handler(self):
        handler = ObjectList(self.panels, base_form_class=ScopedForm)
        return handler.bind_to_model(self.model)

    def _or_404(self, request, instance_pk, action):
        try:
            reachable = self.permission_helper.rows(request.user, OBJECT_ACTIONS[action])
            found = reachable.filter(pk=unquote(instance_pk)).exists()
        except (ValueError, ValidationError):
            found = False
        if not found:
            raise Http404

    def inspect_view(self, request, instance_pk):
        self._or_404(request, instance_pk, "inspect")
        return super().inspect_view(request, instance_pk)

    def edit_view(self, request, instance_pk):
        self._or_404(request, instance_pk, "edit")
        return super().edit_view(request, instance_pk)

    def owned_fields(self):
        """The columns that a roster may bring and a person may edit: those of the form."""
        return [panel.field_name for panel in self.panels]

    def locks_view(self, request, instance_pk):
        """Lock the ticked columns of one record against every roster; POST only."""
        self._or_404(request, instance_pk, "edit")
        record = self.permission_helper.rows(request.user, "change").get(pk=unquote(instance_pk))
        if request.method == "POST" and isinstance(record, RosterRecord):
            ticked = set(request.POST.getlist("locked")) & set(self.owned_fields())
            ownership.set_locks(record, ticked, by=request.user)
            messages.success(request, _("The locks were saved."))
        return redirect(self.url_helper.get_action_url("inspect", instance_pk))

    def delete_view(self, request, instance_pk):
        self._or_404(request, instance_pk, "delete")
        return super().delete_view(request, instance_pk)

    def export_view(self, request):
        if not self.export_columns:
            raise PermissionDenied
        return ExportView.as_view(model_admin=self)(request)

    def get_admin_urls_for_registration(self):
        return (
            *super().get_admin_urls_for_registration(),
            re_path(
                self.url_helper.get_action_url_pattern("locks"),
                self.locks_view,
                name=self.url_helper.get_action_url_name("locks"),
            ),
            re_path(
                self.url_helper.get_action_url_pattern("export"),
                self.export_view,
                name=self.url_helper.get_action_url_name("export"),
            ),
        )

    def register_admin_url_finders(self):
        """None: a finder offers Edit links wherever Wagtail meets the object."""

    def register_indexing(self):
        """None: the reference index is read without asking who may see the object."""
