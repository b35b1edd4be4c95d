"""definition_dump SLUG [--output FILE] [--yaml]: write a form's package."""

import json
import sys
from pathlib import Path

import yaml
from django.core.management.base import BaseCommand

from forms import package
from forms.management.packages import UNREADABLE
from forms.models import FormDefinition


class Command(BaseCommand):
    help = "Write a form with its workflow, letters and sample families as one file."

    def add_arguments(self, parser):
        parser.add_argument("slug")
        parser.add_argument("--output", help="A file; without it, the package goes to stdout.")
        parser.add_argument("--yaml", action="store_true")

    def handle(self, *, slug, output, **options):
        try:
            data = package.dump(slug)
        except FormDefinition.DoesNotExist:
            self.stderr.write(f"No form is called {slug!r}.")
            sys.exit(UNREADABLE)
        if options["yaml"]:
            text = yaml.safe_dump(data, sort_keys=False, allow_unicode=True)
        else:
            text = json.dumps(data, indent=1, ensure_ascii=False)
        if output:
            Path(output).write_text(text + "\n", encoding="utf-8")
        else:
            self.stdout.write(text)
