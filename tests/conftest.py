"""Fixtures that many test files share. Builders of records are in tests/factories.py."""

import shutil

import pytest


def pytest_collection_modifyitems(items):
    """Browser tests are skipped, and counted as skipped, where there is no Chromium."""
    if shutil.which("chromium") or shutil.which("chromium-browser"):
        return
    for item in items:
        if item.get_closest_marker("browser"):
            item.add_marker(pytest.mark.skip(reason="no Chromium on this machine"))


@pytest.fixture(autouse=True, scope="session")
def _let_tests_empty_the_access_log():
    """Tests that commit empty every table afterwards; the access log's own refusal steps aside."""
    from importlib import import_module

    from django.core.management.commands.flush import Command
    from django.db import connections

    triggers = import_module("cms.migrations.0007_audit_append_only")
    flush = Command.handle

    def flush_all(self, **options):
        connection = connections[options["database"]]
        triggers.remove(connection)
        try:
            flush(self, **options)
        finally:
            triggers.install(connection)

    Command.handle = flush_all
    yield
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
