"""Daily counts with real web workers: what several processes count adds up, also as they stop."""

import urllib.request

import pytest

from tests.harness import a_hub, at_once, wait_for

BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
READS = 60


def write_every_second() -> None:
    """Patch: do not let the test wait ten seconds."""
    from django.conf import settings

    settings.COUNT_EVERY_SECONDS = 0.5


def write_only_at_the_end() -> None:
    """Patch: nothing is written while the workers run."""
    from django.conf import settings

    settings.COUNT_EVERY_SECONDS = 3600


def read(hub, path="/"):
    request = urllib.request.Request(hub.address + path, headers={"User-Agent": BROWSER})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return answer.status


def counted(hub) -> int:
    rows = hub.sql("SELECT number FROM pages_dailycount WHERE kind = 'page' AND what = '/'")
    return sum(row[0] for row in rows)


@pytest.fixture
def hub(tmp_path):
    with a_hub(tmp_path) as hub:
        yield hub


def test_two_workers_count_each_page_once_and_write_it_down_by_themselves(hub):
    hub.start_web(workers=2, patches=["tests.test_pages_counts_workers:write_every_second"])

    answers = at_once(READS, lambda _turn: read(hub))

    assert set(answers) == {200}
    wait_for(lambda: counted(hub) == READS, 20, "all pages to be counted")


def test_workers_that_are_asked_to_stop_write_down_what_they_have(hub):
    hub.start_web(workers=2, patches=["tests.test_pages_counts_workers:write_only_at_the_end"])
    at_once(READS, lambda _turn: read(hub))
    before = counted(hub)

    hub._web.terminate()
    hub._web.wait(timeout=30)

    assert (before, counted(hub)) == (0, READS)
