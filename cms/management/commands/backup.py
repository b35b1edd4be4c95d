"""manage.py backup FOLDER: the database, every file and the keys, while the hub runs."""

from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from cms.backup import BackupError, backup


class Command(BaseCommand):
    help = "Write a backup of the whole hub to a new folder. Safe while the hub runs."

    def add_arguments(self, parser):
        parser.add_argument("folder", type=Path)
        parser.add_argument(
            "--without-keys",
            action="store_true",
            help="leave the secret out; keep it elsewhere, or no answer can ever be read again",
        )

    def handle(self, *, folder: Path, without_keys: bool, **options):
        try:
            manifest = backup(folder, with_keys=not without_keys)
        except BackupError as error:
            raise CommandError(str(error)) from None
        rows = sum(table["rows"] for table in manifest["tables"].values())
        self.stdout.write(
            f"Backed up {rows} rows of {len(manifest['tables'])} tables and "
            f"{len(manifest['files'])} files to {folder}."
        )
        self.stdout.write("It holds everything, keys included: keep it as safe as the hub.")
