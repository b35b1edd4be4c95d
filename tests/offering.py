"""Dates, groups and cases for tests of offers and lists."""

from workflows import pools
from workflows.compile import publish
from workflows.engine import open_case

WAITING_FLOW = {
    "slug": "waits",
    "title": "Waiting list",
    "stages": [
        {
            "key": "waiting",
            "staff_name": "Waits",
            "public_name": "On the waiting list",
            "kind": "open",
            "start": True,
            "roles": ["bookings"],
            "buttons": [
                {"key": "offer", "label": "Offer", "to": "offered"},
                {"key": "off", "label": "Take off", "to": "gone"},
            ],
        },
        {
            "key": "offered",
            "staff_name": "Offered",
            "public_name": "We offer you a place",
            "kind": "waiting",
            "roles": ["bookings"],
            "remind_after_days": 3,
            "buttons": [
                {"key": "yes", "label": "Accepted", "to": "in"},
                {"key": "no", "label": "Not taken", "to": "gone"},
                {"key": "back", "label": "Waits again", "to": "waiting"},
            ],
        },
        {"key": "in", "staff_name": "In", "public_name": "You have a place", "kind": "final"},
        {"key": "gone", "staff_name": "Gone", "public_name": "Closed", "kind": "final"},
    ],
}
BUTTONS = {
    "offered": "offer",
    "accepted": "yes",
    "declined": "no",
    "lapsed": "no",
    "waiting": "back",
}


def publish_flow():
    return publish(WAITING_FLOW)


def a_case(subject, number=1, *, email=""):
    """A case of the waiting-list process."""
    return open_case(
        workflow_slug="waits",
        subject=subject,
        title=f"Family {number}",
        reference=f"WL26-{number:04}",
        contact_name="Rowan Ashdown",
        contact_email=email or f"family{number}@example.org",
    )


def a_group(seats=1, key="choir"):
    return pools.named_pool(key, name="County Choir, altos", seats=seats)
