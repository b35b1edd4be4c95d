"""`manage.py roster_year 2027`: rehearse the roll-over into a school year; --yes carries it out."""

import json

from django.core.management.base import BaseCommand, CommandError

from imports import rollover, runs
from imports.undo import CannotUndoError

from .roster_import import report, see_through


class Command(BaseCommand):
    help = "Rehearse the roll-over into the school year that begins in September of a year."

    def add_arguments(self, parser):
        parser.add_argument("year", type=int, help="2027 for the school year 2027/28.")
        parser.add_argument("--yes", action="store_true", help="Carry it out.")
        parser.add_argument("--undo", action="store_true", help="Take back what was carried out.")
        parser.add_argument("--json", action="store_true", help="Print one JSON object.")

    def handle(self, *, year, **options):
        if not 2000 <= year <= 2200:
            raise CommandError("The year must be one like 2027.", returncode=2)
        try:
            done = self.work(year, options)
        except (runs.NotNowError, CannotUndoError) as error:
            raise CommandError(str(error), returncode=3) from None
        parts = [report(run) for run in done]
        if options["json"]:
            self.stdout.write(json.dumps({"year": year, "parts": parts}, ensure_ascii=False))
            return
        for part in parts:
            said = ", ".join(
                f"{part[name]:,} {name}"
                for name in ("created", "updated", "left", "removed", "refused", "conflicts")
                if part[name]
            )
            self.stdout.write(f"{part['roster']} ({part['status']}): {said or 'nothing to do'}")

    def work(self, year, options):
        if options["undo"]:
            done = rollover.take_back(year, by=None)
        else:
            done = rollover.rehearse(year, by=None)
            if options["yes"]:
                done = rollover.carry_out(year, by=None)
        for run in done:
            if run.job_id:
                see_through(run.job)
            run.refresh_from_db()
        return done
