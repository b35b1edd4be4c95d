"""One family erased everywhere, and again after an older backup that still had it was restored."""

import pytest

from tests.harness import a_hub

pytestmark = pytest.mark.crash

#: Where the family stands before: each must really have been there to be emptied.
STORES = {
    "access log",
    "answers",
    "cache",
    "cms",
    "hub_forms",
    "letters",
    "mail folder",
    "newsletter",
    "private files",
    "revisions",
    "roster files",
    "roster plans",
    "search index",
    "wagtailcore",
    "workflows",
}


def manage(hub, *command, patches=()):
    return tuple(hub.call("tests.backups:run", patches, command=[str(word) for word in command]))


def test_a_family_is_gone_from_every_store_and_stays_gone_after_an_older_backup(tmp_path):
    with a_hub(tmp_path) as hub:
        before = hub.call("tests.erasing:fill")
        assert set(before) >= STORES
        folder = hub.folder / "older"
        assert manage(hub, "backup", folder)[0] == 0

        result = hub.call("tests.erasing:erase_the_family")

        assert hub.call("tests.erasing:canaries") == {}
        assert result["kept"] == []
        assert {"Answers and files", "Cases", "Rosters", "Roster imports"} <= set(result["gone"])
        whole, reasons = hub.call("tests.erasing:sound")
        assert (whole, reasons) == (True, ["A letter of 3 May"])

        code, said = manage(hub, "restore", folder, "--yes")
        assert code == 0, said
        assert hub.call("tests.erasing:canaries") == {}
        assert hub.call("tests.erasing:sound") == [True, ["A letter of 3 May"]]


def test_twin_without_the_ledger_the_older_backup_brings_the_family_back(tmp_path):
    patch = ["tests.erasing:forget_the_ledger"]
    with a_hub(tmp_path) as hub:
        hub.call("tests.erasing:fill")
        folder = hub.folder / "older"
        assert manage(hub, "backup", folder)[0] == 0
        hub.call("tests.erasing:erase_the_family", patch)
        assert hub.call("tests.erasing:canaries") == {}

        assert manage(hub, "restore", folder, "--yes", patches=patch)[0] == 0

        assert "answers" in hub.call("tests.erasing:canaries")


def test_what_is_held_back_stays_and_goes_when_it_is_let_go(tmp_path):
    with a_hub(tmp_path) as hub:
        hub.call("tests.erasing:fill")
        hub.call("tests.erasing:a_submission_is_held")

        result = hub.call("tests.erasing:erase_the_family")

        assert {one["why"] for one in result["kept"]} == {
            "Held back: A question of safeguarding. It goes when it is let go."
        }
        assert "answers" in hub.call("tests.erasing:canaries")
        hub.sql("UPDATE hub_forms_submission SET hold_reason = ''")
        assert hub.call("tests.erasing:replay_now") == 1
        assert hub.call("tests.erasing:canaries") == {}
