"""What the public site measures: pages over HTTP, as gunicorn serves them to a browser.

Home, the list of courses and a course page of the demo hub, by turns from three servers of the same
kind: ours, the same pages as plain Wagtail serves them (pages/benchapp.py), and a fixed answer.
Connections stay open, as those of browsers do; they take compressed answers and say which browser
they are, so that visits are counted while we measure. Every server is asked for a moment before it
is measured, over as many connections: what is said to be warm is, in each of its processes. The
fixed answer is as long as the page is on the wire.
"""

import atexit
import contextlib
import gzip
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings
from django.db import connection

from cms.bench import Case, WrongResultError, cases

SECONDS, WARMING = 2.0, 0.4
CONNECTIONS = 4
BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


@cache
def demo() -> dict[str, str]:
    """The environment of a demo hub on the scratch database, with files of its own."""
    folder = Path(tempfile.mkdtemp(prefix="hub-bench-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    name = str(connection.settings_dict["NAME"])
    where = f"sqlite:///{name}"
    if connection.vendor == "postgresql":
        where = urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{name}").geturl()
    left_out = {"REDIS_URL", "SITE_URL", "EMAIL_URL", "S3_URL"}
    environment = {name: value for name, value in os.environ.items() if name not in left_out}
    environment |= {"DATA_DIR": str(folder), "DATABASE_URL": where, "PORT": str(_free_port())}
    for command in (("collectstatic", "--noinput", "--verbosity=0"), ("seed_demo",)):
        subprocess.run(  # noqa: S603 - our own commands
            [sys.executable, "manage.py", *command],
            cwd=settings.BASE_DIR,
            env=environment,
            check=True,
            stdout=subprocess.DEVNULL,
        )
    return environment


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """gunicorn, as `manage.py serve` starts it, over one way of serving the demo hub."""

    def __init__(self, **environment: str):
        self.port = _free_port()
        self.process = subprocess.Popen(  # noqa: S603 - our own server
            [
                sys.executable, "-m", "gunicorn", "pages.benchapp:application", "--preload",
                "--bind", f"127.0.0.1:{self.port}", "--workers", "2", "--worker-class", "gthread",
                "--threads", "4", "--log-level", "error",
            ],
            cwd=settings.BASE_DIR,
            env=demo() | environment,
        )  # fmt: skip
        for _attempt in range(300):
            with contextlib.suppress(OSError):
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                return
            time.sleep(0.1)
        raise WrongResultError("The server did not start.")

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait()

    def rate(self, path: str, says: bytes) -> float:
        """Answers a second for this path. Each must be 200 and hold `says`."""
        asked = (
            f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{demo()['PORT']}\r\n"
            f"User-Agent: {BROWSER}\r\nAccept-Encoding: gzip, deflate, br\r\n"
            "Connection: keep-alive\r\n\r\n"
        ).encode()
        self._ask([Reader(self.port, asked, says) for _ in range(CONNECTIONS)], path, WARMING)
        readers = [Reader(self.port, asked, says) for _ in range(CONNECTIONS)]
        took = self._ask(readers, path, SECONDS)
        self.size = len(readers[0].body)
        return sum(reader.number for reader in readers) / took

    def _ask(self, readers: list["Reader"], path: str, seconds: float) -> float:
        """Have all of them ask for so long; how long it took them."""
        began = time.monotonic()
        threads = [threading.Thread(target=r.read, args=(began + seconds,)) for r in readers]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if wrong := [reader.wrong for reader in readers if reader.wrong]:
            raise WrongResultError(f"{path} answered {wrong[0]!r}.")
        return time.monotonic() - began


class Reader:
    """One open connection that asks the same again and again."""

    def __init__(self, port: int, asked: bytes, says: bytes):
        self.port, self.asked, self.says = port, asked, says
        self.number, self.wrong, self.body = 0, b"", b""

    def read(self, until: float) -> None:
        with socket.create_connection(("127.0.0.1", self.port), timeout=30) as wire:
            while time.monotonic() < until and not self.wrong:
                wire.sendall(self.asked)
                head, body = self._answer(wire)
                if not head.startswith(b"HTTP/1.1 200") or not self._is_right(head, body):
                    self.wrong = head[:80] or b"nothing"
                self.number += 1

    def _is_right(self, head: bytes, body: bytes) -> bool:
        """The same bytes as before are as right as they were: nothing is unpacked for them."""
        if body != self.body:
            self.body = body
            if b"content-encoding: gzip" in head.lower():
                body = gzip.decompress(body)
            return self.says in body
        return True

    def _answer(self, wire: socket.socket) -> tuple[bytes, bytes]:
        found = b""
        while b"\r\n\r\n" not in found:
            found += wire.recv(65536) or b"\r\n\r\n"
        head, _gap, body = found.partition(b"\r\n\r\n")
        lower = head.lower()
        if b"chunked" in lower:
            while not body.endswith(b"0\r\n\r\n"):
                body += wire.recv(65536)
            return head, body
        length = int(lower.partition(b"content-length:")[2].split(b"\r\n")[0] or 0)
        while len(body) < length:
            body += wire.recv(65536)
        return head, body


class PageCase(Case):
    """One page, `prefix` saying what is forgotten before each request."""

    unit = "pages/s"
    path, says, prefix = "", b"", ""

    def prepare(self) -> None:
        self.server = Server()
        self.plain = Server(HUB_BENCH_PLAIN="1")

    def finish(self) -> None:
        self.server.stop()
        self.plain.stop()

    def ours(self) -> float:
        rate = self.server.rate(f"{self.prefix}{self.path}", self.says)
        self.size = self.server.size
        return rate

    def limit(self) -> float | None:
        return None if self.prefix else self.server.rate(f"/trivial/?{self.size}", b"x")

    def peer(self) -> float:
        return self.plain.rate(self.path, self.says)


PAGES = {
    "home": ("/", b"data-places"),
    "list": ("/courses/", b"data-places"),
    "course": ("/courses/songwriter/", b"data-places"),
}
STATES = {"warm": "", "cold": "/cold", "after_a_change": "/changed"}
for _page, (_path, _says) in PAGES.items():
    for _state, _prefix in STATES.items():
        cases(f"pages.{_page}_{_state}")(
            type(
                f"{_page}_{_state}", (PageCase,), {"path": _path, "says": _says, "prefix": _prefix}
            )
        )
