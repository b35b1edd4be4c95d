"""`make test`: the whole suite on SQLite + SqliteHuey, then on PostgreSQL + Redis.

Installs Chromium where it is missing and may be installed. What cannot be had is named and its
tests are skipped; with CI=true that is a failure instead. Arguments are passed on to pytest.

A few tests race processes or a browser against the clock, and a machine with two cores sometimes
loses such a race with itself. So what failed, if it is little, is run once more alone: a real
fault fails again and fails the run; what passes alone is named as unsteady, to be mended.
"""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

CI = os.environ.get("CI") == "true"
CACHE = Path(__file__).parent.parent / ".pytest_cache"
# More than this is no unsteady test but a broken change.
MOST_TRIED_AGAIN = 8
APT = "apt-get install -y --no-install-recommends chromium fonts-liberation fonts-noto-core"
SERVICES = {
    "PostgreSQL": os.environ.get(
        "TEST_DATABASE_URL", "postgres://postgres@127.0.0.1:5432/postgres"
    ),
    "Redis": os.environ.get("TEST_REDIS_URL", "redis://127.0.0.1:6379/15"),
}


def have_chromium() -> bool:
    if shutil.which("chromium") or shutil.which("chromium-browser"):
        return True
    if shutil.which("apt-get") and os.geteuid() == 0:
        print("Installing Chromium for the browser tests ...", flush=True)
        quiet = {"stdout": subprocess.DEVNULL}
        subprocess.run(["apt-get", "update", "-qq"], check=False, **quiet)
        subprocess.run([*APT.split(), "-qq"], check=False, **quiet)
    return bool(shutil.which("chromium"))


def answers(url: str) -> bool:
    parts = urlsplit(url)
    try:
        with socket.create_connection((parts.hostname, parts.port), timeout=2):
            return True
    except OSError:
        return False


def pytest(*arguments: str, backend: str) -> int:
    """Run pytest with what failed remembered for this back end alone; returns its exit code."""
    command = [sys.executable, "-m", "pytest", "-o", f"cache_dir={CACHE}/{backend}", *arguments]
    return subprocess.run(
        [*command, *sys.argv[1:]],
        env=os.environ | {"HUB_TEST_BACKEND": backend},
        check=False,
    ).returncode


def failed_tests(backend: str) -> list[str]:
    """The tests that the last run on this back end remembers as failed."""
    remembered = CACHE / backend / "v/cache/lastfailed"
    return sorted(json.loads(remembered.read_text())) if remembered.exists() else []


def run(title: str, backend: str) -> int:
    print(f"\n=== {title} ===", flush=True)
    began = time.monotonic()
    shutil.rmtree(CACHE / backend, ignore_errors=True)
    code = pytest("-n", "2", "--dist", "worksteal", backend=backend)
    again = failed_tests(backend)
    if code == 1 and 0 < len(again) <= MOST_TRIED_AGAIN:
        print(f"\n=== {title}: {len(again)} failed; each once more, alone ===", flush=True)
        code = pytest("--last-failed", "--last-failed-no-failures=none", backend=backend)
        faults = failed_tests(backend)
        for name in again:
            print(f"{'FAILED twice' if name in faults else 'UNSTEADY, mend it'}: {name}")
    print(f"=== {title}: {time.monotonic() - began:.0f} s, exit {code} ===", flush=True)
    return code


def main() -> int:
    missing = [name for name, url in SERVICES.items() if not answers(url)]
    if not have_chromium():
        missing.append("Chromium")
        print(f"No Chromium: browser tests are skipped. To have them: sudo {APT}", flush=True)
    if missing and CI:
        print(f"Missing, and CI needs it: {', '.join(missing)}.", file=sys.stderr)
        return 1
    code = run("SQLite + SqliteHuey", "embedded")
    if {"PostgreSQL", "Redis"} & set(missing):
        print(f"Not answering, so not tested: {', '.join(missing)}.", flush=True)
        return code
    return run("PostgreSQL + Redis", "services") or code


if __name__ == "__main__":
    sys.exit(main())
