"""What stands between a draft and the form that families use: everything is checked again.

The editor checks too, on its blocks; this is what no route can go round. `go_live` is how a person
publishes who has seen what would change (forms.effects) and says what happens to families who are
half-way.
"""

from collections.abc import Mapping

from django.db import transaction
from django.utils import timezone
from wagtail.log_actions import log
from wagtail.models import Revision

from cms.models import Course, User

from . import moving, reviewproof
from .compile import compiled, digest_of, publish
from .findings import ERROR, WARNING, Finding, NotPublishableError, Report
from .letters_of import letters_of
from .lint import lint
from .models import FormDefinition, FormVersion
from .samples import MEANT_CODES, run_samples, with_expectations

LOGGED = "hub_forms.publish"


class DraftChangedError(Exception):
    """Somebody saved the form since its changes were shown."""


def compiled_draft(definition: FormDefinition) -> dict:
    """The draft as it would be published, finished or not."""
    data = definition.data or {}
    return compiled(data | {"slug": definition.slug, "title": definition.title})


def findings_of(definition: FormDefinition) -> list[Finding]:
    """Everything worth saying about a draft, its letters, review process and sample families."""
    letters, workflow = letters_of(definition.workflow_slug)
    form = compiled_draft(definition)
    families = run_samples(form, definition.samples or [], workflow=workflow)
    return [*lint(form, emails=letters, workflow=workflow), *_courses_gone(form), *families]


def _courses_gone(form: dict) -> list[Finding]:
    """A places question whose course was deleted offers no dates."""
    asked = [
        (step, question)
        for step in form["steps"]
        for question in step["questions"]
        if question["type"] == "places" and question["settings"].get("course")
    ]
    if not asked:
        return []
    slugs = [question["settings"]["course"] for _step, question in asked]
    known = set(Course.objects.filter(slug__in=slugs).values_list("slug", flat=True))
    report = Report()
    for step, question in asked:
        course = question["settings"]["course"]
        if course not in known:
            report.add(
                "course_gone",
                f"The hub has no course “{course}”, so no dates are offered. Choose another.",
                step,
                question,
                level=WARNING,
            )
    return report


def check_or_raise(definition: FormDefinition) -> None:
    """Raise NotPublishableError with each error; warnings do not stand in the way.

    A sample family that meets something else than it expects is an error until somebody says that
    it is meant, which changes what it expects.
    """
    findings = findings_of(definition)
    if any(finding.level == ERROR for finding in findings):
        raise NotPublishableError(findings)


def publish_version(definition: FormDefinition, *, by: User | None = None) -> FormVersion:
    """Compile the next version and promise what was chosen for families half-way.

    Inside the caller's transaction; every way to publish comes here. Raises NotPublishableError
    when reviewers who are to be blind could read who it is.
    """
    kept = _kept(definition)
    version = publish(definition, by=by)
    leaks = reviewproof.findings_of(version)
    if leaks:
        raise NotPublishableError(leaks)
    if kept:
        moving.enqueue(version, kept["choices"])
        log(
            instance=definition,
            action=LOGGED,
            user=by,
            data={
                "version": version.number,
                "choices": kept["choices"],
                "is_meant": kept["is_meant"],
            },
        )
    return version


def keep_choices(
    revision: Revision, choices: Mapping[str, str], *, is_meant: bool = False
) -> Revision:
    """Write on a revision what becomes of families half-way once it goes live, by whatever way.

    `choices` are by step (forms.moving). They hold for the next version and no later one.
    Answers the revision that says it: with `is_meant` a new one, whose samples expect what they
    meet now.
    """
    draft = revision.as_object()
    if is_meant:
        _letters, workflow = letters_of(draft.workflow_slug)
        form = compiled_draft(draft)
        draft.samples = with_expectations(form, draft.samples or [], workflow=workflow)
        revision = draft.save_revision(user=revision.user, clean=False)
    wanted = {key: choice for key, choice in choices.items() if choice in moving.CHOICES}
    half_way = {"after": _number(draft), "choices": wanted, "is_meant": is_meant}
    revision.content = {**revision.content, "half_way": half_way}
    revision.save(update_fields=["content"])
    return revision


def choices_kept(definition: FormDefinition) -> dict[str, str]:
    """What was chosen for families half-way when this draft goes live; empty: nothing was."""
    return (_kept(definition) or {}).get("choices") or {}


def _number(definition: FormDefinition) -> int:
    current = definition.current_version
    return current.number if current else 0


def _kept(definition: FormDefinition) -> dict | None:
    kept = definition.half_way or {}
    return kept if kept and kept["after"] == _number(definition) else None


def needs_a_look(definition: FormDefinition) -> bool:
    """Whether publishing this draft would change something that its author has to see first."""
    if any(finding.code in MEANT_CODES for finding in findings_of(definition)):
        return True
    latest = definition.current_version
    form = compiled_draft(definition) | {"workflow": definition.workflow_slug}
    return latest is not None and latest.sha256 != digest_of(form)


def go_live(
    definition: FormDefinition,
    *,
    seen_revision: str,
    choices: Mapping[str, str],
    is_meant: bool = False,
    by: User | None = None,
) -> FormVersion | None:
    """Publish the latest revision and promise what was chosen for families who are half-way.

    All in one transaction. `is_meant` says that what the sample families meet now is right; they
    expect it from then on. A revision with a later time is only scheduled, with what was chosen;
    then the answer is None. Raises DraftChangedError when `seen_revision`, whose effects were
    shown, is not the latest any more, and NotPublishableError; then nothing has changed.
    """
    with transaction.atomic():
        locked = latest_or_raise(definition, seen_revision)
        revision = keep_choices(locked.latest_revision, choices, is_meant=is_meant)
        revision.publish(user=by, skip_permission_checks=True)
        return None if is_for_later(revision.as_object()) else locked.current_version


def latest_or_raise(definition: FormDefinition, seen_revision: str) -> FormDefinition:
    """The form, locked, when its latest revision is the one that was seen."""
    locked = FormDefinition.objects.select_for_update().get(pk=definition.pk)
    if str(locked.latest_revision_id) != seen_revision:
        raise DraftChangedError
    return locked


def is_for_later(definition: FormDefinition) -> bool:
    """Whether publishing this draft now would only set its time."""
    return bool(definition.go_live_at and definition.go_live_at > timezone.now())
