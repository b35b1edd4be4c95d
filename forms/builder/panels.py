"""Panels of the editor that only show: the letters of the review process, the sample families."""

from wagtail.admin.panels import Panel

from forms.letters_of import letters_of


class LettersPanel(Panel):
    class BoundPanel(Panel.BoundPanel):
        template_name = "forms/builder/letters_panel.html"

        def get_context_data(self, parent_context=None):
            letters, _workflow = letters_of(self.instance.workflow_slug)
            return super().get_context_data(parent_context) | {"letters": letters}


class SamplesPanel(Panel):
    class BoundPanel(Panel.BoundPanel):
        template_name = "forms/builder/samples_panel.html"

        def get_context_data(self, parent_context=None):
            return super().get_context_data(parent_context) | {
                "samples": self.instance.samples or []
            }
