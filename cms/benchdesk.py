"""Measuring a desk with very many rows beside a lean table in the same shell.

Ours is the desk's own address as a member of staff asks for it: rights, scope, counts, filters,
access log and all. The peer shows fifty rows of the same table in Wagtail's admin shell, with the
same words searched for in the same columns, to anybody, and keeps no log. Figures are the 95th
percentile of a page, in milliseconds, without the socket.
"""

import time
from collections.abc import Callable
from importlib import import_module
from types import ModuleType

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.db import connection
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template import engines
from django.test import Client, override_settings
from django.test.utils import CaptureQueriesContext
from django.urls import path
from wagtail.admin.auth import require_admin_access

from cms.bench import Case, WrongResultError
from cms.roles import grant, sync_roles

ROWS, PAGE, ASKED = 100_000, 50, 24
MOST_QUERIES = 15
LEAN = """{% extends "wagtailadmin/base.html" %}{% block content %}
{% include "wagtailadmin/shared/headers/slim_header.html" with title="Lean" only %}
<form><input name="q"></form><table class="listing">{% for row in rows %}
<tr>{% for cell in row %}<td>{{ cell }}</td>{% endfor %}</tr>{% endfor %}</table>
<p>{{ number }}</p>{% endblock %}"""


class Desk(Case):
    """A subclass says the address, its query string, the role, and the lean table's columns."""

    unit = "ms"
    lower_is_better = True
    address = ""
    query = ""
    role = "bookings"
    columns: tuple[str, ...] = ()
    searched: tuple[str, ...] = ()
    words = ""
    conditions: dict = {}

    def lay(self) -> None:
        """Make the rows, once for all cases of this desk."""

    def rows(self) -> QuerySet:
        """What the lean table shows."""
        raise NotImplementedError

    def prepare(self) -> None:
        call_command("collectstatic", interactive=False, verbosity=0)
        self.lay()
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("ANALYZE")
        sync_roles()
        user, made = get_user_model().objects.get_or_create(
            username=f"bench-{self.role}", defaults={"password_alone": True}
        )
        if made:
            grant(user, self.role)
        self.client = Client()
        self.client.force_login(user)

    def ours(self) -> float:
        with override_settings(ALLOWED_HOSTS=["testserver"]):
            self._ask()
            with CaptureQueriesContext(connection) as asked:
                self._ask()
            beside = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE", "SELECT pg_advisory")
            queries = [one["sql"] for one in asked if not one["sql"].startswith(beside)]
            if len(queries) > MOST_QUERIES:
                words = "\n".join(query[:160] for query in queries)
                raise WrongResultError(f"{self.address}: {len(queries)} queries\n{words}")
            return self._p95(self._ask)

    def _ask(self) -> None:
        answer = self.client.get(f"{self.address}?{self.query}")
        if answer.status_code != 200:
            raise WrongResultError(f"{self.address} answered {answer.status_code}.")

    def peer(self) -> float:
        urls = ModuleType("bench_lean_urls")
        lean = path("admin/bench-lean/", require_admin_access(self._lean))
        urls.urlpatterns = [lean, *import_module(settings.ROOT_URLCONF).urlpatterns]
        with override_settings(ALLOWED_HOSTS=["testserver"], ROOT_URLCONF=urls):
            return self._p95(self._ask_lean)

    def _ask_lean(self) -> None:
        if self.client.get("/admin/bench-lean/").status_code != 200:
            raise WrongResultError("The lean table did not answer.")

    def _lean(self, request: HttpRequest) -> HttpResponse:
        found = self.rows().filter(**self.conditions)
        for word in self.words.split():
            some = Q()
            for column in self.searched:
                some |= Q(**{f"{column}__icontains": word})
            found = found.filter(some)
        context = {
            "rows": list(found.values_list(*self.columns)[:PAGE]),
            "number": found.order_by().count(),
        }
        return HttpResponse(engines["django"].from_string(LEAN).render(context, request))

    def _p95(self, ask: Callable[[], None]) -> float:
        ask()
        taken = []
        for _turn in range(ASKED):
            start = time.perf_counter()
            ask()
            taken.append((time.perf_counter() - start) * 1000)
        return sorted(taken)[int(ASKED * 0.95)]
