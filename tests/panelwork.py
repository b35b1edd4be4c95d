"""A small scored workflow, its panel and its cases, for tests of reviews."""

import copy
import itertools

from django.contrib.auth import get_user_model

from cms.roles import grant
from tests.casework import run_until_over
from workflows.compile import publish
from workflows.engine import open_case, perform
from workflows.models import ReviewRound
from workflows.reviews import scoring
from workflows.reviews.scoring import Sheet

RUBRIC = {
    "key": "audition",
    "name": "Audition",
    "criteria": [
        {
            "key": "tone",
            "name": "Tone",
            "guidance": "Listen from the back.",
            "weight": 3,
            "min": 0,
            "max": 10,
            "points": {"0": "Not yet", "10": "Sings"},
        },
        {"key": "rhythm", "name": "Rhythm", "weight": 1, "min": 1, "max": 5},
    ],
    "recommendations": [{"key": "yes", "label": "Offer"}, {"key": "no", "label": "Not now"}],
}
PANEL = {
    "slug": "panel",
    "title": "Auditions",
    "stages": [
        {
            "key": "new",
            "staff_name": "New",
            "kind": "open",
            "start": True,
            "roles": ["ensembles_manager"],
            "buttons": [
                {
                    "key": "score",
                    "label": "To the panel",
                    "to": "panel",
                    "actions": [{"type": "start_review"}],
                }
            ],
        },
        {
            "key": "panel",
            "staff_name": "Panel",
            "kind": "review",
            "roles": ["ensembles_manager"],
            "remind_after_days": 14,
            "review": {
                "rubric": "audition",
                "scorers": ["panellist"],
                "needed": 2,
                "due_days": 7,
                "hide": ["name", "contact", "personal", "files", "reviewers"],
            },
            "buttons": [
                {
                    "key": "offer",
                    "label": "Offer",
                    "to": "offered",
                    "show_if": {
                        "match": "all",
                        "clauses": [{"score": "total", "op": "at_least", "value": 60}],
                    },
                },
                {"key": "no", "label": "Not now", "to": "not_now"},
            ],
        },
        {"key": "offered", "staff_name": "Offered", "kind": "final"},
        {"key": "not_now", "staff_name": "Not now", "kind": "final", "outcome": "unsuccessful"},
    ],
    "rubrics": [RUBRIC],
}
numbers = itertools.count(1)


def changed(**review):
    """The same workflow, scored otherwise."""
    data = copy.deepcopy(PANEL)
    data["stages"][1]["review"] |= review
    return data


def a_user(name, *roles, **more):
    first, _space, last = name.partition(" ")
    user = get_user_model().objects.create_user(
        name.lower().replace(" ", "."),
        email=f"{name.lower().replace(' ', '.')}@example.org",
        first_name=first,
        last_name=last,
        **more,
    )
    for role in roles:
        grant(user, role)
    return user


def a_case(subject, title="One audition", **more):
    return open_case(
        workflow_slug="panel",
        subject=subject,
        title=title,
        reference=f"AU-{next(numbers):04}",
        contact_name="Wilhelmina Featherstone",
        contact_email="featherstone@example.org",
        **more,
    )


def to_the_panel(case, by):
    """Press the button and let its action run; the round that it began."""
    run_until_over(perform(case.pk, "score", by=by))
    case.refresh_from_db()
    return ReviewRound.objects.get(case=case)


def sheet(tone=8, rhythm=4, recommendation="yes", **more):
    return Sheet({"tone": tone, "rhythm": rhythm}, {}, recommendation, **more)


def submitted(review, *, tone=8, rhythm=4, **more):
    return scoring.submit(
        review.pk, sheet(tone, rhythm, **more), by=review.reviewer, rev=review.rev
    )


def a_panel(data=PANEL, number=3):
    """The published workflow, its officer and its panel."""
    publish(data)
    officer = a_user("Enid Manager", "ensembles_manager")
    names = ("Pat Alto", "Pia Bass", "Pola Cello", "Per Drum")[:number]
    return officer, [a_user(name, "panellist") for name in names]
