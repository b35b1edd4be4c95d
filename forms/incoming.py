"""A file on its way in: looked at, made anew where it is a picture, scanned. Not kept yet."""

import re
from dataclasses import dataclass
from pathlib import PurePath

from django.core.exceptions import ValidationError
from django.core.files import File
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _

from cms import cleanpictures
from forms import virusscan
from forms.filechecks import RefusedFileError, kind_of

UNSAFE = re.compile(
    r'[\x00-\x1f\x7f-\x9f\\/:*?"<>|\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]+'
)
WAITING, CLEAN, NONE = "waiting", "clean", "none"  # Attachment.Scan
ENDINGS = {"image/jpeg": "jpg", "image/png": "png"}


@dataclass(frozen=True)
class Incoming:
    """What is to be kept: a name to show, the true content type, the bytes, what the scan said."""

    name: str
    content_type: str
    file: File
    size: int
    scan: str


def safe_name(name: str, ending: str = "") -> str:
    """A file's own name as words to show, never as a path: no separators, controls or tricks.

    `ending` is the one that it gets when it has another or none.
    """
    words = " ".join(UNSAFE.sub(" ", name).split()).strip(" .")
    stem, dot, own = words.rpartition(".")
    if not dot:
        stem, own = words, ""
    ending = ending or own[:9]
    stem = stem[:110].strip(" .") or "file"
    return f"{stem}.{ending}" if ending else stem


def taken_in(upload: UploadedFile, allowed: list[str]) -> Incoming:
    """Check one upload against the kinds that a question allows. Raises RefusedFileError."""
    kind, content_type = kind_of(upload, allowed)
    file: File = upload
    if content_type.startswith("image/"):
        file, content_type = _made_anew(upload)
    own = PurePath((upload.name or "").strip(" .")).suffix.lstrip(".").lower()
    ending = ENDINGS.get(content_type, kind.endings[0])
    if own in kind.endings and own not in ("heic", "heif"):
        ending = own
    scan = scanned(file)
    return Incoming(safe_name(upload.name or "", ending), content_type, file, file.size, scan)


def _made_anew(upload: UploadedFile) -> tuple[File, str]:
    """The picture without anything beside it, and what it is now: a HEIC becomes a JPEG."""
    try:
        picture = cleanpictures.cleaned(upload, safe_name(upload.name or ""))
    except ValidationError as problem:
        raise RefusedFileError(" ".join(problem.messages)) from problem
    return picture, "image/png" if picture.name.endswith(".png") else "image/jpeg"


def scanned(file: File) -> str:
    """What the scanner says of a file: clean, waiting (it is down), or none is set up.

    Raises RefusedFileError when it finds something.
    """
    if not virusscan.is_configured():
        return NONE
    file.seek(0)
    try:
        is_clean = virusscan.is_clean(file.chunks())
    except virusscan.ScannerDownError:
        return WAITING
    finally:
        file.seek(0)
    if not is_clean:
        raise RefusedFileError(
            _(
                "The selected file was not taken: our scanner found something harmful in it. "
                "Check your device, then send another copy or a photo"
            )
        )
    return CLEAN
