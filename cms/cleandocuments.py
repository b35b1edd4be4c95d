"""Documents on their way in: each must be what its name says, and nothing that runs.

Documents are kept as they are (a changed file would no longer be the one that was signed off), so
what cannot be trusted is refused, with a sentence that says what to do instead.
"""

import io
import re
import unicodedata
import zipfile
from collections.abc import Callable
from pathlib import PurePath

from django.core.exceptions import ValidationError
from django.core.files.base import File
from django.utils.translation import gettext as _

MAX_UNPACKED = 200 * 1024 * 1024
MAX_RATIO, MAX_ENTRIES = 150, 2000
RUNS = re.compile(
    r"\.(exe|com|dll|scr|bat|cmd|ps1|vbs|js|jar|msi|hta|lnk|sh|app|apk|docm|xlsm|pptm|svg|html?)$",
    re.IGNORECASE,
)
MARKUP = re.compile(rb"<\s*(!doctype|html|script|svg|iframe|\?xml|body|head)", re.IGNORECASE)
PDF_RUNS = re.compile(rb"/(JavaScript|JS|Launch|EmbeddedFile|RichMedia|XFA)\b")
INSIDE = {
    "docx": "word/document.xml",
    "xlsx": "xl/workbook.xml",
    "pptx": "ppt/presentation.xml",
    "odt": "content.xml",
    "ods": "content.xml",
}


def plain_name(name: str) -> str:
    """A file name without folders, control signs and signs that turn the reading direction."""
    name = name.replace("\\", "/").rpartition("/")[2]
    kept = "".join(sign for sign in name if unicodedata.category(sign)[0] != "C")
    return kept.strip(". ") or "document"


def check(file: File, name: str) -> None:
    """Raise ValidationError when the content is not what the name says, or could run."""
    suffix = PurePath(name).suffix.lstrip(".").lower()
    file.seek(0)
    content = file.read()
    file.seek(0)
    if not content:
        raise _refused(_("The file is empty. Choose it again, or another one."))
    if suffix in CHECKS:  # the list of kinds that may come in is a setting, and the model's
        CHECKS[suffix](content, suffix)


def _refused(sentence: str) -> ValidationError:
    return ValidationError(sentence, code="refused")


def _not_what_it_says(suffix: str) -> ValidationError:
    return _refused(
        _(
            "This is not a %(kind)s file, although its name says so. "
            "Open it in the program it was made with and save it again."
        )
        % {"kind": suffix.upper()}
    )


def _pdf(content: bytes, suffix: str) -> None:
    if b"%PDF-" not in content[:1024] or MARKUP.search(content[:1024]):
        raise _not_what_it_says(suffix)
    if b"/Encrypt" in content:
        raise _refused(
            _("This PDF asks for a password, so some readers cannot open it. Save it without one.")
        )
    if found := PDF_RUNS.search(content):
        raise _refused(
            _(
                "This PDF holds something that runs or another file (%(what)s). "
                "Print it to a new PDF and choose that one."
            )
            % {"what": found[1].decode()}
        )


def _packed(content: bytes, suffix: str) -> None:
    """Office files and zip archives: nothing in them runs, leads outside or swells."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError):
        raise _not_what_it_says(suffix) from None
    names = {entry.filename for entry in entries}
    if suffix in INSIDE and INSIDE[suffix] not in names:
        raise _not_what_it_says(suffix)
    unpacked = sum(entry.file_size for entry in entries)
    swells = unpacked > max(MAX_RATIO * len(content), 1_000_000)
    if len(entries) > MAX_ENTRIES or unpacked > MAX_UNPACKED or swells:
        raise _refused(_("Unpacked, this file would be far too large. Send fewer things in it."))
    if any("vbaproject" in name.lower() or "/activex/" in name.lower() for name in names):
        raise _refused(_("This file holds macros. Save it without them and choose it again."))
    if suffix == "zip":
        _check_archive(entries)


def _check_archive(entries: list[zipfile.ZipInfo]) -> None:
    for entry in entries:
        name = entry.filename
        if name.startswith(("/", "\\")) or ".." in PurePath(name.replace("\\", "/")).parts:
            raise _refused(_("The archive would write outside its own folder. Pack it again."))
        if entry.flag_bits & 1:
            raise _refused(_("The archive asks for a password. Pack it again without one."))
        if RUNS.search(name):
            raise _refused(
                _("The archive holds “%(name)s”, which could run. Pack it again without that.")
                % {"name": plain_name(name)[:60]}
            )


def _rich_text(content: bytes, suffix: str) -> None:
    if not content.lstrip().startswith(b"{\\rtf"):
        raise _not_what_it_says(suffix)
    if b"\\objdata" in content or b"\\objocx" in content:
        raise _refused(_("This file has another one inside. Take that out and save it again."))


def _text(content: bytes, suffix: str) -> None:
    if b"\0" in content and not content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise _not_what_it_says(suffix)
    if MARKUP.search(content[:2048]):
        raise _refused(
            _("This is a web page under the name of a %(kind)s file. Save it as plain text.")
            % {"kind": suffix.upper()}
        )


CHECKS: dict[str, Callable[[bytes, str], None]] = {
    "pdf": _pdf,
    "rtf": _rich_text,
    "csv": _text,
    "txt": _text,
    **dict.fromkeys(("docx", "xlsx", "pptx", "odt", "ods", "zip"), _packed),
}
