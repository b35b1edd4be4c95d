"""definition_check FILE [--json]: lint a package, saving nothing.

Exit 0 clean, 1 findings, 2 unreadable. Advice, on words and care, is said and counts as clean.
"""

import sys

from forms import package
from forms.findings import ADVICE
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
        counted = [finding for finding in findings if finding.level != ADVICE]
        sys.exit(FINDINGS if counted else CLEAN)
