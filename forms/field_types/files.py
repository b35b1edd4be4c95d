# ruff: noqa: ANN001, ANN201 - the signatures, and their types, are those of base.FieldType
"""The file question: what may be sent, checked by content and not by name.

The field only checks. Keeping the bytes is forms.attachments, which writes an Attachment row and
private storage; an answer holds the keys of those rows.
"""

import filetype
from django import forms
from django.core.exceptions import ValidationError

from forms.widgets import Files

from .base import FieldType, field_type, lower_first

DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
KINDS = {
    "pdf": ("PDF", ("application/pdf",)),
    "jpg": ("JPEG picture", ("image/jpeg",)),
    "png": ("PNG picture", ("image/png",)),
    "docx": ("Word document", (DOCX,)),
    "mp3": ("MP3 recording", ("audio/mpeg",)),
    "m4a": ("M4A recording", ("audio/mp4", "audio/x-m4a", "audio/m4a")),
}
DEFAULT_KINDS = ("pdf", "jpg", "png")
MAX_MEGABYTES, MAX_FILES = 10, 5


def content_type_of(upload) -> str:
    """What the bytes are, whatever the name says; "" when they are nothing we know."""
    upload.seek(0)
    kind = filetype.guess(upload.read(8192))
    upload.seek(0)
    return kind.mime if kind else ""


class FilesField(forms.Field):
    """New uploads, checked; `kept` is how many are there already."""

    def __init__(self, *, kinds, megabytes, most, **kwargs):
        super().__init__(widget=Files(), **kwargs)
        self.kinds, self.megabytes, self.most = kinds, megabytes, most
        self.kept = 0

    def clean(self, value):
        uploads = [upload for upload in value or [] if upload]
        if not uploads:
            if self.required and not self.kept:
                raise ValidationError(self.error_messages["required"], code="required")
            return []
        if len(uploads) > self.most:
            raise ValidationError(f"Select {self.most} files or fewer", code="many")
        for upload in uploads:
            self._check(upload)
        return uploads

    def _check(self, upload):
        if upload.size > self.megabytes * 1_048_576:
            raise ValidationError(
                f"The selected file must be smaller than {self.megabytes}MB", code="big"
            )
        if not upload.size:
            raise ValidationError("The selected file is empty", code="empty")
        allowed = {mime for kind in self.kinds for mime in KINDS[kind][1]}
        if content_type_of(upload) not in allowed:
            names = " or ".join(KINDS[kind][0] for kind in self.kinds)
            raise ValidationError(f"The selected file must be a {names}", code="type")


@field_type("file")
class File(FieldType):
    label = "File"
    group = "Files"
    settings_schema = {
        "types": {"type": "array", "items": {"enum": list(KINDS)}},
        "max_mb": {"type": "integer", "minimum": 1, "maximum": MAX_MEGABYTES},
        "max_files": {"type": "integer", "minimum": 1, "maximum": MAX_FILES},
    }

    def required_message(self, question):
        return question["settings"].get("error") or (
            f"Select a file for {lower_first(question['label'])}"
        )

    def field(self, question):
        own = question["settings"]
        megabytes = own.get("max_mb") or MAX_MEGABYTES
        kinds = own.get("types") or DEFAULT_KINDS
        names = ", ".join(KINDS[kind][0] for kind in kinds)
        options = self.field_options(question)
        limits = f"{names}. Up to {megabytes}MB a file."
        options["help_text"] = f"{options['help_text']} {limits}".strip()
        return FilesField(
            kinds=kinds, megabytes=megabytes, most=own.get("max_files") or 1, **options
        )

    def lines(self, question, value):
        return [f"{kept['name']} ({size_in_words(kept['size'])})" for kept in value or []]

    def example(self, question):
        return [{"id": 0, "name": "example.pdf", "size": 1024}]


def size_in_words(size: int) -> str:
    return f"{size / 1_048_576:.1f} MB" if size >= 1_048_576 else f"{max(size // 1024, 1)} KB"
