"""`manage.py roster_import FEED FILE`: plan a file, ask, carry it out; the contract's section 5.

Exit 0 applied or clean, 1 rows refused, 2 file refused, 3 stopped by a guard rail. The work itself
is the same job that the screens start; this command does its turns unless a consumer does.
"""

import json
import sys
import time
from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError
from django.utils import timezone

from cms.jobs import run_job
from cms.models import Job
from cms.room import disk_is_full, no_room
from imports import runs
from imports.errors import UnreadableFile
from imports.models import ImportRun, PlanRow, SourceProfile
from imports.resources import rosters

OVER = {Job.State.DONE, Job.State.FAILED, Job.State.CANCELLED}
PIECE = 1_048_576
SHOWN = 200
BUNDLE = "oneroster"


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
        "roster": run.roster,
        "file": run.original_name,
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


def together(results: list[dict]) -> dict:
    """The results of a bundle's parts as one, with the parts; one result stays as it is."""
    if len(results) == 1:
        return results[0]
    numbers = (*ImportRun.COUNTS, "held")
    states = {result["status"] for result in results}
    return {
        "run": results[-1]["run"],
        "status": states.pop() if len(states) == 1 else "mixed",
        **{name: sum(result[name] for result in results) for name in numbers},
        "errors": [
            {"file": result["file"], "roster": result["roster"]} | error
            for result in results
            for error in result["errors"]
        ],
        "held_back": [hold for result in results for hold in result["held_back"]],
        "ignored_columns": [],
        "notes": [f"{r['file']}, {r['roster']}: {note}" for r in results for note in r["notes"]],
        "parts": [{key: r[key] for key in r if key != "errors"} for r in results],
    }


class Command(BaseCommand):
    help = "Bring a roster in from a file: shows what it would change, asks, then does it."

    def add_arguments(self, parser):
        known = ", ".join([*rosters, BUNDLE])
        parser.add_argument("feed", help=f"One of: {known}; or a saved feed.")
        parser.add_argument("file", help="CSV, TSV or XLSX; for oneroster a zip or a folder.")
        parser.add_argument("--dry-run", action="store_true", help="Change nothing.")
        parser.add_argument("--full", action="store_true", help="The file holds everybody.")
        parser.add_argument("--yes", action="store_true", help="Do not ask.")
        parser.add_argument("--json", action="store_true", help="Print one JSON object.")

    def handle(self, **options):
        try:
            self.bring_in(**options)
        except (OSError, DatabaseError) as error:
            if not disk_is_full(error):
                raise
            undone = "What was approved goes on by itself then; nothing else was brought in."
            raise CommandError(no_room(settings.DATA_DIR, undone), returncode=2) from None

    def bring_in(self, *, feed, file, **options):
        profile = SourceProfile.objects.filter(slug=feed).first()
        roster = profile.roster if profile else feed
        if roster not in rosters and roster != BUNDLE:
            raise CommandError(
                f"There is no roster or saved feed called {feed!r}. "
                f"Known: {', '.join([*rosters, BUNDLE])}.",
                returncode=2,
            )
        is_full = options["full"] or bool(profile and profile.is_full_roster)
        try:
            planned = self.planned(roster, Path(file), profile, is_full=is_full)
        except UnreadableFile as error:
            self.refuse(str(error), options)
        results = [report(run) for run in planned]
        status = ""
        if options["dry_run"]:
            status = "dry run"
        elif not self.is_wanted(together(results), options):
            status = "discarded"
        for run, result in zip(planned, results, strict=True):
            if status:
                runs.discard(run)
                result["status"] = status
            else:
                result |= self.carried_out(run)  # noqa: PLW2901 - updated in place
        result = together(results)
        self.show(result, options)
        if result["held"]:
            sys.exit(3)
        if result["refused"] or result["duplicates"] or result["conflicts"]:
            sys.exit(1)

    def carried_out(self, run):
        try:
            see_through(runs.approve(run, by=None))
        except runs.NotNowError as error:
            raise CommandError(str(error), returncode=3) from None
        run.refresh_from_db()
        return report(run)

    def planned(self, roster, path, profile, *, is_full):
        """The runs with their plans, one or a bundle's. Raises UnreadableFile."""
        if not path.exists():
            raise UnreadableFile("There is no such file.")
        try:
            if roster == BUNDLE:
                received = runs.receive_bundle(path, is_full=is_full, profile=profile)
            else:
                with path.open("rb") as stream:
                    pieces = iter(lambda: stream.read(PIECE), b"")
                    received = [
                        runs.receive(roster, pieces, path.name, is_full=is_full, profile=profile)
                    ]
        except OSError as error:
            if disk_is_full(error):
                raise
            raise UnreadableFile(f"The file cannot be opened: {error.strerror}.") from None
        for run in received:
            see_through(runs.start_planning(run))
            run.refresh_from_db()
            if run.state != ImportRun.State.PLANNED:
                raise UnreadableFile(run.problem or "The file could not be read.")
        return received

    def is_wanted(self, result, options):
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
            where = f"{error['file']}, " if "file" in error else ""
            column = f', column "{error["column"]}"' if error["column"] else ""
            self.stdout.write(
                f"{where}Line {error['line']}{column}: {error['problem']} {error['hint']}".rstrip()
            )
        if len(result["errors"]) > SHOWN:
            self.stdout.write(f"and {len(result['errors']) - SHOWN:,} more.")
