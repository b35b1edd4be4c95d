"""A recording for one child's family alone: a private file and a link that ends.

Of the link only a hash is kept, so nobody can look it up, not even the office; sharing again makes
a new one. Only where the family has said that songs may be recorded. Each opening is written down.
"""

from datetime import timedelta

from django.core.files.base import File
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from cms import audit
from cms.mailmarkup import site_link
from cms.models import User
from cms.secrecy import hashed, new_token
from forms.models import SharedSong
from forms.running import roll, words

LASTS = timedelta(days=30)
MAX_BYTES = 60 * 1024 * 1024
#: What a sound file begins with, and what it is then called.
SOUNDS = (
    (0, b"ID3", "audio/mpeg", "mp3"),
    (0, b"\xff\xfb", "audio/mpeg", "mp3"),
    (0, b"\xff\xf3", "audio/mpeg", "mp3"),
    (0, b"OggS", "audio/ogg", "ogg"),
    (0, b"fLaC", "audio/flac", "flac"),
    (4, b"ftyp", "audio/mp4", "m4a"),
    (8, b"WAVE", "audio/wav", "wav"),
)
ENDINGS = {kind: ending for _at, _mark, kind, ending in SOUNDS}


class SongError(Exception):
    """It cannot be shared. The message is a sentence for staff."""


def kind_of(file: File) -> str:
    """What kind of sound its bytes say it is. Raises SongError."""
    head = file.read(16)
    file.seek(0)
    for at, mark, kind, _ending in SOUNDS:
        if head[at : at + len(mark)] == mark:
            return kind
    raise SongError(_("Choose a sound file: MP3, M4A, WAV, OGG or FLAC."))


def share(child: roll.Child | None, file: File | None, *, title: str, by: User) -> SharedSong:
    """Keep the file and write to the family, in one transaction. Raises SongError."""
    if child is None or file is None:
        raise SongError(_("Choose a child and a file."))
    if child.submission is None:
        raise SongError(_("This child has no booking here, so there is nobody to write to."))
    date = child.place.course_date
    if not child.chose(roll.plan_of(date.course_id).songs):
        raise SongError(_("This family has not said that songs may be recorded."))
    if file.size > MAX_BYTES:
        raise SongError(_("The file is larger than 60 MB."))
    kind, token = kind_of(file), new_token()
    now = timezone.now()
    with transaction.atomic():
        song = SharedSong(
            place=child.place,
            title=title.strip()[:120] or _("Song"),
            content_type=kind,
            size=file.size,
            token_hash=hashed(token),
            shared_at=now,
            expires_at=now + LASTS,
            actor_name=str(by)[:160],
        )
        song.file.save("song", file, save=False)
        song.save()
        until = timezone.localtime(song.expires_at)
        letter = words.write(
            words.SONG,
            child.submission,
            date,
            key=f"song-{song.pk}",
            link=site_link(f"/songs/{token}/"),
            until=f"{until.day} {until:%B %Y}",
        )
        if letter is None:
            raise SongError(_("This booking has no e-mail address to write to."))
        audit.record(by, "add", song, {"place": child.place.pk})
    return song


def withdraw(song: SharedSong, *, by: User) -> None:
    """End the link at once and delete the file."""
    with transaction.atomic():
        song.withdrawn_at = timezone.now()
        song.save(update_fields=["withdrawn_at"])
        audit.record(by, "delete", song)
    song.file.delete(save=True)


def by_link(token: str) -> SharedSong | None:
    """The song that a link opens now, or None."""
    songs = SharedSong.objects.select_related("place__course_date__course")
    return songs.filter(SharedSong.live(), token_hash=hashed(token)).first()
