"""What must hold before the hub serves anybody, as Django system checks."""

import sqlite3

from django.conf import settings
from django.core.checks import Error, Tags, Warning, register  # noqa: A004 - Django's own name


@register(Tags.security, deploy=True)
def check_sqlite_is_sound(**kwargs):
    """SQLite before 3.51.3 can, rarely, corrupt a WAL that two processes reset at once."""
    if settings.DATABASES["default"]["ENGINE"] != "django.db.backends.sqlite3":
        return []
    if sqlite3.sqlite_version_info >= (3, 51, 3):
        return []
    return [
        Warning(
            f"SQLite {sqlite3.sqlite_version} has a rare fault in its write-ahead log.",
            hint="Use PostgreSQL for a county, or SQLite 3.51.3 or newer; keep nightly backups.",
            id="cms.W001",
        )
    ]


@register(Tags.security, deploy=True)
def check_real_address(**kwargs):
    """A hub that families use has its own https address."""
    if settings.IS_HTTPS:
        return []
    return [
        Error(
            f"SITE_URL is {settings.SITE_URL}: links in mail and cookies would not be safe.",
            hint="Set SITE_URL to the https address of the hub.",
            id="cms.E001",
        )
    ]
