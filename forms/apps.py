"""The Django app of `forms`."""

from django.apps import AppConfig


class FormsConfig(AppConfig):
    name = "forms"
    label = "hub_forms"
