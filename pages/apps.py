"""The Django app of `pages`."""

from django.apps import AppConfig


class PagesConfig(AppConfig):
    name = "pages"
    label = "pages"

    def ready(self):
        from wagtail.models import get_page_models  # noqa: PLC0415 - models, once they are there
        from wagtail.signals import post_page_move  # noqa: PLC0415

        from cms import pagecache  # noqa: PLC0415
        from pages import models  # noqa: PLC0415

        pagecache.watch(
            *get_page_models(),
            models.ContactCard,
            models.KeyFigure,
            models.Logo,
            models.NewsCategory,
            models.Notice,
            models.Question,
            models.Theme,
        )
        post_page_move.connect(pagecache.content_changed, dispatch_uid="stamp-page-move")
