# ruff: noqa: ANN001, ANN201 - the signatures are those of Wagtail's side panels and preview views
"""Beside the editor: the form drawn from the unsaved draft, and what there is to mend."""

from django.http import JsonResponse
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from wagtail.admin.ui.side_panels import BaseSidePanel
from wagtail.admin.views.generic.preview import PreviewOnEdit

from forms import diagram
from forms.coverage import survey, ways_while_editing
from forms.figures import PERIOD_DAYS, step_figures
from forms.findings import ERROR
from forms.publishing import compiled_draft, findings_of
from forms.walk import walk

from .errors import placed

PERIODS = (7, 30, 90, 365)
#: Ways walked while somebody types; the page of sample families walks more.
MOST_WALKED = 400


class MapSidePanel(BaseSidePanel):
    class SidePanelToggle(BaseSidePanel.SidePanelToggle):
        aria_label = _("Toggle the map of the form")
        icon_name = "site"

    name = "map"
    title = _("Map of the form")
    template_name = "forms/builder/map_panel.html"
    order = 300

    def get_context_data(self, parent_context):
        context = super().get_context_data(parent_context)
        context["url"] = (
            reverse(self.object.snippet_viewset.get_url_name("map"), args=[self.object.pk])
            if self.object.pk
            else ""
        )
        context["periods"] = PERIODS
        context["period"] = PERIOD_DAYS
        context["samples"] = [sample.get("name", "") for sample in self.object.samples or []]
        return context


def _path_of(definition, form, sample_name):
    for sample in definition.samples or []:
        if sample.get("name") == sample_name:
            return {step.key for step in walk(form, sample.get("answers") or {}).steps}
    return set()


class MapView(PreviewOnEdit):
    """POST the editor's form; answers the drawing, the outline and the findings. Saves nothing."""

    http_method_names = ("post",)

    def post(self, request, *args, **kwargs):
        form = self.get_form(request.POST)
        if not self.validate_form(form):
            return JsonResponse({"is_valid": False})
        draft = form.save(commit=False)
        compiled = compiled_draft(draft)
        days = int(days) if (days := request.POST.get("map-days", "")).isdigit() else PERIOD_DAYS
        nodes = diagram.nodes_of(
            compiled,
            figures=step_figures(self.object, days=min(days, max(PERIODS))),
            path=_path_of(draft, compiled, request.POST.get("map-sample", "")),
        )
        findings = placed(form.cleaned_data["groups"], findings_of(draft))
        context = {
            "nodes": nodes,
            "svg": diagram.svg(nodes, title=draft.title),
            "outline": diagram.outline(nodes),
            "findings": sorted(findings, key=lambda finding: finding.level != ERROR),
            "questions": sum(len(step["questions"]) for step in compiled["steps"]),
            "survey": survey(
                compiled, draft.samples or [], limit=ways_while_editing(compiled, MOST_WALKED)
            ),
            "samples": draft.samples,
        }
        return JsonResponse(
            {
                "is_valid": True,
                "errors": sum(finding.level == ERROR for finding in findings),
                "findings": len(findings),
                "notes": [
                    {"id": one.block_id, "level": one.level, "message": one.message}
                    for one in findings
                    if one.block_id
                ],
                "html": render_to_string("forms/builder/map.html", context, request=request),
            }
        )
