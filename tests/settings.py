"""The hub's settings for its tests: the same file, with a throw-away folder and no waiting.

Names of databases and folders come from where this clone lies, so that two clones on one machine
never meet. HUB_TEST_BACKEND=services puts PostgreSQL and Redis under test (tests/run.py sets it).
"""

import hashlib
import os
import tempfile
from pathlib import Path

CLONE = hashlib.sha256(str(Path(__file__).resolve().parent.parent).encode()).hexdigest()[:8]
WORKER = os.environ.get("PYTEST_XDIST_WORKER", "gw0")
ON_SERVICES = os.environ.get("HUB_TEST_BACKEND") == "services"
TEST_FOLDER = Path(tempfile.gettempdir()) / f"hub-test-{CLONE}{'-services' if ON_SERVICES else ''}"

for name in ("SITE_URL", "EMAIL_URL", "S3_URL", "DEMO", "PORT", "SECRET_KEY", "ALLOWED_HOSTS"):
    os.environ.pop(name, None)
# Playwright keeps an event loop in the thread of the tests; nothing of ours runs in it.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
os.environ["DATA_DIR"] = str(TEST_FOLDER / WORKER)
if ON_SERVICES:
    os.environ["DATABASE_URL"] = os.environ.get(
        "TEST_DATABASE_URL", "postgres://postgres@127.0.0.1:5432/postgres"
    )
    os.environ["REDIS_URL"] = os.environ.get("TEST_REDIS_URL", "redis://127.0.0.1:6379/15")
else:
    os.environ.pop("DATABASE_URL", None)
    os.environ.pop("REDIS_URL", None)

from cms.settings import *  # noqa: E402, F403
from cms.settings import CACHES, DATA_DIR, DATABASES, HUEY, STORAGES  # noqa: E402

DATABASES["default"]["TEST"] = {
    "NAME": f"test_hub_{CLONE}" if ON_SERVICES else str(DATA_DIR / "test.sqlite3")
}
DATABASES["default"]["CONN_MAX_AGE"] = 0
CACHES["default"]["KEY_PREFIX"] = f"hub-test-{CLONE}-{WORKER}"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
TWO_STEP_SIGN_IN = False  # tests/test_cms_signin.py turns it on
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
HUEY = HUEY | {"immediate": True, "name": f"hub-test-{CLONE}-{WORKER}"}
TASKS = {"default": {"BACKEND": "django_tasks.backends.immediate.ImmediateBackend"}}
STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
