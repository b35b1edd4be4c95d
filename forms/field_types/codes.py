# ruff: noqa: ANN001, ANN201 - the signatures, and their types, are those of base.FieldType
"""The code question: a code that makes the form cheaper (forms.codes)."""

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from .base import FieldType, field_type

UNKNOWN_CODE = "unknown_code"


class CodeField(forms.CharField):
    """Cleans to the code as it is compared; `form_id` says whose codes it may be."""

    form_id = None

    def clean(self, value):
        from forms.codes import find, plain_code  # noqa: PLC0415 - it reads models that read types

        value = super().clean(value)
        if not value:
            return None
        if self.form_id is not None and find(self.form_id, value) is None:
            raise ValidationError(
                _("We do not know this code, or it can no longer be used. Check it, or leave it"),
                code=UNKNOWN_CODE,
            )
        return plain_code(value)


@field_type("code")
class Code(FieldType):
    """The answer is never shown again: whoever reads over a shoulder must not learn it."""

    label = gettext_lazy("Code for a reduction")
    group = "Booking"
    is_shared = False

    def field(self, question):
        attrs = {"autocomplete": "off", "spellcheck": "false", "autocapitalize": "characters"}
        return CodeField(
            max_length=60, widget=forms.TextInput(attrs), **self.field_options(question)
        )

    def prepare(self, field, question, asking):
        field.form_id = asking.form_id

    def lines(self, question, value):
        return [_("A code was given")] if value else []

    def example(self, question):
        return None
