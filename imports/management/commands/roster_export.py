"""`manage.py roster_export FEED FILE`: a whole roster as CSV or XLSX, by the file's name."""

import shutil
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from cms import audit
from imports.exporting import roster_table
from imports.resources import rosters


class Command(BaseCommand):
    help = "Write a roster to a file; imported again, it changes nothing."

    def add_arguments(self, parser):
        parser.add_argument("feed", help=f"One of: {', '.join(rosters)}.")
        parser.add_argument("file", help="Ends in .csv or .xlsx.")

    def handle(self, *, feed, file, **options):
        if feed not in rosters:
            raise CommandError(
                f"There is no roster called {feed!r}. Known: {', '.join(rosters)}.", returncode=2
            )
        path = Path(file)
        kind = "xlsx" if path.suffix.lower() == ".xlsx" else "csv"
        table, count, _content_type = roster_table(feed, kind)
        with table, path.open("wb") as target:
            path.chmod(0o600)
            shutil.copyfileobj(table, target)
        detail = {"reason": "command line", "rows": count, "kind": kind}
        audit.record(None, "export", rosters[feed]._meta.model, detail)
        self.stdout.write(f"{count} rows written to {path}.")
