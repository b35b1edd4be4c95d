"""Run the hub: web workers and the Huey consumer, as children of one process.

Ctrl-C or SIGTERM stops both cleanly and exits 0. If either child dies, the other is stopped and
the exit code says so: half a hub must not look like a whole one.
"""

import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request

from django.conf import settings
from django.core.management.base import BaseCommand

STOP_SECONDS = 30


def web_command() -> list[str]:
    """gunicorn with threads: measured fastest for this kind of work (docs/decisions.md)."""
    return [
        sys.executable, "-m", "gunicorn", "cms.wsgi:application", "--preload",
        "--bind", f"{os.environ.get('BIND', '127.0.0.1')}:{settings.PORT}",
        "--workers", os.environ.get("WEB_WORKERS", "2"), "--worker-class", "gthread",
        "--threads", "4", "--max-requests", "5000", "--max-requests-jitter", "500",
        "--graceful-timeout", "20", "--log-level", "warning",
    ]  # fmt: skip


def consumer_command() -> list[str]:
    """Huey, graceful on TERM: its default interrupts, and so loses, the task that is running."""
    return [
        sys.executable, "manage.py", "run_huey", "--workers", "2", "--worker-type", "thread",
        "--graceful-signal", "TERM", "--shutdown-timeout", "25", "--quiet",
    ]  # fmt: skip


def stop_children(children: dict[str, subprocess.Popen]) -> None:
    for child in children.values():
        if child.poll() is None:
            child.terminate()
    deadline = time.monotonic() + STOP_SECONDS
    for child in children.values():
        try:
            child.wait(timeout=max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            child.kill()


def answers() -> bool:
    """Whether the web server answers yet."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{settings.PORT}/healthz", timeout=2):
            return True
    except (urllib.error.URLError, OSError):
        return False


class Command(BaseCommand):
    help = "Serves the hub on 127.0.0.1:PORT, with WEB_WORKERS web workers and the task consumer."

    def add_arguments(self, parser):
        parser.add_argument(
            "--only", choices=["web", "worker"], help="Run one of the two, where each has a host."
        )

    def handle(self, *args, only=None, **options):
        stopping = False
        if only != "worker":
            shutil.rmtree(settings.METRICS_DIR, ignore_errors=True)  # counts of dead processes
        if settings.METRICS_TOKEN:
            settings.METRICS_DIR.mkdir(parents=True, exist_ok=True)

        def stop(signum, frame):
            nonlocal stopping
            stopping = True

        signal.signal(signal.SIGTERM, stop)
        signal.signal(signal.SIGINT, stop)
        # A session of their own each: Ctrl-C at the terminal reaches us alone, and we stop them.
        commands = {"web server": web_command(), "task consumer": consumer_command()}
        if only:
            commands.pop("task consumer" if only == "web" else "web server")
        children = {
            name: subprocess.Popen(command, cwd=settings.BASE_DIR, start_new_session=True)
            for name, command in commands.items()
        }
        announced, dead = only == "worker", None
        while not stopping and dead is None:
            time.sleep(0.2)
            if not announced and answers():
                announced = True
                self.stdout.write(f"Serving at {settings.SITE_URL}/  (Ctrl-C stops it)")
                self.stdout.flush()
            dead = next(
                (name for name, child in children.items() if child.poll() is not None), None
            )
        stop_children(children)
        if dead:
            self.stderr.write(f"The {dead} stopped by itself, so the hub was stopped.")
            sys.exit(1)
        self.stdout.write("The hub has stopped.")
