"""Until when an offer can be answered, and when its family is reminded. Pure; London time.

Hours are counted on the wall: an offer of a day that is made at three ends at three, also when the
clocks change between; never sooner than so many real hours. An end at night or on a quiet day
would help nobody: it moves to the next working day. Which hours and days those are, the pool says.
"""

from datetime import date, datetime, time, timedelta

from cms.clock import LONDON, UTC

from .offermodels import Pool


def answer_by(pool: Pool, made_at: datetime, hours: int | None = None) -> datetime:
    """The end of an offer that is made now, in UTC, to the minute."""
    hours = hours or pool.window_hours
    wall = made_at.astimezone(LONDON).replace(tzinfo=None) + timedelta(hours=hours)
    ends = max(_london(wall), made_at.astimezone(UTC) + timedelta(hours=hours))
    return _kindly(pool, _up_to_the_minute(ends))


def end_of_day(day: date) -> datetime:
    """The last minute of that London day."""
    return _london(datetime.combine(day, time(23, 59)))


def half_time(made_at: datetime, ends: datetime) -> datetime:
    """When the reminder goes."""
    return made_at + (ends - made_at) / 2


def _london(wall: datetime) -> datetime:
    """A time on the wall as UTC. fold=0: the first of two, or the hour after none."""
    return wall.replace(tzinfo=LONDON, fold=0).astimezone(UTC)


def _up_to_the_minute(moment: datetime) -> datetime:
    """A letter says minutes: never less than it says."""
    whole = moment.replace(second=0, microsecond=0)
    return whole if whole == moment else whole + timedelta(minutes=1)


def _kindly(pool: Pool, ends: datetime) -> datetime:
    wall = ends.astimezone(LONDON)
    day, clock = wall.date(), wall.time()
    too_early, too_late = clock < pool.quiet_until, clock > pool.quiet_from
    if not (too_early or too_late or day.weekday() in pool.quiet_days):
        return ends
    working = set(pool.working_days) - set(pool.quiet_days)
    if not working:
        return ends
    if not too_early or day.weekday() not in working:
        day += timedelta(days=1)
    while day.weekday() not in working:
        day += timedelta(days=1)
    return max(ends, _london(datetime.combine(day, pool.ends_at)))
