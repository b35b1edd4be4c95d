"""`python -m tests.trust`: the 25 tests of docs/trust.md, one after the other, with what they found.

Prints commit, date, seeds, durations and the outcome of every twin (a test with its guard off, which
must go wrong), on SQLite + SqliteHuey and, where they answer, on PostgreSQL + Redis; then what is
not tested here. Writes the same as JSON when a path is given. Exit 0 when every test held.

Tests ask `at_length(short, long)` how far to go: as far as the bar says when they run from here, a
part of the way in the ordinary suite. `--short` goes the short way from here too.
"""

import argparse
import json
import os
import platform
import re
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ET
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from tests.run import SERVICES, answers, have_chromium

ROOT = Path(__file__).resolve().parent.parent
TABLE = ROOT / "docs/trust.md"
SEED = "20260301"
LENGTH = "TRUST_LENGTH"
#: Tests with their guard switched off are called twins, or are one of these.
TWIN = re.compile(
    r"twin|switched_off|a_new_(address|model)_fails|would_be_(noticed|caught|found|in_the_log)"
    r"|without_(its_(triggers|processor)|the_(lock|middleware|guard|second_round|mark))"
    r"|left_alone_would_have|is_noticed|notices_what_is_wrong"
)


def at_length(short: int, long: int) -> int:
    """How many rounds, guesses, letters ...: `long` under `make trust`, `short` in the suite."""
    return long if os.environ.get(LENGTH) == "long" else short


@dataclass
class Outcome:
    """What became of one of the 25 on one back end."""

    number: int
    name: str
    backend: str
    files: list[str]
    passed: int = 0
    failed: list[str] = field(default_factory=list)
    skipped: int = 0
    seconds: float = 0.0
    twins: dict[str, str] = field(default_factory=dict)

    @property
    def verdict(self) -> str:
        if self.failed:
            return "FAILED"
        return "held" if self.passed else "not run"


def table() -> list[tuple[int, str, list[str]]]:
    """(number, name, test files) of each line of the table in docs/trust.md."""
    found = []
    for line in TABLE.read_text().splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) >= 4 and cells[0].isdigit():
            files = re.findall(r"`(test_\w+)(?:\.py)?`", cells[2])
            found.append((int(cells[0]), cells[1], [f"tests/{name}.py" for name in files]))
    return found


def not_tested() -> list[str]:
    """The lines below "Not tested here" in docs/trust.md."""
    text = TABLE.read_text().partition("## Not tested here")[2]
    return [line.removeprefix("* ") for line in text.splitlines() if line.startswith("* ")]


def run(number: int, name: str, files: list[str], backend: str, length: str = "long") -> Outcome:
    """Run the files of one line under pytest; what it said of each test."""
    began = time.monotonic()
    outcome = Outcome(number, name, backend, files)
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder, "report.xml")
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
        command += [f"--junitxml={report}", "-o", "junit_family=xunit1", *files]
        environment = {"HUB_TEST_BACKEND": backend, "PYTHONHASHSEED": SEED, LENGTH: length}
        subprocess.run(
            command, cwd=ROOT, env=os.environ | environment, check=False, capture_output=True
        )
        if report.is_file():
            _read(outcome, report)
        else:
            outcome.failed.append("pytest did not come to an end")
    outcome.seconds = round(time.monotonic() - began, 1)
    return outcome


def _read(outcome: Outcome, report: Path) -> None:
    for case in ET.parse(report).iter("testcase"):
        name = case.get("name", "")
        failed = case.find("failure") is not None or case.find("error") is not None
        if case.find("skipped") is not None:
            outcome.skipped += 1
            continue
        if failed:
            outcome.failed.append(f"{case.get('file') or case.get('classname')}::{name}")
        else:
            outcome.passed += 1
        if TWIN.search(name):
            outcome.twins[name] = "did not go wrong" if failed else "went wrong, as it must"


def head() -> dict[str, str]:
    def said(*command: str) -> str:
        return subprocess.run(
            command, cwd=ROOT, check=False, capture_output=True, text=True
        ).stdout.strip()

    return {
        "commit": said("git", "rev-parse", "HEAD"),
        "changed files": (said("git", "status", "--porcelain") and "yes") or "none",
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "seed": SEED,
        "python": platform.python_version(),
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores",
    }


def backends() -> list[str]:
    both = all(answers(url) for url in SERVICES.values())
    return ["embedded", "services"] if both else ["embedded"]


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("numbers", nargs="*", type=int, help="only these of the 25")
    parser.add_argument("--backend", choices=("embedded", "services"), help="only this one")
    parser.add_argument("--short", action="store_true", help="as far as the ordinary suite")
    parser.add_argument("--json", type=Path, help="write the results here too")
    asked = parser.parse_args(arguments)
    facts = head() | {"length": "short" if asked.short else "long"}
    print("\n".join(f"{name}: {value}" for name, value in facts.items()))
    print(f"Chromium: {'yes' if have_chromium() else 'no, browser tests are skipped'}", flush=True)
    results = []
    for backend in [asked.backend] if asked.backend else backends():
        print(
            f"\n=== {'SQLite' if backend == 'embedded' else 'PostgreSQL + Redis'} ===", flush=True
        )
        for number, name, files in table():
            if asked.numbers and number not in asked.numbers:
                continue
            outcome = run(number, name, files, backend, facts["length"])
            results.append(outcome)
            print(line(outcome), flush=True)
    print("\nNot tested here:")
    print("\n".join(f"  * {one}" for one in not_tested()))
    if asked.json:
        text = [asdict(one) | {"verdict": one.verdict} for one in results]
        asked.json.write_text(json.dumps({"about": facts, "results": text}, indent=1))
    return int(any(one.failed for one in results))


def line(outcome: Outcome) -> str:
    """One result as it is printed: verdict, counts, seconds, and each twin below it."""
    said = (
        f"{outcome.number:>2} {outcome.verdict:<8} {outcome.name}: {outcome.passed} passed, "
        f"{len(outcome.failed)} failed, {outcome.skipped} skipped, {outcome.seconds} s"
    )
    lines = [said, *(f"     FAILED {name}" for name in outcome.failed)]
    return "\n".join(lines + [f"     twin {name}: {what}" for name, what in outcome.twins.items()])


if __name__ == "__main__":
    sys.exit(main())
