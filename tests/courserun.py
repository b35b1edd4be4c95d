"""A course date with bookings of families, for tests of running it. Times are London's."""

from datetime import datetime, timedelta

from django.contrib.auth import get_user_model
from django.utils import timezone

from cms import places
from cms.clock import LONDON
from cms.models import Place
from cms.roles import grant
from forms import journeys, submissions
from forms.models import TeamMember
from tests.journeys import a_course_date, answers_of_a_family, publish_songwriter

#: The Monday of half-term, the day after the clocks went back.
STARTS = datetime(2026, 10, 26, 10, tzinfo=LONDON)


def set_clock(monkeypatch, moment: str):
    """It is this time in London ("2026-10-26T09:40")."""
    now = datetime.fromisoformat(moment).replace(tzinfo=LONDON)
    monkeypatch.setattr(timezone, "now", lambda: now)
    return now


def half_term_date(reference="SW-WAT-1", *, days=0, **more):
    start = STARTS + timedelta(days=days)
    opens = datetime(2026, 9, 1, 9, tzinfo=LONDON)
    facts = {
        "starts_at": start,
        "ends_at": start.replace(hour=16),
        "booking_opens_at": opens,
        "booking_closes_at": start - timedelta(days=1),
        "minimum_number": 8,
    }
    return a_course_date(reference=reference, **facts | more)


def book(version, date, *, children=1, names=None, extras=None, **more):
    """A family's booking, sent in and confirmed; its submission."""
    answers = answers_of_a_family(date.reference, children=children, **more)
    for item, (first, last, born) in zip(answers["child"], names or [], strict=False):
        item["child_name"] = {"first": first, "last": last}
        item["date_of_birth"] = born
    if extras:
        answers["child"][0]["extras"] = extras
    answers["agreed"] = True
    answers["mobile"] = "+447700900111"
    for step in version.compiled["steps"]:
        items = answers.get(step["key"], []) if step["repeat"] else [answers]
        for item in items:
            for question in step["questions"]:
                item.setdefault(question["key"], None)  # asked, and left empty
    journey = journeys.begin(version, owner="nobody", offering=date)
    journey.answers = answers
    journey.save()
    places.hold(date.pk, holder=journey.holder, children=children)
    if extras:
        places.choose_add_ons(journey.holder, {1: [one["id"] for one in extras]})
    return submissions.submit(journey)


def health(**more):
    return {
        "has_needs": "yes",
        "conditions": "Canaryasthma",
        "goes_home": "collected",
        "may_collect": "Jo Quill, Gran",
        "must_not_collect": "Dale Canaryman",
        **more,
    }


def person(name, *roles, **scope):
    user = get_user_model().objects.create_user(name, email=f"{name}@example.org")
    for role in roles:
        grant(user, role, **scope)
    return user


def team(date):
    """A lead, a helper and a safeguarding lead."""
    lead, helper = person("lena", "course_leader"), person("henry", "course_leader")
    TeamMember.objects.create(course_date=date, user=lead, part="lead")
    TeamMember.objects.create(course_date=date, user=helper, part="helper")
    return lead, helper, person("sadie", "safeguarding_lead")


def place_of(submission, number=1):
    return Place.objects.get(holder=submission.holder, child_number=number, seat__isnull=False)


__all__ = ["a_course_date", "book", "half_term_date", "health", "publish_songwriter", "team"]
