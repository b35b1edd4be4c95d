"""Serving pictures that editors put on pages, by the app itself: no web server is assumed.

Only made renditions are served. Originals keep what a camera wrote into them, and documents go
through Wagtail's own view, which asks about their collection; neither has an address here.
"""

import mimetypes
from pathlib import PurePosixPath

from django.conf import settings
from django.core.exceptions import SuspiciousFileOperation
from django.core.files.storage import default_storage
from django.http import FileResponse, Http404, HttpRequest
from django.utils.cache import patch_cache_control

RENDITIONS = "images"
A_YEAR = 365 * 24 * 3600


def serve_media(request: HttpRequest, path: str) -> FileResponse:
    """A rendition, cacheable for a year: a changed picture has another name. Otherwise 404."""
    file = PurePosixPath(path)
    is_picture = file.suffix.lstrip(".").lower() in settings.WAGTAILIMAGES_EXTENSIONS
    if file.parts[:1] != (RENDITIONS,) or ".." in file.parts or not is_picture:
        raise Http404
    try:
        content = default_storage.open(str(file))
    except (FileNotFoundError, IsADirectoryError, SuspiciousFileOperation, ValueError):
        raise Http404 from None
    kind, _encoding = mimetypes.guess_type(file.name)
    response = FileResponse(content, content_type=kind or f"image/{file.suffix.lstrip('.')}")
    patch_cache_control(response, public=True, max_age=A_YEAR, immutable=True)
    return response
