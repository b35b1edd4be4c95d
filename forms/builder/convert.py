"""Between the editor's blocks and the package's own shape, both ways.

In a package, rules name questions and options by key; in the editor, by block id. Keys are made
once, from the words, and then stay with their block: `before` is what was saved last, and a block
that is known from it keeps its key and whatever else the editor does not show.
The rule a newcomer would break: nothing may be lost that the editor cannot show.
"""

import re
import uuid
from collections.abc import Container, Iterable, Mapping
from datetime import date, time
from decimal import Decimal
from typing import Any

from wagtail.rich_text import RichText, expand_db_html

from forms.compile import IDS, compiled

from .keys import Names, OptionIds
from .price_blocks import from_pricing, to_pricing
from .question_blocks import settings_of

STEP_REFERENCES = ("count_of", "children")
QUESTION_REFERENCES = ("age_of", "sum", "help_question")
YES_NO = {"yes": True, "no": False}
BLOCK_KEYS = re.compile(r'\sdata-block-key="[^"]*"')


def plain(value: Any) -> Any:
    """A block's value as JSON: days and times as text, whole floats as integers."""
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, Decimal):
        value = float(value)
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value


def _questions(steps: Iterable[dict]) -> list[dict]:
    return [question for step in steps for question in step.get("questions") or []]


def _index(steps: Iterable[dict]) -> dict[str, dict]:
    """Steps and questions of a package by id."""
    found = {}
    for step in steps:
        found[step.get("id")] = step
        found |= {question.get("id"): question for question in step.get("questions") or []}
    found.pop(None, None)
    return found


def ids_in(form: dict) -> set[str]:
    """Ids of every step, question and option."""
    steps = form.get("steps") or []
    options = {
        option["id"]
        for question in _questions(steps)
        for option in question.get("options") or []
        if option.get("id")
    }
    return options | {*_index(steps)}


def ids_of(form: dict, keys: Container[str]) -> set[str]:
    """Ids of the steps and questions that have one of these keys."""
    parts = _index(form.get("steps") or [])
    return {block_id for block_id, part in parts.items() if part.get("key") in keys}


def group_id(name: str) -> str:
    return str(uuid.uuid5(IDS, f"group/{name}"))


def names_of(groups: Any) -> dict[str, str]:
    """Names of the editor's named rules by block id, each its own: a draft loses none of them."""
    names: dict[str, str] = {}
    for number, child in enumerate(groups, start=1):
        wanted = name = child.value["name"] or f"Rule {number}"
        again = 2
        while name in names.values():
            name, again = f"{wanted} ({again})", again + 1
        names[str(child.id)] = name
    return names


# From the editor ---------------------------------------------------------------------------------


class _FromBlocks:
    def __init__(self, before: dict, settled: Container[str] | None):
        self.settled = settled
        self.before = _index(before.get("steps") or [])
        self.key_of = {
            block_id: item["key"] for block_id, item in self.before.items() if item.get("key")
        }
        self.option_ids = OptionIds(_questions(before.get("steps") or []))

    def _child_id(self, child: Any) -> str:
        return str(child.id or uuid.uuid4())

    def options(self, question_id: str, children: Any) -> list[dict]:
        rows = [
            (self.option_ids.of(question_id, self._child_id(child)), child.value)
            for child in children.bound_blocks
        ]
        known = self.option_ids.known(question_id)
        keys = {block_id: option["key"] for block_id, option in known.items()}
        names = Names(keys, [row.get("key") or "" for _id, row in rows], self.settled)
        made = []
        for block_id, row in rows:
            words = row.get("label") or ""
            was = known.get(block_id, {})
            option = {name: value for name, value in was.items() if name not in row}
            option |= {
                "id": block_id,
                "key": names.of(block_id, row.get("key") or "", words),
                "label": words,
            }
            for name in ("help", "price_pence"):
                if row.get(name) not in (None, ""):
                    option[name] = plain(row[name])
            made.append(option)
        return made

    def question(self, child: Any, names: Names) -> dict:
        value, block_id = child.value, self._child_id(child)
        known = self.before.get(block_id, {})
        own = dict(known.get("settings") or {}) if known.get("type") == child.block_type else {}
        for name in child.block.settings_of:
            was_there = name in own
            own.pop(name, None)
            setting = plain(value.get(name))
            if name == "personal":
                setting = YES_NO.get(setting)
                if setting is not None:
                    own[name] = setting
            elif setting is False:
                if was_there:
                    own[name] = setting
            elif setting not in (
                None,
                "",
                [],
            ):  # 0 is a setting: it equals False, so it is told apart
                own[name] = setting
        if "rows" in child.block.child_blocks and child.block_type == "matrix":
            own["rows"] = [
                {"key": row["key"], "label": row["label"]}
                for row in self.options(block_id, value["rows"])
            ]
        words = value.get("label") or ""
        return {
            "id": block_id,
            "key": names.of(block_id, value.get("key") or "", words),
            "type": child.block_type,
            "label": words,
            "help": value.get("help") or "",
            "required": bool(value.get("required")),
            "show_if": value.get("show_if"),
            "options": self.options(block_id, value["options"])
            if "options" in child.block.child_blocks
            else None,
            "settings": own,
        }

    def step(self, child: Any, step_names: Names, names: Names) -> dict:
        value, block_id = child.value, self._child_id(child)
        repeat = None
        if value.get("repeats"):
            repeat = {
                "min": value["min"] if value.get("min") is not None else 1,
                "max": value.get("max") or 10,
                "item_name": value.get("item_name") or "item",
            }
            if value.get("count_from"):
                repeat["count_from"] = value["count_from"]
        title = value.get("title") or ""
        return {
            "id": block_id,
            "key": step_names.of(block_id, value.get("key") or "", title),
            "title": title,
            "intro": clean_html(value.get("intro")),
            "kind": value.get("kind") or "questions",
            "repeat": repeat,
            "show_if": value.get("show_if"),
            "questions": [self.question(one, names) for one in value["questions"]],
        }


def clean_html(value: Any) -> str:
    """Rich text as plain HTML, links written out; "" when there are no words in it."""
    source = value.source if isinstance(value, RichText) else value or ""
    html = BLOCK_KEYS.sub("", expand_db_html(source)).strip()
    return "" if html in ("<p></p>", "<p><br/></p>") else html


class _ByKey:
    """Rewrites references by block id into references by key; what is gone keeps its old key.

    An option is looked up among those of the question that the clause names, nowhere else.
    """

    def __init__(self, steps: list[dict], old: _FromBlocks, group_names: Mapping[str, str]):
        self.names = old.key_of | {item["id"]: item["key"] for item in [*steps, *_questions(steps)]}
        self.option_ids = old.option_ids
        self.options = {
            question["id"]: {option["id"]: option["key"] for option in question["options"] or []}
            for question in _questions(steps)
        }
        self.groups = group_names

    def _option(self, question_id: str, posted: str) -> str:
        block_id = self.option_ids.of(question_id, posted) if question_id else posted
        key = self.options.get(question_id, {}).get(block_id)
        return key or self.option_ids.known(question_id).get(block_id, {}).get("key") or posted

    def rule(self, rule: dict | None) -> dict | None:
        if not rule:
            return None
        return {
            "match": rule["match"],
            "clauses": [self._clause(clause) for clause in rule["clauses"]],
        }

    def _clause(self, clause: dict) -> dict:
        if "group" in clause:
            return {"group": self.groups.get(clause["group"], clause["group"])}
        found = {"op": "is", **clause}
        question_id = clause.get("question") or ""
        found["question"] = self.of(question_id)
        value = clause.get("value")
        if isinstance(value, list):
            found["value"] = [self._option(question_id, one) for one in value]
        elif isinstance(value, str):
            found["value"] = self._option(question_id, value)
        return found

    def of(self, reference: Any) -> Any:
        if isinstance(reference, list):
            return [self.of(one) for one in reference]
        return self.names.get(reference, reference)


def to_package(
    steps: Any,
    groups: Any = (),
    prices: Any = None,
    *,
    before: dict | None = None,
    settled: Container[str] | None = None,
) -> dict:
    """`{"steps", "groups"}` in the package's shape, from the editor's StreamValues; with `prices`
    its "pricing" too.

    `before` is the form as it was saved last (the same shape): blocks that it knows keep their
    key and what the editor does not show. Every reference is by key. `settled` are ids of parts
    whose key is for good (Names).
    """
    old = _FromBlocks(before or {}, settled)
    typed = [one.value.get("key") or "" for step in steps for one in step.value["questions"]]
    names = Names(old.key_of, typed, settled)
    step_names = Names(old.key_of, [step.value.get("key") or "" for step in steps], settled)
    made = [old.step(child, step_names, names) for child in steps]
    group_names = names_of(groups)
    by_key = _ByKey(made, old, group_names)
    for step in made:
        step["show_if"] = by_key.rule(step["show_if"])
        if step["repeat"] and step["repeat"].get("count_from"):
            step["repeat"]["count_from"] = by_key.of(step["repeat"]["count_from"])
        for question in step["questions"]:
            question["show_if"] = by_key.rule(question["show_if"])
            own = question["settings"]
            if own.get("rule"):
                own["rule"] = by_key.rule(own["rule"])
            for name in (*STEP_REFERENCES, *QUESTION_REFERENCES):
                if name in own:
                    own[name] = by_key.of(own[name])
    rules = {
        group_names[str(child.id)]: by_key.rule(child.value["rule"])
        or {"match": "all", "clauses": []}
        for child in groups
    }
    package = {"steps": made, "groups": rules}
    if prices is not None:
        known = (before or {}).get("pricing")
        package["pricing"] = to_pricing(prices, refer=by_key.of, rule=by_key.rule, before=known)
    return package


# To the editor -----------------------------------------------------------------------------------


class _ById:
    """Rewrites references by key into references by block id; what is unknown stays."""

    def __init__(self, form: dict):
        self.questions = {question["key"]: question for question in _questions(form["steps"])}
        self.steps = {step["key"]: step["id"] for step in form["steps"]}

    def rule(self, rule: dict | None) -> dict | None:
        if not rule or not rule.get("clauses"):
            return None
        return {
            "match": rule.get("match") or "all",
            "clauses": [self._clause(clause) for clause in rule["clauses"]],
        }

    def _clause(self, clause: dict) -> dict:
        if "group" in clause:
            return {"group": group_id(clause["group"])}
        question = self.questions.get(clause.get("question") or "")
        if question is None:
            return dict(clause)
        options = {option["key"]: option["id"] for option in question["options"] or []}
        found = dict(clause) | {"question": question["id"]}
        value = clause.get("value")
        if isinstance(value, list):
            found["value"] = [options.get(one, one) for one in value]
        elif isinstance(value, bool):
            found["value"] = "yes" if value else "no"
        elif isinstance(value, str):
            found["value"] = options.get(value, value)
        return found

    def question(self, key: Any) -> Any:
        if isinstance(key, list):
            return [self.question(one) for one in key]
        return self.questions[key]["id"] if key in self.questions else key

    def step(self, key: Any) -> Any:
        return self.steps.get(key, key)


def _option_rows(options: list[dict] | None) -> list[dict]:
    return [
        {
            "type": "item",
            "id": option["id"],
            "value": {name: option.get(name) for name in ("label", "help", "price_pence", "key")},
        }
        for option in options or []
    ]


def _question_value(question: dict, by_id: _ById) -> dict:
    nothing = dict.fromkeys(settings_of(question["type"]))  # not the defaults of a new question
    own = nothing | question["settings"]
    if own.get("rule"):
        own["rule"] = by_id.rule(own["rule"])
    for name in STEP_REFERENCES:
        if own.get(name):
            own[name] = by_id.step(own[name])
    for name in QUESTION_REFERENCES:
        if own.get(name):
            own[name] = by_id.question(own[name])
    if own.get("personal") is not None:
        own["personal"] = "yes" if own["personal"] else "no"
    if "rows" in own and isinstance(own["rows"], list):
        own["rows"] = _option_rows(
            [
                {"id": str(uuid.uuid5(IDS, f"{question['id']}/row/{row['key']}")), **row}
                for row in own["rows"]
            ]
        )
    return own | {
        "label": question["label"],
        "help": question["help"],
        "required": question["required"],
        "options": _option_rows(question["options"]),
        "show_if": by_id.rule(question["show_if"]),
        "key": question["key"],
    }


def from_package(form: dict) -> tuple[list[dict], list[dict]]:
    """The raw data of the editor's two streams, steps and named rules, with an id at every level.

    `form` is in the package's shape; keys and ids may be left out.
    """
    form = compiled(form)
    by_id = _ById(form)
    steps = []
    for step in form["steps"]:
        repeat = step["repeat"] or {}
        steps.append(
            {
                "type": "step",
                "id": step["id"],
                "value": {
                    "title": step["title"],
                    "kind": step["kind"],
                    "intro": step["intro"],
                    "show_if": by_id.rule(step["show_if"]),
                    "questions": [
                        {
                            "type": question["type"],
                            "id": question["id"],
                            "value": _question_value(question, by_id),
                        }
                        for question in step["questions"]
                    ],
                    "repeats": bool(repeat),
                    "item_name": repeat.get("item_name"),
                    "min": repeat.get("min"),
                    "max": repeat.get("max"),
                    "count_from": by_id.question(repeat.get("count_from")),
                    "key": step["key"],
                },
            }
        )
    groups = [
        {"type": "rule", "id": group_id(name), "value": {"name": name, "rule": by_id.rule(rule)}}
        for name, rule in form["groups"].items()
    ]
    return steps, groups


def prices_from_package(form: dict) -> list[dict]:
    """The raw data of the editor's stream of prices."""
    form = compiled(form)
    by_id = _ById(form)
    return from_pricing(form["pricing"], question=by_id.question, step=by_id.step, rule=by_id.rule)
