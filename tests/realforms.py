"""A test tool: graph forms of the digital form builder (pages with links) turned into packages.

`as_package` works out, for each page, the answers with which it is reached, and writes them as
flat rules. `visited` follows the graph itself, and shares no code with that: the two are compared.
"""

import itertools
import re
from functools import reduce

KINDS = {
    "FreeTextField": "longtext",
    "MultilineTextField": "longtext",
    "TextField": "text",
    "WebsiteField": "text",
    "YesNoField": "yes_no",
    "NumberField": "number",
    "ClientSideFileUploadField": "file",
    "FileUploadField": "file",
    "RadiosField": "radios",
    "SelectField": "select",
    "AutocompleteField": "select",
    "CheckboxesField": "checkboxes",
    "UkAddressField": "uk_address",
    "EmailAddressField": "email",
    "DatePartsField": "date",
    "DateField": "date",
    "TelephoneNumberField": "phone",
    "TimeField": "time",
}
WORDS = {"Para", "Html", "Details", "List", "InsetText", "FlashCard"}


def name_of(path: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", path.lower()).strip("_")[:70] or "start"


def option_key(value) -> str:
    return re.sub(r"[^a-z0-9]+", "_", str(value).lower()).strip("_")[:60] or "empty"


def components(page):
    """The questions of a page, those of a group of inputs one by one."""
    for component in page.get("components") or []:
        yield from component.get("children") or [component]


# --- conditions -------------------------------------------------------------------------------
def parse(graph):
    """Named conditions as functions of answers: `holds(get)`, and the names they look at."""
    by_name = {c["name"]: c["value"] for c in graph["conditions"]}
    return {name: Condition(value, by_name) for name, value in by_name.items()}


class Condition:
    def __init__(self, value, by_name):
        self.terms = []  # (coordinator, test)
        self.fields = set()
        self.values = {}
        for term in value.get("conditions") or []:
            self.terms.append((term.get("coordinator"), self._test(term, by_name)))

    def _test(self, term, by_name):
        if "conditionName" in term or "conditions" in term:
            inner = Condition(by_name.get(term.get("conditionName"), term), by_name)
            self.fields |= inner.fields
            for name, found in inner.values.items():
                self.values.setdefault(name, set()).update(found)
            return inner.holds
        field = term["field"]["name"].split(".")[-1]
        operator, value = term["operator"], term["value"]["value"]
        self.fields.add(field)
        self.values.setdefault(field, set()).add((operator, value))
        return lambda get: compare(get(field), operator, value)

    def holds(self, get):
        """`and` binds tighter than `or`, as in the original."""
        groups = [[]]
        for coordinator, test in self.terms:
            if coordinator == "or":
                groups.append([])
            groups[-1].append(test)
        return any(all(test(get) for test in group) for group in groups)


def compare(answer, operator, value):
    if answer is None:
        return False
    if isinstance(answer, bool):
        answer = "true" if answer else "false"
    if operator == "is":
        return str(answer) == str(value)
    if operator == "is not":
        return str(answer) != str(value)
    if operator in ("contains", "does not contain"):
        return (value in answer) is (operator == "contains")
    low, high = float(answer), float(value)
    return {
        "is at least": low >= high,
        "is at most": low <= high,
        "is more than": low > high,
        "is less than": low < high,
    }[operator]


# --- the graph itself -------------------------------------------------------------------------
def visited(graph, answers):
    """[(step key, question names)] of the pages that these answers lead through, in order."""
    conditions, pages = parse(graph), {page["path"]: page for page in graph["pages"]}
    page, known, seen = pages[graph["startPage"]], set(), []
    while page is not None:
        names = [c["name"] for c in components(page) if c["type"] not in WORDS]
        known |= set(names)
        seen.append((name_of(page["path"]), names))
        said = {name: answers.get(name) for name in known}
        page = pages.get(follow(page, conditions, said.get))
    return seen


def follow(page, conditions, get):
    """The path of the next page: the first link whose condition holds, else the plain one."""
    plain = None
    for link in page.get("next") or []:
        if not link.get("condition"):
            plain = link["path"]
        elif link["condition"] in conditions and conditions[link["condition"]].holds(get):
            return link["path"]
    return plain


def in_order(graph):
    """Pages that can be reached, each after all that lead to it. Raises ValueError on a circle."""
    pages = {page["path"]: page for page in graph["pages"]}
    order, open_, done = [], set(), set()

    def visit(path):
        if path in open_:
            raise ValueError(f"{path} leads back to itself")
        if path in done or path not in pages:
            return
        open_.add(path)
        for link in reversed(pages[path].get("next") or []):
            visit(link["path"])
        open_.remove(path)
        done.add(path)
        order.append(pages[path])

    visit(graph["startPage"])
    return order[::-1]


# --- reaching a page, as cubes: {question: the outcomes with which it is passed} -----------------
def domains(graph):
    """For each question that a link looks at, the outcomes that its conditions can tell apart."""
    used = {link.get("condition") for page in graph["pages"] for link in page.get("next") or []}
    conditions = {name: c for name, c in parse(graph).items() if name in used}
    by_name = {c["name"]: c for page in graph["pages"] for c in components(page)}
    lists = {entry["name"]: entry["items"] for entry in graph["lists"]}
    found = {}
    for field in {f for c in conditions.values() for f in c.fields if f in by_name}:
        component = by_name[field]
        said = {v for c in conditions.values() for _op, v in c.values.get(field, ())}
        if component["type"] == "YesNoField":
            outcomes = [True, False]
        elif component["type"] == "CheckboxesField":
            options = sorted(said)
            outcomes = [
                frozenset(chosen)
                for size in range(len(options) + 1)
                for chosen in itertools.combinations(options, size)
            ]
        elif component["type"] == "NumberField":
            outcomes = sorted({int(float(v)) + shift for v in said for shift in (-1, 0, 1)})
        elif component.get("list"):
            outcomes = [item["value"] for item in lists[component["list"]]]
        else:
            outcomes = [*sorted(said), "something else"]
        if (component.get("options") or {}).get("required") is False:
            outcomes.append(None)
        found[field] = outcomes
    return found


def merged(cubes, full):
    """The same set with fewer cubes: two that differ in one question become one."""
    cubes = list(cubes)
    while True:
        for first, second in itertools.combinations(range(len(cubes)), 2):
            a, b = cubes[first], cubes[second]
            if a.keys() == b.keys():
                differ = [q for q in a if a[q] != b[q]]
                if len(differ) > 1:
                    continue
                joined = {**a, **{q: a[q] | b[q] for q in differ}}
            elif all(q in b and b[q] <= a[q] for q in a):
                joined = a
            elif all(q in a and a[q] <= b[q] for q in b):
                joined = b
            else:
                continue
            joined = {q: s for q, s in joined.items() if s != frozenset(full[q])}
            cubes = [c for i, c in enumerate(cubes) if i not in (first, second)] + [joined]
            break
        else:
            return cubes


def reached(graph):
    """{path: cubes} for each page, worked out along the links."""
    conditions, full = parse(graph), domains(graph)
    ask = {c["name"]: page["path"] for page in graph["pages"] for c in components(page)}
    cubes = {page["path"]: [] for page in in_order(graph)}
    before = {graph["startPage"]: set()}
    cubes[graph["startPage"]] = [{}]
    for page in in_order(graph):
        here = cubes[page["path"]] = merged(cubes[page["path"]], full)
        passed = before.get(page["path"], set()) | {page["path"]}
        looks = sorted(
            {
                f
                for link in page.get("next") or []
                for f in getattr(conditions.get(link.get("condition")), "fields", ())
                if f in full and ask[f] in passed
            }
        )
        for cube in here:
            choices = [sorted(cube.get(f, frozenset(full[f])), key=str) for f in looks]
            for outcome in itertools.product(*choices):
                values = dict(zip(looks, outcome, strict=True))
                to = follow(page, conditions, values.get)
                if to in cubes:
                    cubes[to].append(cube | {f: frozenset([v]) for f, v in values.items()})
        for link in page.get("next") or []:
            before.setdefault(link["path"], set()).update(passed)
    return cubes


# --- the package ------------------------------------------------------------------------------
def clauses(question, outcomes, kind, full):
    """One cube's demand on one question, as clauses that must all hold; None: split it first."""
    if outcomes == {None}:
        return [{"question": question, "op": "not_answered"}]
    if None in outcomes:
        return None
    if kind == "yes_no" or kind not in ("checkboxes", "number"):
        values = [v if isinstance(v, bool) else option_key(v) for v in sorted(outcomes, key=str)]
        if len(values) == 1:
            return [{"question": question, "op": "is", "value": values[0]}]
        return [{"question": question, "op": "one_of", "value": values}]
    if kind == "number":
        numbers = [v for v in full if v is not None]
        chosen = sorted(outcomes)
        if numbers[numbers.index(chosen[0]) : numbers.index(chosen[-1]) + 1] != chosen:
            return None
        found = [{"question": question, "op": "answered"}]
        if chosen[0] != numbers[0]:
            found.append({"question": question, "op": "at_least", "value": chosen[0]})
        if chosen[-1] != numbers[-1]:
            found.append({"question": question, "op": "at_most", "value": chosen[-1]})
        return found
    options = reduce(frozenset.union, (o for o in full if o is not None), frozenset())
    found = [{"question": question, "op": "answered"}]
    for option in sorted(options):
        having = sum(option in outcome for outcome in outcomes)
        if having in (0, len(outcomes)):
            op = "includes" if having else "excludes"
            found.append({"question": question, "op": op, "value": option_key(option)})
    return found if len(outcomes) == 2 ** (len(options) - len(found) + 1) else None


def rule_of(cubes, kinds, full, groups, stem):
    """A flat rule for a set of cubes; cubes of several clauses become named groups."""
    pending, conjunctions = list(cubes), []
    while pending:
        cube = pending.pop()
        parts = []
        for question in sorted(cube):
            said = clauses(question, cube[question], kinds[question], full[question])
            if said is None:
                pending += [cube | {question: frozenset([o])} for o in cube[question]]
                break
            parts += said
        else:
            conjunctions.append(parts)
    if [] in conjunctions:
        return None
    if len(conjunctions) == 1:
        return {"match": "all", "clauses": conjunctions[0]}
    found = []
    for number, parts in enumerate(conjunctions, start=1):
        if len(parts) == 1:
            found += parts
        else:
            groups[f"{stem}_{number}"] = {"match": "all", "clauses": parts}
            found.append({"group": f"{stem}_{number}"})
    return {"match": "any", "clauses": found}


def as_package(graph, slug):
    full, cubes = domains(graph), reached(graph)
    lists = {entry["name"]: entry["items"] for entry in graph["lists"]}
    kinds = {c["name"]: KINDS.get(c["type"], "text") for p in graph["pages"] for c in components(p)}
    groups, steps = {}, []
    for page in in_order(graph):
        key = name_of(page["path"])
        step = {"key": key, "title": (page.get("title") or key)[:200], "kind": "questions"}
        words = [c for c in components(page) if c["type"] in WORDS]
        asked = [c for c in components(page) if c["type"] not in WORDS]
        if str(page.get("controller")).endswith(("summary.js", "confirm.js")):
            step["kind"] = "check"
        elif not page.get("next"):
            step["kind"] = "exit"
        if page["path"] != graph["startPage"]:
            if not cubes[page["path"]]:
                continue  # no answers lead here: its links wait for what an earlier link took
            step["show_if"] = rule_of(cubes[page["path"]], kinds, full, groups, key)
        if page.get("controller") == "RepeatingFieldPageController":
            step["repeat"] = {"min": 1, "max": 10, "item_name": "row"}
        step["intro"] = "".join(str(c.get("content", "")) for c in words)
        if step["kind"] == "questions":
            step["questions"] = [question(c, kinds, lists) for c in asked] or [
                {"key": f"{key}_words", "type": "info", "label": step["title"]}
            ]
        steps.append(step)
    title = graph.get("name") if isinstance(graph.get("name"), str) else slug
    form = {"slug": slug, "title": title or slug, "groups": groups, "steps": steps}
    return {"package": 1, "form": form}


def question(component, kinds, lists):
    kind = kinds[component["name"]]
    options = [
        {"key": option_key(item["value"]), "label": str(item.get("text") or item["value"])}
        for item in lists.get(component.get("list"), [])
    ]
    words = component.get("title") or component["name"]
    return {
        "key": component["name"],
        "type": kind if options or kind not in ("radios", "select", "checkboxes") else "text",
        "label": words[:1000],
        "help": component.get("hint") or "",
        "required": (component.get("options") or {}).get("required") is not False,
        "options": options or None,
    }


def answers_for(combination, kinds, full):
    """A combination of outcomes as stored answers: option keys, lists of ticks."""
    found = {}
    for name, outcome in combination.items():
        if isinstance(outcome, frozenset):
            found[name] = [option_key(one) for one in sorted(outcome)] or ["none_of_these"]
        elif isinstance(outcome, str):
            found[name] = option_key(outcome)
        else:
            found[name] = outcome
    return found
