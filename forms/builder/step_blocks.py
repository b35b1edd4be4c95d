"""The steps of a form, and the named rules that its steps and questions may share."""

from django.utils.translation import gettext_lazy as _
from wagtail import blocks

from .lazy_blocks import LazyStructBlock
from .question_blocks import question_stream
from .rule_blocks import ReferenceBlock, RuleBlock
from .setting_blocks import key_block

RICH = ["bold", "italic", "link", "ol", "ul"]


class StepBlock(LazyStructBlock):
    """One page that a family sees."""

    title = blocks.CharBlock(max_length=200, label=_("Title"))
    kind = blocks.ChoiceBlock(
        choices=[
            ("questions", _("Questions")),
            ("exit", _("A page that ends the form kindly")),
            ("check", _("Check your answers, then send")),
        ],
        default="questions",
        label=_("What this page is"),
    )
    intro = blocks.RichTextBlock(required=False, features=RICH, label=_("Words above"))
    show_if = RuleBlock(label=_("Who sees this page"))
    questions = question_stream()
    repeats = blocks.BooleanBlock(
        required=False,
        label=_("Ask it several times"),
        help_text=_("Once for each child, for example. Families add and remove as they need."),
    )
    item_name = blocks.CharBlock(
        required=False, max_length=60, label=_("Once for each"), help_text=_("Such as child.")
    )
    min = blocks.IntegerBlock(required=False, min_value=0, max_value=50, label=_("At least"))
    max = blocks.IntegerBlock(required=False, min_value=1, max_value=50, label=_("At most"))
    count_from = ReferenceBlock(
        kind="amount", label=_("As many as the answer to"), help_text=_("Left empty, they choose.")
    )
    key = key_block()

    class Meta:
        icon = "doc-full"
        packs = True
        label = _("Step")
        label_format = "{title}"
        form_classname = "struct-block hub-step"
        form_layout = blocks.BlockGroup(
            ["title", "intro", "show_if", "questions"],
            settings=["kind", "repeats", "item_name", "min", "max", "count_from", "key"],
        )


class StepsBlock(blocks.StreamBlock):
    """Every step, in the order in which families meet them."""

    step = StepBlock()

    class Meta:
        required = False
        collapsed = True


class NamedRuleBlock(blocks.StructBlock):
    """A rule with a name, usable as one clause of others."""

    name = blocks.CharBlock(max_length=60, label=_("Name"))
    rule = RuleBlock(label=_("True when"))

    class Meta:
        icon = "redirect"
        label = _("Named rule")
        label_format = "{name}"


class NamedRulesBlock(blocks.StreamBlock):
    rule = NamedRuleBlock()

    class Meta:
        required = False
        collapsed = True
