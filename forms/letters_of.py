"""The review process that a form's submissions go through, and the letters it sends."""

from cms.models import MailTemplate

from .package import letters_used, workflow_of


def letters_of(workflow_slug: str) -> tuple[list[dict], dict | None]:
    """`[{key, subject, body}]` and the workflow's data; nothing for an unknown or empty slug."""
    workflow = workflow_of(workflow_slug) if workflow_slug else None
    letters = MailTemplate.objects.filter(key__in=letters_used(workflow))
    return list(letters.values("key", "name", "subject", "body")), workflow
