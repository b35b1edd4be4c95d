"""One block per question type, each with only the settings it needs.

What is often set stands open; the rest is behind the block's settings button. A type that another
app registers gets a block too, with the common settings.
"""

from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _
from wagtail import blocks

from forms.field_types import field_types

from .lazy_blocks import LazyStructBlock
from .lists import OwnIdsListBlock
from .rule_blocks import EffectsBlock, RuleBlock
from .setting_blocks import SETTINGS, PenceBlock, key_block, row_block

COMMON = ("personal", "restricted", "keep_days", "error")
NO_ANSWER = ("info", "calculated")


@dataclass(frozen=True)
class Look:
    """How a type looks in the editor: `often` stands open, `seldom` is behind the button."""

    icon: str
    often: tuple[str, ...] = ()
    seldom: tuple[str, ...] = ()
    about: str = ""
    label: str = ""
    required: bool = True


LOOKS: dict[str, Look] = {
    "text": Look(
        "pilcrow",
        (),
        ("reason", "role", "register", "autocomplete", "max_length", "width"),
        _("A few words on one line."),
    ),
    "longtext": Look(
        "doc-full",
        ("max_words",),
        ("reason", "rows"),
        _("Sentences, with a word limit that is kept."),
    ),
    "name": Look(
        "user",
        ("reason",),
        ("role", "autocomplete", "own"),
        _("First and last name in two boxes."),
        _("Name"),
    ),
    "email": Look(
        "mail",
        ("reason",),
        ("role", "autocomplete"),
        _("Checked to be an address."),
        _("E-mail address"),
    ),
    "phone": Look(
        "mobile-alt",
        ("reason",),
        ("autocomplete",),
        _("Checked to be a number."),
        _("Telephone number"),
    ),
    "uk_address": Look(
        "home",
        ("reason",),
        ("autocomplete", "decides_area"),
        _("Lines, town and postcode."),
        _("Address"),
    ),
    "uk_postcode": Look(
        "home",
        (),
        ("reason", "areas", "autocomplete", "decides_area"),
        _("A full postcode, or only of some areas."),
        _("Postcode"),
    ),
    "yes_no": Look("check", (), ("reason",), _("Two buttons. The best start of a branch.")),
    "radios": Look("radio-full", (), ("reason",), _("All options in sight, one is chosen.")),
    "select": Look("arrow-down", (), ("reason",), _("For more than eight or so options.")),
    "checkboxes": Look(
        "circle-check", (), ("reason", "min", "max"), _("Any number is ticked."), required=False
    ),
    "matrix": Look("table", (), ("reason",), _("The same choice for each of several rows.")),
    "date": Look(
        "date",
        ("in",),
        ("reason", "birthday", "earliest", "latest", "autocomplete"),
        _("Day, month and year in three boxes."),
    ),
    "time": Look("time", (), ("reason",), _("Such as 9am or 3:30pm.")),
    "slot": Look("calendar-check", (), ("reason",), _("One of the times that you list.")),
    "round_dates": Look(
        "calendar-check",
        (),
        ("reason",),
        _("The rehearsals and courses of an audition round: can they come? You set them there."),
        _("Can they come on these dates?"),
        required=False,
    ),
    "number": Look(
        "decimal", ("min", "max"), ("reason", "unit", "decimals"), _("A number within bounds.")
    ),
    "money": Look("decimal", (), ("reason", "min_pence", "max_pence"), _("Pounds and pence.")),
    "school": Look(
        "home", ("reason",), ("decides_area",), _("Looked up by name or URN."), _("School")
    ),
    "instrument": Look(
        "tag", (), ("reason", "none", "families"), _("From the hub's own list."), _("Instrument")
    ),
    "grade": Look("order-up", (), ("reason", "from_grade"), _("The last exam passed."), _("Grade")),
    "file": Look(
        "upload",
        ("types", "max_mb", "max_files"),
        ("reason", "max_minutes"),
        _("A document or picture, checked by its content."),
        required=False,
    ),
    "video_link": Look("media", (), ("reason", "hosts"), _("A film that is kept elsewhere.")),
    "declaration": Look(
        "clipboard-list",
        (),
        ("document", "version"),
        _("A statement that has to be ticked to go on."),
    ),
    "places": Look(
        "group",
        ("course",),
        (
            "reason",
            "children",
            "max_children",
            "may_part",
            "check_ages",
            "help_question",
            "hold_minutes",
        ),
        _("Live dates of a course, with the places left."),
    ),
    "add_ons": Look(
        "plus",
        (),
        ("reason",),
        _("What may be booked with a place, such as lunch. You make them beside each date."),
        _("Would they like anything with it?"),
        required=False,
    ),
    "code": Look(
        "tag",
        (),
        ("reason",),
        _("A code that makes it cheaper. You make the codes under Codes for reductions."),
        _("Code"),
        required=False,
    ),
    "remission": Look(
        "group",
        (),
        ("reason",),
        _("Your own rules for help with costs, as reasons to choose from."),
        _("Which of these is true for you?"),
    ),
    "info": Look("info-circle", (), (), _("Words between the questions.")),
    "calculated": Look(
        "cogs",
        ("rule", "sum", "age_of", "date", "count_of"),
        ("money",),
        _("Worked out, never asked. Rules can use it."),
    ),
}

OTHER = Look("help", (), ("reason",))


def option_block() -> blocks.StructBlock:
    """One option; its identity is the id of its place in the list, never its words."""
    return blocks.StructBlock(
        [
            ("label", blocks.CharBlock(max_length=300, label=_("Option"))),
            ("help", blocks.CharBlock(required=False, max_length=300, label=_("Hint"))),
            ("price_pence", PenceBlock(label=_("Price, in pounds"))),
            ("key", key_block()),
        ],
        form_layout=blocks.BlockGroup(["label"], settings=["help", "price_pence", "key"]),
        label_format="{label}",
        icon="radio-empty",
        form_classname="hub-option",
    )


def settings_of(kind: str) -> list[str]:
    """Names of the settings that the editor shows for a type of question."""
    look = LOOKS.get(kind, OTHER)
    return [*look.often, *look.seldom, *common_of(kind)]


def common_of(kind: str) -> tuple[str, ...]:
    """Settings that a type has because it is answered, and may be the same for each child."""
    if kind in NO_ANSWER:
        return ()
    return (*COMMON, "same_as_first") if field_types[kind].is_shared else COMMON


class QuestionBlock(LazyStructBlock):
    """A question of one type. `settings_of` lists the settings it shows."""

    def __init__(self, kind: str, **kwargs):
        field_type = field_types[kind]
        look = LOOKS.get(kind, OTHER)
        is_asked = kind not in NO_ANSWER
        children = [("label", self._label(kind, look)), ("help", self._help(kind))]
        shown = ["label", "help"]
        if is_asked:
            children.append(
                (
                    "required",
                    blocks.BooleanBlock(
                        required=False, default=look.required, label=_("Has to be answered")
                    ),
                )
            )
            shown.append("required")
        if field_type.takes_options:
            children.append(
                ("options", OwnIdsListBlock(option_block(), min_num=1, label=_("Options")))
            )
            shown.append("options")
        if kind == "matrix":
            children.append(("rows", OwnIdsListBlock(row_block(), min_num=1, label=_("Rows"))))
            shown.append("rows")
        self.settings_of = settings_of(kind)
        children += [(name, SETTINGS[name]()) for name in self.settings_of]
        shown += look.often
        if field_type.takes_options or kind == "yes_no":
            children.append(("effects", EffectsBlock()))
            shown.append("effects")
        children += [("show_if", RuleBlock()), ("key", key_block())]
        super().__init__(
            children,
            form_layout=blocks.BlockGroup(
                [*shown, "show_if"],
                settings=[*look.seldom, *common_of(kind), "key"],
            ),
            label=field_type.label,
            group=field_type.group,
            icon=look.icon,
            description=look.about,
            label_format="{label}",
            form_classname="struct-block hub-question",
            **kwargs,
        )

    def _label(self, kind: str, look: Look) -> blocks.Block:
        words = {"info": _("Heading"), "calculated": _("What it is"), "declaration": _("Statement")}
        return blocks.CharBlock(
            max_length=300, default=look.label or None, label=words.get(kind, _("Question"))
        )

    def _help(self, kind: str) -> blocks.Block:
        if kind == "info":
            return blocks.TextBlock(required=False, rows=4, label=_("Words"))
        return blocks.TextBlock(required=False, rows=2, label=_("Hint"))


def question_stream() -> blocks.StreamBlock:
    """All types, in the order and groups of LOOKS, then what other apps registered."""
    kinds = [*LOOKS, *(kind for kind in field_types if kind not in LOOKS)]
    return blocks.StreamBlock(
        [(kind, QuestionBlock(kind)) for kind in kinds if kind in field_types],
        required=False,
        label=_("Questions"),
        collapsed=True,
    )
