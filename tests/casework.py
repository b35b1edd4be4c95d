"""A small workflow for tests to run cases through."""

import copy

from django.utils import timezone

from cms import jobs
from cms.models import Job
from workflows.running import job_key

BOOKING = {
    "slug": "course-booking",
    "title": "Course booking",
    "stages": [
        {
            "key": "new",
            "staff_name": "New",
            "public_name": "Received",
            "kind": "open",
            "start": True,
            "roles": ["bookings"],
            "remind_after_days": 3,
            "buttons": [
                {
                    "key": "confirm",
                    "label": "Confirm place",
                    "to": "confirmed",
                    "actions": [{"type": "demo", "message": "told"}],
                },
                {
                    "key": "decline",
                    "label": "Decline",
                    "to": "declined",
                    "comment": "required",
                    "roles": ["hub_manager"],
                },
            ],
        },
        {"key": "confirmed", "staff_name": "Confirmed", "kind": "final"},
        {"key": "declined", "staff_name": "Declined", "kind": "final"},
    ],
}


def with_actions(*actions):
    """The same workflow, whose Confirm button sets these off."""
    data = copy.deepcopy(BOOKING)
    data["stages"][0]["buttons"][0]["actions"] = list(actions)
    return data


def run_until_over(event):
    """Ring as the minute's sweep would, as if each wait had passed."""
    key = job_key(event.pk)
    for _ in range(10):
        job = Job.objects.get(key=key)
        if job.state in (Job.State.DONE, Job.State.FAILED):
            break
        Job.objects.filter(key=key).update(not_before=timezone.now())
        jobs.run_job.call_local(job.pk)
    return Job.objects.get(key=key)
