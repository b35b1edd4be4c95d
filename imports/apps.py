"""The Django app of `imports`."""

from django.apps import AppConfig


class ImportsConfig(AppConfig):
    name = "imports"
    label = "imports"
