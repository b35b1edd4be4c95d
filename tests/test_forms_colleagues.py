"""A colleague's link to one section: what it opens, what it never opens, and who wins a page."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from cms.models import OutboxMessage
from forms import colleagues
from forms.models import Journey, SectionInvite
from tests.journeys import Family, publish_form
from tests.test_forms_retention import run
from tests.test_forms_tasklist import FORM, text

pytestmark = pytest.mark.django_db

SECRET = "Quillback Trust"
SECTIONS = {
    **FORM,
    "steps": [
        *FORM["steps"][:3],
        {"key": "about", "title": "About", "questions": [text("story"), text("aims")]},
        *FORM["steps"][3:],
    ],
}


@pytest.fixture
def family():
    publish_form(SECTIONS)
    family = Family(form="partner")
    family.start()
    family.go("offer/")
    family.answer({"offer": SECRET})
    return family


@pytest.fixture
def journey(family):
    return Journey.objects.get()


def ask(family, section="about", email="sam@example.org", **more):
    given = {"section": section, "name": "Sam Reed", "email": email, "by": "Robin Otter", **more}
    return send(family, given)


def send(family, given):
    page = family.go("colleagues/")
    token = page.soup.find("input", {"name": "csrfmiddlewaretoken"})["value"]
    return family.browser.post(page.path, given | {"csrfmiddlewaretoken": token})


def link(email="sam@example.org"):
    """The address in the last letter to a colleague."""
    letter = OutboxMessage.objects.filter(to=email).order_by("-pk").first()
    return re.search(r"/section/[\w-]{43}/", letter.text).group()


def marks(page):
    return dict(re.findall(r'name="(rev|asked)" value="([^"]*)"', page.content.decode()))


def write(client, address, **answers):
    return client.post(address, marks(client.get(address)) | answers)


def test_a_colleague_writes_their_section_for_weeks_and_the_owner_sees_it(family, journey):
    assert ask(family).status == 303
    address, colleague = link(), Client()

    page = colleague.get(address)
    assert page.status_code == 200
    assert "no-store" in page["Cache-Control"]
    assert "About" in page.content.decode()
    assert SECRET not in page.content.decode()
    assert write(colleague, address, story="We began", aims="To sing").status_code == 303
    assert "This section is saved" in colleague.get(f"{address}?saved=1").content.decode()
    assert write(Client(), address, story="We began in 2001", aims="To sing").status_code == 303
    journey.refresh_from_db()
    assert journey.answers["story"] == "We began in 2001"
    assert journey.answers["offer"] == SECRET
    family.go("colleagues/")
    assert "Last saved on" in family.page.text


def test_the_link_opens_nothing_else(family, journey):
    ask(family)
    address, colleague = link(), Client()
    colleague.get(address)
    base = f"/apply/partner/{journey.key}/"
    for step in ("", "offer/", "organisation/", "tasks/", "check/", "colleagues/", "save/",
                 "submit/", "done/", "about/", "board/1/"):  # fmt: skip
        for method in (colleague.get, colleague.post):
            answer = method(base + step)
            assert answer.status_code in (403, 404, 405), (step, answer.status_code)
            assert SECRET not in answer.content.decode()
    for path in (f"{address}offer/", f"{address}1/", f"/resume{address[8:]}"):
        answer = colleague.get(path)
        assert answer.status_code in (303, 404), path
        assert SECRET not in answer.content.decode()
    # What is posted beside the section's own questions is not theirs to answer.
    page = colleague.get(address)
    stolen = {"offer": "Mine", "email": "x@example.org", "step": "offer"}
    own = {"story": "a", "aims": "b", "asked": "story,aims,offer,email"}
    colleague.post(address, marks(page) | own | stolen)
    journey.refresh_from_db()
    assert journey.answers["offer"] == SECRET
    assert "email" not in journey.answers


def test_two_who_write_one_section_at_once_do_not_overwrite_each_other(family, journey):
    ask(family)
    ask(family, email="kit@example.org")
    sam, kit = link(), link("kit@example.org")
    slow = Client()
    page = slow.get(kit)
    write(Client(), sam, story="Sam's", aims="Sam's aims")

    mine = {"story": "Kit's", "aims": "Kit's aims"}
    answer = slow.post(kit, marks(page) | mine)

    assert answer.status_code == 409
    assert "Sam&#x27;s aims" in answer.content.decode()
    assert "Kit&#x27;s aims" in answer.content.decode()
    journey.refresh_from_db()
    assert journey.answers["story"] == "Sam's"
    assert slow.post(kit, marks(page) | mine | {"autosave": "1"}).status_code == 409


def test_what_is_written_is_saved_without_a_button(family, journey):
    ask(family)
    address, colleague = link(), Client()
    page = colleague.get(address)

    half = marks(page) | {"story": "Half a", "autosave": "1"}
    answer = colleague.post(address, half)

    assert answer.status_code == 200
    journey.refresh_from_db()
    assert journey.answers["story"] == "Half a"
    assert answer.json()["mark"] == marks(colleague.get(address))["rev"]


def test_sections_of_several_people_stay_beside_each_other(family, journey):
    ask(family)
    ask(family, section="contact", email="kit@example.org")
    one, two = Client(), Client()
    page_one, page_two = one.get(link()), two.get(link("kit@example.org"))

    one.post(link(), marks(page_one) | {"story": "A", "aims": "B"})
    two.post(link("kit@example.org"), marks(page_two) | {"email": "post@example.org"})

    journey.refresh_from_db()
    assert (journey.answers["story"], journey.answers["email"]) == ("A", "post@example.org")


def test_a_link_ends_by_time_by_being_taken_back_and_by_sending(family, journey):
    ask(family)
    address = link()
    invite = SectionInvite.objects.get()
    assert invite.token_hash not in address

    def works():
        return Client().get(address).status_code == 200

    assert works()
    SectionInvite.objects.update(ends_at=timezone.now())
    assert not works()
    SectionInvite.objects.update(ends_at=timezone.now() + timedelta(days=1))
    assert works()
    Journey.objects.update(submitted_at=timezone.now())
    assert not works()
    Journey.objects.update(submitted_at=None)
    send(family, {"take_back": invite.pk})
    assert not works()
    assert Client().post(address, {}).status_code == 404
    assert Client().get("/section/" + "a" * 43 + "/").status_code == 404


def test_asked_again_the_older_link_stops_and_nobody_takes_back_another_forms_link(family):
    ask(family)
    first = link()
    ask(family)
    assert Client().get(first).status_code == 404
    assert Client().get(link()).status_code == 200
    other = Family(form="partner")
    other.start()
    invite = SectionInvite.objects.filter(revoked_at=None).get()
    send(other, {"take_back": invite.pk})
    assert Client().get(link()).status_code == 200


def test_a_section_that_waits_for_another_says_so(family):
    ask(family, section="board")
    assert "not open yet" in Client().get(link()).content.decode()


def test_a_letter_carries_names_and_no_addresses_of_others(family):
    refused = ask(family, by="Win a prize at https://evil.example.org")
    assert refused.status == 422
    assert "Enter a name" in refused.text
    assert ask(family, section="check").status == 422
    assert not SectionInvite.objects.exists()
    ask(family)
    letter = OutboxMessage.objects.get(to="sam@example.org")
    assert SECRET not in letter.subject + letter.text + letter.html


def test_who_was_asked_is_forgotten_once_the_form_is_sent(family, journey):
    ask(family)
    run(colleagues.FORGET, "one")
    assert SectionInvite.objects.count() == 1
    Journey.objects.update(submitted_at=timezone.now())
    run(colleagues.FORGET, "two")
    assert not SectionInvite.objects.exists()
