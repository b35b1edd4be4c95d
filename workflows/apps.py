"""The Django app of `workflows`."""

from django.apps import AppConfig


class WorkflowsConfig(AppConfig):
    name = "workflows"
    label = "workflows"
    verbose_name = "Review processes"

    def ready(self):
        from workflows import (  # noqa: F401, PLC0415 - register jobs and clock
            batch,
            deadlines,
            family,
            lists,
            moving,
            running,
            seasons,
            seen,
            webhooks,
        )

        seasons.register()
        from workflows.appointments import actions as offers  # noqa: F401, PLC0415 - and these
        from workflows.appointments import clockwork  # noqa: F401, PLC0415 - and this
        from workflows.rehearsal import decided, keeping, offered, ticked, timed, usual  # noqa: F401, PLC0415 - what rehearsals are made of
        from workflows.reviews import actions, reminders, scoreclauses  # noqa: F401, PLC0415 - the same

        from . import demo_actions, draw_clock, offer_actions, offer_clock, personal, releases  # noqa: F401, PLC0415 - the same
