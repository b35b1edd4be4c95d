"""A hub with a newsletter and many subscribers: for its tests, and inside harness hubs."""

import os
import time
from collections import Counter
from pathlib import Path

from django.conf import settings
from django.utils import timezone

from cms import jobs
from cms.models import Job, OutboxMessage, User
from pages import sending
from pages.models import (
    HomePage,
    NewsletterIndexPage,
    NewsletterIssuePage,
    NewsletterSending,
    Subscriber,
)

MANY = 1200


def an_issue(audience="everyone", **facts):
    home = HomePage.objects.order_by("depth").first()
    index = NewsletterIndexPage.objects.first() or home.add_child(
        instance=NewsletterIndexPage(title="Newsletter", slug="letters-home")
    )
    issue = index.add_child(
        instance=NewsletterIssuePage(
            **{
                "title": "This term",
                "slug": f"issue-{index.numchild}",
                "summary": "What is new.",
                "audience": audience,
                "body": [("paragraph", '<p>Read <a href="/news/">the news</a>.</p>')],
            }
            | facts
        )
    )
    issue.save_revision().publish()
    return issue


def subscribers(number, **wants):
    rows = [
        Subscriber(
            email=f"reader-{n}@example.org",
            confirmed_at=timezone.now(),
            **(wants or {"wants_families": True}),
        )
        for n in range(number)
    ]
    return Subscriber.objects.bulk_create(rows)


def promise_many():
    subscribers(MANY)
    by = User.objects.create_superuser("sender", "sender@example.org", "x")
    return sending.start(an_issue().pk, by=by, expected=MANY).pk


def slow_steps():
    """A patch: time between two steps, so that a kill meets a worker in the middle."""
    whole = jobs.JobRun.chunk

    def chunk(self, **step):
        Path(settings.DATA_DIR, f"where-{os.getpid()}").write_text("between")
        time.sleep(0.2)
        return whole(self, **step)

    jobs.JobRun.chunk = chunk


def tally():
    run = NewsletterSending.objects.get()
    to = Counter(sending.messages_of(run).values_list("to", flat=True))
    return {
        "messages": sum(to.values()),
        "people": len(to),
        "state": Job.objects.get(kind="pages.send_newsletter").state,
        "left": OutboxMessage.objects.filter(state="failed").count(),
    }
