"""The Django app of `pages`."""

from django.apps import AppConfig


class PagesConfig(AppConfig):
    name = "pages"
    label = "pages"

    def ready(self):
        from wagtail.contrib.redirects.models import Redirect  # noqa: PLC0415 - models, later
        from wagtail.models import (  # noqa: PLC0415
            Locale,
            PageViewRestriction,
            get_page_models,
        )
        from wagtail.signals import post_page_move, published, unpublished  # noqa: PLC0415

        from cms import keptfirst, pagecache  # noqa: PLC0415
        from forms.models import FormDefinition, FormVersion  # noqa: PLC0415

        # Counts, links and what goes out of date have jobs with hours of their own.
        from pages import (  # noqa: PLC0415
            counting,
            counts,  # noqa: F401
            feedback,  # noqa: F401
            handbook,  # noqa: F401
            linkcheck,  # noqa: F401
            milestones,  # noqa: F401
            models,
            personal,  # noqa: F401
            sending,  # noqa: F401
            stale,  # noqa: F401
            subscribing,  # noqa: F401
        )

        pagecache.watch(
            *get_page_models(),
            models.ContactCard,
            models.FeedbackAnswer,
            models.KeyFigure,
            models.Logo,
            models.NewsCategory,
            models.Notice,
            models.Question,
            models.Theme,
            Locale,
            PageViewRestriction,
            Redirect,
            FormVersion,
        )
        # A draft of a form changes no page; a form that opens or closes does (pages.open_forms).
        for signal in (published, unpublished):
            signal.connect(
                pagecache.content_changed, sender=FormDefinition, dispatch_uid="stamp-open-forms"
            )
        post_page_move.connect(pagecache.content_changed, dispatch_uid="stamp-page-move")
        if counting.count_kept not in keptfirst.readers:
            keptfirst.readers.append(counting.count_kept)
