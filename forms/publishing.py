"""What stands between a draft and the form that families use: everything is checked again.

The editor checks too, on its blocks; this is what no route can go round.
"""

from cms.models import User

from .compile import compiled, publish
from .findings import ERROR, Finding, NotPublishableError
from .letters_of import letters_of
from .lint import lint
from .models import FormDefinition, FormVersion


def compiled_draft(definition: FormDefinition) -> dict:
    """The draft as it would be published, finished or not."""
    data = definition.data or {}
    return compiled(data | {"slug": definition.slug, "title": definition.title})


def findings_of(definition: FormDefinition) -> list[Finding]:
    """Everything worth saying about a draft, with its letters and its review process."""
    letters, workflow = letters_of(definition.workflow_slug)
    return lint(compiled_draft(definition), emails=letters, workflow=workflow)


def check_or_raise(definition: FormDefinition) -> None:
    """Raise NotPublishableError with each error; warnings do not stand in the way."""
    findings = findings_of(definition)
    if any(finding.level == ERROR for finding in findings):
        raise NotPublishableError(findings)


def publish_version(definition: FormDefinition, *, by: User | None = None) -> FormVersion:
    """Compile the next version. Inside the caller's transaction."""
    return publish(definition, by=by)
