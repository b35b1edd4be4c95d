"""Pictures and their permissions in the Wagtail admin: which end, which are gone, where each is."""

import django_filters
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods
from wagtail.admin.filters import WagtailFilterSet
from wagtail.admin.ui.tables import BooleanColumn, Column, DateColumn, TitleColumn
from wagtail.admin.views.reports import ReportView

from cms import pictures
from cms.models import AccessLogEntry, HubImage

MAY = "cms.withdraw_hubimage"
STATES = [("gone", _("Not shown")), ("children", _("Shows children")), ("ends", _("Has an end"))]


def state_of(image: HubImage) -> str:
    """In words: whether the picture is shown, and if not, why."""
    today = timezone.localdate()
    if image.may_be_shown(today):
        return _now("Shown")
    if image.consent_withdrawn_on and image.consent_withdrawn_on <= today:
        return _now("Not shown: the permission was taken back")
    if image.expires_on and image.expires_on < today:
        return _now("Not shown: its last day is over")
    return _now("Not shown: it shows children, and no permission is named")


class PictureFilterSet(WagtailFilterSet):
    title = django_filters.CharFilter(label=_("Title"), lookup_expr="icontains")
    state = django_filters.ChoiceFilter(label=_("Which"), choices=STATES, method="by_state")

    class Meta:
        model = HubImage
        fields = ["title"]

    def by_state(self, found: QuerySet, _name: str, value: str) -> QuerySet:
        if value == "gone":
            return found.not_to_be_shown(timezone.localdate())
        if value == "children":
            return found.filter(shows_children=True)
        return found.filter(expires_on__isnull=False)


class PictureReport(ReportView):
    FORMATS = ()
    model = HubImage
    page_title = _("Pictures and permissions")
    header_icon = "image"
    filterset_class = PictureFilterSet
    default_ordering = "-pk"
    index_url_name = "picture_permissions"
    index_results_url_name = "picture_permissions_results"
    columns = [
        TitleColumn("title", label=_("Picture"), url_name="picture_permission"),
        Column("state", label=_("On the site"), accessor=state_of),
        BooleanColumn("shows_children", label=_("Shows children")),
        Column("consent_reference", label=_("Permission")),
        DateColumn("expires_on", label=_("Last day")),
    ]

    def dispatch(self, request: HttpRequest, *args, **kwargs) -> HttpResponse:
        if not request.user.has_perm(MAY):
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)


@require_http_methods(["GET", "POST"])
def picture_permission(request: HttpRequest, pk: int) -> HttpResponse:
    """Where one picture is used, and the button that takes it off all of them."""
    if not request.user.has_perm(MAY):
        raise PermissionDenied
    image = get_object_or_404(HubImage, pk=pk)
    if request.method == "POST":
        why = request.POST.get("why", "").strip()[:200]
        if request.POST.get("action") == "give":
            pictures.give_again(image, by=request.user, why=why)
            messages.success(request, _now("The permission is noted again."))
        else:
            pictures.withdraw(image, by=request.user, why=why)
            messages.success(request, _now("The picture is off the site. A placeholder stands."))
        return redirect("picture_permission", pk=pk)
    history = AccessLogEntry.objects.filter(record_type="cms.hubimage", record_id=str(pk))
    return render(
        request,
        "pictures/permission.html",
        {
            "image": image,
            "state": state_of(image),
            "uses": pictures.uses_of(image),
            "history": history.order_by("-id")[:20],
        },
    )
