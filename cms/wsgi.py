"""The WSGI entry point that gunicorn loads."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cms.settings")
django_application = get_wsgi_application()

from cms.keptfirst import KeptFirst  # noqa: E402 - it needs what the line above set up

application = KeptFirst(django_application)
