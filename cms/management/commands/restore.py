"""manage.py restore FOLDER --yes: put a backup in place of what is there."""

import sys
from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import connection
from django.utils import timezone

from cms.backup import BackupError, backup, read_manifest, restore


class Command(BaseCommand):
    help = "Put a backup in place of the database and files. Stop the hub first."

    def add_arguments(self, parser):
        parser.add_argument("folder", type=Path)
        parser.add_argument("--yes", action="store_true", help="do it; without this, only say what")
        parser.add_argument(
            "--no-safety-copy",
            action="store_true",
            help="do not take a backup of what is there first",
        )

    def handle(self, *, folder: Path, yes: bool, no_safety_copy: bool, **options):
        try:
            manifest = read_manifest(folder)
            if not yes:
                self.stderr.write(
                    f"This would put the hub back to {manifest['made_at']} and lose what came "
                    "since. Nothing was changed. To do it, add --yes."
                )
                sys.exit(2)
            if not no_safety_copy and connection.introspection.table_names():
                kept = settings.BACKUP_DIR / f"before-restore-{timezone.now():%Y%m%dT%H%M%S}"
                backup(kept)
                self.stdout.write(f"What was there is in {kept}.")
            to_do = restore(folder)
        except BackupError as error:
            raise CommandError(str(error)) from None
        self.stdout.write(f"Restored the hub as it was at {manifest['made_at']}.")
        for sentence in to_do:
            self.stdout.write(sentence)
