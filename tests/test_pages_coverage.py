"""docs/coverage.md keeps its word: every row, every address, every test that it names."""

import re
from pathlib import Path

import pytest

from .demo_hub import load_demo_hub

TESTS = Path(__file__).parent
TABLE = (TESTS.parent / "docs" / "coverage.md").read_text(encoding="utf-8")
ROWS = [line.split("|")[1:-1] for line in TABLE.splitlines() if re.match(r"\| \d+ \|", line)]


def test_all_hundred_and_ten_things_are_there_in_order():
    assert [int(row[0]) for row in ROWS] == list(range(1, 111))
    assert [row[0] for row in ROWS if not all(cell.strip() for cell in row)] == []


def test_every_test_that_is_named_exists():
    named = set(re.findall(r"test_\w+", TABLE))

    assert {name for name in named if not (TESTS / f"{name}.py").exists()} == set()


@pytest.mark.django_db
def test_every_address_that_is_named_answers(client):
    load_demo_hub()
    named = {path for row in ROWS for path in re.findall(r"(?<![\w.])/[\w./?=+-]*", row[3])}
    answers = {path: client.get(path).status_code for path in sorted(named)}

    assert len(answers) > 40
    assert {path: status for path, status in answers.items() if status != 200} == {}
