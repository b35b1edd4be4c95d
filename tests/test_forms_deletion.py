"""The officer's button for a family's wish to be deleted: what may go, goes; the rest says why."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.urls import reverse
from django.utils import timezone

from cms.models import AccessLogEntry, CourseDate, OutboxMessage, User
from forms.models import FormDefinition, Submission
from tests.folder import AtHome
from tests.journeys import Family, publish_form
from tests.test_family_own import ADDRESS, booked, submission  # noqa: F401 - a fixture
from tests.test_forms_answers import staff
from workflows.models import Case

pytestmark = pytest.mark.django_db

FREE = {
    "slug": "hello",
    "title": "Say hello",
    "steps": [
        {
            "key": "you",
            "title": "You",
            "questions": [
                {
                    "key": "email",
                    "type": "email",
                    "label": "E-mail",
                    "required": True,
                    "settings": {"role": "contact_email"},
                }
            ],
        }
    ],
}


@pytest.fixture
def wish(submission):  # noqa: F811
    """The family has booked, has said hello too, and now wishes to be deleted."""
    publish_form(FREE)
    hello = Family(form="hello")
    hello.start()
    hello.answer({"email": ADDRESS})
    hello.send()
    home = AtHome(ADDRESS).sign_in()
    home.send(home.get("/family/delete/"), words="")
    return Case.objects.get(version__definition__slug="deletion-request")


@pytest.fixture
def manager():
    return staff("manager", "hub_manager")


def post(client, wish, submissions, **more):
    address = reverse("answers:deletion", args=[wish.pk])
    return client.post(address, {"go": [one.pk for one in submissions], **more}, follow=True)


def test_what_may_go_is_deleted_after_a_second_question(client, manager, wish):
    client.force_login(manager)
    assert "Delete now" in client.get(reverse("cases:case", args=[wish.pk])).text
    page = client.get(reverse("answers:deletion", args=[wish.pk])).text
    assert "Its case is still open" in page
    hello = Submission.objects.get(version__form__slug="hello")
    asked = post(client, wish, [hello]).text
    assert "Delete 1 thing for good?" in asked
    assert Submission.objects.filter(pk=hello.pk).exists()
    assert "1 thing is deleted." in post(client, wish, [hello], sure="1").text
    assert not Submission.objects.filter(pk=hello.pk).exists()
    entry = AccessLogEntry.objects.filter(action="delete").latest("pk")
    assert (entry.actor, entry.record_id) == (str(manager), str(hello.pk))
    assert entry.detail == {"request": wish.reference}


def test_an_open_case_a_place_to_come_and_what_is_held_back_stay(client, manager, wish):
    client.force_login(manager)
    booking = Submission.objects.get(version__form__slug="songwriter-booking")
    everything = list(Submission.objects.all())
    said = post(client, wish, [booking], sure="1").text
    assert "could not be deleted" in said
    case = Case.objects.get(reference=booking.reference)
    case.closed_at, case.stage_key, case.stage_kind = timezone.now(), "confirmed", "final"
    case.save()
    booking.hold_reason = "An incident is looked into"
    booking.save()
    post(client, wish, [booking], sure="1")
    assert Submission.objects.filter(pk__in=[one.pk for one in everything]).count() == 2


def test_what_was_paid_stays_without_a_name(client, manager, wish):
    client.force_login(manager)
    booking = Submission.objects.get(version__form__slug="songwriter-booking")
    Case.objects.filter(reference=booking.reference).update(
        closed_at=timezone.now(), stage_kind="final"
    )
    now = timezone.now()
    CourseDate.objects.update(starts_at=now - timedelta(hours=2), ends_at=now - timedelta(hours=1))
    post(client, wish, [booking], sure="1")
    booking.refresh_from_db()
    assert booking.anonymised_at
    assert booking.price["pence"]
    assert "Wren" not in str(booking.answers) + str(booking.labels)
    about = OutboxMessage.objects.filter(record_type="hub_forms.submission")
    assert not about.filter(record_id=str(booking.pk)).exists()


def test_only_the_entitled_officer_with_the_case_may(client, manager, wish):
    hello = Submission.objects.get(version__form__slug="hello")
    client.force_login(staff("bookings-1", "bookings"))
    assert "Delete now" not in client.get(reverse("cases:case", args=[wish.pk])).text
    post(client, wish, [hello], sure="1")
    unreached = User.objects.create_user("nobody", "nobody@example.org", "a-long-password-1")
    unreached.user_permissions.set(
        Permission.objects.filter(codename__in=["access_admin", "forget_submission", "view_case"])
    )
    client.force_login(unreached)
    assert post(client, wish, [hello], sure="1").status_code == 404
    client.force_login(manager)
    booking = Case.objects.exclude(pk=wish.pk).first()
    assert post(client, booking, [hello], sure="1").status_code == 404
    assert Submission.objects.filter(pk=hello.pk).exists()
    assert FormDefinition.objects.filter(slug="hello").exists()


def test_another_familys_form_is_never_reached(client, manager, wish):
    other = Family(form="hello")
    other.start()
    other.answer({"email": "somebody.else@example.org"})
    other.send()
    theirs = Submission.objects.latest("pk")
    client.force_login(manager)
    post(client, wish, [theirs], sure="1")
    assert Submission.objects.filter(pk=theirs.pk).exists()
