"""Run the hub: web workers and the Huey consumer, as children of one process.

Ctrl-C or SIGTERM stops both cleanly and exits 0. If either child dies, the other is stopped and
the exit code says so: half a hub must not look like a whole one.
"""

import os
import signal
import subprocess
import sys
import time

from django.conf import settings
from django.core.management.base import BaseCommand

STOP_SECONDS = 30


class Command(BaseCommand):
    help = "Serves the hub on 127.0.0.1:PORT, with WEB_WORKERS web workers and the task consumer."

    def handle(self, *args, **options):
        workers = os.environ.get("WEB_WORKERS", "2")
        web = [
            sys.executable, "-m", "gunicorn", "cms.wsgi:application",
            "--bind", f"{os.environ.get('BIND', '127.0.0.1')}:{settings.PORT}",
            "--workers", workers, "--worker-class", "gthread", "--threads", "4",
            "--max-requests", "5000", "--max-requests-jitter", "500",
            "--graceful-timeout", "20", "--log-level", "warning",
        ]  # fmt: skip
        # Graceful on TERM: Huey's default interrupts, and loses, the task that is running.
        consumer = [
            sys.executable, "manage.py", "run_huey", "--workers", "2", "--worker-type", "thread",
            "--graceful-signal", "TERM", "--shutdown-timeout", "25", "--quiet",
        ]  # fmt: skip
        children = {
            "web server": subprocess.Popen(web, cwd=settings.BASE_DIR),
            "task consumer": subprocess.Popen(consumer, cwd=settings.BASE_DIR),
        }
        stopping = False

        def stop(signum, frame):
            nonlocal stopping
            stopping = True

        signal.signal(signal.SIGTERM, stop)
        signal.signal(signal.SIGINT, stop)
        dead = None
        while not stopping and dead is None:
            time.sleep(0.2)
            dead = next(
                (name for name, child in children.items() if child.poll() is not None), None
            )
        for child in children.values():
            if child.poll() is None:
                child.terminate()
        deadline = time.monotonic() + STOP_SECONDS
        for child in children.values():
            try:
                child.wait(timeout=max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                child.kill()
        if dead:
            self.stderr.write(f"The {dead} stopped by itself, so the hub was stopped.")
            sys.exit(1)
        self.stdout.write("The hub has stopped.")
