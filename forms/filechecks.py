"""What a file is, told by its bytes: the kinds that a question may ask for, and what is refused.

The name only has to agree. Pictures are made anew (cms.cleanpictures), so
nothing that a camera or a trickster hid in them survives; a Word document is opened as the zip
that it is, and refused when it is a bomb, carries macros or hides something behind a password.
"""

import re
import zipfile
from dataclasses import dataclass
from pathlib import PurePath

import filetype
from django.core.files import File

DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
HEAD = 8192


@dataclass(frozen=True)
class Kind:
    """A kind of file by its own name, its content types, and the endings that it may have."""

    label: str
    types: tuple[str, ...]
    endings: tuple[str, ...]


#: A telephone sends pictures as HEIC; where a JPEG is welcome they are taken and made one.
HEIC = Kind("picture from an iPhone", ("image/heic", "image/heif"), ("heic", "heif"))
KINDS = {
    "pdf": Kind("PDF", ("application/pdf",), ("pdf",)),
    "jpg": Kind("JPEG picture", ("image/jpeg",), ("jpg", "jpeg", "jfif")),
    "png": Kind("PNG picture", ("image/png",), ("png",)),
    "docx": Kind("Word document", (DOCX,), ("docx",)),
    "mp3": Kind("MP3 recording", ("audio/mpeg",), ("mp3",)),
    "mp4": Kind("MP4 film", ("video/mp4", "video/x-m4v"), ("mp4", "m4v")),
    "mov": Kind("QuickTime film", ("video/quicktime",), ("mov", "qt")),
    "m4a": Kind("M4A recording", ("audio/mp4", "audio/x-m4a", "audio/m4a"), ("m4a", "mp4")),
}

MAX_ENTRIES, MAX_UNPACKED, MAX_RATIO = 2000, 100 * 1024 * 1024, 200
ENCRYPTED = re.compile(rb"/Encrypt\s*(\d+\s+\d+\s+R|<<)")


class RefusedFileError(ValueError):
    """The file is not taken; the message says why and what to do, for whoever sent it."""


class WrongKindError(RefusedFileError):
    """The file is of no kind that was asked for."""


def kind_of(file: File, allowed: list[str]) -> tuple[Kind, str]:
    """The kind among `allowed` that the bytes are, and their content type.

    Raises WrongKindError, and RefusedFileError for one that is harmful or cannot be read.
    """
    file.seek(0)
    head = file.read(HEAD)
    file.seek(0)
    found = DOCX if head[:4] == b"PK\x03\x04" else getattr(filetype.guess(head), "mime", "")
    kinds = [KINDS[name] for name in allowed] + ([HEIC] if "jpg" in allowed else [])
    kind = next((one for one in kinds if found in one.types), None)
    if kind is None or not _ending_agrees(file.name or "", kind):
        raise WrongKindError
    if kind.types == (DOCX,):
        _check_docx(file)
    elif found == "application/pdf":
        _check_pdf(file)
    return kind, found


def _ending_agrees(name: str, kind: Kind) -> bool:
    """A name without an ending agrees with everything; any other has to tell the truth."""
    ending = PurePath(name.strip(" .")).suffix.lstrip(".").lower()
    return not ending or ending in kind.endings


def _check_docx(file: File) -> None:
    """Reads the list of what is inside, and unpacks nothing."""
    try:
        with zipfile.ZipFile(file) as packed:
            inside = packed.infolist()
    except (zipfile.BadZipFile, OSError, ValueError, EOFError, NotImplementedError):
        raise WrongKindError from None
    finally:
        file.seek(0)
    names = {entry.filename for entry in inside}
    if not {"[Content_Types].xml", "word/document.xml"} <= names:
        raise WrongKindError
    unpacked = sum(entry.file_size for entry in inside)
    packed_size = max(1, sum(entry.compress_size for entry in inside))
    if (
        len(inside) > MAX_ENTRIES
        or len(names) < len(inside)
        or unpacked > MAX_UNPACKED
        or unpacked > packed_size * MAX_RATIO
    ):
        raise RefusedFileError(
            "The selected document unpacks to more than we can open. Save it as a PDF and send that"
        )
    if any(entry.flag_bits & 1 for entry in inside):
        raise RefusedFileError(
            "The selected document has a password. Save it without one and send it again"
        )
    if any(name.lower().endswith(("vbaproject.bin", ".exe", ".js", ".vbs")) for name in names):
        raise RefusedFileError(
            "The selected document has macros in it. Save it as a PDF and send that"
        )


def _check_pdf(file: File) -> None:
    """A PDF behind a password can be read by no scanner and no colleague."""
    tail = b""
    for chunk in file.chunks():
        if ENCRYPTED.search(tail + chunk):
            file.seek(0)
            raise RefusedFileError(
                "The selected PDF has a password. Save a copy without one, or send a photo of it"
            )
        tail = chunk[-64:]
    file.seek(0)
