"""Measure the hot paths beside their limits; print one table a path and write bench.json.

On a scratch database next to the hub's own, made for this and removed again.
"""

import json
from dataclasses import asdict

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import connection
from django.utils.module_loading import autodiscover_modules

from cms import bench


class Command(BaseCommand):
    help = "Measures the hot paths: all of them, or pages, import, booking, forms, admin, ..."

    def add_arguments(self, parser):
        parser.add_argument("benches", nargs="*", help="Which paths; all when none is named.")
        parser.add_argument("--runs", type=int, help="How often each; its own number otherwise.")
        parser.add_argument("--case", help="Only the cases whose name holds this.")

    def handle(self, *args, **options):
        autodiscover_modules("benches")
        keys = [
            key
            for key in bench.cases
            if (not options["benches"] or key.partition(".")[0] in options["benches"])
            and (options["case"] or "") in key
        ]
        if not keys:
            known = ", ".join(sorted({key.partition(".")[0] for key in bench.cases}))
            raise CommandError(f"Nothing to measure by that name. Known: {known}.")
        settings.STATIC_ROOT.mkdir(parents=True, exist_ok=True)  # or the middleware warns
        rows = self._on_scratch_database(keys, options["runs"])
        path = settings.DATA_DIR / "bench.json"
        found = {"commit": bench.commit(), "rows": [asdict(row) for row in rows]}
        path.write_text(json.dumps(found, indent=1) + "\n")
        self.stdout.write(f"\nWritten to {path}")

    def _on_scratch_database(self, keys, runs):
        name = connection.settings_dict["NAME"]
        test = connection.settings_dict.setdefault("TEST", {})
        if connection.vendor == "sqlite":
            test["NAME"] = str(settings.DATA_DIR / "bench.sqlite3")
        else:
            test["NAME"] = f"bench_{name}"
        self.stdout.write("Making a scratch database ...")
        connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
        rows = []
        try:
            for key in keys:
                row = bench.measure(key, runs)
                if not rows or rows[-1].bench != row.bench:
                    self._heading(row)
                rows.append(row)
                self._line(row)
        finally:
            connection.creation.destroy_test_db(name, verbosity=0)
        return rows

    def _heading(self, row):
        self.stdout.write(f"\n{row.bench} ({row.backend})")
        self.stdout.write(
            f"{'case':<44}{'ours':>11}{'limit':>11}{'peer':>11}  {'unit':<10}"
            f"{'/limit':>8}{'/peer':>8}{'runs':>6}"
        )

    def _line(self, row):
        figures = "".join(f"{_said(figure):>11}" for figure in (row.ours, row.limit, row.peer))
        ratios = "".join(f"{_said(ratio):>8}" for ratio in (row.ratio_to_limit, row.ratio_to_peer))
        self.stdout.write(f"{row.case:<44}{figures}  {row.unit:<10}{ratios}{row.runs:>6}")


def _said(figure):
    return "-" if figure is None else f"{figure:,.2f}"
