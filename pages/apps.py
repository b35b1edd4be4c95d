"""The Django app of `pages`."""

from django.apps import AppConfig


class PagesConfig(AppConfig):
    name = "pages"
    label = "pages"
