"""A form, its workflow, its letters and its sample families as one file.

`read` gets a file, `check` lints it without saving anything, `load` saves (and publishes) it,
`dump` writes it. JSON or YAML, UTF-8, described by package.schema.json in this folder.
Loading the same file twice changes nothing.
"""

import json
from dataclasses import replace
from functools import cache
from pathlib import Path

import jsonschema
import yaml
from django.db import transaction

from cms import mail, mailmarkup
from cms.models import MailTemplate, User
from workflows import compile as workflows_compile
from workflows.blocks import from_data, to_data
from workflows.models import WorkflowDefinition, WorkflowVersion

from . import compile as forms_compile
from . import letter_facts
from .findings import ADVICE, ADVICE_CODES, ERROR, WARNING, Finding, NotPublishableError, Report
from .lint import lint
from .models import FormDefinition
from .samples import run_samples

SCHEMA_FILE = Path(__file__).with_name("package.schema.json")
MAX_BYTES = 5_000_000
LEVELS = (ERROR, WARNING, ADVICE)


class UnreadablePackageError(Exception):
    """The file is no package at all. The message says why, for whoever chose it."""


def read(source: str | Path | dict) -> dict:
    """The package in a file, or the dict itself. Raises UnreadablePackageError."""
    if isinstance(source, dict):
        return source
    path = Path(source)
    try:
        if path.stat().st_size > MAX_BYTES:
            raise UnreadablePackageError(f"{path.name} is larger than 5 MB.")
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise UnreadablePackageError(f"{path.name} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise UnreadablePackageError(f"{path.name} is not UTF-8 text.") from error
    try:
        if path.suffix.lower() in (".yaml", ".yml"):
            data = yaml.safe_load(text)
        else:
            data = json.loads(text)
    except (ValueError, yaml.YAMLError, RecursionError) as error:
        line = getattr(error, "lineno", None)
        place = f", line {line}" if line else ""
        raise UnreadablePackageError(f"{path.name}{place} is not valid JSON or YAML.") from error
    if not isinstance(data, dict):
        raise UnreadablePackageError(f"{path.name} holds no package: it must be an object.")
    return data


@cache
def _validator() -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(json.loads(SCHEMA_FILE.read_text(encoding="utf-8")))


def shape_findings(package: dict) -> list[Finding]:
    """Where a package is not of the shape of package.schema.json."""
    found = []
    for error in sorted(_validator().iter_errors(package), key=lambda e: [str(p) for p in e.path]):
        where = "".join(f"[{p}]" if isinstance(p, int) else f".{p}" for p in error.absolute_path)
        cause = min(error.context, key=lambda e: -len(e.path)) if error.context else error
        found.append(Finding(ERROR, "shape", where.lstrip(".") or "package", cause.message[:300]))
    return found


def check(package: dict) -> list[Finding]:
    """Everything worth saying about a package, errors first, advice last. Saves nothing.

    A package whose shape is wrong is not looked at further.
    """
    found = shape_findings(package)
    if found:
        return found
    form = forms_compile.compiled(package["form"])
    workflow = package.get("workflow")
    found = list(
        lint(
            form,
            emails=package.get("emails") or [],
            workflow=workflow and workflows_compile.compiled(workflow),
        )
    )
    if workflow:
        found += [
            Finding(f.level, f.code, f"Workflow, {f.where}" if f.where else "Workflow", f.message)
            for f in workflows_compile.check(workflow)
        ]
    found += _letter_findings(package, form)
    if not any(finding.level == ERROR for finding in found):
        found += run_samples(form, package.get("samples") or [], workflow=workflow)
    found = [
        replace(finding, level=ADVICE) if finding.code in ADVICE_CODES else finding
        for finding in found
    ]
    return sorted(found, key=lambda finding: LEVELS.index(finding.level))


def letters_used(workflow: dict | None) -> set[str]:
    """Keys of the letters that a workflow's buttons send."""
    return {
        action["template"]
        for stage in (workflow or {}).get("stages") or []
        for button in stage.get("buttons") or []
        for action in button.get("actions") or []
        if action.get("type") == "send_email" and action.get("template")
    }


def _letter_findings(package: dict, form: dict) -> list[Finding]:
    report = Report()
    letters = {letter["key"] for letter in package.get("emails") or []}
    allowed = {*letter_facts.placeholders(form), *mailmarkup.ALWAYS}
    for letter in package.get("emails") or []:
        problems = [
            *mailmarkup.problems(letter["subject"], allowed, is_subject=True),
            *mailmarkup.problems(letter["body"], allowed),
        ]
        for problem in problems:
            report.append(Finding(ERROR, "letter", f"E-mail “{letter['key']}”", str(problem)))
    for key in sorted(letters_used(package.get("workflow")) - letters):
        if key not in mail.drafts and not MailTemplate.objects.filter(key=key).exists():
            report.append(
                Finding(
                    ERROR,
                    "no_letter",
                    f"E-mail “{key}”",
                    "A button sends it, but there is no such e-mail. Add it to the package.",
                )
            )
    return list(report)


def load(
    source: str | Path | dict, *, publish: bool = False, by: User | None = None
) -> FormDefinition:
    """Save a package as a form with its workflow, letters and samples; publish it when asked.

    All or nothing. Raises UnreadablePackageError, and NotPublishableError when the shape is wrong
    or, for publishing, when the form has errors. Letters that staff have edited since are replaced.
    """
    package = read(source)
    shape = shape_findings(package)
    if shape:
        raise NotPublishableError(shape)
    form = forms_compile.compiled(package["form"])
    findings = check(package)
    if publish and any(finding.level == ERROR for finding in findings):
        raise NotPublishableError(findings)
    workflow = package.get("workflow")
    with transaction.atomic():
        _save_letters(package, form)
        if workflow:
            _save_workflow(workflow, publish=publish, by=by)
        return _save_form(package, form, publish=publish, by=by)


def _save_form(package: dict, form: dict, *, publish: bool, by: User | None) -> FormDefinition:
    """As a revision, like one made in the editor; none when nothing has changed."""
    definition, created = FormDefinition.objects.select_for_update().get_or_create(
        slug=form["slug"], defaults={"title": form["title"], "live": False}
    )
    definition = definition if created else definition.get_latest_revision_as_object()
    wanted = {
        "title": form["title"],
        "data": form,
        "samples": package.get("samples") or [],
        "workflow_slug": (package.get("workflow") or {}).get("slug")
        or package["form"].get("workflow")
        or "",
    }
    changed = any(getattr(definition, name) != value for name, value in wanted.items())
    for name, value in wanted.items():
        setattr(definition, name, value)
    if created:
        definition.save()
    if changed or created or (publish and not definition.live):
        revision = definition.save_revision(user=by, changed=changed)
        if publish:
            revision.publish(user=by, skip_permission_checks=True)
            definition.refresh_from_db()
    elif publish:
        forms_compile.publish(definition, by=by)
    return definition


def _save_letters(package: dict, form: dict) -> None:
    allowed = letter_facts.placeholders(form)
    for letter in package.get("emails") or []:
        # A letter in another language stands beside the first, under its key and the language.
        language = f".{letter['locale']}" if letter.get("locale") else ""
        MailTemplate.objects.update_or_create(
            key=letter["key"] + language,
            defaults={
                "name": (letter.get("name") or letter["key"].replace("-", " ").capitalize())
                + (f" ({letter['locale']})" if language and not letter.get("name") else ""),
                "subject": letter["subject"],
                "body": letter["body"],
                "placeholders": allowed,
            },
        )


def _save_workflow(workflow: dict, *, publish: bool, by: User | None) -> None:
    if publish:
        workflows_compile.publish(workflow, by=by)
        return
    plan = workflows_compile.compiled(workflow)
    definition, created = WorkflowDefinition.objects.get_or_create(
        slug=plan["slug"], defaults={"title": plan["title"], "live": False}
    )
    definition.title, definition.stages = plan["title"], from_data(plan)
    if created:
        definition.save()
    definition.save_revision(user=by)


def _letter(row: MailTemplate) -> dict:
    key, dot, language = row.key.partition(".")
    locale = {"locale": language} if dot else {}
    return {"key": key, "name": row.name, "subject": row.subject, "body": row.body, **locale}


def workflow_of(slug: str) -> dict | None:
    """The published workflow of that slug, else its draft."""
    version = WorkflowVersion.objects.filter(definition__slug=slug).order_by("-number").first()
    if version:
        return version.data
    draft = WorkflowDefinition.objects.filter(slug=slug).first()
    if draft is None:
        return None
    return workflows_compile.compiled(to_data(draft.slug, draft.title, draft.stages))


def dump(slug: str) -> dict:
    """The package of a form as its author left it. Raises FormDefinition.DoesNotExist."""
    definition = FormDefinition.objects.get(slug=slug).get_latest_revision_as_object()
    form = forms_compile.compiled(definition.data | {"slug": slug, "title": definition.title})
    workflow = workflow_of(definition.workflow_slug) if definition.workflow_slug else None
    keys = letters_used(workflow) | set((form["settings"].get("emails") or {}).values())
    return {
        "package": 1,
        "form": {name: value for name, value in form.items() if name != "schema"},
        "workflow": workflow,
        "emails": [
            _letter(row)
            for row in MailTemplate.objects.order_by("key")
            if row.key.partition(".")[0] in keys or row.key in keys
        ],
        "samples": definition.samples,
    }


__all__ = [
    "UnreadablePackageError",
    "check",
    "dump",
    "letters_used",
    "load",
    "read",
    "shape_findings",
    "workflow_of",
]
