"""Sheets that packages promise: scores beside last year's, plans, certificates; and leaving fast."""

import json
from datetime import timedelta
from pathlib import Path

import pytest
from django.contrib.auth import get_user_model
from django.test import Client
from django.urls import reverse

from cms.models import AccessLogEntry, Instrument, LoanInstrument, Teacher, Training
from cms.roles import grant
from forms import package, sheets
from forms.models import FormDefinition, Submission
from forms.standins import stand_in
from tests.casework import run_until_over
from tests.folder import AtHome
from tests.journeys import Family
from workflows.engine import perform
from workflows.models import Case

pytestmark = pytest.mark.django_db
PACKAGES = Path(package.__file__).parent / "packages"


def a_case(slug, **answers):
    """A case of a shipped form: its first whole sample, with these answers."""
    package.load(PACKAGES / f"{slug}.json", publish=True)
    version = FormDefinition.objects.get(slug=slug).current_version
    sample = json.loads((PACKAGES / f"{slug}.json").read_text())["samples"][0]["answers"]
    return stand_in(version, {**sample, "email": "robin@example.org", **answers}, title=slug)


def a_user(name, *roles):
    user = get_user_model().objects.create_user(name, email=f"{name}@example.org")
    for role in roles:
        grant(user, role)
    return user


def evaluation(slug="self-evaluation-primary", school="Elm School", **scores):
    return a_case(slug, school={"choice": "other", "name": school}, **scores)


@pytest.mark.parametrize("slug", ["self-evaluation-primary", "self-evaluation-secondary"])
def test_an_evaluation_is_scored_and_compared_with_the_same_schools_last(slug):
    first = evaluation(slug, inc_send=1, lea_plan=3, first_action="Buy drums")
    Submission.objects.filter(reference=first.reference).update(
        submitted_at=first.subject.submitted_at - timedelta(days=365)
    )
    other = evaluation(slug, school="Oak School", inc_send=0)
    case = evaluation(slug, inc_send=3, lea_plan=2)

    card = sheets.scorecard(Submission.objects.get(reference=case.reference))
    lines = {line.label: line for line in card.total.lines}
    changes = sorted(line.change for line in lines.values())
    assert (changes[0], changes[-1], sum(changes)) == (-1, 2, 1)
    assert card.promised == "Buy drums"
    assert all(line.is_low for line in card.plan)
    assert len(card.agenda) == 3
    assert sheets.scorecard(other.subject).before_on is None


def test_family_and_staff_print_it_and_others_do_not(client):
    case = evaluation()
    home, stranger = AtHome("robin@example.org"), AtHome("else@example.org")
    home.sign_in()
    stranger.sign_in()
    address = f"/family/{case.reference}/sheet/"
    page = home.browser.get(address)
    for words in ("Scores", "Action plan", "Agenda for a visit", "Example"):
        assert words in page.text
    assert f'{address}"' in home.browser.get(f"/family/{case.reference}/").soup.decode()
    assert stranger.browser.get(address).status == 404
    assert Client().get(address).status_code in (302, 303, 404)
    desk = reverse("case_sheet", args=[case.pk])
    client.force_login(a_user("mo", "hub_manager"))
    assert "Action plan" in client.get(desk).content.decode()
    assert desk in client.get(reverse("cases:case", args=[case.pk])).content.decode()
    assert AccessLogEntry.objects.filter(detail={"sheet": True}).count() == 1
    client.force_login(a_user("bo", "bookings"))
    assert client.get(desk).status_code == 404


def test_delegates_are_listed_and_get_certificates_once_they_took_part(client):
    people = [{"delegate_name": {"first": n, "last": "Reed"}, "delegate_email": "d@example.org"}
              for n in ("Zoe", "Ann")]  # fmt: skip
    case = a_case("cpd-booking", event="Singing day", delegates=people)
    a_case("cpd-booking", event="singing  day", delegates=people[:1])
    a_case("cpd-booking", event="Another day", delegates=people)
    manager = a_user("mo", "hub_manager")
    client.force_login(manager)
    listed = client.get(reverse("case_sheet", args=[case.pk])).content.decode()
    assert listed.count("Zoe Reed") == 2
    assert listed.count("Ann Reed") == 1
    home = AtHome("robin@example.org")
    home.sign_in()
    address = f"/family/{case.reference}/sheet/"
    assert home.browser.get(address).status == 404
    perform(case.pk, "answer", by=manager, comment="See you")
    assert home.browser.get(address).status == 404
    perform(case.pk, "attended", by=manager)
    page = home.browser.get(address)
    assert page.text.count("Certificate of attendance") == 2
    assert "Singing day" in page.text


def test_a_therapy_referral_is_read_and_moved_by_therapists_alone(client):
    case = a_case("music-therapy-referral", reasons="Quillback reasons")
    therapist = a_user("tess", "therapist")
    client.force_login(therapist)
    address = reverse("cases:case", args=[case.pk])
    assert "Quillback reasons" in client.get(address).content.decode()
    perform(case.pk, "offer", by=therapist, comment="Come on Monday")
    assert Case.objects.get(pk=case.pk).stage_key == "meeting"
    for role in ("bookings", "hub_manager", "centre_admin", "roster_admin", "safeguarding_lead"):
        client.force_login(a_user(role, role))
        assert client.get(address).status_code in (302, 403, 404), role
        for where in ("/admin/cases/?q=Quillback", "/admin/answers/", "/search/?q=reasons"):
            assert "Quillback reasons" not in client.get(where).content.decode()


def test_every_page_of_a_referral_offers_to_leave_and_other_forms_do_not(client):
    package.load(PACKAGES / "music-therapy-referral.json", publish=True)
    package.load(PACKAGES / "contact-us.json", publish=True)
    assert "data-quick-exit" in client.get("/apply/music-therapy-referral/").content.decode()
    family = Family(form="music-therapy-referral")
    step = family.start().soup.decode()
    assert "data-quick-exit" in step
    assert "cms/quick-exit.js" in step
    assert "data-quick-exit" not in client.get("/apply/contact-us/").content.decode()


def test_a_loan_is_kept_in_the_stock_and_comes_back(centres):
    case = a_case("instrument-loan")
    kind, _made = Instrument.objects.get_or_create(slug="cello", defaults={"name": "Cello"})
    facts = {"instrument": kind, "serial_number": "S1", "size": "3/4", "condition": "good"}
    cello = LoanInstrument.objects.create(asset_number="MH-0042", **facts)
    LoanInstrument.objects.create(asset_number="MH-0043", **facts | {"condition": "repair"})
    officer = a_user("bo", "bookings")

    def press(button, comment):
        run_until_over(perform(case.pk, button, by=officer, comment=comment))
        cello.refresh_from_db()

    press("found", "Come on Monday")
    press("lent", "Handed over: MH-0042, with its bow")
    assert cello.lent_on is not None
    assert cello.due_back == cello.lent_on + timedelta(days=330)
    press("returned", "In good order")
    assert (cello.lent_on, cello.due_back, cello.borrower) == (None, None, None)


@pytest.mark.parametrize("words", ["No number", "MH-0042 and MH-0043", "MH-0043"])
def test_nothing_is_lent_that_is_not_named_fit_and_there(centres, words):
    case = a_case("instrument-loan")
    kind, _made = Instrument.objects.get_or_create(slug="cello", defaults={"name": "Cello"})
    LoanInstrument.objects.create(asset_number="MH-0042", instrument=kind)
    LoanInstrument.objects.create(asset_number="MH-0043", instrument=kind, condition="repair")
    officer = a_user("bo", "bookings")
    run_until_over(perform(case.pk, "found", by=officer, comment="Come"))
    event = perform(case.pk, "lent", by=officer, comment=words)
    run_until_over(event)
    assert not LoanInstrument.objects.exclude(lent_on=None).exists()


def test_a_reflection_is_kept_with_the_teacher_who_sent_it():
    teacher = Teacher.objects.create(staff_number="T0001", first_name="Robin", last_name="Example")
    Teacher.objects.create(staff_number="T0002", first_name="Kim", last_name="Other")
    manager = a_user("manager", "hub_manager")

    def keep(**answers):
        case = a_case("cpd-reflection", **answers)
        event = perform(case.pk, "keep", by=manager, comment="Thank you.")
        run_until_over(event)
        return event.runs.get(type="keep_training").state

    first = keep(tried="Drones under a folk tune.", changed="Everybody sang.", next="")
    second = keep(tried="Drones again.", changed="Louder.", next="")
    mistyped = keep(staff_number="T0002", tried="Not my number.")

    assert (first, second, mistyped) == ("done", "done", "failed")
    (kept,) = Training.objects.all()
    assert (kept.teacher, kept.title, kept.held_on.isoformat()) == (
        teacher,
        "Singing with confidence",
        "2026-01-09",
    )
    assert kept.reflection == "Drones again.\n\nLouder."
    logged = AccessLogEntry.objects.filter(record_type="cms.training", user_id=manager.pk)
    assert logged.count() == 2


def test_training_is_read_by_the_hub_manager_and_by_nobody_at_a_centre(client):
    teacher = Teacher.objects.create(staff_number="T0001", first_name="Robin", last_name="Example")
    day = Training.objects.create(
        teacher=teacher, title="Folk", held_on="2026-01-09", reflection="Drones."
    )
    inspect = reverse("cms_training_modeladmin_inspect", args=[day.pk])

    client.force_login(a_user("manager", "hub_manager"))
    assert "Drones." in client.get(inspect).content.decode()
    client.force_login(a_user("safe", "safeguarding_lead"))
    assert client.get(inspect).status_code in {302, 403, 404}


def test_a_referral_to_singing_hides_what_is_said_of_health(client):
    case = a_case("singing-referral", hopes="Quillback breathing")
    address = reverse("cases:case", args=[case.pk])

    client.force_login(a_user("ensembles", "ensembles_manager"))
    assert "Quillback" in client.get(address).content.decode()
    client.force_login(a_user("manager", "hub_manager"))
    assert "Quillback" not in client.get(address).content.decode()
