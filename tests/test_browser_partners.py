"""Partners' passports and their directory in a real browser, on a phone and on a desk."""

import os

import pytest

from tests.browser import visit
from tests.settings import ON_SERVICES

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(ON_SERVICES, reason="pages look the same on both back ends"),
]
LOOK = os.environ.get("LOOK_AT_PARTNERS")  # a folder for pictures, for whoever wants to look


def furnish() -> dict:
    """A partner with papers, and terms to agree to anew; runs inside a served hub."""
    from datetime import timedelta

    from django.http import HttpResponse
    from django.utils import timezone

    from cms.models import GoverningText, Partner
    from cms.partners import papers, terms
    from cms.secrecy import hashed, new_token
    from forms.family import doors, links
    from forms.models import FamilySession
    from tests.partnership import a_person

    today = timezone.localdate()
    partner = Partner.objects.live().filter(is_lead=False).first()
    a_person(partner)
    a_person(partner, "sam@example.org", may_sign=False)
    papers.give(partner, "policy", dated_on=today - timedelta(days=400))
    papers.give(partner, "dbs", dated_on=today - timedelta(days=320))
    papers.give(partner, "training", dated_on=today - timedelta(days=1200))
    text = GoverningText.objects.create(
        slug="terms", title="Terms of Reference", partners_agree=True
    )
    words = "We meet each term.\nWe send our numbers each year.\nWe keep children safe."
    first = terms.publish(text, words, changes="First words.", in_force_from=today)
    terms.agree(partner, first, name="Robin Otter", sha256=first.sha256)
    new = terms.publish(
        text,
        words.replace("each term", "each half term") + "\nWe renew each year.",
        changes="We meet more often.",
        in_force_from=today,
        agree_by=today + timedelta(days=60),
    )
    token = new_token()
    FamilySession.objects.create(
        token_hash=hashed(token),
        seal=links.seal("robin@example.org"),
        address="robin@example.org",
        ends_at=timezone.now() + links.AT_MOST,
    )
    response = HttpResponse()
    doors.give_cookie(response, token)
    return {
        "cookie": response.cookies[doors.COOKIE].value,
        "slug": partner.slug,
        "version": new.pk,
    }


@pytest.fixture(scope="module")
def furnished(demo_hub):
    hub, _session = demo_hub
    return hub, hub.call(f"{furnish.__module__}:{furnish.__name__}")


@pytest.mark.parametrize(("width", "scheme"), [(375, "light"), (1280, "light"), (1280, "dark")])
def test_every_page_of_the_passport_passes_axe(browser, furnished, width, scheme):
    hub, made = furnished
    base = hub.address
    cookie = {"name": "family", "value": made["cookie"], "url": f"{base}/family/"}
    home = f"/family/partners/{made['slug']}/"
    paths = {
        "passport": home,
        "paper": f"{home}insurance/",
        "agree": f"{home}agree/{made['version']}/",
        "leave": f"{home}leave/",
        "directory": "/hub/partners/",
    }
    found = {}
    for name, path in paths.items():
        with visit(browser, base + path, width=width, scheme=scheme, cookies=[cookie]) as seen:
            found[name] = seen.problems()
            if LOOK:
                picture = f"{LOOK}/{name}-{width}-{scheme}.png"
                seen.page.screenshot(path=picture, full_page=True)

    assert {name: problems for name, problems in found.items() if problems} == {}
