"""The kernel's Django app."""

from django.apps import AppConfig


class CmsConfig(AppConfig):
    name = "cms"
    label = "cms"
    verbose_name = "Music hub"

    def ready(self):
        from cms import checks  # noqa: F401, PLC0415 - registers the system checks
