"""People in a hub of the release before, written as its tables were then."""

from django.db import connection
from django.db.migrations.executor import MigrationExecutor


def fill():
    """Five hundred pupils, each with a guardian and a group."""
    loader = MigrationExecutor(connection).loader
    nodes = [node for node in loader.applied_migrations if node in loader.graph.nodes]
    apps = loader.project_state(nodes).apps
    area = apps.get_model("cms", "Area").objects.create(name="West", slug="west")
    centre = apps.get_model("cms", "MusicCentre").objects.create(
        name="Westbrook", slug="westbrook", area=area, address="1 Lane", postcode="SG4 9UJ"
    )
    group = apps.get_model("cms", "MusicGroup").objects.create(name="Band", centre=centre)
    pupil, guardian = apps.get_model("cms", "Pupil"), apps.get_model("cms", "Guardian")
    enrolment, link = apps.get_model("cms", "Enrolment"), apps.get_model("cms", "PupilGuardian")
    for number in range(500):
        child = pupil.objects.create(legal_first_name="Wren", legal_last_name=f"Upgrade{number}")
        adult = guardian.objects.create(first_name="Rowan", last_name=f"Upgrade{number}")
        link.objects.create(pupil=child, guardian=adult)
        enrolment.objects.create(pupil=child, group=group)
