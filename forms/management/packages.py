"""What the definition_* commands share: reading a file, saying findings, exit codes.

0 is clean, 1 findings, 2 a file that cannot be read.
"""

import json
import sys
from pathlib import Path

from django.core.management.base import BaseCommand

from forms import compile as forms_compile
from forms import package
from forms.findings import Finding

CLEAN, FINDINGS, UNREADABLE = 0, 1, 2


class PackageCommand(BaseCommand):
    """A command about one package. Output goes to stdout, problems to stderr."""

    def read(self, path: str) -> dict:
        """The package in the file; ends the command with exit 2 when there is none."""
        try:
            return package.read(path)
        except package.UnreadablePackageError as error:
            self.stderr.write(str(error))
            sys.exit(UNREADABLE)

    def compiled(self, path: str) -> dict:
        """The compiled form in the file; ends with 2 or, when it is broken, with 1."""
        data = self.read(path)
        findings = package.shape_findings(data)
        if findings:
            self.say(findings)
            sys.exit(FINDINGS)
        return forms_compile.compiled(data["form"])

    def say(self, findings: list[Finding]) -> None:
        for finding in findings:
            self.stderr.write(f"{finding.level}: {finding}")

    def write_json(self, value: object) -> None:
        self.stdout.write(json.dumps(value, indent=1, ensure_ascii=False, default=str))

    def read_answers(self, path: str) -> dict:
        try:
            answers = package.read(Path(path))
        except package.UnreadablePackageError as error:
            self.stderr.write(str(error))
            sys.exit(UNREADABLE)
        inner = answers.get("answers")
        return inner if isinstance(inner, dict) else answers
