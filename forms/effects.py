"""What publishing a draft would do: what changed, who is half-way, cases, exports and letters.

Reads; changes nothing. Counts and the form's own words only, never an answer.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from django.contrib.contenttypes.models import ContentType
from django.db.models import CharField
from django.db.models.functions import Cast

from cms.mailmarkup import PLACEHOLDER
from workflows.models import Case

from .changes import ADDED, MOVED, REMOVED, Change, changes
from .findings import ERROR, Finding
from .letters_of import letters_of
from .models import FormDefinition, FormVersion, Submission
from .moving import Group, dry_run
from .publishing import compiled_draft, findings_of
from .samples import MEANT_CODES


@dataclass(frozen=True)
class Effects:
    """`before` is None for a first version. `to_mend` stop publishing; `families` ask for a yes."""

    before: FormVersion | None
    changes: list[Change]
    groups: list[Group]
    open_cases: int
    new_columns: list[str]
    old_columns: list[str]
    letters: list[str]
    to_mend: list[Finding]
    families: list[Finding]

    @property
    def half_way(self) -> int:
        return sum(group.count for group in self.groups)


def effects_of(
    definition: FormDefinition, draft: FormDefinition, choices: Mapping[str, str] | None = None
) -> Effects:
    """What it would do to publish this draft, with these choices for families half-way."""
    new = compiled_draft(draft) | {"workflow": draft.workflow_slug}
    before = definition.current_version
    found = changes(before.compiled, new) if before else []
    findings = findings_of(draft)
    gone = [one for one in found if one.kind == REMOVED and one.question]
    asked = [one for one in found if one.kind == ADDED and one.question]
    return Effects(
        before=before,
        changes=found,
        groups=dry_run(definition, new, choices) if before else [],
        open_cases=_open_cases(definition) if before else 0,
        new_columns=[one.what for one in asked],
        old_columns=[one.what for one in gone],
        letters=_letters(before, draft.workflow_slug, found) if before else [],
        to_mend=[f for f in findings if f.level == ERROR and f.code not in MEANT_CODES],
        families=[f for f in findings if f.code in MEANT_CODES],
    )


def _open_cases(definition: FormDefinition) -> int:
    sent = Submission.objects.filter(version__form=definition).order_by()
    return Case.objects.filter(
        subject_type=ContentType.objects.get_for_model(Submission),
        subject_id__in=sent.annotate(as_text=Cast("pk", CharField())).values("as_text"),
        closed_at=None,
    ).count()


def _letters(before: FormVersion, workflow_slug: str, found: list[Change]) -> list[str]:
    """Letters that name a question whose answer may now be another, or missing."""
    touched: dict[str, str] = {}
    for change in found:
        if change.question and change.kind not in (MOVED, ADDED):
            note = "is no longer asked" if change.kind == REMOVED else "was changed"
            touched.setdefault(change.question, note)
    asked = {
        question["key"]: (question["label"], touched[question["id"]])
        for step in before.compiled["steps"]
        for question in step["questions"]
        if question["id"] in touched
    }
    said = []
    for letter in letters_of(workflow_slug)[0]:
        names = dict.fromkeys(PLACEHOLDER.findall(f"{letter['subject']}\n{letter['body']}"))
        for label, note in (asked[name] for name in names if name in asked):
            said.append(f"“{letter['name']}” says the answer to “{label}”, which {note}.")
    return said
