"""The two screens of ready-made pages: choosing one when a page is added, and keeping a page."""

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods
from wagtail.models import Page

from pages import starters
from pages.models import HubPage, RecordPage
from pages.models.starters import is_starter


class StartForm(forms.Form):
    """What to start from, what it is called, and, for a page over a record, which record."""

    starter = forms.ChoiceField(widget=forms.RadioSelect, label=_("Start from"))
    title = forms.CharField(max_length=120, label=_("What is the page called?"))

    def __init__(self, *args, model: type[HubPage], parent: Page, **kwargs):
        super().__init__(*args, **kwargs)
        self.found = {str(page.pk): page for page in starters.starters_for(model)}
        self.fields["starter"].choices = [(pk, page.title) for pk, page in self.found.items()]
        if len(self.found) == 1:
            self.fields["starter"].initial = next(iter(self.found))
        if issubclass(model, RecordPage):
            field = model._meta.get_field(model.record_field)
            self.fields["record"] = forms.ModelChoiceField(
                starters.records_without_page(model, parent),
                label=field.verbose_name.capitalize(),
                help_text=_("Those that have no page yet."),
            )
            self.fields["title"].required = False
            self.fields["title"].help_text = _("Left empty, it is the name of what it is about.")

    def clean(self) -> dict:
        cleaned = super().clean()
        if not cleaned.get("title") and cleaned.get("record"):
            cleaned["title"] = str(cleaned["record"])[:120]
        return cleaned


def offer(request: HttpRequest, parent: Page, model: type[Page]) -> HttpResponse | None:
    """The choice, before an empty editor is shown; None where there is nothing to choose."""
    if (
        request.method != "GET"
        or "blank" in request.GET
        or not issubclass(model, HubPage)
        or not starters.starters_for(model).exists()
    ):
        return None
    return _choice(request, parent, model, StartForm(model=model, parent=parent))


def _choice(
    request: HttpRequest, parent: Page, model: type[HubPage], form: StartForm, status: int = 200
) -> HttpResponse:
    where = [model._meta.app_label, model._meta.model_name, parent.pk]
    context = {
        "form": form,
        "found": form.found.values(),
        "kind": model._meta.verbose_name,
        "parent": parent,
        "blank": f"{reverse('wagtailadmin_pages:add', args=where)}?blank=1",
        "action": reverse("start_page", args=[model._meta.model_name, parent.pk]),
    }
    return render(request, "pages/desks/start_page.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
def start_page(request: HttpRequest, model_name: str, parent_pk: int) -> HttpResponse:
    """POST makes the draft and opens it."""
    parent = get_object_or_404(Page, pk=parent_pk).specific
    model = {one._meta.model_name: one for one in parent.creatable_subpage_models()}.get(model_name)
    may = parent.permissions_for_user(request.user).can_add_subpage()
    if model is None or not may or not model.can_create_at(parent):
        raise PermissionDenied
    if request.method != "POST":
        where = [model._meta.app_label, model_name, parent.pk]
        return redirect("wagtailadmin_pages:add", *where)
    form = StartForm(request.POST, model=model, parent=parent)
    if not form.is_valid():
        return _choice(request, parent, model, form, status=422)
    data = form.cleaned_data
    page = starters.begin(
        form.found[data["starter"]],
        parent,
        data["title"],
        by=request.user,
        record=data.get("record"),
    )
    messages.success(
        request, _now("A draft of “%(page)s” is there. Put your own words in.") % {"page": page}
    )
    return redirect("wagtailadmin_pages:edit", page.pk)


def may_keep(page: Page, user: object) -> bool:
    return (
        issubclass(page.specific_class or Page, HubPage)
        and not page.is_root()
        and page.permissions_for_user(user).can_edit()
        and not is_starter(page)
        and page.specific_class.__name__ != "StarterFolderPage"
    )


@require_http_methods(["GET", "HEAD", "POST"])
def keep_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask for a name; POST keeps the page as a ready-made one."""
    page = get_object_or_404(Page, pk=pk)
    if not may_keep(page, request.user):
        raise PermissionDenied
    name = " ".join(request.POST.get("name", "").split())[:120]
    if request.method == "POST" and name:
        kept = starters.keep_as_starter(page.specific, name, by=request.user)
        messages.success(
            request,
            _now("“%(name)s” can be chosen now whenever such a page is added.") % {"name": name},
        )
        return redirect("wagtailadmin_pages:edit", kept.pk)
    context = {"page": page, "is_empty": request.method == "POST"}
    status = 422 if request.method == "POST" else 200
    return render(request, "pages/desks/keep_page.html", context, status=status)
