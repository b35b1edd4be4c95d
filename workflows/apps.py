"""The Django app of `workflows`."""

from django.apps import AppConfig


class WorkflowsConfig(AppConfig):
    name = "workflows"
    label = "workflows"
    verbose_name = "Review processes"

    def ready(self):
        from workflows import deadlines, running  # noqa: F401, PLC0415 - register jobs and clock
