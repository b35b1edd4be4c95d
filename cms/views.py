"""The hub's own small addresses: is it up, is it ready, and what people see when it is not."""

import errno
import math
import sys
import uuid

from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.db import InterfaceError, OperationalError, connection
from django.http import HttpResponse, JsonResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.cache import add_never_cache_headers
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from huey.contrib.djhuey import HUEY

from cms.handbook import chapters
from cms.specimens import COLOURS, specimens

LAST_WORDS = (
    "<!doctype html><html lang=en-gb><title>Sorry</title><h1>Sorry, something went wrong</h1>"
    "<p>The mistake is ours. Please wait a minute and try again.</p></html>"
)


@never_cache
def healthz(request):
    """The process answers. Asks nothing of anything else."""
    return HttpResponse("ok\n", content_type="text/plain")


def _check_database():
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def _check_queue():
    HUEY.pending_count()


def _check_storage():
    store = storages["private"]
    name = store.save(f"ready/{uuid.uuid4().hex}", ContentFile(b"ok"))
    store.delete(name)


@never_cache
def readyz(request):
    """Database, queue and storage each answer: 200, or 503 naming the one that does not."""
    results = {}
    for name, check in (
        ("database", _check_database),
        ("queue", _check_queue),
        ("storage", _check_storage),
    ):
        try:
            check()
        except Exception as error:  # noqa: BLE001 - whatever is wrong, the answer is "not ready"
            results[name] = type(error).__name__
        else:
            results[name] = "ok"
    ready = set(results.values()) == {"ok"}
    return JsonResponse({"ready": ready, **results}, status=200 if ready else 503)


def csrf_failure(request, reason=""):
    return render(request, "403.html", {"reason": "csrf"}, status=403)


def page_not_found(request, exception):
    return render(request, "404.html", status=404)


def permission_denied(request, exception):
    return render(request, "403.html", status=403)


def too_many_requests(request, retry_after: int):
    """429 in plain words. `retry_after` is in whole seconds; a page without the database."""
    response = bare_page("429.html", 429, {"minutes": math.ceil(retry_after / 60)})
    response.headers["Retry-After"] = str(retry_after)
    return response


#: What a full or broken disk, or a file store that is away, says (errno).
NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EIO}


def is_outage(error):
    """Whether it is the database, the disk or the file store that fails, and not the request."""
    if isinstance(error, OperationalError | InterfaceError):
        return True
    if isinstance(error, OSError) and error.errno in NO_ROOM:
        return True
    return type(error).__module__.startswith(("botocore.", "boto3."))


def server_error(request):
    """500; or 503 with Retry-After when database, disk or file store did not answer in time."""
    if is_outage(sys.exc_info()[1]):
        return busy(request)
    return bare_page("500.html", 500)


def busy(request):
    response = bare_page("503.html", 503)
    response.headers["Retry-After"] = "30"
    return response


def bare_page(template: str, status: int, context: dict | None = None):
    """A page that needs no database, no request and, at the worst, no template either."""
    try:
        content = render_to_string(template, context)
    except Exception:  # noqa: BLE001 - an error page has nobody left to tell
        content = LAST_WORDS
    response = HttpResponse(content, status=status)
    add_never_cache_headers(response)
    return response


def handbook(request):
    """For staff: every component in every state, with a word on when to use it."""
    return render(
        request,
        "handbook/handbook.html",
        {
            "specimens": specimens(),
            "colours": COLOURS,
            "chapters": [chapters[key]() for key in chapters],
            "title": _("Comms handbook"),
        },
    )
