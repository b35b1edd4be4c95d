# ruff: noqa: ANN001, ANN201 - the signatures, and their types, are those of base.FieldType
"""The file question: what may be sent. What a file is, its bytes say (forms.filechecks).

The field checks, makes pictures anew and asks the scanner; keeping the bytes is forms.attachments,
which writes an Attachment row and private storage. An answer holds the keys of those rows.
"""

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from forms import films
from forms.filechecks import KINDS, RefusedFileError, WrongKindError
from forms.incoming import taken_in
from forms.widgets import Files

from .base import FieldType, field_type, lower_first

DEFAULT_KINDS = ("pdf", "jpg", "png")
USUAL_MEGABYTES, MAX_MEGABYTES, MAX_FILES = 10, 50, 5
GRACE_SECONDS = 5  # a camera never stops on the second


class FilesField(forms.Field):
    """New uploads, checked; `kept` is how many are there already.

    Cleans to a list of forms.incoming.Incoming.
    """

    def __init__(self, *, kinds, megabytes, most, minutes=None, **kwargs):
        endings = [f".{ending}" for kind in kinds for ending in KINDS[kind].endings]
        attrs = {"accept": ",".join(endings), "multiple": most > 1}  # Django's default is several
        super().__init__(widget=Files(attrs), **kwargs)
        self.kinds, self.megabytes, self.most = kinds, megabytes, most
        self.minutes = minutes
        self.kept = 0

    def clean(self, value):
        uploads = [upload for upload in value or [] if upload or upload.name]
        if not uploads:
            if self.required and not self.kept:
                raise ValidationError(self.error_messages["required"], code="required")
            return []
        if len(uploads) > self.most:
            words = ngettext("Select one file", "Select %(n)s files or fewer", self.most)
            raise ValidationError(words % {"n": self.most}, code="many")
        if self.most > 1 and self.kept + len(uploads) > self.most:
            raise ValidationError(
                ngettext(
                    "You can send %(n)s file. Remove the one you have sent first",
                    "You can send %(n)s files, with those you have sent. Remove one first",
                    self.most,
                )
                % {"n": self.most},
                code="many",
            )
        return [self._checked(upload) for upload in uploads]

    def _checked(self, upload):
        if not upload.size:
            raise ValidationError(_("The selected file is empty"), code="empty")
        if upload.size > self.megabytes * 1_048_576:
            raise ValidationError(
                _("The selected file must be smaller than %(n)sMB") % {"n": self.megabytes},
                code="big",
            )
        try:
            found = taken_in(upload, self.kinds)
            self._check_length(found)
        except WrongKindError:
            names = " or ".join(KINDS[kind].label for kind in self.kinds)
            raise ValidationError(
                _("The selected file must be a %(kinds)s") % {"kinds": names}, code="type"
            ) from None
        except RefusedFileError as refused:
            raise ValidationError(str(refused), code="refused") from None
        return found

    def _check_length(self, found):
        if not self.minutes or found.content_type not in films.TYPES:
            return
        if films.seconds(found.file) > self.minutes * 60 + GRACE_SECONDS:
            raise ValidationError(
                ngettext(
                    "The selected film must not be longer than %(n)s minute",
                    "The selected film must not be longer than %(n)s minutes",
                    self.minutes,
                )
                % {"n": self.minutes},
                code="long",
            )


@field_type("file")
class File(FieldType):
    is_shared = False
    label = "File"
    group = "Files"
    settings_schema = {
        "types": {"type": "array", "items": {"enum": list(KINDS)}},
        "max_mb": {"type": "integer", "minimum": 1, "maximum": MAX_MEGABYTES},
        "max_files": {"type": "integer", "minimum": 1, "maximum": MAX_FILES},
        "max_minutes": {"type": "integer", "minimum": 1, "maximum": films.MOST_MINUTES},
    }

    def required_message(self, question):
        return question["settings"].get("error") or (
            f"Select a file for {lower_first(question['label'])}"
        )

    def field(self, question):
        own = question["settings"]
        megabytes = own.get("max_mb") or USUAL_MEGABYTES
        kinds = list(own.get("types") or DEFAULT_KINDS)
        most = own.get("max_files") or 1
        names = ", ".join(KINDS[kind].label for kind in kinds)
        options = self.field_options(question)
        limits = f"{names}. Up to {megabytes}MB a file."
        if most > 1:
            limits += f" You can add up to {most} files."
        if own.get("max_minutes"):
            limits += f" Up to {own['max_minutes']} minutes."
        options["help_text"] = f"{options['help_text']} {limits}".strip()
        return FilesField(
            kinds=kinds,
            megabytes=megabytes,
            most=most,
            minutes=own.get("max_minutes"),
            **options,
        )

    def lines(self, question, value):
        return [f"{kept['name']} ({size_in_words(kept['size'])})" for kept in value or []]

    def example(self, question):
        return [{"id": 0, "name": "example.pdf", "size": 1024}]


def size_in_words(size: int) -> str:
    return f"{size / 1_048_576:.1f} MB" if size >= 1_048_576 else f"{max(size // 1024, 1)} KB"
