"""What stands between a draft and the form that families use: everything is checked again.

The editor checks too, on its blocks; this is what no route can go round.
"""

from dataclasses import replace

from cms.models import User

from .compile import compiled, publish
from .findings import ERROR, WARNING, Finding, NotPublishableError
from .letters_of import letters_of
from .lint import lint
from .models import FormDefinition, FormVersion
from .samples import run_samples


def compiled_draft(definition: FormDefinition) -> dict:
    """The draft as it would be published, finished or not."""
    data = definition.data or {}
    return compiled(data | {"slug": definition.slug, "title": definition.title})


def findings_of(definition: FormDefinition) -> list[Finding]:
    """Everything worth saying about a draft, its letters, review process and sample families."""
    letters, workflow = letters_of(definition.workflow_slug)
    form = compiled_draft(definition)
    families = run_samples(form, definition.samples or [], workflow=workflow)
    return [
        *lint(form, emails=letters, workflow=workflow),
        # A family that now meets other steps may be what the author wanted: said, not refused.
        *(replace(finding, level=WARNING) for finding in families),
    ]


def check_or_raise(definition: FormDefinition) -> None:
    """Raise NotPublishableError with each error; warnings do not stand in the way."""
    findings = findings_of(definition)
    if any(finding.level == ERROR for finding in findings):
        raise NotPublishableError(findings)


def publish_version(definition: FormDefinition, *, by: User | None = None) -> FormVersion:
    """Compile the next version. Inside the caller's transaction."""
    return publish(definition, by=by)
