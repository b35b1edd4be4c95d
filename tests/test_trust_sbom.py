"""The list of what the hub is made of is that of today's lock, and has no licence that binds us."""

import json

from tests.sbom import LICENCES, LOCK, OWN, SBOM, as_cyclonedx, as_list, parts


def test_the_list_of_parts_is_that_of_the_lock():
    found = list(parts(LOCK.read_text()))

    assert len(found) == LOCK.read_text().count("==")
    assert SBOM.read_text() == as_cyclonedx(found), "Run python -m tests.sbom and commit the files."
    assert LICENCES.read_text() == as_list(found), "Run python -m tests.sbom and commit the files."


def test_a_changed_lock_is_noticed():
    changed = LOCK.read_text().replace("django==", "django==9", 1)

    assert as_cyclonedx(list(parts(changed))) != SBOM.read_text()


def test_each_part_has_a_hash_and_a_licence_that_lets_the_hub_be_shared():
    components = json.loads(SBOM.read_text())["components"]
    licences = {one["name"]: one["licenses"][0]["license"]["name"] for one in components}

    assert [one["name"] for one in components if not one["hashes"]] == []
    assert [name for name, licence in licences.items() if licence == OWN] == []
    binding = [n for n, licence in licences.items() if "AGPL" in licence or "Affero" in licence]
    assert binding == []
