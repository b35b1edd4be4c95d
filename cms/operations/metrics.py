"""/metrics, for Prometheus: the figures of this moment, and requests since the hub started.

It answers only to the bearer of METRICS_TOKEN, and is not there at all without one. Web workers
count in files of DATA_DIR/metrics (PROMETHEUS_MULTIPROC_DIR), so any of them can answer for all.
"""

import hmac
from collections.abc import Iterable

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.multiprocess import MultiProcessCollector

from .figures import all_figures

BUCKETS = (0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)

_seconds = Histogram(
    "hub_request_seconds", "How long requests took that Django answered", ["area"], buckets=BUCKETS
)
_answers = Counter("hub_requests", "Requests that Django answered", ["area", "status"])
_kept = Counter("hub_kept_pages", "Pages that were answered from memory")


def observe(area: str, status: int, seconds: float) -> None:
    """Count one request. `status` is kept by its hundred: 2xx, 3xx, 4xx, 5xx."""
    _seconds.labels(area).observe(seconds)
    _answers.labels(area, f"{status // 100}xx").inc()


def count_kept(_environ: dict) -> None:
    _kept.inc()


class FigureCollector:
    """The figures as gauges, counted when they are asked for."""

    def collect(self) -> Iterable[Metric]:
        gauges: dict[str, GaugeMetricFamily] = {}
        for figure in all_figures():
            names = [name for name, _value in figure.labels]
            gauge = gauges.setdefault(
                figure.name, GaugeMetricFamily(figure.name, figure.about, labels=names)
            )
            gauge.add_metric([value for _name, value in figure.labels], figure.value)
        return gauges.values()


@never_cache
def metrics(request: HttpRequest) -> HttpResponse:
    """404 without a METRICS_TOKEN, so that nobody learns of it; 403 for any other bearer."""
    if not settings.METRICS_TOKEN:
        raise Http404
    given = request.headers.get("Authorization", "")
    if not hmac.compare_digest(given.encode(), f"Bearer {settings.METRICS_TOKEN}".encode()):
        return HttpResponse("Not for you.\n", status=403, content_type="text/plain")
    registry = CollectorRegistry()
    registry.register(FigureCollector())
    MultiProcessCollector(registry, path=str(settings.METRICS_DIR))
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)
