"""The Django app of `forms`."""

from django.apps import AppConfig


class FormsConfig(AppConfig):
    name = "forms"
    label = "hub_forms"

    def ready(self) -> None:
        """Register the hub's own question types, letters and workflow actions."""
        from . import actions, field_types, letters, retention  # noqa: F401, PLC0415
