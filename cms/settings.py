"""Every setting of the hub, and the environment variable that decides it.

There is one settings file. Nothing set: SQLite, SqliteHuey and files below DATA_DIR.
DATABASE_URL, REDIS_URL, EMAIL_URL and S3_URL move each of them to a service, alone or together.
The variables are a contract (README, "Settings"); tests/test_cms_settings.py holds each of them.
"""

import os
import secrets
import sys
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

import environ
from django.conf.locale import LANG_INFO
from django.core.exceptions import ImproperlyConfigured

from cms.queuefile import QueueConnection

env = environ.Env()

BASE_DIR = Path(__file__).resolve().parent.parent
DATA_DIR = Path(env.str("DATA_DIR", default=str(BASE_DIR / "data"))).resolve()
DATA_DIR.mkdir(parents=True, exist_ok=True, mode=0o700)

PORT = env.int("PORT", default=8000)
SITE_URL = env.str("SITE_URL", default=f"http://127.0.0.1:{PORT}").rstrip("/")
if urlsplit(SITE_URL).scheme not in {"http", "https"} or not urlsplit(SITE_URL).hostname:
    raise ImproperlyConfigured(
        f"SITE_URL must be a whole address such as https://www.example.org, not {SITE_URL!r}."
    )
IS_HTTPS = SITE_URL.startswith("https://")

# Debug pages only ever under runserver: a served hub never shows a traceback.
DEBUG = env.bool("DEBUG", default="runserver" in sys.argv)


def _generated_secret() -> str:
    """The secret of this installation: made once, kept in DATA_DIR, readable by its owner only."""
    path = DATA_DIR / ".secret"
    try:
        handle = path.open("x")
    except FileExistsError:
        return path.read_text().strip()
    with handle:
        path.chmod(0o600)
        handle.write(secrets.token_urlsafe(50))
    return path.read_text().strip()


SECRET_KEY = env.str("SECRET_KEY", default="") or _generated_secret()
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])
ALLOWED_HOSTS = env.list(
    "ALLOWED_HOSTS", default=[urlsplit(SITE_URL).hostname, "127.0.0.1", "localhost", "[::1]"]
)
CSRF_TRUSTED_ORIGINS = [SITE_URL]

INSTALLED_APPS = [
    "cms.apps.CmsConfig",
    "workflows.apps.WorkflowsConfig",
    "forms.apps.FormsConfig",
    "imports.apps.ImportsConfig",
    "pages.apps.PagesConfig",
    "wagtail.contrib.redirects",
    "wagtail.contrib.settings",
    "wagtail.contrib.search_promotions",
    "wagtail.contrib.simple_translation",
    "wagtail.locales",
    "wagtail.embeds",
    "wagtail.sites",
    "wagtail.users",
    "wagtail.snippets",
    "wagtail.documents",
    "wagtail.images",
    "wagtail.search",
    "wagtail.admin",
    "wagtail",
    "wagtail_modeladmin",
    "modelcluster",
    "taggit",
    "import_export",
    "formtools",
    "phonenumber_field",
    "localflavor",
    "django_filters",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "csp",
    "huey.contrib.djhuey",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.humanize",
    "django.contrib.sitemaps",
    "django.contrib.staticfiles",
]

MIDDLEWARE = [
    "cms.operations.requests.RequestMiddleware",
    "pages.counting.CountingMiddleware",
    "cms.keptpages.PageCacheMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "cms.middleware.SecurityHeadersMiddleware",
    "cms.middleware.PolicyMiddleware",
    "cms.middleware.AdminPolicyMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "cms.signin.TwoStepMiddleware",
    "cms.middleware.NoNulMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "wagtail.contrib.redirects.middleware.RedirectMiddleware",
    "cms.middleware.PlainAnswersMiddleware",
]

ROOT_URLCONF = "cms.urls"
WSGI_APPLICATION = "cms.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTH_USER_MODEL = "cms.User"


TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "wagtail.contrib.settings.context_processors.settings",
            ],
        },
    },
]

# --- Database ---------------------------------------------------------------------------------
# SQLite: one writer at a time, told so at BEGIN (IMMEDIATE), so that two writers queue instead of
# failing; FULL, because a place that was confirmed survives a power cut. Never ATOMIC_REQUESTS:
# each GET would take the write lock.
SQLITE_OPTIONS = {
    "transaction_mode": "IMMEDIATE",
    "timeout": 20,
    "init_command": (
        "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA mmap_size=134217728;"
        "PRAGMA journal_size_limit=27103364; PRAGMA cache_size=-8000; PRAGMA foreign_keys=ON;"
    ),
}
DATABASES = {
    "default": env.db_url("DATABASE_URL", default=f"sqlite:///{DATA_DIR / 'hub.sqlite3'}"),
}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    DATABASES["default"].setdefault("OPTIONS", {}).update(SQLITE_OPTIONS)
else:
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
    # A host that is gone in the middle of a booking must not keep its date locked for everybody.
    DATABASES["default"].setdefault("OPTIONS", {}).setdefault(
        "options", "-c idle_in_transaction_session_timeout=30s"
    )
# SQLite too: opening the file reads its whole schema, and the last to close it folds in its log.
DATABASES["default"]["CONN_MAX_AGE"] = 60

# --- Queue and cache --------------------------------------------------------------------------
REDIS_URL = env.str("REDIS_URL", default="")
HUEY = {
    "name": "hub",
    "immediate": False,  # a dict without this follows DEBUG, and then tests never meet a race
    "results": True,  # Wagtail's background tasks read theirs; ours return None
    "utc": True,
    "consumer": {"workers": 2, "worker_type": "thread"},
}
if REDIS_URL:
    HUEY |= {"huey_class": "huey.RedisHuey", "connection": {"url": REDIS_URL}}
    CACHES = {
        "default": {
            "BACKEND": "cms.rediscache.SharedRedisCache",
            "LOCATION": REDIS_URL,
            "KEY_PREFIX": "hub",
        }
    }
else:
    HUEY |= {
        "huey_class": "huey.SqliteHuey",
        "filename": str(DATA_DIR / "huey.sqlite3"),
        "factory": QueueConnection,
    }
    CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}

# Whole public pages are kept so long at most (cms.keptpages); 0 keeps none.
PAGE_CACHE_SECONDS = 60
# Each web process writes down what it has counted so often (pages.counts); 0 never does.
COUNT_EVERY_SECONDS = 10

# Wagtail's own background work (search index, references, files) runs on the same consumer.
TASKS = {
    "default": {
        "BACKEND": "huey.contrib.djhuey.tasks_backend.HueyBackend",
        "ENQUEUE_ON_COMMIT": True,
    }
}

# --- Files ------------------------------------------------------------------------------------
# Three places: static (public, in the release), media (public, made by editors), private
# (answers, rosters, evidence: never below MEDIA_ROOT, served only by views that ask who you are).
STATIC_URL = "/static/"
STATIC_ROOT = DATA_DIR / "static"
STATICFILES_DIRS = []
MEDIA_URL = "/media/"
MEDIA_ROOT = DATA_DIR / "media"
PRIVATE_ROOT = DATA_DIR / "private"
S3_URL = env.str("S3_URL", default="")
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "private": {
        "BACKEND": "cms.privatefiles.PrivateFiles",
        "OPTIONS": {
            "location": str(PRIVATE_ROOT),
            "base_url": None,
            "file_permissions_mode": 0o600,
            "directory_permissions_mode": 0o700,
        },
    },
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
if S3_URL:
    # s3://KEY:SECRET@host[:port]/bucket?region=eu-west-2 - one bucket, two prefixes, two policies.
    # A "/" or "+" in the secret is written %2F or %2B.
    _s3 = urlsplit(S3_URL)
    _s3_asked = dict(parse_qsl(_s3.query))
    _scheme = "http" if _s3_asked.get("insecure") == "1" else "https"
    _s3_options = {
        "access_key": unquote(_s3.username or ""),
        "secret_key": unquote(_s3.password or ""),
        "region_name": _s3_asked.get("region", "us-east-1"),
        "signature_version": "s3v4",
        "bucket_name": _s3.path.strip("/"),
        "endpoint_url": f"{_scheme}://{_s3.hostname}" + (f":{_s3.port}" if _s3.port else ""),
        "file_overwrite": False,
    }
    STORAGES["default"] = {
        "BACKEND": "storages.backends.s3.S3Storage",
        "OPTIONS": _s3_options | {"location": "public", "querystring_auth": False},
    }
    STORAGES["private"] = {
        "BACKEND": "storages.backends.s3.S3Storage",
        "OPTIONS": _s3_options
        | {"location": "private", "querystring_auth": True, "querystring_expire": 60},
    }
FILE_UPLOAD_MAX_MEMORY_SIZE = 1_048_576
DATA_UPLOAD_MAX_MEMORY_SIZE = 2_621_440
DATA_UPLOAD_MAX_NUMBER_FIELDS = 12_000  # the builder posts every block of a long form

# Backups (cms.backup.nightly): better on another disk than DATA_DIR.
BACKUP_DIR = Path(env.str("BACKUP_DIR", default=str(DATA_DIR / "backups"))).resolve()
BACKUP_KEEP_DAYS = env.int("BACKUP_KEEP_DAYS", default=14)

# A virus scanner (clamd) for what families send: unix:///run/clamav/clamd.ctl or tcp://host:3310.
# With one, a file that it has not called clean is not opened.
CLAMAV_URL = env.str("CLAMAV_URL", default="")

# Hosts that rosters may be fetched from by https, separated by commas; none by default.
ROSTER_HOSTS = env.list("ROSTER_HOSTS", default=[])

# --- Mail -------------------------------------------------------------------------------------
EMAIL_URL = env.str("EMAIL_URL", default="")
if EMAIL_URL:
    vars().update(env.email_url_config(EMAIL_URL))
else:
    EMAIL_BACKEND = "cms.mailbackend.EmlFileBackend"
    EMAIL_FILE_PATH = DATA_DIR / "mail"
EMAIL_TIMEOUT = 10
# A Maildir into which reports about letters that came back are delivered: cms.bounces.
BOUNCES_DIR = env.str("BOUNCES_DIR", default="")
DEFAULT_FROM_EMAIL = env.str("FROM_EMAIL", default="Music Hub <hub@example.org>")

# --- Paying by card (cms.money.providers): nobody, stripe, govuk, or test on a demo hub -----------
# DEMO says that nobody real books here: `make run` sets it.
DEMO = env.bool("DEMO", default=False)
PAY_PROVIDER = env.str("PAY_PROVIDER", default="test" if DEMO else "")
if PAY_PROVIDER not in {"", "stripe", "govuk", "test"}:
    raise ImproperlyConfigured("PAY_PROVIDER must be stripe, govuk, test or nothing.")
if PAY_PROVIDER == "test" and not (DEBUG or DEMO):
    raise ImproperlyConfigured("PAY_PROVIDER=test takes no money: only with DEBUG or DEMO.")
STRIPE_SECRET_KEY = env.str("STRIPE_SECRET_KEY", default="")
STRIPE_WEBHOOK_SECRET = env.str("STRIPE_WEBHOOK_SECRET", default="")
STRIPE_API_BASE = env.str("STRIPE_API_BASE", default="https://api.stripe.com")
GOVUK_PAY_KEY = env.str("GOVUK_PAY_KEY", default="")
GOVUK_PAY_WEBHOOK_SECRET = env.str("GOVUK_PAY_WEBHOOK_SECRET", default="")
GOVUK_PAY_URL = env.str(
    "GOVUK_PAY_URL", default="https://publicapi.payments.service.gov.uk"
).rstrip("/")
# How to pay without a card, in words for families: shown on the bill's page.
PAY_BY_BANK = env.str("PAY_BY_BANK", default="")

# --- Telling other systems (workflows.webhooks): nobody, unless named here ------------------------
WEBHOOK_HOSTS = [host.lower() for host in env.list("WEBHOOK_HOSTS", default=[])]
WEBHOOK_SECRET = env.str("WEBHOOK_SECRET", default="")
WEBHOOK_PRIVATE_NETWORKS = env.bool("WEBHOOK_PRIVATE_NETWORKS", default=False)

# Whether the links of the site that lead elsewhere are tried once a week. It asks other hosts.
CHECK_OUTSIDE_LINKS = env.bool("CHECK_OUTSIDE_LINKS", default=False)

# --- Language and time ------------------------------------------------------------------------
LANGUAGE_CODE = "en-gb"
LANGUAGES = [("en-gb", "English"), ("cy", "Cymraeg"), ("pl", "Polski")]
for _code in env.list("MORE_LANGUAGES", default=[]):  # such as uk,ro: offered to comms staff
    if "name_local" not in LANG_INFO.get(_code, {}) or LANG_INFO[_code]["bidi"]:
        raise ImproperlyConfigured(
            f"MORE_LANGUAGES: {_code!r} is no language that is written from left to right."
        )
    LANGUAGES.append((_code, LANG_INFO[_code]["name_local"]))
WAGTAIL_CONTENT_LANGUAGES = LANGUAGES
USE_I18N = True
WAGTAIL_I18N_ENABLED = True
TIME_ZONE = "Europe/London"
USE_TZ = True
DATE_INPUT_FORMATS = ["%d/%m/%Y", "%Y-%m-%d", "%d %B %Y", "%d %b %Y"]  # never month first
FORMAT_MODULE_PATH = None
PHONENUMBER_DEFAULT_REGION = "GB"
PHONENUMBER_DB_FORMAT = "E164"

# --- Wagtail ----------------------------------------------------------------------------------
WAGTAIL_SITE_NAME = "Music Hub"
WAGTAILADMIN_BASE_URL = SITE_URL
WAGTAILIMAGES_IMAGE_MODEL = "cms.HubImage"
WAGTAILDOCS_DOCUMENT_MODEL = "cms.HubDocument"
WAGTAILDOCS_SERVE_METHOD = "serve_view"
WAGTAILDOCS_EXTENSIONS = ["csv", "docx", "odt", "ods", "pdf", "pptx", "rtf", "txt", "xlsx", "zip"]
WAGTAILDOCS_MAX_UPLOAD_SIZE = 20 * 1024 * 1024
WAGTAILDOCS_DOCUMENT_FORM_BASE = "cms.uploads.DocumentForm"
WAGTAILIMAGES_EXTENSIONS = ["avif", "gif", "heic", "jpg", "jpeg", "png", "webp"]
WAGTAILIMAGES_IMAGE_FORM_BASE = "cms.uploads.PictureForm"
WAGTAILIMAGES_MAX_UPLOAD_SIZE = 20 * 1024 * 1024
WAGTAIL_AUTOSAVE_INTERVAL = 2000
WAGTAIL_GRAVATAR_PROVIDER_URL = None  # nothing of ours asks another host for anything
WAGTAIL_ENABLE_UPDATE_CHECK = False
WAGTAIL_ENABLE_WHATS_NEW_BANNER = False
WAGTAIL_ALLOW_UNICODE_SLUGS = False
WAGTAILSEARCH_BACKENDS = {
    "default": {"BACKEND": "wagtail.search.backends.database", "SEARCH_CONFIG": "english"}
}

# --- Sign-in and headers ----------------------------------------------------------------------
LOGIN_URL = "wagtailadmin_login"
# The second step is forced on everybody but the demo's own logins (cms.signin).
TWO_STEP_SIGN_IN = env.bool("TWO_STEP_SIGN_IN", default=True)
ACCOUNT_ADAPTER = "cms.signin.StaffAccountAdapter"
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_RATE_LIMITS = False  # ours are counted in the database, where all workers see them
MFA_ADAPTER = "cms.signin.SealedMFAAdapter"
MFA_ALLOW_UNVERIFIED_EMAIL = True  # staff do not sign up by themselves
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_TOTP_ISSUER = "Music Hub"
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not IS_HTTPS
MFA_FORMS = {
    "authenticate": "cms.signin.CountedForm",
    "reauthenticate": "cms.signin.CountedReauthenticateForm",
}
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
SESSION_COOKIE_AGE = 12 * 3600
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = IS_HTTPS
SESSION_COOKIE_NAME = "__Host-sessionid" if IS_HTTPS else "sessionid"
CSRF_COOKIE_NAME = "__Host-csrftoken" if IS_HTTPS else "csrftoken"
CSRF_FAILURE_VIEW = "cms.views.csrf_failure"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_SSL_REDIRECT = IS_HTTPS
SECURE_HSTS_SECONDS = 31_536_000 if IS_HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = IS_HTTPS
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
if env.bool("BEHIND_PROXY", default=False):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
X_FRAME_OPTIONS = "DENY"  # Wagtail lifts it for its own preview panel

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "object-src": ["'none'"],
        "base-uri": ["'self'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'self'"],
    }
}
# A desk is a page of ours within the admin: nothing of it is inline, so the strict policy holds.
# A view that is built on one of Wagtail's, or is named here, gets the policy of its editor.
DESK_CONTENT_SECURITY_POLICY = {"img-src": ["'self'", "data:", "blob:"]}
EDITOR_MODULES = ("cms.modeladmin.", "forms.builder.")
# Wagtail's editor writes inline scripts and styles; only its own pages may.
ADMIN_CONTENT_SECURITY_POLICY = {
    "script-src": ["'self'", "'unsafe-inline'"],
    "style-src": ["'self'", "'unsafe-inline'"],
    "img-src": ["'self'", "data:", "blob:"],
}
PERMISSIONS_POLICY = {
    "camera": [],
    "display-capture": [],
    "geolocation": [],
    "microphone": [],
    "payment": [],
    "usb": [],
}

# --- Logs: what happened and to which row, never who --------------------------------------------
LOG_JSON = env.str("LOG_FORMAT", default="line") == "json"
LOG_REQUESTS = env.bool("LOG_REQUESTS", default=LOG_JSON)
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"discreet": {"()": "cms.operations.discretion.formatter", "json": LOG_JSON}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "discreet"}},
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", default="INFO")},
    "loggers": {
        "huey": {"level": "WARNING"},
        "wagtail": {"level": "WARNING"},
        "django_tasks": {"level": "WARNING"},
        "django.request": {"level": "ERROR"},
    },
}

# --- Watching it: /metrics answers to the bearer of this token; mistakes go to this Sentry --------
METRICS_TOKEN = env.str("METRICS_TOKEN", default="")
METRICS_DIR = DATA_DIR / "metrics"
if METRICS_TOKEN:
    METRICS_DIR.mkdir(parents=True, exist_ok=True)
    os.environ.setdefault("PROMETHEUS_MULTIPROC_DIR", str(METRICS_DIR))
SENTRY_DSN = env.str("SENTRY_DSN", default="")
RELEASE = env.str("RELEASE", default="")
