"""Asking another site whether an address works, and nothing else: never one of our own network.

`outward` looks at each address first. No more than a few redirects, a few seconds and a few bytes.
No cookie, no sign-in, no body kept.
"""

import http.client
import socket
import ssl
from dataclasses import dataclass
from urllib.parse import SplitResult, urljoin, urlsplit

from cms import outward

SECONDS = 8
REDIRECTS = 4
AGENT = "music-hub-link-check"
PORTS = {"http": 80, "https": 443}
# Some sites refuse programs and let people in, so these prove nothing.
UNCERTAIN = {401, 403, 405, 406, 408, 421, 425, 429, 451, 500, 502, 503, 504, 999}


class RefusedError(Exception):
    """An address that we do not ask: the message says why."""


@dataclass(frozen=True)
class Verdict:
    """`works` is None when nobody can say."""

    works: bool | None
    problem: str = ""


def try_address(address: str) -> Verdict:
    """Whether an outside address answers. Never raises."""
    try:
        return _follow(address)
    except (RefusedError, outward.NotPublicError) as error:
        return Verdict(None, str(error))
    except ssl.SSLError:
        return Verdict(False, "Its certificate cannot be trusted.")
    except socket.gaierror:
        return Verdict(False, "There is no site of that name.")
    except TimeoutError:
        return Verdict(None, f"No answer within {SECONDS} seconds.")
    except (OSError, http.client.HTTPException, ValueError) as error:
        return Verdict(None, f"It could not be asked ({type(error).__name__}).")


def _follow(address: str) -> Verdict:
    """Each step of a redirect is checked like the first."""
    for _turn in range(REDIRECTS + 1):
        status, location = _ask(urlsplit(address))
        if status not in {301, 302, 303, 307, 308} or not location:
            return _judge(status)
        address = urljoin(address, location)
    return Verdict(False, "It leads on and on.")


def _judge(status: int) -> Verdict:
    if status < 400:
        return Verdict(True)
    if status in UNCERTAIN:
        return Verdict(None, f"It answers {status}, perhaps only to programs.")
    return Verdict(False, f"It answers {status}.")


def _ask(parts: SplitResult) -> tuple[int, str]:
    """The status, and where it leads. Asks with HEAD, and with GET where that is not known."""
    for method in ("HEAD", "GET"):
        connection = _connection(parts)
        try:
            headers = {"User-Agent": AGENT, "Accept": "*/*"}
            connection.request(method, outward.path_of(parts), headers=headers)
            answer = connection.getresponse()
            if method == "HEAD" and answer.status in {403, 404, 405, 501}:
                continue
            return answer.status, answer.headers.get("Location", "")
        finally:
            connection.close()
    raise AssertionError  # GET always answers or raises


def _connection(parts: SplitResult) -> http.client.HTTPConnection:
    if parts.scheme not in PORTS or not parts.hostname:
        raise RefusedError("Only http and https addresses are tried.")
    if parts.username or parts.password:
        raise RefusedError("It has a password in it.")
    port = parts.port or PORTS[parts.scheme]
    if port not in PORTS.values():
        raise RefusedError("It asks at an unusual door of that site.")
    reached = outward.public_address(parts.hostname, port)
    tls = ssl.create_default_context() if parts.scheme == "https" else None
    return outward.connection(parts.hostname, port, reached, tls=tls, seconds=SECONDS)
