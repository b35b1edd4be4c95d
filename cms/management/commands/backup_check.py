"""manage.py backup_check FOLDER: restore a backup to a scratch place, and is it sound?"""

import sys
from pathlib import Path

from django.core.management.base import BaseCommand

from cms.backup import check


class Command(BaseCommand):
    help = (
        "Try a backup: checksums, a real restore to a scratch place, every file. Exit 1: unsound."
    )

    def add_arguments(self, parser):
        parser.add_argument("folder", type=Path)

    def handle(self, *, folder: Path, **options):
        problems = check(folder)
        for problem in problems:
            self.stderr.write(problem)
        if problems:
            sys.exit(1)
        self.stdout.write(f"{folder} is sound: it was restored to a scratch place and compared.")
