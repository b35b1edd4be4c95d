"""definition_check FILE [--json]: lint a package, saving nothing. Exits 0, 1 or 2."""

import sys

from forms import package
from forms.management.packages import CLEAN, FINDINGS, PackageCommand


class Command(PackageCommand):
    help = "Lint a package of a form and its workflow. Saves nothing."

    def add_arguments(self, parser):
        parser.add_argument("file")
        parser.add_argument("--json", action="store_true")

    def handle(self, *, file, json, **options):
        findings = package.check(self.read(file))
        if json:
            self.write_json({"findings": [finding.as_json() for finding in findings]})
        elif findings:
            for finding in findings:
                self.stdout.write(f"{finding.level}: {finding}")
        else:
            self.stdout.write("Nothing to say: this package is in order.")
        sys.exit(FINDINGS if findings else CLEAN)
