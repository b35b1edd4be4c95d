"""`manage.py serve`, as `make run` ends in it: both halves of the hub, started and stopped whole."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
pytestmark = pytest.mark.crash


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def children_of(pid: int) -> dict[str, int]:
    """What serve started: {"gunicorn": pid, "run_huey": pid}."""
    found = {}
    for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        words = Path(f"/proc/{child}/cmdline").read_text()
        found["gunicorn" if "gunicorn" in words else "run_huey"] = int(child)
    return found


@pytest.fixture
def hub(tmp_path):
    """A served hub with nothing in it; yields its process and address."""
    port = free_port()
    environment = {k: v for k, v in os.environ.items() if k in {"PATH", "HOME", "LANG"}}
    environment |= {"DATA_DIR": str(tmp_path), "PORT": str(port), "WEB_WORKERS": "1"}
    log = (tmp_path / "log").open("w+")
    process = subprocess.Popen(
        [sys.executable, "manage.py", "serve"],
        cwd=ROOT,
        env=environment,
        stdout=log,
        stderr=subprocess.STDOUT,
    )
    deadline = time.monotonic() + 60
    while "Serving at" not in (tmp_path / "log").read_text():
        assert process.poll() is None, (tmp_path / "log").read_text()
        assert time.monotonic() < deadline
        time.sleep(0.2)
    yield process, f"http://127.0.0.1:{port}", tmp_path / "log"
    if process.poll() is None:
        process.terminate()
        process.wait(40)
    log.close()


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_web_and_consumer_and_exits_clean(hub, how):
    process, address, log = hub
    with urllib.request.urlopen(f"{address}/healthz", timeout=5) as answer:
        assert answer.read() == b"ok\n"
    children = children_of(process.pid)
    assert set(children) == {"gunicorn", "run_huey"}

    process.send_signal(how)

    assert process.wait(40) == 0, log.read_text()
    assert [name for name, pid in children.items() if Path(f"/proc/{pid}").exists()] == []


def test_half_a_hub_does_not_go_on_serving(hub):
    process, _address, log = hub

    os.kill(children_of(process.pid)["run_huey"], signal.SIGKILL)

    assert process.wait(40) == 1
    assert "The task consumer stopped by itself" in log.read_text()
