"""`manage.py roster_import FEED FILE`: plan a file, ask, carry it out; the contract's section 5.

Exit 0 applied or clean, 1 rows refused, 2 file refused, 3 stopped by a guard rail. The work itself
is the same job that the screens start; this command does its turns unless a consumer does.
"""

import json
import sys
import time
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from cms.jobs import run_job
from cms.models import Job
from imports import runs
from imports.errors import UnreadableFile
from imports.models import ImportRun, PlanRow, SourceProfile
from imports.resources import rosters

OVER = {Job.State.DONE, Job.State.FAILED, Job.State.CANCELLED}
PIECE = 1_048_576
SHOWN = 200


def see_through(job: Job) -> Job:
    """Work on a job until it is over, or watch while another worker does.

    Raises CommandError when it failed in a way that only time may mend.
    """
    while True:
        run_job.call_local(job.pk)
        job.refresh_from_db()
        if job.state in OVER:
            return job
        if job.state == Job.State.READY and job.not_before > timezone.now():
            raise CommandError(
                f"{job.problem} It will be tried again by the worker; the page of the import "
                "shows how it goes on.",
                returncode=3,
            )
        time.sleep(0.05 if job.state == Job.State.READY else 0.5)


def report(run: ImportRun) -> dict:
    """The JSON of the contract. `errors` holds refused, left-out and repaired cells, by line."""
    counts = {name: run.count(name) for name in (*ImportRun.COUNTS, "held")}
    rows = run.plan_rows.filter(has_problems=True).exclude(outcome=PlanRow.Outcome.CONFLICT)
    return {
        "run": run.pk,
        "status": run.state,
        **counts,
        "errors": [
            {
                "line": row.line,
                "cell": problem["cell"],
                "column": problem["column"],
                "value": problem["value"],
                "problem": problem["problem"],
                "hint": problem["hint"],
                "level": problem["level"],
            }
            for row in rows.order_by("line", "pk").iterator(chunk_size=1_000)
            for problem in row.problems
        ],
        "held_back": run.held,
        "ignored_columns": run.mapping.get("ignored", []),
        "notes": run.notes,
    }


class Command(BaseCommand):
    help = "Bring a roster in from a file: shows what it would change, asks, then does it."

    def add_arguments(self, parser):
        parser.add_argument("feed", help=f"One of: {', '.join(rosters)}; or a saved feed.")
        parser.add_argument("file", help="CSV, TSV or XLSX.")
        parser.add_argument("--dry-run", action="store_true", help="Change nothing.")
        parser.add_argument("--full", action="store_true", help="The file holds everybody.")
        parser.add_argument("--yes", action="store_true", help="Do not ask.")
        parser.add_argument("--json", action="store_true", help="Print one JSON object.")

    def handle(self, *, feed, file, **options):
        profile = SourceProfile.objects.filter(slug=feed).first()
        roster = profile.roster if profile else feed
        if roster not in rosters:
            raise CommandError(
                f"There is no roster or saved feed called {feed!r}. Known: {', '.join(rosters)}.",
                returncode=2,
            )
        try:
            run = self.planned(roster, Path(file), profile, options)
        except UnreadableFile as error:
            self.refuse(str(error), options)
        result = report(run)
        if options["dry_run"]:
            runs.discard(run)
            result["status"] = "dry run"
        elif self.is_wanted(run, result, options):
            try:
                see_through(runs.approve(run, by=None))
            except runs.NotNowError as error:
                raise CommandError(str(error), returncode=3) from None
            run.refresh_from_db()
            result = report(run)
        else:
            runs.discard(run)
            result["status"] = "discarded"
        self.show(result, options)
        if result["held"]:
            sys.exit(3)
        if result["refused"] or result["duplicates"] or result["conflicts"]:
            sys.exit(1)

    def planned(self, roster, path, profile, options):
        """The run with its plan. Raises UnreadableFile."""
        try:
            stream = path.open("rb")
        except OSError as error:
            raise UnreadableFile(f"The file cannot be opened: {error.strerror}.") from None
        with stream:
            pieces = iter(lambda: stream.read(PIECE), b"")
            run = runs.receive(
                roster,
                pieces,
                path.name,
                is_full=options["full"] or bool(profile and profile.is_full_roster),
                profile=profile,
            )
        see_through(runs.start_planning(run))
        run.refresh_from_db()
        if run.state != ImportRun.State.PLANNED:
            raise UnreadableFile(run.problem or "The file could not be read.")
        return run

    def is_wanted(self, run, result, options):
        if options["yes"]:
            return True
        if options["json"]:
            return False
        self.show(result, options)
        return input("Do exactly this? [y/N] ").strip().lower() in {"y", "yes"}

    def refuse(self, sentence, options):
        if options["json"]:
            self.stdout.write(json.dumps({"run": None, "status": "refused", "problem": sentence}))
        else:
            self.stderr.write(sentence)
        sys.exit(2)

    def show(self, result, options):
        if options["json"]:
            self.stdout.write(json.dumps(result, ensure_ascii=False))
            return
        self.stdout.write(f"Import {result['run']}: {result['status']}")
        for name in (*ImportRun.COUNTS, "held"):
            if result[name]:
                self.stdout.write(f"  {name:<11}{result[name]:>9,}")
        for note in result["notes"]:
            self.stdout.write(note)
        if result["ignored_columns"]:
            self.stdout.write(f"Columns not used: {', '.join(result['ignored_columns'])}.")
        for hold in result["held_back"]:
            where = f"{hold['scope']}: " if hold["scope"] else ""
            self.stdout.write(
                f"Held back: {where}{hold['leaving']} of {hold['of']} would leave "
                f"({hold['percent']} %)."
            )
        for error in result["errors"][:SHOWN]:
            column = f', column "{error["column"]}"' if error["column"] else ""
            self.stdout.write(
                f"Line {error['line']}{column}: {error['problem']} {error['hint']}".rstrip()
            )
        if len(result["errors"]) > SHOWN:
            self.stdout.write(f"and {len(result['errors']) - SHOWN:,} more.")
