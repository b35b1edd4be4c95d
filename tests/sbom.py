"""What the hub is made of: `python -m tests.sbom` writes docs/sbom.json and docs/licences.md.

Read from requirements.lock (names, versions, hashes) and from what each installed package says of
its own licence. CycloneDX 1.5, without a time or a random number in it, so that the same lock
always gives the same file; tests/test_trust_sbom.py fails when they are not of today's lock.
"""

import json
import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOCK, SBOM, LICENCES = (
    ROOT / "requirements.lock",
    ROOT / "docs/sbom.json",
    ROOT / "docs/licences.md",
)
OWN = "Not said by the package"
#: What the package does not say of itself, read in the LICENSE file of its repository.
READ = {"huey": "MIT"}


@dataclass(frozen=True)
class Part:
    name: str
    version: str
    hashes: tuple[str, ...]
    licence: str

    @property
    def purl(self) -> str:
        return f"pkg:pypi/{self.name}@{self.version}"


def parts(lock: str) -> Iterator[Part]:
    """Every pinned package of a lock file."""
    for entry in re.split(r"\n(?=\S)", lock):
        pinned = re.match(r"([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==([^\s;\\]+)", entry)
        if pinned:
            name, version = pinned.groups()
            yield Part(
                name.lower(),
                version,
                tuple(re.findall(r"sha256:(\w{64})", entry)),
                licence_of(name),
            )


def licence_of(name: str) -> str:
    """What the installed package says: its expression, else its classifiers, else its field."""
    try:
        said = metadata(name)
    except PackageNotFoundError:
        return OWN
    if said.get("License-Expression"):
        return said["License-Expression"]
    classifiers = [
        line.split(" :: ")[-1]
        for line in said.get_all("Classifier") or []
        if line.startswith("License ::") and not line.endswith("OSI Approved")
    ]
    field = (said.get("License") or "").strip().splitlines()
    return ", ".join(classifiers) or (field[0][:80] if field else READ.get(name, OWN))


def as_cyclonedx(found: list[Part]) -> str:
    lines = "\n".join(part.purl for part in found)
    document = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, lines)}",
        "version": 1,
        "metadata": {"component": {"type": "application", "name": "music-hub", "bom-ref": "hub"}},
        "components": [
            {
                "type": "library",
                "bom-ref": part.purl,
                "name": part.name,
                "version": part.version,
                "purl": part.purl,
                "licenses": [{"license": {"name": part.licence}}],
                "hashes": [{"alg": "SHA-256", "content": digest} for digest in part.hashes],
            }
            for part in found
        ],
        "dependencies": [{"ref": "hub", "dependsOn": [part.purl for part in found]}],
    }
    return json.dumps(document, indent=1) + "\n"


def as_list(found: list[Part]) -> str:
    rows = "\n".join(f"| {part.name} | {part.version} | {part.licence} |" for part in found)
    return (
        "# Licences of what the hub is made of\n\n"
        "Made from requirements.lock by `python -m tests.sbom`, with what each package says of "
        "itself.\nThe same list for programs: [sbom.json](sbom.json) (CycloneDX 1.5).\n\n"
        f"| package | version | licence |\n|---|---|---|\n{rows}\n"
    )


def write() -> int:
    found = list(parts(LOCK.read_text()))
    SBOM.write_text(as_cyclonedx(found))
    LICENCES.write_text(as_list(found))
    return len(found)


if __name__ == "__main__":
    print(f"{write()} packages.")
