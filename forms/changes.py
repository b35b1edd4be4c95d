"""What changed between two versions of a form, question by question, in words.

Parts are the same when their ids are: a question that was reworded, moved or given another key is
still that question. Pure: two compiled forms in, changes out.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from .amounts import in_pounds
from .rulewords import RuleWords

#: Settings that change what an answer may be or means; the others are only how it is shown or kept.
ONLY_SHOWN = frozenset(
    {
        "reason",
        "personal",
        "restricted",
        "role",
        "width",
        "rows",
        "error",
        "autocomplete",
        "unit",
        "decides_area",
    }
)
SETTING_WORDS = {
    "min": "at least",
    "max": "at most",
    "min_pence": "at least",
    "max_pence": "at most",
    "max_words": "longest answer, in words",
    "max_length": "longest answer, in characters",
    "types": "kinds of file",
    "max_mb": "largest file",
    "max_files": "number of files",
    "max_minutes": "longest film, in minutes",
    "reason": "why we ask",
    "restricted": "who may read it",
    "register": "the register of the number",
    "role": "what letters use it as",
    "decides_area": "whether it decides which office answers",
    "rule": "when it is yes",
}
ADDED, REMOVED, CHANGED, MOVED = "added", "removed", "changed", "moved"


@dataclass(frozen=True)
class Change:
    """One change. `what` is the part, `where` the step; `before` and `after` are words, or ""."""

    kind: str
    where: str
    what: str
    note: str
    before: str = ""
    after: str = ""
    question: str = ""
    #: Whether an answer given before may not mean the same now.
    is_other_question: bool = False


class _Form:
    """One side of the comparison, with its parts by id."""

    def __init__(self, form: dict):
        self.form = form
        self.steps = {step["id"]: step for step in form["steps"]}
        self.questions = {q["id"]: (step, q) for step in form["steps"] for q in step["questions"]}
        self.words = RuleWords(form)

    def say(self, rule: dict | None) -> str:
        return self.words.say(rule) or "Everyone who comes this far."

    def by_id(self, rule: dict | None) -> object:
        """A rule that does not change when a key does: what it really looks at."""
        if not rule:
            return None
        ids = {q["key"]: q for _step, q in self.questions.values()}
        clauses = []
        for clause in rule["clauses"]:
            if "group" in clause:
                clauses.append(self.by_id(self.form["groups"].get(clause["group"])))
                continue
            question = ids.get(clause["question"])
            options = {one["key"]: one["id"] for one in (question or {}).get("options") or []}
            values = clause.get("value")
            values = values if isinstance(values, list) else [values]
            named = [options.get(one, one) if isinstance(one, str) else one for one in values]
            clauses.append([clause | {"value": named, "question": (question or clause).get("id")}])
        return [rule["match"], clauses]


def changes(old: dict, new: dict) -> list[Change]:
    """Everything that differs, in the order of the new form; what is gone comes last."""
    before, after = _Form(old), _Form(new)
    found = [*_whole(old, new)]
    for step in new["steps"]:
        found += _step(before, after, step)
        for question in step["questions"]:
            found += _question(before, after, step, question)
    found += _order(before, after)
    for step_id, step in before.steps.items():
        if step_id not in after.steps:
            found.append(Change(REMOVED, step["title"], step["title"], "This step is gone."))
    for question_id, (step, question) in before.questions.items():
        if question_id not in after.questions:
            note = "This question is no longer asked."
            found.append(
                Change(REMOVED, step["title"], question["label"], note, question=question_id)
            )
    return found


def asked_otherwise(found: list[Change]) -> frozenset[str]:
    """Ids of questions whose earlier answers may not mean the same now."""
    return frozenset(change.question for change in found if change.is_other_question)


def _whole(old: dict, new: dict) -> Iterator[Change]:
    for name, words in (("title", "Title"), ("intro", "Words on the start page")):
        if old[name] != new[name]:
            yield Change(CHANGED, "", words, "Reworded.", old[name], new[name])
    if (old.get("workflow") or "") != (new.get("workflow") or ""):
        yield Change(
            CHANGED,
            "",
            "Review process",
            "Forms sent from now on go another way.",
            old.get("workflow") or "none",
            new.get("workflow") or "none",
        )
    spoken = old.get("translations") or {}, new.get("translations") or {}
    for language in sorted({*spoken[0], *spoken[1]}):
        if spoken[0].get(language) != spoken[1].get(language):
            yield Change(CHANGED, "", f"Words in “{language}”", "They were changed.")
    was, now = price_words(old), price_words(new)
    if was != now:
        gone = [line for line in was if line not in now]
        came = [line for line in now if line not in was]
        note = "The price is made another way."
        yield Change(CHANGED, "", "Price", note, " ".join(gone), " ".join(came))


def price_words(form: dict) -> list[str]:
    """How a form's price is made, a sentence each."""
    pricing, lines = form.get("pricing") or {}, []
    place = pricing.get("per_place")
    if place == "offering":
        lines.append("A place costs what its date costs.")
    elif place is not None:
        lines.append(f"A place costs {in_pounds(place)}.")
    for item in pricing.get("items") or []:
        rule = " when its rule is true" if item.get("show_if") else ""
        each = item.get("per", "form")
        often = "once" if each == "form" else f"for each {each}"
        lines.append(
            f"{item.get('label') or item.get('key')}: {in_pounds(item['pence'])} {often}{rule}."
        )
    old = pricing.get("sibling_discount")
    for one in [*(pricing.get("discounts") or []), *([old | {"kind": "sibling"}] if old else [])]:
        off = f"{one['percent']}%" if "percent" in one else in_pounds(one.get("pence", 0))
        name = one.get("label") or {
            "sibling": "Brothers and sisters",
            "early": "Early booking",
        }.get(one.get("kind", ""), "Discount")
        when = {"until": one.get("until"), "days": one.get("days_before")}
        more = f", until {when['until']}" if when["until"] else ""
        more += f", {when['days']} days before" if when["days"] else ""
        more += f", from child {one['from_child']} on" if one.get("from_child") else ""
        lines.append(f"{name}: {off} off{more}.")
    for period in (pricing.get("remission") or {}).get("periods") or []:
        bands = ", ".join(f"{band['percent']}%" for band in period.get("bands") or [])
        lines.append(
            f"Help with costs {period.get('from', '')} to {period.get('until', '')}: {bands}."
        )
    if pricing.get("codes"):
        lines.append("Codes take something off.")
    return lines


def _step(before: _Form, after: _Form, step: dict) -> Iterator[Change]:
    was = before.steps.get(step["id"])
    if was is None:
        yield Change(
            ADDED, step["title"], step["title"], "A new step.", after=_seen_by(after, step)
        )
        return

    def changed(what: str, note: str, one: str, two: str) -> Change:
        return Change(CHANGED, step["title"], what, note, one, two)

    if was["title"] != step["title"]:
        yield changed(step["title"], "The step has another title.", was["title"], step["title"])
    if was["intro"] != step["intro"]:
        yield changed(step["title"], "The words above were changed.", was["intro"], step["intro"])
    if was["kind"] != step["kind"]:
        yield changed(step["title"], "The page is of another kind.", was["kind"], step["kind"])
    if (was["repeat"] or {}) != (step["repeat"] or {}):
        yield changed(
            step["title"], "It is asked another number of times.", _times(was), _times(step)
        )
    if before.by_id(was["show_if"]) != after.by_id(step["show_if"]):
        said = before.say(was["show_if"]), after.say(step["show_if"])
        yield changed(step["title"], "Other families see this step.", *said)


def _seen_by(form: _Form, part: dict) -> str:
    return form.say(part["show_if"]) if part["show_if"] else ""


def _times(step: dict) -> str:
    repeat = step["repeat"]
    if not repeat:
        return "once"
    return f"{repeat['min']} to {repeat['max']} times, once for each {repeat['item_name']}"


def _question(before: _Form, after: _Form, step: dict, question: dict) -> Iterator[Change]:
    found = before.questions.get(question["id"])
    if found is None:
        note = "A new question."
        if question["required"]:
            note += " It has to be answered."
        shown = _seen_by(after, question)
        yield Change(
            ADDED, step["title"], question["label"], note, after=shown, question=question["id"]
        )
        return
    was_in, was = found

    def changed(note: str, one: str = "", two: str = "", *, other: bool = False) -> Change:
        return Change(
            CHANGED, step["title"], question["label"], note, one, two, question["id"], other
        )

    if was["type"] != question["type"]:
        yield changed("It is another kind of question.", was["type"], question["type"], other=True)
    if was["label"] != question["label"]:
        yield changed("Reworded.", was["label"], question["label"], other=True)
    if was["help"] != question["help"]:
        yield changed("Its hint was changed.", was["help"], question["help"])
    if was["required"] != question["required"]:
        note = "It has to be answered now." if question["required"] else "It may be left empty now."
        yield changed(note)
    if before.by_id(was["show_if"]) != after.by_id(question["show_if"]):
        said = before.say(was["show_if"]), after.say(question["show_if"])
        yield changed("Other families are asked it.", *said)
    yield from _options(was, question, changed)
    yield from _settings(before, after, was, question, changed)
    if was_in["id"] != step["id"]:
        note = "It is asked on another page."
        yield Change(
            MOVED,
            step["title"],
            question["label"],
            note,
            was_in["title"],
            step["title"],
            question["id"],
        )


def _options(was: dict, question: dict, changed) -> Iterator[Change]:  # noqa: ANN001
    old = {one["id"]: one for one in was["options"] or []}
    new = {one["id"]: one for one in question["options"] or []}
    gone = [one["label"] for key, one in old.items() if key not in new]
    came = [one["label"] for key, one in new.items() if key not in old]
    if gone:
        yield changed("No longer an option:", ", ".join(gone), other=True)
    if came:
        yield changed("A new option:", "", ", ".join(came), other=True)
    for key, one in new.items():
        if key not in old:
            continue
        if old[key]["label"] != one["label"]:
            yield changed("An option was reworded.", old[key]["label"], one["label"], other=True)
        if old[key].get("price_pence") != one.get("price_pence"):
            prices = [in_pounds(side.get("price_pence") or 0) for side in (old[key], one)]
            yield changed(f"The price of “{one['label']}” was changed.", *prices)


def _settings(before: _Form, after: _Form, was: dict, question: dict, changed) -> Iterator[Change]:  # noqa: ANN001
    old, new = was["settings"], question["settings"]
    for name in sorted({*old, *new}):
        one, two = old.get(name), new.get(name)
        if name == "rule":
            if before.by_id(one) != after.by_id(two):
                yield changed("It is worked out another way.", before.say(one), after.say(two))
        elif one != two:
            words = SETTING_WORDS.get(name, name.replace("_", " "))
            yield changed(
                f"Changed: {words}.", _plain(one), _plain(two), other=name not in ONLY_SHOWN
            )


def _plain(value: object) -> str:
    if value in (None, "", [], False):
        return "not set"
    if isinstance(value, list):
        return ", ".join(str(one) for one in value)
    return "yes" if value is True else str(value)


def _order(before: _Form, after: _Form) -> Iterator[Change]:
    """Parts that stand in another order; what moved to another page was said already."""
    was = [key for key in before.steps if key in after.steps]
    now = [key for key in after.steps if key in before.steps]
    for key in _out_of_order(was, now):
        step = after.steps[key]
        yield Change(MOVED, step["title"], step["title"], "The step stands at another place.")
    for key, step in after.steps.items():
        old_step = before.steps.get(key)
        if old_step is None:
            continue
        here = {q["id"] for q in step["questions"]} & {q["id"] for q in old_step["questions"]}
        was = [q["id"] for q in old_step["questions"] if q["id"] in here]
        now = [q["id"] for q in step["questions"] if q["id"] in here]
        for moved in _out_of_order(was, now):
            label = after.questions[moved][1]["label"]
            yield Change(
                MOVED,
                step["title"],
                label,
                "It stands at another place on its page.",
                question=moved,
            )


def _out_of_order(was: list[str], now: list[str]) -> list[str]:
    """The fewest that have to move to turn one order into the other."""
    place = {key: index for index, key in enumerate(was)}
    best: list[list[str]] = []
    for key in now:
        before = [chain for chain in best if place[chain[-1]] < place[key]]
        best.append([*max(before, key=len, default=[]), key])
    kept = set(max(best, key=len, default=[]))
    return [key for key in now if key not in kept]
