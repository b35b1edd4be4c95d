"""Serving pictures that editors put on pages, by the app itself: no web server is assumed.

Only renditions are served, and only while their picture may be shown: a rendition whose row is gone
has no address any more, even if its file is still there. Originals have no address at all, and
documents go through Wagtail's own view, which asks about their collection.
"""

import hashlib
import mimetypes
from pathlib import PurePosixPath

from django.conf import settings
from django.core.exceptions import SuspiciousFileOperation
from django.core.files.storage import default_storage
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseNotModified
from django.utils.cache import patch_cache_control

from cms import standin
from cms.models import HubRendition

RENDITIONS = "images"
A_YEAR = 365 * 24 * 3600


def serve_media(request: HttpRequest, path: str) -> HttpResponse:
    """A rendition, cacheable for a year: a changed picture has another name. Otherwise 404.

    One whose permission may end is asked for again each time, which costs a visitor a few bytes.
    """
    file = PurePosixPath(path)
    is_picture = file.suffix.lstrip(".").lower() in settings.WAGTAILIMAGES_EXTENSIONS
    if file.parts[:1] != (RENDITIONS,) or ".." in file.parts or not is_picture:
        raise Http404
    may_end = _permission_may_end(file)
    etag = f'"{hashlib.sha256(str(file).encode()).hexdigest()[:24]}"'
    if etag in request.headers.get("If-None-Match", ""):
        response = HttpResponseNotModified()
    else:
        try:
            content = default_storage.open(str(file))
        except (FileNotFoundError, IsADirectoryError, SuspiciousFileOperation, ValueError):
            raise Http404 from None
        kind, _encoding = mimetypes.guess_type(file.name)
        response = FileResponse(content, content_type=kind or f"image/{file.suffix.lstrip('.')}")
    response["ETag"] = etag
    if may_end:
        patch_cache_control(response, public=True, no_cache=True)
    else:
        patch_cache_control(response, public=True, max_age=A_YEAR, immutable=True)
    return response


def _permission_may_end(file: PurePosixPath) -> bool:
    """Whether this picture could be taken back one day. Raises Http404 when it has been."""
    if file.parent == standin.FOLDER:
        return True  # the picture may come back
    rendition = HubRendition.objects.select_related("image").filter(file=str(file)).first()
    if rendition is None or not rendition.image.is_shown:
        raise Http404
    image = rendition.image
    return bool(image.shows_children or image.expires_on or image.consent_reference)
