"""Each variable of the contract decides what it says it decides."""

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from django.db import connection

from tests.settings import ON_SERVICES

ROOT = Path(__file__).resolve().parent.parent
ASK = """
import json, django
from django.conf import settings as s
print(json.dumps({name: getattr(s, name, None) for name in %r}, default=str))
"""


def settings_with(tmp_path, names, **environment):
    """The named settings of a fresh process that has only these variables set."""
    base = {k: v for k, v in os.environ.items() if k in {"PATH", "HOME", "LANG"}}
    base |= {"DJANGO_SETTINGS_MODULE": "cms.settings", "DATA_DIR": str(tmp_path)}
    answer = subprocess.run(
        [sys.executable, "-c", ASK % (names,)],
        cwd=ROOT,
        env=base | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 0, answer.stderr[-800:]
    return json.loads(answer.stdout)


def test_nothing_set_is_an_embedded_hub(tmp_path):
    names = ["DATABASES", "HUEY", "CACHES", "SITE_URL", "EMAIL_BACKEND", "DEBUG", "MEDIA_ROOT"]
    found = settings_with(tmp_path, names)

    database = found["DATABASES"]["default"]
    assert database["ENGINE"] == "django.db.backends.sqlite3"
    assert database["NAME"] == str(tmp_path / "hub.sqlite3")
    assert database["OPTIONS"]["transaction_mode"] == "IMMEDIATE"
    assert "synchronous=FULL" in database["OPTIONS"]["init_command"]
    assert found["HUEY"]["huey_class"] == "huey.SqliteHuey"
    assert found["HUEY"]["immediate"] is False
    assert found["SITE_URL"] == "http://127.0.0.1:8000"
    assert found["EMAIL_BACKEND"] == "cms.mailbackend.EmlFileBackend"
    assert found["DEBUG"] is False
    assert found["MEDIA_ROOT"] == str(tmp_path / "media")


def test_database_url_and_redis_url_move_both_to_services(tmp_path):
    found = settings_with(
        tmp_path,
        ["DATABASES", "HUEY", "CACHES"],
        DATABASE_URL="postgres://hub@db.example.org/hub",
        REDIS_URL="redis://cache.example.org:6379/2",
    )

    assert found["DATABASES"]["default"]["ENGINE"] == "django.db.backends.postgresql"
    assert "transaction_mode" not in found["DATABASES"]["default"].get("OPTIONS", {})
    assert found["HUEY"]["huey_class"] == "huey.RedisHuey"
    assert found["HUEY"]["connection"] == {"url": "redis://cache.example.org:6379/2"}
    assert found["CACHES"]["default"]["BACKEND"] == "cms.rediscache.SharedRedisCache"


@pytest.mark.skipif(not ON_SERVICES, reason="SQLite has no other host to lose")
def test_a_host_that_is_gone_does_not_keep_what_it_locked(db):
    with connection.cursor() as cursor:
        cursor.execute("SHOW idle_in_transaction_session_timeout")
        assert cursor.fetchone() == ("30s",)


def test_email_url_names_the_mail_server(tmp_path):
    found = settings_with(
        tmp_path,
        ["EMAIL_BACKEND", "EMAIL_HOST", "EMAIL_PORT"],
        EMAIL_URL="smtp://mail.example.org:2525",
    )

    assert found == {
        "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "EMAIL_HOST": "mail.example.org",
        "EMAIL_PORT": 2525,
    }


def test_port_moves_the_default_address(tmp_path):
    assert settings_with(tmp_path, ["SITE_URL"], PORT="8123") == {
        "SITE_URL": "http://127.0.0.1:8123"
    }


def test_an_https_address_makes_cookies_and_redirects_safe(tmp_path):
    names = [
        "SESSION_COOKIE_SECURE", "CSRF_COOKIE_SECURE", "SESSION_COOKIE_NAME", "SECURE_SSL_REDIRECT",
        "SECURE_HSTS_SECONDS", "WAGTAILADMIN_BASE_URL", "CSRF_TRUSTED_ORIGINS", "ALLOWED_HOSTS",
    ]  # fmt: skip
    assert settings_with(tmp_path, names, SITE_URL="https://hub.example.org/") == {
        "SESSION_COOKIE_SECURE": True,
        "CSRF_COOKIE_SECURE": True,
        "SESSION_COOKIE_NAME": "__Host-sessionid",
        "SECURE_SSL_REDIRECT": True,
        "SECURE_HSTS_SECONDS": 31536000,
        "WAGTAILADMIN_BASE_URL": "https://hub.example.org",
        "CSRF_TRUSTED_ORIGINS": ["https://hub.example.org"],
        "ALLOWED_HOSTS": ["hub.example.org", "127.0.0.1", "localhost", "[::1]"],
    }


@pytest.mark.parametrize("address", ["hub.example.org", "ftp://hub.example.org", "https://"])
def test_half_an_address_is_refused_with_a_sentence(tmp_path, address):
    with pytest.raises(AssertionError, match="SITE_URL must be a whole address"):
        settings_with(tmp_path, ["SITE_URL"], SITE_URL=address)


def test_the_secret_is_made_once_and_readable_by_its_owner_only(tmp_path):
    first = settings_with(tmp_path, ["SECRET_KEY"])
    again = settings_with(tmp_path, ["SECRET_KEY"])

    assert first == again
    assert len(first["SECRET_KEY"]) >= 50
    assert stat.S_IMODE((tmp_path / ".secret").stat().st_mode) == 0o600


def test_private_files_are_kept_apart_from_public_ones(tmp_path):
    found = settings_with(tmp_path, ["STORAGES", "MEDIA_ROOT"])

    private = found["STORAGES"]["private"]["OPTIONS"]
    assert private["base_url"] is None
    assert not private["location"].startswith(found["MEDIA_ROOT"])


def test_s3_url_moves_both_kinds_of_file_under_two_policies(tmp_path):
    found = settings_with(
        tmp_path,
        ["STORAGES"],
        S3_URL="s3://key:se%2Fcret@store.example.org:9000/hub?insecure=1&region=eu-west-2",
    )["STORAGES"]

    public, private = found["default"]["OPTIONS"], found["private"]["OPTIONS"]
    assert found["default"]["BACKEND"] == "storages.backends.s3.S3Storage"
    assert public["endpoint_url"] == "http://store.example.org:9000"
    assert (public["bucket_name"], public["location"], public["querystring_auth"]) == (
        "hub", "public", False,
    )  # fmt: skip
    assert (private["location"], private["querystring_auth"]) == ("private", True)
    # Signed for the region, as every region since 2014 wants it.
    assert (private["region_name"], private["signature_version"]) == ("eu-west-2", "s3v4")
    assert private["secret_key"] == "se/cret"


def test_no_setting_asks_another_host_for_anything(tmp_path):
    names = [
        "WAGTAIL_GRAVATAR_PROVIDER_URL",
        "WAGTAIL_ENABLE_UPDATE_CHECK",
        "WAGTAIL_ENABLE_WHATS_NEW_BANNER",
    ]
    assert settings_with(tmp_path, names) == dict.fromkeys(names, None) | {
        "WAGTAIL_ENABLE_UPDATE_CHECK": False,
        "WAGTAIL_ENABLE_WHATS_NEW_BANNER": False,
    }


def test_wagtails_own_background_work_runs_on_our_consumer(tmp_path):
    tasks = settings_with(tmp_path, ["TASKS"])["TASKS"]["default"]

    assert tasks == {
        "BACKEND": "huey.contrib.djhuey.tasks_backend.HueyBackend",
        "ENQUEUE_ON_COMMIT": True,
    }


def test_backups_go_where_the_environment_says(tmp_path):
    assert settings_with(tmp_path, ["BACKUP_DIR", "BACKUP_KEEP_DAYS"]) == {
        "BACKUP_DIR": str(tmp_path / "backups"),
        "BACKUP_KEEP_DAYS": 14,
    }
    elsewhere = tmp_path / "elsewhere"
    found = settings_with(tmp_path, ["BACKUP_DIR"], BACKUP_DIR=str(elsewhere))
    assert found == {"BACKUP_DIR": str(elsewhere)}


def test_more_languages_are_offered_by_their_codes(tmp_path):
    names = ["LANGUAGES", "WAGTAIL_CONTENT_LANGUAGES"]
    usual = [["en-gb", "English"], ["cy", "Cymraeg"], ["pl", "Polski"]]

    found = settings_with(tmp_path, names, MORE_LANGUAGES="uk,ro")

    assert found["LANGUAGES"] == [*usual, ["uk", "Українська"], ["ro", "Română"]]
    assert found["WAGTAIL_CONTENT_LANGUAGES"] == found["LANGUAGES"]
    assert settings_with(tmp_path, names)["LANGUAGES"] == usual
    for code in ("ar", "xx"):
        with pytest.raises(AssertionError, match="is no language that is written from left"):
            settings_with(tmp_path, names, MORE_LANGUAGES=code)
