"""Forms as graphs, real and made up: as packages they go through every command, JSON and YAML."""

import json
import time

import pytest
import yaml
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

from forms import diagram
from forms.compile import check, compiled
from forms.lint import lint
from forms.models import FormDefinition
from forms.package import shape_findings
from forms.paths import paths
from forms.walk import walk

from . import realforms
from .test_forms_package import run
from .test_forms_real import FILES, differences

needs_files = pytest.mark.skipif(not FILES, reason="the folder of real forms is not here")


def packaged(path):
    graph = json.loads(path.read_text(encoding="utf-8"))
    return realforms.as_package(graph, path.stem)


@needs_files
@pytest.mark.django_db
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
@pytest.mark.parametrize("kind", ["json", "yaml"])
def test_a_real_form_goes_through_every_command(path, kind, tmp_path):
    package = packaged(path)
    form = compiled(package["form"])
    written = json.dumps if kind == "json" else yaml.safe_dump
    file, answers = tmp_path / f"form.{kind}", tmp_path / f"answers.{kind}"
    file.write_text(written(package))

    code, out, _err = run("definition_check", str(file), "--json")
    found = json.loads(out)["findings"]
    assert code == (1 if {finding["level"] for finding in found} - {"advice"} else 0)
    assert "error" not in {finding["level"] for finding in found}
    assert run("definition_load", str(file), "--publish")[0] == 0
    code, out, _err = run("definition_paths", str(file), "--json")
    every = json.loads(out)
    every = every["paths"] if isinstance(every, dict) else every
    assert (code, len(every)) == (0, len(paths(form)))
    for way in every[:: max(1, len(every) // 3)]:
        answers.write_text(written(way["answers"]))
        code, out, _err = run("definition_walk", str(file), "--answers", str(answers), "--json")
        assert code == 0
        steps = json.loads(out)["steps"]
        assert [step["key"] for step in steps] == list(way["steps"])
        assert [key for step in steps for key in step["questions"]] == list(way["questions"])
    dumped = tmp_path / "dumped.json"
    assert run("definition_dump", path.stem, "--output", str(dumped))[0] == 0
    assert run("definition_load", str(dumped), "--publish")[0] == 0
    assert FormDefinition.objects.get().versions.count() == 1


@needs_files
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_real_form_is_compiled_linted_drawn_and_walked_within_a_second(path):
    package = packaged(path)
    start = time.process_time()
    form = compiled(package["form"])
    lint(form)
    every = paths(form)
    nodes = diagram.nodes_of(form)
    drawn, said = diagram.svg(nodes, title=form["title"]), diagram.outline(nodes)
    taken = time.process_time() - start

    assert len(every) >= 1
    assert len(nodes) == len(form["steps"]) == drawn.count("<rect") or nodes
    assert all(str(node.title).split("&")[0][:9] in said for node in nodes if node.title.isalpha())
    assert taken <= 1


# Made-up graphs -----------------------------------------------------------------------------------

OPTIONS = ["red", "green", "blue"]
ASKED = {
    "YesNoField": [("is", "true"), ("is", "false"), ("is not", "true")],
    "RadiosField": [(op, value) for op in ("is", "is not") for value in OPTIONS[:2]],
    "CheckboxesField": [("contains", "red"), ("does not contain", "green")],
    "NumberField": [("is at least", "10"), ("is less than", "5"), ("is more than", "10")],
}


@st.composite
def graphs(draw):
    """A well-formed graph: links lead on, conditions look back, every page ends somewhere."""
    size = draw(st.integers(2, 6))
    asked, conditions, pages = [], [], []
    for at in range(size):
        here = []
        for number in range(draw(st.integers(0, 2))):
            kind = draw(st.sampled_from(sorted(ASKED)))
            required = kind == "CheckboxesField" or draw(st.booleans())
            here.append(
                {
                    "name": f"q{at}{number}",
                    "type": kind,
                    "title": f"Question {at} {number}",
                    "options": {"required": required},
                    **({"list": "L"} if kind in ("RadiosField", "CheckboxesField") else {}),
                }
            )
        asked += here
        links = []
        for number in range(draw(st.integers(0, 2)) if asked else 0):
            name = f"c{at}{number}"
            conditions.append({"name": name, "value": draw(rules(asked, name))})
            to = draw(st.integers(at + 1, size))
            links.append({"path": f"/p{to}", "condition": name})
        links.append({"path": f"/p{draw(st.integers(at + 1, min(at + 2, size)))}"})
        pages.append({"path": f"/p{at}", "title": f"Page {at}", "components": here, "next": links})
    end = {"controller": "./pages/summary.js", "components": [], "next": []}
    pages.append({"path": f"/p{size}", "title": "End", **end})
    items = [{"text": value.title(), "value": value} for value in OPTIONS]
    return {
        "name": "Made up",
        "startPage": "/p0",
        "pages": pages,
        "conditions": conditions,
        "lists": [{"name": "L", "items": items}],
    }


@st.composite
def rules(draw, asked, name):
    terms = []
    for number in range(draw(st.integers(1, 3))):
        question = draw(st.sampled_from(asked))
        operator, value = draw(st.sampled_from(ASKED[question["type"]]))
        term = {
            "field": {"name": question["name"]},
            "operator": operator,
            "value": {"value": value},
        }
        if number:
            term["coordinator"] = draw(st.sampled_from(["and", "or"]))
        terms.append(term)
    return {"name": name, "conditions": terms}


@seed(386)
@settings(max_examples=60, deadline=None, database=None, suppress_health_check=list(HealthCheck))
@given(graphs())
def test_any_well_formed_graph_becomes_a_form_that_asks_the_same(graph):
    package = realforms.as_package(graph, "made-up")
    form = compiled(package["form"])

    assert shape_findings(package) == []
    errors = [str(finding) for finding in check(form) if finding.code != "nothing_asked"]
    assert errors == []
    assert differences(graph, form) == []
    for way in paths(form).paths:
        assert [step.key for step in walk(form, way.answers).steps] == list(way.steps)
    lint(form)
    diagram.svg(diagram.nodes_of(form), title="Made up")
