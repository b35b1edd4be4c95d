"""One known issue of the accessibility statement, in the parts that the law asks for."""

from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.utils.translation import gettext_lazy as _
from wagtail import blocks
from wagtail.blocks.struct_block import StructBlockValidationError

from .prose import ProseBlock
from .text import PROSE

CRITERION = RegexValidator(
    r"^[1-4]\.[1-5]\.\d{1,2}\b.{0,70}$",
    _("Begin with the number of the criterion, for example: 1.3.1 Info and Relationships."),
)


class AccessIssueBlock(blocks.StructBlock):
    """Something that not everybody can use, with what to do meanwhile and when it is mended."""

    KINDS = [
        ("mend", _("Non-compliance with the accessibility regulations")),
        ("burden", _("Disproportionate burden")),
        ("outside", _("Content that is not within the scope of the accessibility regulations")),
    ]

    summary = blocks.CharBlock(max_length=120, label=_("What does not work"))
    kind = blocks.ChoiceBlock(
        search_index=False, choices=KINDS, default="mend", label=_("Under which heading")
    )
    criterion = blocks.CharBlock(
        max_length=80,
        required=False,
        validators=[CRITERION],
        label=_("WCAG 2.2 criterion"),
        help_text=_("For example: 1.3.1 Info and Relationships."),
    )
    affects = blocks.CharBlock(max_length=200, label=_("Who is affected"), required=False)
    instead = blocks.CharBlock(
        max_length=250,
        required=False,
        label=_("What to do meanwhile"),
        help_text=_("Another page or format, or whom to ask."),
    )
    planned_on = blocks.DateBlock(
        required=False,
        label=_("Mended by"),
        help_text=_("Once this day is over, editors are told each week."),
    )
    text = ProseBlock(features=PROSE, max_length=3000, required=False, label=_("More about it"))

    def clean(self, value: dict) -> dict:
        value = super().clean(value)
        if value.get("kind") == "mend":
            missing = {
                name: ValidationError(_("Say this too: the law asks for it."))
                for name in ("criterion", "affects", "instead", "planned_on")
                if not value.get(name)
            }
            if missing:
                raise StructBlockValidationError(missing)
        return value

    class Meta:
        icon = "warning"
        label_format = "{summary}"
        preview_value = {
            "summary": "Some older spreadsheets have no headings",
            "criterion": "1.3.1 Info and Relationships",
            "affects": "People who use a screen reader",
            "instead": "Ask us for another format",
        }
        description = _("What does not work, who is affected, and when it is mended.")
