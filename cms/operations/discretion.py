"""Logs that say what happened and where, never to whom.

An exception's own words may quote a row or what somebody typed, and an address may hold the token
of a family's link: of the first only the kind and the frames are logged, of the second the pattern
that it matched. Whatever the hub itself logs must name rows by key alone.
"""

import traceback
from typing import Any

from structlog.stdlib import ProcessorFormatter
from structlog.types import EventDict

LEFT_OUT = "(its words are left out: they may quote somebody)"


def without_words(_logger: Any, _name: str, event: EventDict) -> EventDict:
    """The kind of an exception and the lines that it passed, in place of its message."""
    found = event.pop("exc_info", None)
    if not found:
        return event
    kind, _error, frames = found
    if kind is not None:
        event["exception"] = f"{kind.__name__} {LEFT_OUT}"
        event["frames"] = [
            f"{frame.filename}:{frame.lineno} {frame.name}"
            for frame in traceback.extract_tb(frames)
        ]
    return event


def without_addresses(_logger: Any, _name: str, event: EventDict) -> EventDict:
    """What Django says of a request, with the address's pattern in place of the address."""
    request = getattr(event.get("_record"), "request", None)
    path = getattr(request, "path", "")
    if path:
        event["event"] = event["event"].replace(path, route_of(request))
    return event


def route_of(request: Any) -> str:
    """The pattern that a request matched, such as /resume/<str:token>/; "unmatched" for none."""
    match = getattr(request, "resolver_match", None)
    return f"/{match.route}" if match else "unmatched"


def facts(_logger: Any, _name: str, event: EventDict) -> EventDict:
    """When, how bad, from where, and what a caller gave as `extra={"facts": {...}}`."""
    record = event["_record"]
    given = getattr(record, "facts", {})
    return {
        "at": event.pop("timestamp", ""),
        "level": record.levelname,
        "logger": record.name,
        **event,
        **given,
    }


def as_line(_logger: Any, _name: str, event: EventDict) -> str:
    """For people who read a console."""
    frames = event.pop("frames", [])
    head = " ".join(str(event.pop(key)) for key in ("at", "level", "logger", "event"))
    rest = "".join(f" {key}={value}" for key, value in event.items())
    return "\n    ".join([head + rest, *frames])


def formatter(*, json: bool) -> ProcessorFormatter:
    """What settings.LOGGING formats with: one line, or one JSON object, for each record."""
    from structlog.processors import JSONRenderer, TimeStamper  # noqa: PLC0415 - settings import us

    return ProcessorFormatter(
        processors=[
            TimeStamper(fmt="iso", utc=True),
            without_words,
            without_addresses,
            facts,
            ProcessorFormatter.remove_processors_meta,
            JSONRenderer() if json else as_line,
        ]
    )
