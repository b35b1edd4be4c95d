"""The Django app of `imports`."""

from django.apps import AppConfig


class ImportsConfig(AppConfig):
    name = "imports"
    label = "imports"

    def ready(self) -> None:
        from . import jobs, retention, rosters  # noqa: F401, PLC0415 - they register themselves
