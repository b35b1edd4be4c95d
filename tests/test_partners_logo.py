"""A partner's logo: on its card and its page for as long as the partner and the picture allow."""

from datetime import timedelta

import pytest
from django.utils import timezone

from cms.models import Partner
from pages.models import HomePage, PartnerIndexPage
from tests.partnership import a_partner
from tests.test_cms_pictures import make_picture

pytestmark = pytest.mark.django_db


@pytest.fixture
def shown(client):
    """How many pictures of logos stand in the directory and on the page, after a change."""
    HomePage.objects.get().add_child(instance=PartnerIndexPage(title="Partners", slug="partners"))
    partner = a_partner(logo=make_picture(title="Otter logo"))

    def look(**facts):
        Partner.objects.filter(pk=partner.pk).update(**facts)
        pages = [client.get(path) for path in ("/partners/", "/partners/otter-strings/")]
        return [page.content.decode().count('class="partner-logo"') for page in pages]

    look.picture = partner.logo
    return look


def test_a_logo_is_shown_until_its_last_day_and_not_after(shown):
    today = timezone.localdate()
    assert shown() == [1, 1]
    assert shown(logo_until=today) == [1, 1]
    assert shown(logo_until=today - timedelta(days=1)) == [0, 0]
    assert shown(logo_until=None) == [1, 1]
    assert shown(logo=None) == [0, 0]


def test_a_logo_whose_permission_is_withdrawn_is_gone_without_a_placeholder(shown):
    picture = shown.picture
    picture.consent_withdrawn_on = timezone.localdate()
    picture.save()
    assert shown() == [0, 0]
