"""The tables that say which test holds what: each test that they name is there."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
NAMED = re.compile(r"`(?:(test_\w+\.py)(?:::(test_\w+))?|(test_\w+))`")


@pytest.mark.parametrize("page", ["partners.md", "packages.md"])
def test_every_test_that_is_named_is_there(page):
    written, file, missing = (ROOT / "docs" / page).read_text(encoding="utf-8"), "", []
    for named, test, alone in NAMED.findall(written):
        file = named or file
        path = ROOT / "tests" / file
        wanted = test or alone
        if not path.exists() or (wanted and f"def {wanted}(" not in path.read_text("utf-8")):
            missing.append(f"{file}::{wanted}")
    assert missing == []


def test_every_package_is_in_the_table():
    written = (ROOT / "docs" / "packages.md").read_text(encoding="utf-8")
    seasonal = {"ensemble-audition", "ensemble-membership", "songwriter-booking"}
    shipped = {path.stem for path in (ROOT / "forms" / "packages").glob("*.json")}
    assert shipped - seasonal == {name for name in shipped if f"{name}.json" in written}
