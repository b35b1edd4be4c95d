"""The hub's ready-made packages: each is in order, does what its samples say, and runs for real."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from cms.models import MailTemplate
from forms import package
from forms.compile import compiled
from forms.models import FormDefinition
from forms.samples import run_samples, walk_sample
from workflows.models import WorkflowDefinition

FOLDER = Path(package.__file__).parent / "packages"
PACKAGES = sorted(FOLDER.glob("*.json"))
ALL = pytest.mark.parametrize("path", PACKAGES, ids=lambda path: path.stem)

pytestmark = pytest.mark.django_db


def test_the_processes_of_the_hub_are_there():
    assert {path.stem for path in PACKAGES} >= {
        "contact-us", "cpd-booking", "cpd-reflection", "ensemble-audition", "ensemble-membership",
        "friends-volunteer", "help-with-costs", "hub-partner", "instrument-loan", "medal-nomination", "music-therapy-referral",
        "performance-request", "school-visit", "self-evaluation-primary",
        "self-evaluation-secondary", "singing-referral", "songwriter-booking", "teach-with-us", "whole-class-interest",
    }  # fmt: skip


@ALL
def test_a_package_has_nothing_to_be_said_about_it_and_keeps_its_promises(path):
    data = package.read(path)

    assert package.check(data) == []
    assert data["form"]["slug"] == path.stem
    assert data["samples"]
    assert run_samples(compiled(data["form"]), data["samples"], workflow=data.get("workflow")) == []


@ALL
def test_every_step_of_a_package_is_met_by_one_of_its_samples(path):
    data = package.read(path)
    form = compiled(data["form"])
    met = {step.key for sample in data["samples"] for step in walk_sample(form, sample).steps}
    exits = {
        walk.exit.key
        for sample in data["samples"]
        if (walk := walk_sample(form, sample)).exit is not None
    }
    assert {step["key"] for step in form["steps"]} - met - exits == set()


@ALL
def test_a_package_is_published_with_its_process_and_its_letters(path):
    data = package.read(path)
    package.load(path, publish=True)

    form = FormDefinition.objects.get(slug=path.stem)
    assert form.live
    if data.get("workflow"):
        assert form.workflow_slug == data["workflow"]["slug"]
        assert WorkflowDefinition.objects.get(slug=data["workflow"]["slug"]).live
    else:  # a form that another process asks for
        assert form.workflow_slug == ""
    keys = {mail["key"] for mail in data["emails"]}
    assert set(MailTemplate.objects.filter(key__in=keys).values_list("key", flat=True)) == keys


@ALL
def test_no_letter_of_a_package_can_say_a_restricted_answer(path):
    data = package.read(path)
    restricted = {
        question["key"]
        for step in data["form"]["steps"]
        for question in step.get("questions", [])
        if question.get("settings", {}).get("restricted")
    }
    for mail in data["emails"]:
        assert not [key for key in restricted if f"{{{{ {key}" in mail["body"] + mail["subject"]]


def test_a_package_can_be_checked_before_there_is_a_database(tmp_path):
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    done = subprocess.run(
        [sys.executable, "manage.py", "definition_check", FOLDER / "instrument-loan.json"],
        cwd=FOLDER.parent.parent,
        env=kept | {"DATA_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout.strip()) == (
        0,
        "Nothing to say: this package is in order.",
    )
