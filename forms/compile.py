"""From what an author edited to a compiled form, and what would break it.

`compiled` fills in what may be left out: keys, ids at every level, defaults, and references by
key. `check` finds what may not be published. Both are pure. `publish` writes the next immutable
FormVersion in one transaction, or answers the present one when nothing has changed.

Identity: a question's key and its id stand for the same thing and neither ever changes its
meaning. An id that is left out is made from the keys, so that loading a file twice gives the same
form. Shape of the data: forms/package.schema.json, "form".
"""

import hashlib
import json
import re
import uuid

from django.db import transaction
from django.utils.text import slugify

from cms.conditions import ALL_OPS, questions_of
from cms.models import User

from . import price_rules, translating
from .field_types import field_types
from .findings import Finding, NotPublishableError, Report
from .keeping import check_keeping, filled_in
from .models import FormDefinition, FormVersion

IDS = uuid.UUID("0b7f8f4e-6c60-4f3d-8a55-1d0a4a0f9a11")
KINDS = ("questions", "check", "exit")
#: Last parts of a journey's addresses that are not steps.
RESERVED = frozenset({"check", "submit", "done", "save", "extend", "tasks", "colleagues"})
KEY = re.compile(r"^[A-Za-z0-9_][A-Za-z0-9_-]{0,79}$")
#: Types whose answer can say how often a step is asked.
COUNTS = frozenset({"number", "calculated", "places"})
BY_OPTION = frozenset({"is", "is_not", "one_of", "includes", "excludes"})


class _Names:
    """Unique keys: the author's own where given, else made from the label."""

    def __init__(self) -> None:
        self.taken: set[str] = set()

    def of(self, item: dict, label: str) -> str:
        if item.get("key"):
            self.taken.add(item["key"])
            return str(item["key"])
        stem = (slugify(label) or "item").replace("-", "_")[:60]
        key, number = stem, 1
        while key in self.taken:
            number += 1
            key = f"{stem}_{number}"
        self.taken.add(key)
        return key


def _id(item: dict, path: str) -> str:
    return str(item.get("id") or uuid.uuid5(IDS, path))


def _option(option: dict, path: str, names: _Names) -> dict:
    label = option.get("label", "")
    key = names.of(option, label)
    extra = {name: value for name, value in option.items() if name not in ("id", "key", "label")}
    return {**extra, "id": _id(option, f"{path}/{key}"), "key": key, "label": label}


def _question(question: dict, path: str, names: _Names) -> dict:
    label = question.get("label", "")
    key = names.of(question, label)
    path = f"{path}/{key}"
    options = question.get("options")
    option_names = _Names()
    for option in options or []:
        option_names.taken.add(option.get("key") or "")
    return {
        "id": _id(question, path),
        "key": key,
        "type": question.get("type", "text"),
        "label": label,
        "help": question.get("help") or "",
        "required": bool(question.get("required")),
        "show_if": question.get("show_if") or None,
        "options": None
        if options is None
        else [_option(option, path, option_names) for option in options],
        "settings": dict(question.get("settings") or {}),
    }


def _step(step: dict, slug: str, step_names: _Names, names: _Names) -> dict:
    title = step.get("title", "")
    key = step_names.of(step, title)
    path = f"{slug}/{key}"
    repeat = step.get("repeat")
    return {
        "id": _id(step, path),
        "key": key,
        "title": title,
        "intro": step.get("intro") or "",
        "kind": step.get("kind") or "questions",
        "repeat": repeat
        and {
            "min": repeat.get("min", 1),
            "max": repeat.get("max", 50),
            "item_name": repeat.get("item_name") or "item",
            "count_from": repeat.get("count_from") or None,
        },
        "show_if": step.get("show_if") or None,
        "questions": [_question(one, path, names) for one in step.get("questions") or []],
    }


def compiled(data: dict) -> dict:
    """`data` with keys, ids and defaults filled in and every reference by key. Changes nothing."""
    slug = data.get("slug", "")
    raw_steps = data.get("steps") or []
    names, step_names = _Names(), _Names()
    step_names.taken.update(step.get("key") or "" for step in raw_steps)
    names.taken.update(
        question.get("key") or "" for step in raw_steps for question in step.get("questions") or []
    )
    steps = [_step(step, slug, step_names, names) for step in raw_steps]
    result = {
        "schema": 1,
        "slug": slug,
        "title": data.get("title") or slug,
        "intro": data.get("intro") or "",
        "groups": dict(data.get("groups") or {}),
        "pricing": data.get("pricing") or None,
        "retention": filled_in(data.get("retention")),
        "settings": dict(data.get("settings") or {}),
        "steps": steps,
    }
    _refer_by_key(result)
    if data.get("translations"):
        result["translations"] = translating.normal(data["translations"], result)
    return result


def questions_in(form: dict) -> dict[str, dict]:
    """Every question of a compiled form by key, in order."""
    return {question["key"]: question for step in form["steps"] for question in step["questions"]}


class _References:
    """Turns references by id, to questions and to options, into references by key."""

    def __init__(self, form: dict):
        self.by_key = questions_in(form)
        self.key_of = {question["id"]: key for key, question in self.by_key.items()}

    def _option_key(self, question: dict | None, value: object) -> object:
        for option in (question or {}).get("options") or []:
            if value == option["id"]:
                return option["key"]
        return value

    def _clause(self, clause: dict) -> dict:
        found = dict(clause)
        if "question" not in found:
            return found
        found["question"] = self.key_of.get(found["question"], found["question"])
        question, value = self.by_key.get(found["question"]), found.get("value")
        if isinstance(value, list):
            found["value"] = [self._option_key(question, one) for one in value]
        elif "value" in found:
            found["value"] = self._option_key(question, value)
        return found

    def rewritten(self, rule: dict | None) -> dict | None:
        if not rule:
            return None
        clauses = [self._clause(clause) for clause in rule.get("clauses") or []]
        return {"match": rule.get("match") or "all", "clauses": clauses}


def _refer_by_key(form: dict) -> None:
    by_key = _References(form).rewritten
    form["groups"] = {name: by_key(rule) for name, rule in form["groups"].items()}
    for step in form["steps"]:
        step["show_if"] = by_key(step["show_if"])
        for question in step["questions"]:
            question["show_if"] = by_key(question["show_if"])
            if question["settings"].get("rule"):
                question["settings"]["rule"] = by_key(question["settings"]["rule"])
    if form["pricing"]:
        form["pricing"] = price_rules.normal(
            form["pricing"],
            steps={step["id"]: step["key"] for step in form["steps"]},
            questions={question["id"]: key for key, question in questions_in(form).items()},
            rule=by_key,
        )


def check(form: dict) -> list[Finding]:
    """What stops a compiled form from being published, in the order of its steps."""
    report = Report()
    if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", form["slug"]):
        report.add("slug", "The form needs a short name of small letters, digits and hyphens.")
    if not any(question["type"] != "info" for question in questions_in(form).values()):
        report.add("nothing_asked", "The form asks nothing yet. Add a step with a question.")
    _check_keys(report, form)
    check_keeping(report, form)
    places = _Places(form)
    places.check_groups(report)
    for step in form["steps"]:
        _check_step(report, form, step)
        places.check(report, step, None, step["show_if"])
        places.check_count(report, step)
        for question in step["questions"]:
            _check_question(report, step, question)
            places.check(report, step, question, question["show_if"])
            places.check(report, step, question, question["settings"].get("rule"))
            places.asked(step, question)
    price_rules.check(report, form)
    _check_places_first(report, form)
    return report


def _check_places_first(report: Report, form: dict) -> None:
    """The start page can only ask what the first step asks, of everybody and once."""
    if not (form.get("settings") or {}).get("places_first") or not form["steps"]:
        return
    first = form["steps"][0]
    asks = any(question["type"] == "places" for question in first["questions"])
    if not asks or first["repeat"] or first["show_if"]:
        report.add(
            "places_first",
            "Places are to be kept before anything is asked, so the first step must ask for them, "
            "once and always. Move that step up, or switch the setting off.",
            first,
        )


def _check_keys(report: Report, form: dict) -> None:
    steps, questions, ids = set(), set(), set()
    repeated = {step["key"] for step in form["steps"] if step["repeat"]}

    def once(item: dict, seen: set, what: str, step: dict, question: dict | None = None) -> None:
        if not KEY.match(item["key"]):
            report.add("key", "Its key may hold letters, digits, _ and - only.", step, question)
        if item["key"] in seen:
            report.add(
                "same_key",
                f"Another {what} has the same key, {item['key']!r}. Change one.",
                step,
                question,
            )
        seen.add(item["key"])
        if item["id"] in ids:
            report.add("same_id", "Another part of the form has the same id.", step, question)
        ids.add(item["id"])

    for step in form["steps"]:
        once(step, steps, "step", step)
        for question in step["questions"]:
            once(question, questions, "question", step, question)
            options = [option["key"] for option in question["options"] or []]
            if len(set(options)) < len(options):
                report.add("same_option", "Two of its options have the same key.", step, question)
            if question["key"] in repeated:
                report.add(
                    "same_key", "A repeated step has the same key. Change one.", step, question
                )


def _check_step(report: Report, form: dict, step: dict) -> None:
    if step["kind"] not in KINDS:
        report.add("kind", f"“{step['kind']}” is no kind of step.", step)
    if step["kind"] != "check" and step["key"] in RESERVED:
        report.add("reserved", f"The key “{step['key']}” is needed for a page of ours.", step)
    if step["kind"] != "questions" and step["questions"]:
        report.add("not_asked", "Only a step of questions can ask something.", step)
    if step["kind"] == "check" and any(
        later["kind"] != "exit" for later in form["steps"][form["steps"].index(step) + 1 :]
    ):
        report.add("check_last", "People check their answers last. Move this step down.", step)
    if step["kind"] == "exit" and not step["show_if"]:
        report.add("no_way_on", "Everybody would stop here. Say when this page is shown.", step)
    if step["repeat"] and step["repeat"]["min"] > step["repeat"]["max"]:
        report.add("repeat", "The smallest number is above the largest.", step)


def _check_question(report: Report, step: dict, question: dict) -> None:
    if question["type"] not in field_types:
        known = ", ".join(sorted(field_types))
        report.add(
            "type",
            f"No question type is called “{question['type']}”. Known: {known}.",
            step,
            question,
        )
        return
    kind = field_types[question["type"]]
    if question["settings"].get("same_as_first") and (not step["repeat"] or not kind.is_shared):
        report.add(
            "same_as_first",
            "One child’s answer cannot be offered for the next here: the step is not repeated, or "
            "the answer is each child’s own.",
            step,
            question,
        )
    if not question["label"].strip():
        report.add("label", "The question has no words.", step, question)
    for problem in field_types[question["type"]].check(question):
        report.add("settings", problem, step, question)


def _not_asked(key: str | None) -> str:
    if not key:
        return "Its rule is not finished: it does not say which question it looks at. Choose one."
    return f"Its rule looks at “{key}”, which is not asked. Choose another question."


class _Places:
    """Where each question stands, so that a rule can be told which it may not look at."""

    def __init__(self, form: dict):
        self.form, self.known, self.earlier = form, questions_in(form), set()
        self.step_of = {
            question["key"]: step for step in form["steps"] for question in step["questions"]
        }

    def asked(self, step: dict, question: dict) -> None:
        self.earlier.add(question["key"])

    def check_groups(self, report: Report) -> None:
        """What is wrong with the named rules themselves, wherever they are used."""
        for name, rule in self.form["groups"].items():
            if not (rule or {}).get("clauses"):
                report.add("no_clauses", "It has no condition yet. Add one.", group=name)
            for clause in (rule or {}).get("clauses") or []:
                if "group" in clause:
                    report.add("nested", "It names another rule. Use its clauses.", group=name)
                elif clause.get("question") not in self.known:
                    report.add("unknown", _not_asked(clause.get("question")), group=name)
                else:
                    self._check_value(report, None, None, clause, group=name)

    def check(self, report: Report, step: dict, question: dict | None, rule: dict | None) -> None:
        groups = self.form["groups"]
        for clause in (rule or {}).get("clauses") or []:
            if "group" in clause:
                if clause["group"] not in groups:
                    report.add("unknown", f"No rule is called “{clause['group']}”.", step, question)
                for key in questions_of({"clauses": [clause]}, groups) & self.known.keys():
                    self._check_reference(report, step, question, key)
            else:
                self._check_reference(report, step, question, clause.get("question"))
                self._check_value(report, step, question, clause)

    def _check_reference(self, report, step, question, key) -> None:  # noqa: ANN001
        if key not in self.known:
            report.add("unknown", _not_asked(key), step, question)
            return
        there, label = self.step_of[key], self.known[key]["label"]
        if key not in self.earlier:
            report.add(
                "forward",
                f"Its rule looks at “{label}” in step “{there['title']}”, which is asked later. "
                "A rule can only look back.",
                step,
                question,
            )
        elif there["repeat"] and there is not step:
            report.add(
                "repeated",
                f"Its rule looks at “{label}”, which is asked once for each "
                f"{there['repeat']['item_name']}. Only questions of the same step can.",
                step,
                question,
            )

    def check_count(self, report: Report, step: dict) -> None:
        """`count_from` names an earlier question whose answer is a number."""
        key = (step["repeat"] or {}).get("count_from")
        if not key:
            return
        message = ""
        if key not in self.known:
            message = f"It is asked as often as “{key}” says, which is not asked."
        elif key not in self.earlier:
            label = self.known[key]["label"]
            message = f"It is asked as often as “{label}” says, which is asked later. Move that up."
        elif self.step_of[key]["repeat"]:
            message = "What says how often it is asked is itself asked several times."
        elif self.known[key]["type"] not in COUNTS:
            label = self.known[key]["label"]
            message = f"It is asked as often as “{label}” says, but that is no number."
        if message:
            report.add("count_from", f"{message} Choose another question, or none.", step)

    def _check_value(self, report, step, question, clause, group="") -> None:  # noqa: ANN001
        op, target = clause.get("op", "is"), self.known.get(clause.get("question"))
        if op not in ALL_OPS:
            report.add("op", f"“{op}” is not a way to compare.", step, question, group=group)
        if op == "age_on" and clause.get("at_least") is None and clause.get("at_most") is None:
            report.add("op", "Say the age it compares with.", step, question, group=group)
        options = (target or {}).get("options")
        if not options or op not in BY_OPTION:
            return
        values = clause.get("value")
        allowed = {option["key"] for option in options}
        for value in values if isinstance(values, list) else [values]:
            if value not in allowed:
                report.add(
                    "unknown_option",
                    f"Its rule needs an answer to “{target['label']}” that is not one of its "
                    "options any more. Choose another.",
                    step,
                    question,
                    group=group,
                )


def digest_of(form: dict) -> str:
    """The sha256 of a compiled form in its one written form."""
    text = json.dumps(form, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def publish(definition: FormDefinition, *, by: User | None = None) -> FormVersion:
    """Compile, check and keep the next version of a form, and use it for new journeys.

    The same content again answers the version that there is. Running journeys keep theirs.
    Raises NotPublishableError with every error found, and then changes nothing.
    """
    form = compiled(definition.data | {"slug": definition.slug, "title": definition.title})
    findings = check(form)
    if Report(findings).errors:
        raise NotPublishableError(findings)
    form["workflow"] = definition.workflow_slug
    digest = digest_of(form)
    with transaction.atomic():
        FormDefinition.objects.select_for_update().get(pk=definition.pk)
        latest = definition.current_version
        if latest and latest.sha256 == digest:
            return latest
        return FormVersion.objects.create(
            form=definition,
            number=latest.number + 1 if latest else 1,
            compiled=form,
            sha256=digest,
            published_by=by,
        )
