"""A file from the private store as a download: streamed, and nothing that a browser would run."""

from typing import IO

from django.http import FileResponse


def as_download(content: IO[bytes], *, name: str, content_type: str) -> FileResponse:
    """The answer that carries it. Who may have it, and the access log, are the caller's."""
    response = FileResponse(content, as_attachment=True, filename=name, content_type=content_type)
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, no-store"
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    return response
