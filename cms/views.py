"""The hub's own small addresses: is it up, is it ready, and what people see when it is not."""

import uuid

from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.db import connection
from django.http import HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from huey.contrib.djhuey import HUEY


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


def server_error(request):
    return render(request, "500.html", status=500)
