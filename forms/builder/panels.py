"""Panels of the editor that only show: the letters of the review process, the sample families."""

from django.conf import settings
from django.urls import reverse
from wagtail.admin.panels import Panel

from forms.coverage import survey, ways_while_editing
from forms.letters_of import letters_of
from forms.publishing import compiled_draft


class LettersPanel(Panel):
    class BoundPanel(Panel.BoundPanel):
        template_name = "forms/builder/letters_panel.html"

        def get_context_data(self, parent_context=None):
            letters, _workflow = letters_of(self.instance.workflow_slug)
            return super().get_context_data(parent_context) | {"letters": letters}


class LanguagesPanel(Panel):
    """The languages that the saved draft has words in, and the way to their page."""

    class BoundPanel(Panel.BoundPanel):
        template_name = "forms/builder/languages_panel.html"

        def get_context_data(self, parent_context=None):
            context = super().get_context_data(parent_context)
            if not self.instance.pk:
                return context
            url = reverse(
                self.instance.snippet_viewset.get_url_name("language"), args=[self.instance.pk]
            )
            given = (self.instance.data or {}).get("translations") or {}
            others = [one for one in settings.LANGUAGES if one[0] != settings.LANGUAGE_CODE]
            rows = [(f"{url}?to={code}", name, code in given) for code, name in others]
            return context | {"rows": rows}


class SamplesPanel(Panel):
    """How long the saved draft is, which ways its families try, and the way to their page."""

    class BoundPanel(Panel.BoundPanel):
        template_name = "forms/builder/samples_panel.html"

        def get_context_data(self, parent_context=None):
            context = super().get_context_data(parent_context)
            if not self.instance.pk:
                return context
            samples = self.instance.samples or []
            form = compiled_draft(self.instance)
            found = survey(form, samples, limit=ways_while_editing(form))
            name = self.instance.snippet_viewset.get_url_name("families")
            return context | {
                "samples": samples,
                "survey": found,
                "misses": found.misses,
                "families_url": reverse(name, args=[self.instance.pk]),
            }
