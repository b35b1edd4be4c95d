"""The Django app of `imports`."""

from django.apps import AppConfig


class ImportsConfig(AppConfig):
    name = "imports"
    label = "imports"

    def ready(self) -> None:
        from cms.backup import other_files  # noqa: PLC0415 - needs the models

        from . import arrivals, jobs, mending, otherrosters, personal, retention, rosters  # noqa: F401, PLC0415 - they register themselves

        other_files.append(("imports.ImportRun", "stored_name", "private"))
