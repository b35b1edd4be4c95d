"""Reporting our mistakes to a Sentry, where an operator names one, without what families told us.

Only SENTRY_DSN switches it on. Of a mistake it is told the kind, the frames and the pattern of the
address; never words of the exception, local variables, headers, cookies, forms or who asked.
"""

from typing import Any

import sentry_sdk

from .discretion import LEFT_OUT

KEPT = ("event_id", "timestamp", "level", "platform", "release", "environment", "exception")


def scrubbed(event: dict[str, Any], _hint: dict[str, Any]) -> dict[str, Any]:
    """An event with what is kept by name, and nothing else."""
    left = {key: event[key] for key in KEPT if key in event}
    for error in (left.get("exception") or {}).get("values", ()):
        error["value"] = LEFT_OUT
        for frame in (error.get("stacktrace") or {}).get("frames", ()):
            frame.pop("vars", None)
    return left


def start(dsn: str, *, release: str, **options: Any) -> None:
    """Begin to report. `options` go to sentry_sdk.init."""
    sentry_sdk.init(
        dsn=dsn,
        release=release,
        before_send=scrubbed,
        before_send_transaction=lambda _event, _hint: None,
        include_local_variables=False,
        max_breadcrumbs=0,
        max_request_body_size="never",
        traces_sample_rate=0,
        auto_session_tracking=False,
        **options,
    )
