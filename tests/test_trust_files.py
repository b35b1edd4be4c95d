"""A family's private file, asked for in more than five hundred ways by everybody but those entitled."""

import itertools

import pytest
from django.core.files.storage import storages
from django.test import Client

from forms.models import Attachment
from tests.canaries import book
from tests.folder import AtHome
from tests.journeys import PNG
from tests.test_trust_crawl import EVERYTHING, said, signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def file(centres, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        submission = book(centres["east"])
    return Attachment.objects.get(journey=submission.journey)


def ways(file):
    """Addresses that somebody who guesses, or who once saw it, might try."""
    name, pk, reference = file.file.name, file.pk, file.journey.submission.reference
    folders = ("media/", "media/private/", "documents/", "static/", "private/", "data/private/", "")
    climbs = ("", "../", "../private/", "..%2fprivate%2f", "%2e%2e/private/", "....//private/")
    for folder, climb in itertools.product(folders, climbs):
        yield f"/{folder}{climb}{name}"
    for near in range(max(1, pk - 10), pk + 31):
        yield f"/admin/form-files/{near}/"
        yield f"/family/{reference}/file/{near}/"
        yield f"/documents/{near}/{name.rpartition('/')[2]}"
        yield f"/admin/images/{near}/preview/original/"


def test_nobody_gets_a_byte_of_it(centres, file):
    other = AtHome("other.family@example.org")
    other.sign_in()
    visitors = {
        "anonymous": Client(),
        "another centre": signed_in("west", *EVERYTHING, centre=centres["west"]),
        "an editor": signed_in("comms", "comms_editor", "comms_lead"),
        "a panellist": signed_in("panel", "panellist"),
        "another family": other.browser.client,
    }
    tried, got = 0, []
    with storages["private"].open(file.file.name) as stored:
        content = stored.read()
    for (who, client), path in itertools.product(visitors.items(), ways(file)):
        tried += 1
        response = client.get(path)
        body = b"".join(response) if response.streaming else response.content
        if content in body or PNG in body or file.name.encode() in body:
            got.append((who, path))

    assert got == []
    assert tried >= 500


def test_whoever_is_entitled_does_get_it(centres, file):
    client = signed_in("east", *EVERYTHING, "remission_officer", centre=centres["east"])

    response = client.get(f"/admin/form-files/{file.pk}/")

    assert response.status_code == 200
    assert "attachment" in response["Content-Disposition"]
    assert "default-src 'none'" in said(response)
