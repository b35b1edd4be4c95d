"""The review process that a form's submissions go through, and the letters it sends."""

from cms.models import MailTemplate
from workflows.models import WorkflowDefinition

from .package import letters_used


def letters_of(workflow_slug: str) -> tuple[list[dict], dict | None]:
    """`[{key, subject, body}]` and the workflow's data; nothing for an unknown or empty slug."""
    definition = WorkflowDefinition.objects.filter(slug=workflow_slug).first()
    if definition is None:
        return [], None
    keys = letters_used(definition.data)
    letters = MailTemplate.objects.filter(key__in=keys).values("key", "name", "subject", "body")
    return list(letters), definition.data
