"""Sample families: answers kept with a form, and what they should lead to.

Each runs whenever the form is checked or published, so that a change in what a family would meet
is seen by the author first. Pure: compiled form and samples in, findings out.
"""

from .answersets import normal
from .findings import ERROR, WARNING, Finding
from .walk import Walk, walk


def walk_sample(form: dict, sample: dict, *, facts: dict | None = None) -> Walk:
    return walk(form, normal(form, sample.get("answers") or {}), facts=facts)


def run_samples(
    form: dict, samples: list[dict], *, workflow: dict | None = None, facts: dict | None = None
) -> list[Finding]:
    """What each sample meets that it did not expect. Expectations left out are not checked."""
    found = []
    for sample in samples:
        where = f"Sample family “{sample['name']}”"
        expect = sample.get("expect") or {}
        steps = [step.key for step in walk_sample(form, sample, facts=facts).steps]
        if expect.get("steps") and steps != expect["steps"]:
            found.append(Finding(ERROR, "sample_steps", where, _difference(expect["steps"], steps)))
        stage = expect.get("stage")
        if stage and workflow:
            start = next((s for s in workflow["stages"] if s.get("start")), None)
            first = (start or {}).get("key")
            if first and stage not in (first, start.get("id")):
                found.append(
                    Finding(
                        WARNING,
                        "sample_stage",
                        where,
                        f"It should reach the stage “{stage}”, but would begin at “{first}”.",
                    )
                )
    return found


def _difference(expected: list[str], met: list[str]) -> str:
    missing = [key for key in expected if key not in met]
    new = [key for key in met if key not in expected]
    parts = []
    if missing:
        parts.append(f"no longer meets {', '.join(missing)}")
    if new:
        parts.append(f"now meets {', '.join(new)}")
    if not parts:
        parts.append(f"meets the steps in another order: {', '.join(met)}")
    return f"This family {' and '.join(parts)}."
