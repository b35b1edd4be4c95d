"""Fixtures that many test files share. Builders of records are in tests/factories.py."""

import shutil
from datetime import UTC, datetime, timedelta

import pytest


def pytest_collection_modifyitems(items):
    """Browser tests are skipped, and counted as skipped, where there is no Chromium."""
    if shutil.which("chromium") or shutil.which("chromium-browser"):
        return
    for item in items:
        if item.get_closest_marker("browser"):
            item.add_marker(pytest.mark.skip(reason="no Chromium on this machine"))


@pytest.fixture(scope="session")
def django_db_setup(django_test_environment, django_db_blocker, django_db_modify_db_settings):
    """Instead of pytest-django's: copies of a migrated database (tests/databases.py)."""
    from django.core.management.commands.flush import Command

    from tests import databases

    flush = Command.handle
    Command.handle = lambda self, **options: databases.restore()
    with django_db_blocker.unblock():
        databases.lay_out()
    yield
    with django_db_blocker.unblock():
        databases.take_away()
    Command.handle = flush


@pytest.fixture(autouse=True, scope="session")
def _static_root():
    """WhiteNoise warns when the folder that collectstatic fills is not there."""
    from django.conf import settings

    settings.STATIC_ROOT.mkdir(parents=True, exist_ok=True)


@pytest.fixture
def centres(db):
    """One centre in each of two areas, by the area's slug."""
    from cms.models import Area, MusicCentre

    west = Area.objects.create(name="West", slug="west")
    east = Area.objects.create(name="East", slug="east")
    return {
        "west": MusicCentre.objects.create(
            name="Westbrook", slug="westbrook", area=west, address="1 Lane", postcode="SG4 9UJ"
        ),
        "east": MusicCentre.objects.create(
            name="Eastfield", slug="eastfield", area=east, address="2 Lane", postcode="SG4 9UJ"
        ),
    }


@pytest.fixture
def version(db):
    """The published workflow of tests/casework.py."""
    from tests.casework import BOOKING
    from workflows.compile import publish

    return publish(BOOKING)


@pytest.fixture
def officer(db):
    """Ada Officer, with the bookings role for the whole hub."""
    from django.contrib.auth import get_user_model

    from cms.roles import grant

    user = get_user_model().objects.create_user("officer", first_name="Ada", last_name="Officer")
    grant(user, "bookings")
    return user


@pytest.fixture(scope="session")
def browser():
    """One Chromium for the whole session."""
    from playwright.sync_api import sync_playwright

    from tests.browser import launch

    with sync_playwright() as playwright:
        chromium = launch(playwright)
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def demo_hub(tmp_path_factory):
    """The demo hub, really served, for looking at: (hub, session key of a superuser)."""
    from tests.browser import fill
    from tests.harness import a_hub

    with a_hub(tmp_path_factory.mktemp("demo")) as hub:
        filled = hub.call(f"{fill.__module__}:{fill.__name__}")
        hub.start_web(workers=1)
        yield hub, filled["session"]


@pytest.fixture(autouse=True)
def _keep_no_pages(settings):
    """Tests look at pages as they are made; those about keeping them switch it on again."""
    settings.PAGE_CACHE_SECONDS = 0


@pytest.fixture(autouse=True)
def _no_window_ends_by_chance(monkeypatch):
    """What is counted against a limit is counted from the test's own start, not the clock's hour."""
    from cms import throttle

    began = datetime.now(UTC)

    def window_end(now, seconds):
        return began + timedelta(seconds=((now - began).total_seconds() // seconds + 1) * seconds)

    monkeypatch.setattr(throttle, "_window_end", window_end)


@pytest.fixture(autouse=True)
def _write_no_counts(settings):
    """No thread writes daily counts beside a test; those about counts write them themselves."""
    settings.COUNT_EVERY_SECONDS = 0
