"""Connections from the hub to other sites: never into a private network.

A name is looked up once, every address that it has must be public, and the connection goes to that
very address while the certificate is checked for the name: a name that points elsewhere a moment
later gains nothing. The link check, rosters that are fetched and webhooks all go out through here.
"""

import http.client
import ipaddress
import socket
import ssl
from urllib.parse import SplitResult


class NotPublicError(Exception):
    """The name leads into a private network, which is never asked."""


def is_public(number: str) -> bool:
    """Whether a numeric address, of either family, is one of the open internet."""
    address = ipaddress.ip_address(number.partition("%")[0])
    address = getattr(address, "ipv4_mapped", None) or address
    return address.is_global and not address.is_multicast


def public_address(host: str, port: int, *, private_too: bool = False) -> str:
    """One numeric address of a host. Raises NotPublicError unless all are public, and gaierror."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    numbers = [str(entry[4][0]) for entry in found]
    if not private_too and not all(map(is_public, numbers)):
        raise NotPublicError(f"{host} leads into a private network, which is never asked.")
    return numbers[0]


def connection(
    host: str, port: int, number: str, *, tls: ssl.SSLContext | None, seconds: float
) -> http.client.HTTPConnection:
    """A connection for `host` that is made to `number`; with `tls`, secured for the name."""
    made = (
        http.client.HTTPSConnection(host, port, timeout=seconds, context=tls)
        if tls
        else http.client.HTTPConnection(host, port, timeout=seconds)
    )
    made._create_connection = lambda _named, *how: socket.create_connection((number, port), *how)
    return made


def path_of(parts: SplitResult) -> str:
    """The path and query of a split address, as a request names them."""
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
