"""What `make run` does: bring the database and the files up to date, fill an empty hub, serve it.

Nothing is ever loaded into a hub that already has people in it.
"""

import hashlib
import os
import secrets
from pathlib import Path

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from cms.demo_users import PEOPLE


def static_fingerprint() -> str:
    """Changes when any file to be collected changes, so that an unchanged hub starts at once."""
    digest = hashlib.sha256()
    for finder in get_finders():
        for path, storage in finder.list([]):
            stat = Path(storage.path(path)).stat()
            digest.update(f"{path}:{stat.st_size}:{stat.st_mtime_ns}\n".encode())
    return digest.hexdigest()


class Command(BaseCommand):
    help = "Migrates, loads the demo hub when the database is empty, and serves it."

    def handle(self, *args, **options):
        self.bring_up_to_date()
        self.collect_static()
        self.load_demo()
        mail = settings.EMAIL_URL.split("@")[-1] if settings.EMAIL_URL else settings.EMAIL_FILE_PATH
        self.stdout.write(f"Mail goes to {mail}")
        self.stdout.flush()
        if self.is_demo():
            os.environ.setdefault("DEMO", "true")  # for the server: cards can be tried out
        call_command("serve")

    def is_demo(self):
        return (
            get_user_model()
            .objects.filter(
                username__in=PEOPLE, email__endswith="@example.org", password_alone=True
            )
            .exists()
        )

    def bring_up_to_date(self):
        executor = MigrationExecutor(connection)
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            self.stdout.write("Bringing the database up to date ...")
            self.stdout.flush()
            call_command("migrate", verbosity=0, interactive=False)

    def collect_static(self):
        stamp = Path(settings.STATIC_ROOT) / ".fingerprint"
        fingerprint = static_fingerprint()
        if stamp.exists() and stamp.read_text() == fingerprint:
            return
        call_command("collectstatic", verbosity=0, interactive=False)
        stamp.write_text(fingerprint)

    def load_demo(self):
        if get_user_model().objects.exists():
            demo = get_user_model().objects.filter(
                username__in=PEOPLE, email__endswith="@example.org"
            )
            demo.update(password_alone=True)  # a demo made before there was a second step
            self.stdout.write("The demo hub is here already; its passwords are as they were.")
            return
        self.stdout.write("Loading the demo hub ...")
        self.stdout.flush()
        password = os.environ.get("DEMO_PASSWORD") or secrets.token_urlsafe(9)
        call_command("seed_demo", password=password, verbosity=0)
        names = ", ".join(PEOPLE)
        self.stdout.write(f"Staff sign in at {settings.SITE_URL}/admin/ as: {names}")
        self.stdout.write(f"Password of every demo login: {password}  (shown once)")
        self.stdout.write(
            "Two-step sign-in is off for these logins alone: fine for a demo, not for real records."
        )
