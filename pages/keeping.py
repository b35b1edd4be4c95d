"""Screens for keeping the site right: what goes out of date, and which links lead nowhere."""

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.core.paginator import Paginator
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from cms.models import HubDocument, Job
from pages import linkcheck, stale
from pages.models import LinkCheck
from pages.wording import needs_alternative

MAY = "pages.change_notice"  # whoever looks after what is written once
State = LinkCheck.State


@require_safe
@permission_required(MAY, raise_exception=True)
def out_of_date(request: HttpRequest) -> HttpResponse:
    today = timezone.localdate()
    documents = HubDocument.objects.order_by("title")
    return render(
        request,
        "pages/desks/out_of_date.html",
        {
            "today": today,
            "things": stale.stale_by(today + stale.AHEAD),
            "documents": [one for one in documents if needs_alternative(one)],
        },
    )


@require_safe
@permission_required(MAY, raise_exception=True)
def links(request: HttpRequest) -> HttpResponse:
    wanted = request.GET.get("state", State.BROKEN)
    wanted = wanted if wanted in State.values else State.BROKEN
    found = LinkCheck.objects.filter(state=wanted).prefetch_related("pages")
    counts = {state: LinkCheck.objects.filter(state=state).count() for state in State.values}
    return render(
        request,
        "pages/desks/links.html",
        {
            "links": Paginator(found, 50).get_page(request.GET.get("page")),
            "states": [(state, State(state).label, number) for state, number in counts.items()],
            "wanted": wanted,
            "asks_outside": settings.CHECK_OUTSIDE_LINKS,
            "job": Job.objects.filter(kind="pages.check_links").order_by("-pk").first(),
        },
    )


@require_POST
@permission_required(MAY, raise_exception=True)
def check_links_now(request: HttpRequest) -> HttpResponse:
    with transaction.atomic():
        linkcheck.check_now()
    messages.success(request, _("The links are being checked. Look again in a minute or two."))
    return redirect("link_checks")
