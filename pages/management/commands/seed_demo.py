"""`manage.py seed_demo`: load the demo hub into an empty installation, or top it up."""

from django.core.management.base import BaseCommand
from django.utils import timezone

from pages import demo


class Command(BaseCommand):
    help = "Adds what the demo hub lacks. Changes nothing that exists; may be run again."

    def handle(self, *args, **options):
        report = demo.load(timezone.localdate())
        self.stdout.write(f"Demo hub: {report}.")
