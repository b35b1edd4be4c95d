"""Each request as one line of the log and one count for Prometheus, where these are switched on.

Only the pattern of an address is ever named. Pages that are answered from memory, without waking
Django, are counted by a reader of `cms.keptpages` and not logged.
"""

import logging
import time
import uuid
from collections.abc import Callable

from django.conf import settings
from django.core.exceptions import MiddlewareNotUsed
from django.http import HttpRequest, HttpResponse

from .discretion import route_of
from .metrics import observe

log = logging.getLogger("hub.request")


class RequestMiddleware:
    """Outermost, so that it sees what every other middleware answered."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]):
        if not (settings.LOG_REQUESTS or settings.METRICS_TOKEN):
            raise MiddlewareNotUsed
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        began = time.perf_counter()
        response = self.get_response(request)
        seconds = time.perf_counter() - began
        if settings.METRICS_TOKEN:
            observe(area_of(request.path), response.status_code, seconds)
        if settings.LOG_REQUESTS:
            number = uuid.uuid4().hex[:12]
            response.headers["X-Request-ID"] = number
            facts = {
                "method": request.method,
                "route": route_of(request),
                "status": response.status_code,
                "ms": round(seconds * 1000, 1),
                "request": number,
            }
            log.info("request", extra={"facts": facts})
        return response


def area_of(path: str) -> str:
    """Which part of the hub a path belongs to: few values, and none that names anybody."""
    first = path.split("/", 2)[1]
    return first if first in {"admin", "apply", "family", "resume", "media", "rosters"} else "site"
