"""The container files say what the settings expect; no engine runs here to try them."""

import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parent.parent
KNOWN_VARIABLES = {
    "DATABASE_URL", "REDIS_URL", "SITE_URL", "SECRET_KEY", "EMAIL_URL", "FROM_EMAIL", "BEHIND_PROXY",
}  # fmt: skip


@pytest.fixture(scope="module")
def compose():
    return yaml.safe_load((ROOT / "compose.yaml").read_text())


def test_web_and_worker_share_one_image_and_every_setting(compose):
    web, worker = compose["services"]["web"], compose["services"]["worker"]

    assert web["image"] == worker["image"]
    assert web["environment"] == worker["environment"]
    assert web["command"] == ["python", "manage.py", "serve", "--only", "web"]
    assert worker["command"] == ["python", "manage.py", "serve", "--only", "worker"]


def test_only_settings_that_exist_are_set(compose):
    assert set(compose["services"]["web"]["environment"]) == KNOWN_VARIABLES
    source = (ROOT / "cms" / "settings.py").read_text()
    assert {name for name in KNOWN_VARIABLES if f'"{name}"' not in source} == set()


def test_redis_keeps_its_queue_over_a_restart(compose):
    command = compose["services"]["queue"]["command"]

    assert command[command.index("--appendonly") + 1] == "yes"


def test_services_wait_for_what_they_need(compose):
    services = compose["services"]
    named = {need for service in services.values() for need in service.get("depends_on", {})}

    assert named <= set(services)
    assert services["web"]["depends_on"] == {
        "migrate": {"condition": "service_completed_successfully"}
    }
    assert set(services["migrate"]["depends_on"]) == {"database", "queue"}


def test_every_volume_is_declared(compose):
    used = {
        mount.split(":")[0]
        for service in compose["services"].values()
        for mount in service.get("volumes", [])
    }

    assert used == set(compose["volumes"])


def test_no_service_but_the_web_is_reachable_and_that_one_only_locally(compose):
    ports = {
        name: service["ports"]
        for name, service in compose["services"].items()
        if "ports" in service
    }

    assert ports == {"web": ["127.0.0.1:8000:8000"]}


def test_the_image_installs_by_hash_and_does_not_run_as_root():
    text = (ROOT / "Dockerfile").read_text()
    instructions = [
        line.split()[0]
        for line in re.sub(r"\\\n", " ", text).splitlines()
        if re.match(r"[A-Z]", line)
    ]

    assert set(instructions) <= {
        "FROM", "ENV", "RUN", "WORKDIR", "COPY", "USER", "VOLUME", "EXPOSE", "STOPSIGNAL",
        "HEALTHCHECK", "CMD",
    }  # fmt: skip
    assert "--require-hashes -r requirements.lock" in text
    assert instructions.index("USER") < instructions.index("CMD")


def test_lock_files_pin_every_line_and_name_no_index():
    for name in ("requirements.lock", "requirements-dev.lock"):
        text = (ROOT / name).read_text()
        pins = [line for line in text.splitlines() if line and not line.startswith((" ", "#"))]
        assert [
            line for line in pins if not re.match(r"[a-z0-9._\[\],-]+==\S+( ;.*)? \\$", line)
        ] == []
        assert "://" not in text
        assert "--index" not in text
