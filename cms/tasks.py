"""What the Huey consumer runs by itself: a sweep at its start and one every minute.

Each is safe to run twice and on two machines at once. Importing this module makes the tasks of
cms.jobs and cms.mail known to the consumer.
"""

import logging

from huey import crontab
from huey.contrib.djhuey import close_db, db_periodic_task, on_startup

from cms import clock, jobs, mail, pictures, places, publishing, throttle

logger = logging.getLogger(__name__)


@on_startup()
@close_db
def take_up_what_was_left() -> None:
    """A consumer that starts finds what the last one had in hand, without waiting a minute."""
    jobs.release_dead_owners()
    jobs.sweep()
    mail.sweep()


@db_periodic_task(crontab(minute="*"))
def every_minute() -> None:
    """Start what the clock says, take up what was left, mark holds that have run out, take
    pictures away whose permission has ended, publish and take down what was scheduled.

    Each part by itself: one that fails must not keep the others from their minute.
    """
    for part in (
        clock.tick,
        jobs.sweep,
        mail.sweep,
        places.lapse_expired,
        pictures.take_away_ended,
        publishing.publish_due,
        throttle.forget_old,
    ):
        try:
            part()
        except Exception as error:  # noqa: BLE001 - said above
            logger.error("%s: %s", part.__qualname__, type(error).__name__)  # noqa: TRY400
