"""The forms through which pictures and documents come in, wherever Wagtail shows one of them."""

from pathlib import PurePath

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.base import File
from wagtail.documents.forms import BaseDocumentForm
from wagtail.images.fields import WagtailImageField
from wagtail.images.forms import BaseImageForm

from cms import cleandocuments, cleanpictures


class PictureFormField(WagtailImageField):
    """What a picture is, its bytes say: one under the name of another kind gets its own name."""

    def to_python(self, data: File | None) -> File | None:
        file = forms.FileField.to_python(self, data)
        if file is None:
            return None
        name = cleandocuments.plain_name(file.name)
        if PurePath(name).suffix.lstrip(".").lower() not in self.allowed_image_extensions:
            code = "invalid_image_extension"
            raise ValidationError(self.error_messages[code], code=code)
        self.check_image_file_size(file)
        return cleanpictures.cleaned(file, name)


class PictureForm(BaseImageForm):
    """Says what is wrong with a picture while somebody is there to read it."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        usual = self.fields.get("file")
        if usual is not None:
            self.fields["file"] = PictureFormField(
                label=usual.label, required=usual.required, widget=usual.widget
            )


class DocumentForm(BaseDocumentForm):
    def clean_file(self) -> File:
        file = self.cleaned_data["file"]
        if "file" in self.changed_data:
            file.name = cleandocuments.plain_name(file.name)
            cleandocuments.check(file, file.name)
        return file
