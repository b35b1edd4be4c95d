"""A form as part of the drawing of the process that its answers go through."""

from collections.abc import Iterator

from workflows.diagram import FormPart, FormStep, forms_drawn

from .diagram import nodes_of
from .figures import step_figures
from .models import FormDefinition

MOST_FORMS = 3


@forms_drawn("forms")
def parts(slug: str) -> Iterator[FormPart]:
    """The published forms of a process, with how many families are on each step now."""
    found = FormDefinition.objects.open().filter(workflow_slug=slug).order_by("title")
    for form in found[:MOST_FORMS]:
        version = form.current_version
        nodes = nodes_of(version.compiled, figures=step_figures(form))
        yield FormPart(
            title=form.title,
            steps=[FormStep(node.number, node.title, node.now, node.rule) for node in nodes],
        )
