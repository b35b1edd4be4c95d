"""`manage.py blind_proof [SLUG…]`: open all that blind reviewers could, and roles from which a
stage hides answers; look for what is hidden.

Exit 0 when nothing was found, 1 when something was, 2 when there is no such process.
"""

import json
import sys

from django.core.management.base import BaseCommand, CommandParser

from workflows.engine import NoSuchWorkflowError, latest_version
from workflows.models import WorkflowDefinition
from workflows.reviews.proof import blind_stages, hiding_stages, prove


class Command(BaseCommand):
    help = "Proves that nobody is told what a review process hides from them."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug", nargs="*", help="Review processes; all of them by default.")
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: object, **options: object) -> None:
        slugs = options["slug"] or WorkflowDefinition.objects.values_list("slug", flat=True)
        found = []
        for slug in slugs:
            try:
                version = latest_version(slug)
            except NoSuchWorkflowError as problem:
                if not options["slug"]:
                    continue  # a draft that was never published
                self.stderr.write(str(problem))
                sys.exit(2)
            if blind_stages(version) or hiding_stages(version):
                found.append((slug, prove(version)))
        if options["json"]:
            rows = [
                {
                    "workflow": slug,
                    "screens": proof.screens,
                    "letters": proof.letters,
                    "leaks": [str(leak) for leak in proof.leaks],
                }
                for slug, proof in found
            ]
            self.stdout.write(json.dumps(rows, indent=1, ensure_ascii=False))
        else:
            self.say(found)
        if any(proof.leaks for _slug, proof in found):
            sys.exit(1)

    def say(self, found: list) -> None:
        for slug, proof in found:
            self.stdout.write(
                f"{slug}: {proof.screens} screens and {proof.letters} letters looked through, "
                f"{len(proof.leaks)} leaks."
            )
            for leak in dict.fromkeys(proof.leaks):
                self.stderr.write(str(leak))
        if not found:
            self.stdout.write("No review process hides anything.")
