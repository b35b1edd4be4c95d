# ruff: noqa: ANN001, ANN201 - the signatures are those of Django views
"""The pages of the data protection officer: record of processing, draft assessment, consents."""

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.generic import View

from cms.access import may_in_whole_hub

from .consents import register
from .processing import activities, as_markdown, dpia_as_markdown, risks

PERMISSION = "cms.view_erasure"
FILES = {"record": as_markdown, "assessment": dpia_as_markdown}


class OfficerView(View):
    """Only for those who answer for data protection in the whole hub."""

    def dispatch(self, request, *args, **kwargs):
        if not may_in_whole_hub(request.user, PERMISSION):
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)


def trail(words):
    return [
        {"url": reverse("wagtailadmin_home"), "label": _("Home")},
        {"url": "", "label": words},
    ]


class RecordView(OfficerView):
    """The record as a page; prints without the menu."""

    def get(self, request):
        found = activities()
        facts = {"activities": found, "risks": risks(found)}
        facts["breadcrumbs_items"] = trail(_("Record of processing"))
        return render(request, "forms/processing/record.html", facts)


class RecordFileView(OfficerView):
    """The record, or the draft of the assessment, as a Markdown file."""

    def get(self, request, name):
        if name not in FILES:
            raise Http404
        text = FILES[name](activities())
        headers = {"Content-Disposition": f'attachment; filename="{name}-of-processing.md"'}
        return HttpResponse(text, content_type="text/markdown; charset=utf-8", headers=headers)


class ConsentsView(OfficerView):
    """Which words were agreed to, how often, by version."""

    def get(self, request):
        facts = {"wordings": register(), "breadcrumbs_items": trail(_("Consents"))}
        return render(request, "forms/processing/consents.html", facts)
