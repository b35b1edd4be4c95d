"""Fetching a roster from an https address without being led astray.

Only hosts that the operator named (ROSTER_HOSTS), by `cms.outward` never into a private network.
No redirect is followed; size and time are limited.
"""

import http.client
import ssl
import time
from collections.abc import Iterator
from urllib.parse import SplitResult, urlsplit

from django.conf import settings

from cms import outward

from .errors import UnreadableFile
from .reader import MAX_BYTES

CONNECT_SECONDS = 10
WHOLE_SECONDS = 300
PIECE = 262_144


def check_address(address: str) -> SplitResult:
    """The parts of an address that may be fetched. Raises UnreadableFile with a sentence."""
    try:
        parts = urlsplit(address)
        port = parts.port or 443
    except ValueError:
        raise UnreadableFile("That is not a web address.") from None
    if parts.scheme != "https" or not parts.hostname or port != 443:
        raise UnreadableFile("Only https addresses on the usual port are fetched.")
    if parts.username or parts.password:
        raise UnreadableFile("The address must not hold a name or password.")
    if parts.hostname.lower() not in {host.lower() for host in settings.ROSTER_HOSTS}:
        raise UnreadableFile(
            f"The host {parts.hostname} is not one that rosters may be fetched from. "
            "Whoever runs the hub can allow it (ROSTER_HOSTS)."
        )
    return parts


def _reached(host: str, port: int) -> str:
    try:
        return outward.public_address(host, port)
    except outward.NotPublicError:
        raise UnreadableFile(
            f"The host {host} lies in a private network, so it is not asked."
        ) from None
    except OSError:
        raise UnreadableFile(f"The host {host} cannot be found at the moment.") from None


def fetch(address: str, context: ssl.SSLContext | None = None, port: int = 443) -> Iterator[bytes]:
    """The file at this address, in pieces. Raises UnreadableFile with a sentence for staff."""
    parts = check_address(address)
    host = parts.hostname or ""
    number = _reached(host, port)
    until = time.monotonic() + WHOLE_SECONDS
    secure = context or ssl.create_default_context()
    connection = outward.connection(host, port, number, tls=secure, seconds=CONNECT_SECONDS)
    headers = {"User-Agent": "music-hub", "Accept": "*/*"}
    try:
        connection.request("GET", outward.path_of(parts), headers=headers)
        answer = connection.getresponse()
        if answer.status != 200:
            raise UnreadableFile(f"{host} answered {answer.status} instead of a file.")
        if int(answer.headers.get("Content-Length") or 0) > MAX_BYTES:
            raise UnreadableFile(f"The file is larger than {MAX_BYTES // 1024 // 1024} MB.")
        while piece := answer.read1(PIECE):
            if time.monotonic() > until:
                raise UnreadableFile(f"{host} took longer than {WHOLE_SECONDS} seconds.")
            yield piece
    except (OSError, ssl.SSLError, http.client.HTTPException, ValueError) as error:
        kind = type(error).__name__
        raise UnreadableFile(f"{host} could not be read ({kind}).") from None
    finally:
        connection.close()
