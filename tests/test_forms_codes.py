"""Codes that make a form cheaper: looked up, counted, ended, and said to nobody."""

import copy
from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone
from wagtail.models import ModelLogEntry

from cms.models import OutboxMessage
from forms import submissions
from forms.models import FormDefinition, Journey, PriceCode, PriceCodeUse, Submission
from tests.formrace import SHORT
from tests.journeys import Family, publish_form
from tests.test_cms_scoping import staff

pytestmark = pytest.mark.django_db

CODE = "HARVEST26"


@pytest.fixture
def code(db):
    form = copy.deepcopy(SHORT) | {"slug": "coded"}
    form["pricing"] = {
        "codes": {"question": "code"},
        "items": [{"key": "fee", "label": "Fee", "pence": 2000}],
    }
    form["steps"][0] |= {
        "key": "money",
        "questions": [{"key": "code", "type": "code", "label": "Code"}],
    }
    version = publish_form(form)
    return PriceCode.objects.create(form=version.form, name="Harvest", code=CODE, percent=25)


def at_check(typed=CODE):
    family = Family(form="coded")
    family.start()
    family.answer({"code": typed})
    family.answer({"email": "rowan@example.org"})
    return family


def shown(family):
    return family.page.soup.select_one("[data-price]").get_text()


def test_a_code_makes_it_cheaper_however_it_is_typed_and_is_shown_to_nobody(code, caplog):
    family = at_check("harvest-26 ")
    assert shown(family) == "£15"
    assert "Your code" in family.page.text
    family.send()
    submission = Submission.objects.get()

    assert submission.price["pence"] == 1500
    assert PriceCodeUse.objects.get().submission == submission
    said = f"{family.page.text} {submission.case_sections()} {caplog.text}"
    said += " ".join(OutboxMessage.objects.values_list("text", flat=True))
    assert CODE not in said


@pytest.mark.parametrize(
    "change",
    [
        {"uses": 0},
        {"valid_from": timezone.localdate() + timedelta(days=1)},
        {"valid_until": timezone.localdate() - timedelta(days=1)},
        {"code": "OTHERCODE"},
    ],
)
def test_a_code_that_cannot_be_used_is_said_to_be_unknown(code, change):
    PriceCode.objects.update(**change)
    family = Family(form="coded")
    family.start()
    family.post({"code": CODE})

    assert family.page.status == 422
    assert family.page.errors == [
        "We do not know this code, or it can no longer be used. Check it, or leave it"
    ]


def test_a_code_of_another_form_is_unknown(code):
    other = FormDefinition.objects.create(slug="other", title="Other")
    PriceCode.objects.update(form=other)
    family = Family(form="coded")
    family.start()
    assert family.post({"code": CODE}).status == 422


def test_a_code_that_was_used_up_meanwhile_is_shown_before_anything_is_sent(code):
    PriceCode.objects.update(uses=1)
    first, second = at_check(), at_check()
    first.send()
    second.send()

    assert second.page.status == 409
    assert shown(second) == "£20"
    assert PriceCodeUse.objects.count() == 1
    second.send()
    assert sorted(s.price["pence"] for s in Submission.objects.all()) == [1500, 2000]


def test_sending_twice_counts_one_use(code):
    family = at_check()
    journey = Journey.objects.get()
    submissions.submit(journey)
    submissions.submit(journey)
    assert PriceCodeUse.objects.count() == 1
    assert family


def test_the_database_itself_refuses_one_use_too_many(code):
    PriceCodeUse.objects.create(code=code, number=1)
    with pytest.raises(IntegrityError), transaction.atomic():
        PriceCodeUse.objects.create(code=code, number=1)


def test_codes_cannot_be_guessed_for_long(code):
    family = Family(form="coded")
    family.start()
    page = family.page
    answers = []
    for turn in range(9):
        family.page = page
        answers.append(family.post({"code": f"GUESS{turn}X"}).status)

    assert answers == [422] * 8 + [429]


@pytest.mark.parametrize(
    "given",
    [
        {"percent": 10, "pence": 100},
        {},
        {"percent": 10, "code": "AB-1"},
        {"percent": 10, "valid_from": "2026-02-02", "valid_until": "2026-02-01"},
    ],
)
def test_a_code_that_means_nothing_is_not_made(code, given):
    wanted = {"form": code.form, "name": "New", "code": "SPRING-2027", **given}
    with pytest.raises(ValidationError):
        PriceCode(**wanted).full_clean()


def test_staff_make_codes_and_neither_list_nor_history_says_them(code, client):
    client.force_login(staff("bea", "bookings"))
    sent = {"form": code.form.pk, "name": "Spring", "code": "spring-2027", "percent": "10"}
    answer = client.post(reverse("price-codes:add"), sent)

    assert answer.status_code == 302, answer.context["form"].errors
    assert PriceCode.objects.get(name="Spring").code == "SPRING2027"
    page = client.get(reverse("price-codes:index")).content.decode()
    assert "Harvest" in page
    assert CODE not in page
    assert "SPRING2027" not in page
    assert "SPRING" not in " ".join(ModelLogEntry.objects.values_list("label", flat=True))


def test_who_may_not_make_forms_may_not_see_codes(code, client):
    client.force_login(staff("cia", "centre_admin"))
    assert client.get(reverse("price-codes:index")).status_code == 302
