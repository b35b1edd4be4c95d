"""A real server for a bench: gunicorn as `manage.py serve` starts it, on the bench's own database.

    with served([path("bench/peer/", peer)]) as port:      # before the hub's own addresses
        ...                                                # ask http://127.0.0.1:port/

Forked from the measuring process, so that it has its scratch database; stopped at the end.
"""

import http.client
import logging
import os
import signal
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from types import ModuleType

from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.core.management import call_command
from django.db import connections
from django.urls import URLPattern
from gunicorn.app.base import BaseApplication

WORKERS, THREADS = 2, 4


class _Server(BaseApplication):
    def __init__(self, port: int):
        self.port = port
        super().__init__()

    def load_config(self) -> None:
        wanted = {
            "bind": f"127.0.0.1:{self.port}",
            "workers": WORKERS,
            "worker_class": "gthread",
            "threads": THREADS,
            "loglevel": "error",
            "preload_app": True,
        }
        for name, value in wanted.items():
            self.cfg.set(name, value)

    def load(self) -> Callable:
        return WSGIHandler()


@contextmanager
def served(patterns: Sequence[URLPattern] = ()) -> Iterator[int]:
    """The port of a server that answers at those addresses and at all of the hub's."""
    call_command("collectstatic", interactive=False, verbosity=0)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    connections.close_all()
    pid = os.fork()
    if pid == 0:
        try:
            os.setsid()
            hub = import_module(settings.ROOT_URLCONF)
            settings.ROOT_URLCONF = ModuleType("bench_urls")
            settings.ROOT_URLCONF.urlpatterns = [*patterns, *hub.urlpatterns]
            # Each visitor of a bench has an address of their own, as behind a proxy.
            settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
            logging.disable(logging.WARNING)
            _Server(port).run()
        finally:
            os._exit(0)
    try:
        _wait_for(port)
        yield port
    finally:
        os.kill(pid, signal.SIGTERM)
        os.waitpid(pid, 0)


def _wait_for(port: int) -> None:
    for _try in range(200):
        try:
            door = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
            door.request("GET", "/healthz")
            if door.getresponse().status == 200:
                return
        except OSError:
            pass
        time.sleep(0.1)
    raise RuntimeError("The bench's server did not answer.")
