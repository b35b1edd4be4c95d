"""What runs inside harness hubs for the tests of a full disk: builders."""

from cms.models import Instrument, School
from cms.secrecy import new_token
from forms import journeys
from forms.models import Attachment
from tests.journeys import publish_form
from tests.test_forms_files import FORM


def families_with_a_letter(number):
    """So many families at the page that asks for a file: `[[journey path, cookie], ...]`."""
    version = publish_form(FORM)
    found = []
    for _each in range(number):
        owner = new_token()
        journey = journeys.begin(version, owner=owner)
        found.append([f"/apply/evidence/{journey.key}/", owner])
    return found


def schools():
    """What the pupils of tests/roster_files.py go to and play."""
    Instrument.objects.create(name="Violin", slug="violin", family="strings")
    School.objects.create(urn="117137", name="Hill School")


def letters():
    """How many bytes of each attachment can be read; None where its file is gone."""
    found = []
    for attachment in Attachment.objects.order_by("pk"):
        try:
            found.append(len(attachment.file.read()))
        except FileNotFoundError:
            found.append(None)
    return found


def lose_every_file():
    for attachment in Attachment.objects.all():
        attachment.file.storage.delete(attachment.file.name)
