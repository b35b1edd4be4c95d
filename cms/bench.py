"""Measuring ours beside a limit and a peer, by turns, so that a noisy machine cancels out.

Each app registers its cases in a module `benches.py`, which only `manage.py bench` imports. A case
measures on a scratch database that is made for it and removed: never on the hub's own.

    @cases("booking.one_course")
    class OneCourse(Case):
        unit = "places/s"
        def ours(self): ...     # does the work once, checks the result, returns the figure
        def limit(self): ...    # the fastest correct way with the engine itself, or None
        def peer(self): ...     # how another product does it; None when it cannot run here
"""

import os
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median

from django.conf import settings
from django.db import connection, connections

from cms.registry import Registry


class Case:
    """One row of the table. A figure is higher for better unless `lower_is_better`."""

    unit = ""
    runs = 5
    lower_is_better = False

    def prepare(self) -> None:
        """Once, before the first run."""

    def finish(self) -> None:
        """After the last run, also of one that failed: stop what `prepare` started."""

    def ours(self) -> float:
        """Do it our way once; the figure. Raises WrongResultError when the result is not right."""
        raise NotImplementedError

    def limit(self) -> float | None:
        """The same at the limit of the engine."""
        return None

    def peer(self) -> float | None:
        """The same as another product does it."""
        return None


class WrongResultError(AssertionError):
    """A measurement of something that did not work is worth nothing."""


cases: Registry[type[Case]] = Registry("bench case")


@dataclass(frozen=True)
class Row:
    """One measured case, in the shape of bench.json; figures are medians."""

    bench: str
    case: str
    backend: str
    ours: float
    limit: float | None
    peer: float | None
    unit: str
    ratio_to_limit: float | None
    ratio_to_peer: float | None
    runs: int


def measure(key: str, runs: int | None = None) -> Row:
    """Run ours, limit and peer by turns, `runs` times each, and take the medians."""
    case = cases[key]()
    case.prepare()
    number = runs or case.runs
    ways: dict[str, Callable[[], float | None]] = {
        "ours": case.ours,
        "limit": case.limit,
        "peer": case.peer,
    }
    figures: dict[str, list[float]] = {name: [] for name in ways}
    try:
        for _run in range(number):
            for name, way in ways.items():
                figure = way()
                if figure is not None:
                    figures[name].append(figure)
    finally:
        case.finish()
    medians = {name: median(found) if found else None for name, found in figures.items()}
    ours = medians["ours"] or 0.0
    bench, _dot, name = key.partition(".")
    return Row(
        bench=bench,
        case=name,
        backend=connection.vendor,
        ours=round(ours, 2),
        limit=_rounded(medians["limit"]),
        peer=_rounded(medians["peer"]),
        unit=case.unit,
        ratio_to_limit=_ratio(ours, medians["limit"], case.lower_is_better),
        ratio_to_peer=_ratio(ours, medians["peer"], case.lower_is_better),
        runs=number,
    )


def _rounded(figure: float | None) -> float | None:
    return None if figure is None else round(figure, 2)


def _ratio(ours: float, other: float | None, lower_is_better: bool) -> float | None:
    """How good ours is beside the other: above 1 is better, whichever way the figure runs."""
    if not other or not ours:
        return None
    return round(other / ours if lower_is_better else ours / other, 3)


def commit() -> str:
    """The commit that is measured, or "" outside a clone."""
    try:
        found = subprocess.run(
            ["git", "rev-parse", "--short", "HEAD"],  # noqa: S607 - whichever git is installed
            cwd=settings.BASE_DIR,
            capture_output=True,
            text=True,
            check=True,
        )
    except (OSError, subprocess.CalledProcessError):
        return ""
    return found.stdout.strip()


def in_processes(number: int, work: Callable[[int], int]) -> tuple[float, int]:
    """`work(0)` ... `work(number - 1)`, each in a process of its own, starting together.

    Returns the seconds until the last had ended, and the sum of what they returned.
    """
    connections.close_all()
    start = time.time() + 0.2
    pipes = []
    for turn in range(number):
        read, write = os.pipe()
        if os.fork() == 0:
            code = 1
            try:
                connection.ensure_connection()
                time.sleep(max(0.0, start - time.time()))
                os.write(write, str(work(turn)).encode())
                code = 0
            finally:
                os._exit(code)
        os.close(write)
        pipes.append(read)
    total, failed = 0, 0
    for pipe in pipes:
        with os.fdopen(pipe) as answer:
            total += int(answer.read() or 0)
        failed += os.wait()[1] != 0
    if failed:
        raise WrongResultError(f"{failed} of {number} processes failed.")
    return time.time() - start, total
