# ruff: noqa: ANN001, ANN201 - the signatures are those of Django fields and Wagtail blocks
"""One block for each setting that a question may have, by the setting's name in the package.

A setting means the same whichever type has it, so it is described once, in words for the person
who makes forms. The names and bounds are those of forms.field_types.
"""

from collections.abc import Callable
from decimal import Decimal

from django import forms
from django.utils.translation import gettext_lazy as _
from wagtail import blocks
from wagtail.admin.staticfiles import versioned_static
from wagtail.admin.telepath import register
from wagtail.admin.telepath.widgets import SelectAdapter

from cms.models import Course, Instrument
from forms.field_types.files import MAX_FILES, MAX_MEGABYTES
from forms.field_types.registers import REGISTERS
from forms.filechecks import KINDS
from forms.films import MOST_MINUTES

from .rule_blocks import ReferenceBlock, RuleBlock


class PenceField(forms.DecimalField):
    """Pounds on the screen."""

    def __init__(self, **kwargs):
        super().__init__(decimal_places=2, max_digits=9, **kwargs)


class PenceBlock(blocks.FieldBlock):
    """An amount typed in pounds and kept in whole pence."""

    def __init__(self, required=False, help_text=None, **kwargs):
        self.field = PenceField(
            required=required, help_text=help_text, widget=forms.NumberInput({"step": "0.01"})
        )
        super().__init__(**kwargs)

    def value_for_form(self, value):
        return Decimal(value) / 100 if isinstance(value, int) else value

    def value_from_form(self, value):
        return int(value * 100) if isinstance(value, Decimal) else value

    def value_from_datadict(self, data, files, prefix):
        # As typed: it becomes pence when it is cleaned.
        return self.field.widget.value_from_datadict(data, files, prefix)

    class Meta:
        icon = "decimal"


class AnyChoiceField(forms.ChoiceField):
    """A course that was deleted does not stop a draft from being saved."""

    def valid_value(self, value):
        return True


class CourseSelect(forms.Select):
    """A choice of courses that goes on showing one that was deleted, and keeps it."""

    @property
    def media(self):
        return forms.Media(js=[versioned_static("cms/admin/course-select.js")])


class CourseSelectAdapter(SelectAdapter):
    js_constructor = "cms.widgets.CourseSelect"


register(CourseSelectAdapter(), CourseSelect)


class CourseBlock(blocks.ChoiceBlock):
    """One of the hub's courses, by slug."""

    def __init__(self, **kwargs):
        super().__init__(choices=_courses, widget=CourseSelect(), **kwargs)

    def get_field(self, **kwargs):
        return AnyChoiceField(**kwargs)

    def deconstruct(self):
        return ("wagtail.blocks.ChoiceBlock", [], self._constructor_kwargs)


class WordsBlock(blocks.FieldBlock):
    """Several short words in one box, with commas between; kept as a list."""

    def __init__(self, required=False, help_text=None, **kwargs):
        self.field = forms.CharField(required=required, help_text=help_text, max_length=400)
        super().__init__(**kwargs)

    def value_for_form(self, value):
        return ", ".join(value) if isinstance(value, list) else value or ""

    def value_from_form(self, value):
        if isinstance(value, list):
            return value
        return [word.strip() for word in (value or "").split(",") if word.strip()]

    class Meta:
        icon = "list-ul"


def _courses():
    return list(Course.objects.order_by("title").values_list("slug", "title"))


def row_block():
    """A row of a grid of choices."""
    return blocks.StructBlock(
        [("label", blocks.CharBlock(label=_("Row"))), ("key", key_block())],
        form_layout=blocks.BlockGroup(["label"], settings=["key"]),
        label_format="{label}",
        icon="list-ul",
    )


def key_block():
    return blocks.RegexBlock(
        regex=r"^[A-Za-z0-9_][A-Za-z0-9_-]*$",
        required=False,
        max_length=64,
        label=_("Short name"),
        help_text=_(
            "Used in exports and e-mails. Left empty, it is made from the words and then stays."
        ),
        error_messages={"invalid": _("Use letters, digits, _ and - only.")},
    )


def _whole(low, high, label, help_text=""):
    return blocks.IntegerBlock(
        required=False, min_value=low, max_value=high, label=label, help_text=help_text
    )


def _tick(label, help_text=""):
    return blocks.BooleanBlock(required=False, label=label, help_text=help_text)


AUTOCOMPLETE = [
    ("name", _("Their own name")),
    ("given-name", _("Their own first name")),
    ("family-name", _("Their own last name")),
    ("email", _("Their own e-mail address")),
    ("tel", _("Their own phone number")),
    ("bday", _("Their own date of birth")),
    ("organization", _("Their own organisation")),
    ("organization-title", _("Their own job title")),
    ("street-address", _("Their own address")),
    ("postal-code", _("Their own postcode")),
]
RESTRICTED = [
    ("contact", _("Contact details")),
    ("health", _("Health and access")),
    ("collection", _("Who may collect a child")),
    ("money", _("Money")),
    ("evidence", _("Evidence for help with costs")),
    ("safeguarding", _("Safeguarding")),
    ("therapy", _("Referrals to therapy")),
]
ROLES = [
    ("contact_name", _("The name that letters begin with")),
    ("contact_email", _("The address that letters are sent to")),
]

SETTINGS: dict[str, Callable[[], blocks.Block]] = {
    "max_length": lambda: _whole(1, 250, _("Longest answer, in characters")),
    "max_words": lambda: _whole(1, 5000, _("Longest answer, in words")),
    "rows": lambda: _whole(2, 20, _("Height of the box, in lines")),
    "width": lambda: blocks.ChoiceBlock(
        choices=[
            ("2", _("2 characters")),
            ("4", _("4 characters")),
            ("8", _("8 characters")),
            ("16", _("16 characters")),
        ],
        required=False,
        label=_("Width of the box"),
        help_text=_("A hint of how much to write. Left empty, it is as wide as the page."),
    ),
    "min": lambda: blocks.FloatBlock(required=False, label=_("At least")),
    "max": lambda: blocks.FloatBlock(required=False, label=_("At most")),
    "decimals": lambda: _tick(_("May have decimals")),
    "unit": lambda: blocks.CharBlock(
        required=False, max_length=20, label=_("Unit"), help_text=_("Such as years, or hours.")
    ),
    "min_pence": lambda: PenceBlock(label=_("At least, in pounds")),
    "max_pence": lambda: PenceBlock(label=_("At most, in pounds")),
    "in": lambda: blocks.ChoiceBlock(
        choices=[("past", _("In the past")), ("future", _("In the future"))],
        required=False,
        label=_("When may it be?"),
    ),
    "earliest": lambda: blocks.DateBlock(required=False, label=_("Not before")),
    "latest": lambda: blocks.DateBlock(required=False, label=_("Not after")),
    "birthday": lambda: _tick(_("It is a date of birth")),
    "areas": lambda: WordsBlock(
        label=_("Postcodes must begin with"), help_text=_("With commas between, such as SG, AL.")
    ),
    "own": lambda: _tick(
        _("It is the name of the person who fills in the form"),
        _("Browsers can then fill it in for them."),
    ),
    "types": lambda: blocks.MultipleChoiceBlock(
        choices=[(key, kind.label) for key, kind in KINDS.items()],
        required=False,
        default=["pdf", "jpg", "png"],
        widget=forms.CheckboxSelectMultiple,
        label=_("Kinds of file"),
    ),
    "max_mb": lambda: blocks.IntegerBlock(
        required=False,
        min_value=1,
        max_value=MAX_MEGABYTES,
        default=5,
        label=_("Largest file, in megabytes"),
    ),
    "max_files": lambda: blocks.IntegerBlock(
        required=False, min_value=1, max_value=MAX_FILES, default=1, label=_("How many files")
    ),
    "max_minutes": lambda: blocks.IntegerBlock(
        required=False,
        min_value=1,
        max_value=MOST_MINUTES,
        label=_("Longest film, in minutes"),
    ),
    "hosts": lambda: WordsBlock(
        label=_("Sites that the link may lead to"),
        help_text=_("With commas between, such as youtube.com, vimeo.com."),
    ),
    "document": lambda: blocks.CharBlock(
        required=False,
        max_length=80,
        label=_("What is agreed to"),
        help_text=_("The name of the document, kept with the answer."),
    ),
    "version": lambda: blocks.CharBlock(
        required=False, max_length=30, label=_("Its version"), help_text=_("Such as 2026-09.")
    ),
    "none": lambda: _tick(_("“None yet” may be chosen")),
    "families": lambda: blocks.MultipleChoiceBlock(
        choices=Instrument.Family.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        label=_("Only these families"),
        help_text=_("Left empty, every instrument and voice is offered."),
    ),
    "from_grade": lambda: _whole(1, 8, _("Lowest grade that is offered")),
    "course": lambda: CourseBlock(required=False, label=_("Course")),
    "children": lambda: ReferenceBlock(
        kind="count",
        label=_("The step that is asked once for each child"),
        help_text=_("As many places are kept as there are children in it."),
    ),
    "max_children": lambda: _whole(1, 12, _("Most children on one booking")),
    "check_ages": lambda: _tick(_("Ages are checked on the day of the course")),
    "may_part": lambda: _tick(_("Brothers and sisters may go on different dates")),
    "help_question": lambda: ReferenceBlock(
        label=_("The question by which a family asks for help with costs"),
        help_text=_(
            "Yes or no. Who says no gives back a place that is kept for families with help."
        ),
    ),
    "hold_minutes": lambda: _whole(5, 120, _("Minutes for which places are kept")),
    "rule": lambda: RuleBlock(
        label=_("Yes when"), help_text=_("The value is yes when this is true, and no otherwise.")
    ),
    "sum": lambda: ReferenceBlock(kind="number", multiple=True, label=_("Or the sum of")),
    "age_of": lambda: ReferenceBlock(kind="date", label=_("Or the age, from the date of birth in")),
    "date": lambda: blocks.CharBlock(
        required=False,
        label=_("Age on"),
        help_text=_("today, offering (the first day), or a day such as 2027-08-31."),
    ),
    "count_of": lambda: ReferenceBlock(kind="count", label=_("Or how many times")),
    "money": lambda: _tick(_("It is an amount of money")),
    "reason": lambda: blocks.CharBlock(
        required=False,
        max_length=200,
        label=_("Why we ask"),
        help_text=_("Families see it below the question. Such as: To ring you on the day."),
    ),
    "personal": lambda: blocks.ChoiceBlock(
        choices=[("yes", _("Yes")), ("no", _("No"))],
        required=False,
        label=_("Is it personal?"),
        help_text=_("Left empty, it goes by the type of question."),
    ),
    "restricted": lambda: blocks.ChoiceBlock(
        choices=RESTRICTED,
        required=False,
        label=_("Only for staff who may read"),
    ),
    "keep_days": lambda: _whole(
        1,
        9999,
        _("Kept for so many days"),
        _("After the end. Left empty, it goes by who may read it."),
    ),
    "same_as_first": lambda: _tick(
        _("Offer the first child’s answer for the next"),
        _("In a step that is asked for each child."),
    ),
    "register": lambda: blocks.ChoiceBlock(
        choices=list(REGISTERS.items()),
        required=False,
        label=_("It is a number of this register"),
        help_text=_("Checked to be written as the register writes it."),
    ),
    "role": lambda: blocks.ChoiceBlock(choices=ROLES, required=False, label=_("Letters use it as")),
    "decides_area": lambda: _tick(
        _("It decides which office answers"),
        _("The case goes to the area of the school or of the postcode, as the areas say."),
    ),
    "autocomplete": lambda: blocks.ChoiceBlock(
        choices=AUTOCOMPLETE,
        required=False,
        label=_("Browsers may fill it in as"),
        help_text=_("Only when it is about the person who fills in the form."),
    ),
    "error": lambda: blocks.CharBlock(
        required=False,
        max_length=150,
        label=_("What to say when it is left empty"),
        help_text=_("Left empty, we write it from the question."),
    ),
}
