"""Erase once more whoever was erased before: after an older backup was restored."""

from django.core.management.base import BaseCommand

from cms.erasing import replay


class Command(BaseCommand):
    help = "Carry out every erasure of the ledger once more. Safe to run at any time."

    def handle(self, **options):
        self.stdout.write(f"Replayed: {replay()}.")
