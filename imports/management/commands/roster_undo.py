"""`manage.py roster_undo RUN`: put back every record that an import changed."""

import json
import sys

from django.core.management.base import BaseCommand, CommandError

from imports import runs
from imports.models import ImportRun
from imports.undo import CannotUndoError

from .roster_import import report, see_through


class Command(BaseCommand):
    help = "Take an import back. Records that somebody changed since are kept, and counted."

    def add_arguments(self, parser):
        parser.add_argument("run", type=int)
        parser.add_argument("--json", action="store_true", help="Print one JSON object.")

    def handle(self, *, run, **options):
        found = ImportRun.objects.filter(pk=run).first()
        if found is None:
            raise CommandError(f"There is no import {run}.", returncode=2)
        try:
            reverse = runs.take_back(found, by=None)
        except (CannotUndoError, runs.NotNowError) as error:
            raise CommandError(str(error), returncode=3) from None
        see_through(reverse.job)
        reverse.refresh_from_db()
        result = report(reverse) | {"undoes": found.pk}
        if options["json"]:
            self.stdout.write(json.dumps(result, ensure_ascii=False))
        else:
            self.stdout.write(
                f"Import {found.pk} was undone: {result['removed']} removed, "
                f"{result['updated']} put back, {result['created']} brought back, "
                f"{result['conflicts']} kept because somebody changed them since."
            )
        if result["conflicts"]:
            sys.exit(1)
