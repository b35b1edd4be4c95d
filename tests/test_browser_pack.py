"""The pack for a board in a real browser: it passes axe at both widths, and prints whole."""

import re

import pytest

from tests.settings import ON_SERVICES
from tests.test_browser_desks import CHROMIUM, WIDTHS, check, sits  # noqa: F401 - a fixture
from tests.test_workflows_pack import scored  # noqa: F401 - a fixture

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM, reason="Chromium is not installed."),
    pytest.mark.skipif(ON_SERVICES, reason="pages look the same on both back ends"),
    pytest.mark.django_db(transaction=True),
]
LINES = """() => {
  for (let n = 0; n < 200; n++) {
    const line = document.createElement("p");
    line.textContent = "A line of the pack";
    document.querySelector(".pack").append(line);
  }
}"""


def test_a_pack_for_the_board_reads_and_prints_whole(sits, scored):  # noqa: F811
    officer, _people, case = scored
    path = f"/admin/cases/{case.pk}/pack/"
    for width in WIDTHS:
        check(sits(officer, path, width), "pack", width)
    page = sits(officer, path).page
    page.evaluate(LINES)
    assert len(re.findall(rb"/Type\s*/Page\b(?!s)", page.pdf(format="A4"))) > 2
