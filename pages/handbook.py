"""The chapters of the comms handbook about pages: every page type, and every block as it looks."""

from django.utils.translation import gettext as _
from wagtail.models import Page, get_page_models

from cms.handbook import Chapter, Entry, chapters
from pages.blocks import BodyBlock
from pages.blocks.letter import LetterBlock


@chapters("page-types")
def page_types() -> Chapter:
    """Every type an editor can add, by name, with where it may stand."""
    models = [model for model in get_page_models() if model.allowed_parent_page_models()]
    entries = [_of_type(model) for model in models if model is not Page]
    return Chapter("page-types", _("Kinds of page"), tuple(sorted(entries, key=lambda e: e.title)))


def _of_type(model: type[Page]) -> Entry:
    parents = [parent._meta.verbose_name for parent in model.allowed_parent_page_models()]
    where = ", ".join(str(name) for name in parents) if len(parents) < 4 else _("any page")
    return Entry(
        model.__name__,
        str(model._meta.verbose_name).capitalize(),
        str(model.page_description),
        facts=(_("Goes below: %(where)s.") % {"where": where},),
    )


@chapters("blocks")
def blocks() -> Chapter:
    """Every block of a page's body, drawn with its sample."""
    letter = LetterBlock().child_blocks
    entries = [
        Entry(
            name,
            str(block.label),
            str(block.meta.description or ""),
            block.render(block.get_preview_value()),
            (_("Also in newsletters."),) if name in letter else (),
        )
        for name, block in BodyBlock().child_blocks.items()
    ]
    return Chapter("blocks", _("Blocks"), tuple(entries))
