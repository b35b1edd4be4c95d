"""The Django app of `forms`."""

from django.apps import AppConfig


class FormsConfig(AppConfig):
    name = "forms"
    label = "hub_forms"

    def ready(self) -> None:
        """Register the hub's own question types, letters and workflow actions."""
        from . import (  # noqa: F401, PLC0415
            actions,
            asking_actions,
            attachments,
            auditions,
            closures,
            colleagues,
            drawn,
            evidence_later,
            field_types,
            films_gone,
            letter_offers,
            letters,
            loan_actions,
            more_reminders,
            moving,
            notes,
            partner_actions,
            paying,
            personal,
            referee_actions,
            referees,
            rehearsing,
            retention,
            reviewing,
            reviewproof,
            roster_actions,
            scanning,
            training_actions,
            waiting,
        )
        from .answers import export  # noqa: F401, PLC0415
        from .family import links  # noqa: F401, PLC0415
        from .running import calloff, courseletters, forgetting, words  # noqa: F401, PLC0415
