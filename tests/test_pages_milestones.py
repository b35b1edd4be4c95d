"""Awards are counted from the records, and a round number is told once and names nobody."""

import pytest
from django.contrib.auth import get_user_model
from django.utils import timezone

from cms.models import Award, OutboxMessage, Pupil
from cms.roles import grant
from pages import milestones
from pages.blocks.counters import count
from pages.models import Milestone

pytestmark = pytest.mark.django_db


@pytest.fixture
def pupil():
    return Pupil.objects.create(legal_first_name="Wilhelmina", legal_last_name="Quartz")


@pytest.fixture
def lead():
    user = get_user_model().objects.create_user("lead", email="lead@example.org")
    grant(user, "comms_lead")
    return user


def awards(pupil, number, title="Music Medal"):
    Award.objects.bulk_create(
        [Award(pupil=pupil, title=title, level="Copper") for _ in range(number)]
    )


def test_the_counter_is_the_number_of_records(pupil):
    awards(pupil, 3)
    awards(pupil, 2, "music medals, silver")
    awards(pupil, 4, "Arts Award")

    assert [(str(label), number) for label, number in count(["music_medals"])] == [
        ("Music Medals won", 5)
    ]


def test_a_milestone_is_told_once_to_the_leads_and_names_nobody(pupil, lead):
    milestone = Milestone.objects.create(award="Music Medal", number=4)
    awards(pupil, 3)
    assert not milestones.reach(milestone)

    awards(pupil, 2)
    told = [milestones.reach(milestone) for _ in range(3)]

    milestone.refresh_from_db()
    (letter,) = OutboxMessage.objects.all()
    assert told == [True, False, False]
    assert milestone.reached_on == timezone.localdate()
    assert (letter.to, letter.subject) == ("lead@example.org", "4: Music Medal")
    assert "Wilhelmina" not in letter.text
    assert "there are 5 awards" in letter.text


def test_awards_taken_back_and_won_again_do_not_tell_it_twice(pupil, lead):
    milestone = Milestone.objects.create(award="Music Medal", number=2)
    awards(pupil, 2)
    milestones.reach(milestone)
    Award.objects.all().delete()
    awards(pupil, 2)

    assert not milestones.reach(Milestone.objects.get())
    assert OutboxMessage.objects.count() == 1


def test_the_hourly_job_looks_at_what_is_still_waited_for(pupil, lead):
    from cms import jobs

    Milestone.objects.create(award="Music Medal", number=1)
    Milestone.objects.create(award="Arts Award", number=1)
    awards(pupil, 1)

    jobs.enqueue("pages.milestones", key="m", payload={})
    jobs.sweep()

    assert list(Milestone.objects.values_list("award", "reached_on")) == [
        ("Arts Award", None),
        ("Music Medal", timezone.localdate()),
    ]
