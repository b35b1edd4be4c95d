"""`make test`: the whole suite on SQLite + SqliteHuey, then on PostgreSQL + Redis.

Installs Chromium where it is missing and may be installed. What cannot be had is named and its
tests are skipped; with CI=true that is a failure instead. Arguments are passed on to pytest.
"""

import os
import shutil
import socket
import subprocess
import sys
import time
from urllib.parse import urlsplit

CI = os.environ.get("CI") == "true"
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


def run(title: str, extra_environment: dict[str, str]) -> int:
    print(f"\n=== {title} ===", flush=True)
    began = time.monotonic()
    command = [sys.executable, "-m", "pytest", "-n", "2", "--dist", "worksteal", *sys.argv[1:]]
    code = subprocess.run(command, env=os.environ | extra_environment, check=False).returncode
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
    code = run("SQLite + SqliteHuey", {"HUB_TEST_BACKEND": "embedded"})
    if {"PostgreSQL", "Redis"} & set(missing):
        print(f"Not answering, so not tested: {', '.join(missing)}.", flush=True)
        return code
    return run("PostgreSQL + Redis", {"HUB_TEST_BACKEND": "services"}) or code


if __name__ == "__main__":
    sys.exit(main())
