"""The kernel's Django app."""

from django.apps import AppConfig, apps
from django.conf import settings
from django.db.models.signals import post_migrate


class CmsConfig(AppConfig):
    name = "cms"
    label = "cms"
    verbose_name = "Music hub"

    def ready(self):
        from cms import accounts, bounces, checks, models, sandbox  # noqa: F401, PLC0415 - a letter, the system checks
        from cms.backup import nightly as backups  # noqa: F401, PLC0415 - promise themselves
        from cms.erasing import kernel  # noqa: F401, PLC0415 - its stores
        from cms.money import endings, letters, online, refunds, reminders  # noqa: F401, PLC0415
        from cms.money import help as helping  # noqa: F401, PLC0415
        from cms.operations import nightly  # noqa: F401, PLC0415 - each night
        from cms.partners import night  # noqa: F401, PLC0415 - letters, and the nightly look

        sandbox.watch(models.Job, models.OutboxMessage)

        _watch_what_pages_show()
        _report_to_the_operator()

        # Permissions of all apps exist only after the last app's turn.
        last = [app for app in apps.get_app_configs() if app.models_module][-1]
        post_migrate.connect(_sync_roles, sender=last, dispatch_uid="cms.sync_roles")


def _watch_what_pages_show():
    from wagtail.models import Site  # noqa: PLC0415 - models, once they are there

    from cms import models, pagecache  # noqa: PLC0415

    pagecache.watch(
        models.AddOn,
        models.Area,
        models.Award,
        models.Board,
        models.BoardMeeting,
        models.BoardSeat,
        models.CentreDate,
        models.Course,
        models.CourseDate,
        models.CourseSession,
        models.Ensemble,
        models.EnsembleSection,
        models.GoverningText,
        models.GoverningVersion,
        models.HubDocument,
        models.HubImage,
        models.HubSettings,
        models.Instrument,
        models.MusicCentre,
        models.Partner,
        models.RefundStep,
        models.Term,
        Site,
    )


def _report_to_the_operator():
    if settings.METRICS_TOKEN:
        from cms import keptfirst  # noqa: PLC0415 - they need the models
        from cms.operations import metrics  # noqa: PLC0415

        keptfirst.readers.append(metrics.count_kept)
    if settings.SENTRY_DSN:
        from cms.operations import sentry  # noqa: PLC0415 - only where somebody listens

        sentry.start(settings.SENTRY_DSN, release=settings.RELEASE)


def _sync_roles(**kwargs):
    from cms.roles import sync_roles  # noqa: PLC0415 - needs the models

    sync_roles()
