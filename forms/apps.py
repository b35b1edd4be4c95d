"""The Django app of `forms`."""

from django.apps import AppConfig


class FormsConfig(AppConfig):
    name = "forms"
    label = "hub_forms"

    def ready(self) -> None:
        """Register the hub's own question types."""
        from . import field_types  # noqa: F401, PLC0415 - they read models of cms
