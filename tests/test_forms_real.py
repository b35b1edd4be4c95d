"""Real forms of public bodies, as packages: every one loads, and asks what the original asked."""

import itertools
import json
import random
from pathlib import Path

import pytest

from forms.compile import check, compiled, publish
from forms.models import FormDefinition
from forms.package import shape_findings
from forms.paths import paths
from forms.walk import walk

from . import realforms

FOLDERS = [
    Path(__file__).resolve().parents[1] / "data" / "forms-real",
    Path(__file__).resolve().parents[2] / "shared" / "data" / "forms-real",
]
FOLDER = next((folder for folder in FOLDERS if folder.is_dir()), None)
FILES = sorted(FOLDER.glob("*.json")) if FOLDER else []
SAMPLED_ABOVE = 4096

SMALL = {
    "startPage": "/a",
    "lists": [
        {"name": "L", "items": [{"text": "One", "value": "1"}, {"text": "Two", "value": "2"}, {"text": "Six", "value": "6"}]}
    ],
    "conditions": [
        {"name": name, "value": {"name": name, "conditions": terms}}
        for name, terms in {
            "no": [{"field": {"name": "S.ok"}, "operator": "is", "value": {"value": "false"}}],
            "two": [
                {"field": {"name": "pick"}, "operator": "is", "value": {"value": "2"}},
                {"coordinator": "and", "field": {"name": "ok"}, "operator": "is", "value": {"value": "true"}},
                {"coordinator": "or", "field": {"name": "many"}, "operator": "contains", "value": {"value": "6"}},
            ],
            "big": [{"field": {"name": "size"}, "operator": "is at least", "value": {"value": "10"}}],
        }.items()
    ],
    "pages": [
        {"path": "/a", "title": "A", "components": [{"name": "ok", "type": "YesNoField", "title": "Ok?"}],
         "next": [{"path": "/no", "condition": "no"}, {"path": "/b"}]},
        {"path": "/no", "title": "No", "components": [], "next": [{"path": "/b"}]},
        {"path": "/b", "title": "B", "components": [
            {"name": "pick", "type": "RadiosField", "list": "L", "title": "Pick"},
            {"name": "many", "type": "CheckboxesField", "list": "L", "title": "Many", "options": {"required": False}},
            {"name": "size", "type": "NumberField", "title": "Size"}],
         "next": [{"path": "/c", "condition": "two"}, {"path": "/d", "condition": "big"}, {"path": "/e"}]},
        {"path": "/c", "title": "C", "components": [], "next": [{"path": "/d", "condition": "big"}, {"path": "/e"}]},
        {"path": "/d", "title": "D", "components": [], "next": [{"path": "/e"}]},
        {"path": "/e", "title": "E", "controller": "./pages/summary.js", "components": [], "next": []},
    ],
}  # fmt: skip


def combinations(graph):
    """Every combination of outcomes, or a fixed sample of them."""
    full = realforms.domains(graph)
    total = 1
    for outcomes in full.values():
        total *= len(outcomes)
    if total <= SAMPLED_ABOVE:
        for values in itertools.product(*full.values()):
            yield dict(zip(full, values, strict=True))
    else:
        chance = random.Random(17)
        for _number in range(SAMPLED_ABOVE):
            yield {name: chance.choice(outcomes) for name, outcomes in full.items()}


def differences(graph, form):
    """The combinations of answers for which walker and graph disagree."""
    kinds = {q["key"]: q["type"] for step in form["steps"] for q in step["questions"]}
    wrong = []
    for combination in combinations(graph):
        original = realforms.visited(graph, combination)
        answers = realforms.answers_for(combination, kinds, None)
        walked = [
            (step.key, [q["key"] for q in step.questions if q["type"] != "info"])
            for step in walk(form, answers).steps
        ]
        if walked != original:
            wrong.append((combination, walked, original))
    return wrong


def test_a_graph_with_joins_and_mixed_conditions_becomes_flat_rules():
    form = compiled(realforms.as_package(SMALL, "small")["form"])

    assert check(form) == []
    assert differences(SMALL, form) == []


def test_the_comparison_notices_a_wrong_rule():
    form = compiled(realforms.as_package(SMALL, "small")["form"])
    next(step for step in form["steps"] if step["key"] == "d")["show_if"] = None

    assert differences(SMALL, form) != []


@pytest.mark.skipif(not FILES, reason="the folder of real forms is not here")
@pytest.mark.django_db
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_real_form_loads_lints_and_asks_exactly_what_the_original_asks(path):
    graph = json.loads(path.read_text(encoding="utf-8"))
    package = realforms.as_package(graph, path.stem)
    form = compiled(package["form"])

    assert shape_findings(package) == []
    assert check(form) == []
    assert differences(graph, form) == []
    definition = FormDefinition.objects.create(
        slug=path.stem, title=package["form"]["title"][:120], data=form
    )
    assert publish(definition).number == 1
    found = paths(form)
    assert not found.is_partial
    for one in found.paths:
        assert [step.key for step in walk(form, one.answers).steps] == list(one.steps)
