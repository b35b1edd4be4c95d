"""Kept pages straight from memory, around the WSGI application: Django is not woken for them.

Shortly before the stamp or a page runs out, one visitor is sent on to Django, which reads or makes
it anew, while all others are still answered from here: nobody queues for a page that ran out. Who
must hear of the pages that no middleware ever sees adds to `readers` a function of the WSGI
environment.
"""

import time
from collections.abc import Callable, Iterable

from django.conf import settings
from django.http import HttpResponse
from gunicorn.http.wsgi import Response as ServerResponse

from cms import keptpages, pagecache

readers: list[Callable[[dict], None]] = []


class Ready:
    """One answer as it goes out: `status`, `headers` and `body` as WSGI has them.

    gunicorn reads every header of every answer through before it sends it, which takes longer than
    all that is done here. Those of a kept page are always the same: what it made of them the first
    time is handed back to it. Any other server gets them as they are.
    """

    def __init__(self, response: HttpResponse):
        self.status = f"{response.status_code} {response.reason_phrase}"
        self.headers = list(response.items())
        self.length = [pair for pair in self.headers if pair[0] == "Content-Length"]
        self.body = response.content
        self.read_through: list[tuple[str, str]] | None = None

    def begin(self, start_response: Callable) -> None:
        server = getattr(start_response, "__self__", None)
        if type(server) is not ServerResponse:
            start_response(self.status, self.headers)
        elif self.read_through is None:
            start_response(self.status, self.headers)
            self.read_through = [pair for pair in server.headers if pair not in self.length]
        else:
            server.headers += self.read_through
            start_response(self.status, self.length)


class KeptFirst:
    """The WSGI application, with what is in memory answered before Django is asked."""

    def __init__(self, application: Callable):
        self.application = application

    def __call__(self, environ: dict, start_response: Callable) -> Iterable[bytes]:
        found = _at_once(environ)
        if found is None:
            return self.application(environ, start_response)
        for hear in readers:
            hear(environ)
        found.begin(start_response)
        return (found.body,) if environ["REQUEST_METHOD"] == "GET" else ()


def _at_once(environ: dict) -> Ready | None:
    number, near = pagecache.known.now(), keptpages.in_memory()
    if (
        number is None
        or number != near.stamp
        or environ.get("QUERY_STRING")
        or environ["REQUEST_METHOD"] not in ("GET", "HEAD")
        or settings.SESSION_COOKIE_NAME in environ.get("HTTP_COOKIE", "")
        or (settings.SECURE_SSL_REDIRECT and not _is_secure(environ))
    ):
        return None
    where = (environ.get("HTTP_HOST", "").lower(), environ.get("PATH_INFO", ""), "")
    until, kept = near.pages.get(where, (0.0, None))
    if until < time.monotonic():
        return None
    if pagecache.known.is_due():
        environ[keptpages.ASK] = True
        return None
    if environ["REQUEST_METHOD"] == "GET" and near.is_due(where, until):
        environ[keptpages.ANEW] = True
        return None
    accepts, known = environ.get("HTTP_ACCEPT_ENCODING", ""), environ.get("HTTP_IF_NONE_MATCH", "")
    as_wanted = (kept.etag, "gzip" in accepts, kept.etag in known)
    found = near.sent.get(as_wanted)
    if found is None:
        found = near.sent[as_wanted] = Ready(kept.answer(accepts, known))
    return found


def _is_secure(environ: dict) -> bool:
    if environ.get("wsgi.url_scheme") == "https":
        return True
    header, value = getattr(settings, "SECURE_PROXY_SSL_HEADER", None) or ("", "")
    return bool(header) and environ.get(header, "").split(",")[0].strip() == value
