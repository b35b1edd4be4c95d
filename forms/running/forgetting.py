"""What running a course wrote about people, forgotten each night: 30 days after its date.

Who collected a child, what was said about a mark, why a child is in a group, and recordings whose
link has ended. That a child was there, and when, stays with the place, as registers do.
"""

from datetime import timedelta

from django.db.models import TextField, Value
from django.utils import timezone

from cms import clock, jobs
from forms.models import GroupSeat, RegisterLine, RegisterMark, SharedSong

KIND = "forms.forget_running"
KEPT = timedelta(days=30)
BATCH = 500


EMPTY = Value("", TextField())  # not "", which would be sealed like any other words


@jobs.handlers(KIND)
def forget(run: jobs.JobRun) -> None:
    """Everything that is due; of recordings a batch, the rest in the next night."""
    now = timezone.now()
    songs = list(SharedSong.objects.exclude(SharedSong.live()).order_by("pk")[:BATCH])
    for song in songs:
        if song.file:  # the file first: a row without its file is found again, not the reverse
            song.file.storage.delete(song.file.name)
    over = now - KEPT
    with run.finish():
        lines = RegisterLine.objects.filter(place__course_date__ends_at__lt=over)
        lines.exclude(collector=EMPTY).update(collector=EMPTY)
        marks = RegisterMark.objects.filter(line__place__course_date__ends_at__lt=over)
        marks.exclude(collector=EMPTY, words=EMPTY).update(collector=EMPTY, words=EMPTY)
        GroupSeat.objects.filter(place__course_date__ends_at__lt=over).delete()
        SharedSong.objects.filter(pk__in=[song.pk for song in songs]).delete()


clock.daily(KIND, at="03:55")
