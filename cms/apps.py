"""The kernel's Django app."""

from django.apps import AppConfig, apps
from django.db.models.signals import post_migrate


class CmsConfig(AppConfig):
    name = "cms"
    label = "cms"
    verbose_name = "Music hub"

    def ready(self):
        from cms import checks  # noqa: F401, PLC0415 - registers the system checks

        _watch_what_pages_show()

        # Permissions of all apps exist only after the last app's turn.
        last = [app for app in apps.get_app_configs() if app.models_module][-1]
        post_migrate.connect(_sync_roles, sender=last, dispatch_uid="cms.sync_roles")


def _watch_what_pages_show():
    from wagtail.models import Site  # noqa: PLC0415 - models, once they are there

    from cms import models, pagecache  # noqa: PLC0415

    pagecache.watch(
        models.Area,
        models.CentreDate,
        models.Course,
        models.CourseDate,
        models.Ensemble,
        models.EnsembleSection,
        models.HubDocument,
        models.HubImage,
        models.HubSettings,
        models.MusicCentre,
        models.Partner,
        models.Term,
        Site,
    )


def _sync_roles(**kwargs):
    from cms.roles import sync_roles  # noqa: PLC0415 - needs the models

    sync_roles()
