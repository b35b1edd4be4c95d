"""A file from the private store: as a download, or a film played in the page, part by part.

Neither is anything that a browser would run, and neither is kept by a browser or on the way.
"""

import re
from collections.abc import Iterator
from typing import IO

from django.http import (
    FileResponse,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    StreamingHttpResponse,
)

A_PIECE = 64 * 1024
MOST_AT_ONCE = 2 * 1024 * 1024  # a player asks on for the rest, so that no worker waits for it
RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")


def as_download(content: IO[bytes], *, name: str, content_type: str) -> FileResponse:
    """The answer that carries it. Who may have it, and the access log, are the caller's."""
    response = FileResponse(content, as_attachment=True, filename=name, content_type=content_type)
    return _kept_safe(response)


def as_stream(
    request: HttpRequest, content: IO[bytes], *, size: int, content_type: str
) -> HttpResponseBase:
    """The part of a film that a player asks for (RFC 9110, 14.1.2): 206, or 416 past its end.

    Without a usable Range header the answer begins at the first byte. No answer holds more than
    MOST_AT_ONCE: players ask for what follows. Who may have it is the caller's.
    """
    found = _part(request.headers.get("Range", ""), size)
    if found is None:
        content.close()
        response = HttpResponse(status=416)
        response["Content-Range"] = f"bytes */{size}"
        return _kept_safe(response)
    first, last = found
    pieces = _pieces(content, first, last - first + 1)
    response = StreamingHttpResponse(pieces, status=206, content_type=content_type)
    response["Content-Range"] = f"bytes {first}-{last}/{size}"
    response["Content-Length"] = str(last - first + 1)
    response["Accept-Ranges"] = "bytes"
    response["Content-Disposition"] = "inline"
    return _kept_safe(response)


def _part(said: str, size: int) -> tuple[int, int] | None:
    """First and last byte of what is asked for; None for what lies past the end."""
    asked = RANGE.fullmatch(said.strip())
    low, high = asked.groups() if asked else ("0", "")
    if not low and high:  # the last so many
        low, high = str(max(size - int(high), 0)), ""
    first = int(low or 0)
    last = min(int(high) if high else size - 1, size - 1, first + MOST_AT_ONCE - 1)
    return (first, last) if first <= last else None


def _pieces(content: IO[bytes], first: int, length: int) -> Iterator[bytes]:
    with content:
        content.seek(first)
        while length > 0 and (piece := content.read(min(A_PIECE, length))):
            length -= len(piece)
            yield piece


def _kept_safe(response: HttpResponseBase) -> HttpResponseBase:
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, no-store"
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    return response
