"""manage.py read_bounces [FOLDER]: letters that came back later, from a Maildir of reports."""

from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from cms.bounces import read


class Command(BaseCommand):
    help = "Read delivery reports from a Maildir and mark the letters that came back."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", nargs="?", default=settings.BOUNCES_DIR)

    def handle(self, *args: object, folder: str, **options: object) -> None:
        if not folder:
            raise CommandError("Name a Maildir, or set BOUNCES_DIR.")
        self.stdout.write(f"{read(Path(folder))} letters had come back.")
