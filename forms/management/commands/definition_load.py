"""definition_load FILE [--publish]: save a package; publish it when asked."""

import sys

from forms import package
from forms.findings import NotPublishableError
from forms.management.packages import FINDINGS, PackageCommand


class Command(PackageCommand):
    help = "Save a package as a form with its workflow, letters and sample families."

    def add_arguments(self, parser):
        parser.add_argument("file")
        parser.add_argument("--publish", action="store_true")

    def handle(self, *, file, publish, **options):
        data = self.read(file)
        try:
            definition = package.load(data, publish=publish)
        except NotPublishableError as error:
            self.say(error.findings)
            sys.exit(FINDINGS)
        version = definition.current_version
        state = f"version {version.number}" if version else "a draft, not published"
        self.stdout.write(f"{definition.slug}: {state}")
