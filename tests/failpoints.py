"""Eight moments of a booking at which a web worker kills itself, kill -9, when it is asked to.

`armed` is a patch (tests/hub_wsgi.py). A test writes the name of a moment into `die-at` in the hub's
folder; the first worker that comes by takes the file away and dies there.
"""

import os
import signal
from pathlib import Path

from django.conf import settings

from cms import throttle
from forms import holding, journeys, pagesaving, paying, submissions

#: name: (module, function, whether it dies before or after it), in the order of a booking.
MOMENTS = {
    "before the places are held": (holding, "_hold", "before"),
    "places held, not committed": (holding, "_hold", "after"),
    "page kept, not answered": (pagesaving, "save_page", "after"),
    "sent, nothing done": (submissions, "submit", "before"),
    "places confirmed, no submission": (paying, "keep_places", "after"),
    "submission written, no case": (submissions, "open_case", "before"),
    "letter promised, not committed": (submissions, "_close", "before"),
    "committed, not answered": (throttle, "counted", "after"),
}


def names():
    return list(MOMENTS)


def armed():
    for name, (module, function, when) in MOMENTS.items():
        setattr(module, function, _deadly(name, getattr(module, function), when))


def _deadly(name, function, when):
    def wrapped(*arguments, **named):
        if when == "before":
            _die_here(name)
        result = function(*arguments, **named)
        if when == "after":
            _die_here(name)
        return result

    return wrapped


def _die_here(name):
    asked = Path(settings.DATA_DIR, "die-at")
    if asked.exists() and asked.read_text() == name:
        asked.unlink()
        os.kill(os.getpid(), signal.SIGKILL)


def two_transactions():
    """A twin: the places are confirmed by themselves, before the rest of the booking."""
    from django.db import transaction

    keep, submit = paying.keep_places, submissions.submit

    def in_two(journey, **named):
        with transaction.atomic():
            keep(journeys.reach(journey.pk), None)
        _die_here("places confirmed, no submission")
        return submit(journey, **named)

    submissions.submit = in_two
    throttle.counted = lambda act, *_given, **_named: act()  # or its transaction would hold both
