"""Asking a virus scanner: clamd over a socket, `CLAMAV_URL=unix:///run/clamav/clamd.ctl` or
`tcp://127.0.0.1:3310`.

A scanner that does not answer has not said that a file is clean. Whoever asks decides what then:
here it only raises.
"""

import socket
import struct
from collections.abc import Iterable
from urllib.parse import urlsplit

from django.conf import settings

CONNECT_SECONDS, ANSWER_SECONDS = 3, 20
CHUNK = 64 * 1024


class ScannerDownError(Exception):
    """The scanner could not be asked, or did not give a plain answer."""


def is_configured() -> bool:
    return bool(settings.CLAMAV_URL)


def is_clean(chunks: Iterable[bytes]) -> bool:
    """Whether the scanner finds nothing in these bytes. Raises ScannerDownError."""
    try:
        with _connected() as connection:
            connection.sendall(b"zINSTREAM\0")
            for chunk in chunks:
                for start in range(0, len(chunk), CHUNK):
                    part = chunk[start : start + CHUNK]
                    connection.sendall(struct.pack("!I", len(part)) + part)
            connection.sendall(struct.pack("!I", 0))
            answer = _read(connection)
    except OSError as error:
        raise ScannerDownError(type(error).__name__) from error
    if answer.endswith("FOUND"):
        return False
    if answer == "stream: OK":
        return True
    raise ScannerDownError("It gave no plain answer.")


def _connected() -> socket.socket:
    where = urlsplit(settings.CLAMAV_URL)
    if where.scheme == "unix":
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connection.settimeout(CONNECT_SECONDS)
        connection.connect(where.path)
    elif where.scheme == "tcp":
        connection = socket.create_connection(
            (where.hostname, where.port or 3310), timeout=CONNECT_SECONDS
        )
    else:
        raise ScannerDownError("CLAMAV_URL must begin with unix:// or tcp://.")
    connection.settimeout(ANSWER_SECONDS)
    return connection


def _read(connection: socket.socket) -> str:
    answer = b""
    while not answer.endswith(b"\0") and len(answer) < 4096:
        more = connection.recv(4096)
        if not more:
            break
        answer += more
    return answer.rstrip(b"\0\n").decode("utf-8", "replace").strip()
