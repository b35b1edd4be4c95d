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
