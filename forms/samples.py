"""Sample families: answers kept with a form, and what they should lead to.

Each runs whenever the form is checked or published, so that a change in what a family would meet
(its steps, its price, its first letter, where its case begins) is seen by the author first. A
sample is reckoned on the day it was made, so that nobody's age changes it overnight.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal, InvalidOperation

from django.utils import timezone

from cms.models import CourseDate

from .answersets import normal
from .findings import ERROR, WARNING, Finding
from .letters import received_letter
from .pricing import in_pounds, places_in, price_of
from .walk import Walk, is_answered, walk

#: What a date costs in a sample: real dates change their price, and that is no change of the form.
EXAMPLE_PENCE = 3500
EXAMPLE_OFFERING = "sample"
STEPS, PRICE, STAGE, EMAILS = "sample_steps", "sample_price", "sample_stage", "sample_emails"
#: What stops a form from being published until its author says that it is meant.
MEANT_CODES = frozenset({STEPS, PRICE, STAGE, EMAILS})


@dataclass(frozen=True)
class Outcome:
    """What one sample family meets. `unanswered` are labels of questions it says nothing to."""

    steps: tuple[str, ...]
    questions: int
    price: str
    stage: str
    emails: tuple[str, ...]
    unanswered: tuple[str, ...] = ()

    def as_expectation(self) -> dict:
        """The `expect` of a package that says exactly this."""
        expect: dict = {"steps": list(self.steps), "price": self.price}
        if self.stage:
            expect["stage"] = self.stage
        return expect | {"emails": list(self.emails)}


def facts_of(sample: dict) -> dict[str, date]:
    """The days that rules may name, as they are for this sample."""
    day = date.fromisoformat(sample["today"]) if sample.get("today") else timezone.localdate()
    return {"today": day, "offering": day}


def walk_sample(form: dict, sample: dict, *, facts: dict | None = None) -> Walk:
    return walk(form, normal(form, sample.get("answers") or {}), facts=facts or facts_of(sample))


def outcome_of(
    form: dict, sample: dict, *, workflow: dict | None = None, facts: dict | None = None
) -> Outcome:
    """What the sample meets in this compiled form."""
    seen = walk_sample(form, sample, facts=facts)
    answers = normal(form, sample.get("answers") or {})
    asked = [
        (question, item.raw if item else answers)
        for _step, item, question in seen.visible_questions()
    ]
    sent = seen.exit is None
    start = next((s for s in (workflow or {}).get("stages") or [] if s.get("start")), {})
    return Outcome(
        steps=tuple(step.key for step in seen.steps),
        questions=len(asked),
        price=_price(form, seen, facts or facts_of(sample)) if sent else in_pounds(0),
        stage=str(start.get("key") or "") if sent else "",
        emails=(received_letter(form, has_date=bool(places_in(form, seen.answers))),)
        if sent
        else (),
        unanswered=tuple(
            q["label"] for q, raw in asked if q["required"] and not is_answered(q, raw)
        ),
    )


def _price(form: dict, seen: Walk, facts: dict) -> str:
    day = datetime.combine(facts["offering"], time(10), tzinfo=timezone.get_current_timezone())
    example = CourseDate(
        reference=EXAMPLE_OFFERING, price_pence=EXAMPLE_PENCE, starts_at=day, ends_at=day
    )
    price = price_of(form, seen.answers, example, facts=facts)
    return in_pounds(price.pence) if price else in_pounds(0)


def run_samples(
    form: dict, samples: list[dict], *, workflow: dict | None = None, facts: dict | None = None
) -> list[Finding]:
    """What each sample meets that it did not expect. Expectations left out are not checked."""
    found = []
    for sample in samples:
        where = f"Sample family “{sample['name']}”"
        outcome = outcome_of(form, sample, workflow=workflow, facts=facts)
        expect = sample.get("expect") or {}
        found += [
            Finding(level, code, where, message)
            for level, code, message in _differences(expect, outcome, form, workflow)
        ]
        if outcome.unanswered:
            found.append(
                Finding(
                    WARNING,
                    "sample_unanswered",
                    where,
                    f"It gives no answer to “{outcome.unanswered[0]}”, which has to be answered. "
                    "Fill it in again.",
                )
            )
    return found


def _differences(
    expect: dict, outcome: Outcome, form: dict, workflow: dict | None
) -> Iterable[tuple[str, str, str]]:
    if expect.get("steps") and list(outcome.steps) != expect["steps"]:
        titles = {step["key"]: step["title"] or step["key"] for step in form["steps"]}
        yield ERROR, STEPS, _steps_differ(expect["steps"], list(outcome.steps), titles)
    wanted = _pence(expect.get("price"))
    if wanted is not None and wanted != _pence(outcome.price):
        message = f"It would pay {outcome.price}, and paid {in_pounds(wanted)} before."
        yield ERROR, PRICE, message
    if "emails" in expect and list(expect["emails"] or []) != list(outcome.emails):
        new = _listed(outcome.emails) or "no letter"
        yield ERROR, EMAILS, f"It would get {new}, and got {_listed(expect['emails']) or 'none'}."
    stage = expect.get("stage")
    if stage and workflow and outcome.stage and not _is_start(stage, workflow):
        message = f"It should reach the stage “{stage}”, but would begin at “{outcome.stage}”."
        yield WARNING, STAGE, message
    elif stage and workflow and not outcome.stage:
        yield WARNING, STAGE, f"It should reach the stage “{stage}”, but cannot send the form."


def _is_start(stage: str, workflow: dict) -> bool:
    start = next((s for s in workflow["stages"] if s.get("start")), {})
    return stage in (start.get("key"), start.get("id"))


def _pence(said: object) -> int | None:
    """1750, "£17.50" and "17.50" are the same price; None for words that are none."""
    if isinstance(said, bool) or said is None:
        return None
    if isinstance(said, int):
        return said
    try:
        return int(Decimal(str(said).replace("£", "").replace(",", "").strip()) * 100)
    except (InvalidOperation, ValueError, OverflowError):
        return None


def _listed(words: Iterable[str]) -> str:
    return ", ".join(f"“{word}”" for word in words or ())


def _steps_differ(expected: list[str], met: list[str], titles: dict[str, str]) -> str:
    def say(keys: list[str]) -> str:
        return _listed(titles.get(key, key) for key in keys)

    missing = [key for key in expected if key not in met]
    new = [key for key in met if key not in expected]
    parts = []
    if missing:
        parts.append(f"no longer meets {say(missing)}")
    if new:
        parts.append(f"now meets {say(new)}")
    if not parts:
        parts.append(f"meets the steps in another order: {say(met)}")
    return f"This family {' and '.join(parts)}."


def with_expectations(
    form: dict, samples: list[dict], *, workflow: dict | None = None
) -> list[dict]:
    """The samples, each expecting what it meets now: somebody has said that this is meant."""
    return [
        {**sample, "expect": outcome_of(form, sample, workflow=workflow).as_expectation()}
        for sample in samples
    ]
