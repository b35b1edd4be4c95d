"""Settings of the hubs that tests/harness.py starts: the real ones, on the harness's environment.

Only what would cost minutes differs: static files need no manifest, passwords hash quickly.
"""

from cms.settings import *  # noqa: F403
from cms.settings import STORAGES

STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
TWO_STEP_SIGN_IN = False  # tests/test_cms_signin.py turns it on
WHITENOISE_USE_FINDERS = True  # nothing is collected, so served from where it lies
