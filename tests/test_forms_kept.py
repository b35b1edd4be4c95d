"""What every page of a journey reads is read once: right after a change, and for nobody else."""

import pytest
from django.db import connection
from wagtail.models import Site

from cms import pagecache
from cms.models import HubSettings
from forms.models import FormVersion
from forms.versions import version_of
from tests.journeys import Family, publish_songwriter
from tests.test_pages_kept import committing, kept  # noqa: F401 - fixtures

pytestmark = pytest.mark.django_db


@pytest.fixture
def family(committing):  # noqa: F811
    with committing():
        publish_songwriter()
        HubSettings.for_site(Site.objects.get(is_default_site=True)).save()
    begun = Family()
    begun.start()
    return begun


def look(family):
    page = family.browser.get(family.page.path)
    assert page.status == 200
    return page.text


def rename(committing):  # noqa: F811
    with committing():
        hub = HubSettings.objects.get()
        hub.hub_name = "Another hub"
        hub.save()


def test_its_frame_says_what_the_hub_is_called_now(family, committing):  # noqa: F811
    assert "Another hub" not in look(family)
    rename(committing)
    assert "Another hub" in look(family)


def test_without_the_stamp_the_frame_would_stay_as_it_was(family, committing, monkeypatch):  # noqa: F811
    look(family)
    number = pagecache.stamp()
    monkeypatch.setattr(pagecache, "stamp", lambda **_: number)
    rename(committing)
    assert "Another hub" not in look(family)


def test_a_version_is_known_by_what_it_holds_not_by_its_number_alone(family):
    version = FormVersion.objects.get()
    assert version_of(version.pk, version.sha256).title == version.title
    with connection.cursor() as cursor:  # as a restore would: another form under the same number
        cursor.execute(
            f"UPDATE {FormVersion._meta.db_table} SET sha256 = %s, compiled = %s WHERE id = %s",
            ["f" * 64, '{"title": "Restored"}', version.pk],
        )
    assert version_of(version.pk, "f" * 64).title == "Restored"
    assert version_of(version.pk, version.sha256).title == version.title
