"""The kernel's Django app."""

from django.apps import AppConfig, apps
from django.db.models.signals import post_migrate


class CmsConfig(AppConfig):
    name = "cms"
    label = "cms"
    verbose_name = "Music hub"

    def ready(self):
        from cms import checks  # noqa: F401, PLC0415 - registers the system checks

        # Permissions of all apps exist only after the last app's turn.
        last = [app for app in apps.get_app_configs() if app.models_module][-1]
        post_migrate.connect(_sync_roles, sender=last, dispatch_uid="cms.sync_roles")


def _sync_roles(**kwargs):
    from cms.roles import sync_roles  # noqa: PLC0415 - needs the models

    sync_roles()
