"""What holds for every template of ours: no inline script or style, and components that say so."""

import re
from pathlib import Path

import pytest
from django.template.loader import render_to_string

from cms.motifs import MOTIFS
from cms.specimens import specimens
from cms.templatetags.hub import pounds

TEMPLATES = Path(__file__).resolve().parent.parent / "templates"
COMPONENTS = TEMPLATES / "components"
# Shown below /admin/ or sent as mail, where the strict policy does not hold.
ADMIN = (
    "modeladmin",
    "wagtailadmin",
    "workflows",
    "imports",
    "mail",
    "wagtailusers",
    "wagtailimages",
)
# Written into a file that people take away, where no policy of ours holds.
TAKEN_AWAY = {"cms/erasing/everything.html"}
# Frames of a page and parts of another component, which specimens show as part of a whole.
NOT_ALONE = {"site_header.html", "site_footer.html", "brand.html", "mark.html", "field_notes.html"}
INLINE = re.compile(
    r"<style|\sstyle\s*=|\son\w+\s*=\s*[\"']|javascript:"
    r"|<script(?![^>]*\bsrc=)(?![^>]*application/ld\+json)",
    re.IGNORECASE,
)


def public_templates():
    return [
        path
        for path in sorted(TEMPLATES.rglob("*.html"))
        if path.relative_to(TEMPLATES).parts[0] not in ADMIN
    ]


def test_no_public_template_needs_inline_script_or_style():
    guilty = {
        path.relative_to(TEMPLATES).as_posix(): INLINE.findall(path.read_text())
        for path in public_templates()
        if INLINE.search(path.read_text())
        and path.relative_to(TEMPLATES).as_posix() not in TAKEN_AWAY
    }

    assert guilty == {}


@pytest.mark.parametrize(
    "written",
    [
        "<p style='x'>",
        "<a onclick='x'>",
        "<script>x</script>",
        "<style>",
        '<a href="javascript:x">',
    ],
)
def test_inline_script_and_style_would_be_caught(written):
    assert INLINE.search(written)


def test_every_component_says_what_it_needs():
    silent = [
        path.name for path in COMPONENTS.glob("*.html") if "{% comment %}" not in path.read_text()
    ]

    assert silent == []


def test_every_component_is_in_the_handbook():
    shown = {specimen.template + ".html" for specimen in specimens()}

    assert {path.name for path in COMPONENTS.glob("*.html")} - NOT_ALONE == shown


@pytest.mark.parametrize("kind", sorted(MOTIFS))
def test_a_drawing_is_the_same_for_the_same_number(kind):
    once, again = MOTIFS[kind](3), MOTIFS[kind](3)

    assert once == again
    assert once.startswith('<svg class="motif')
    assert "style=" not in once
    assert len(once) < 8_000


def test_money_is_written_as_people_write_it():
    assert [pounds(pence) for pence in (3500, 3550, 123_456_700, 0, None)] == [
        "£35",
        "£35.50",
        "£1,234,567",
        "Free",
        "",
    ]


def test_a_card_always_says_age_place_day_price_help_access_and_places():
    html = render_to_string(
        "components/card.html",
        {
            "title": "Songwriter",
            "url": "/courses/songwriter/",
            "age": "Ages 8 to 18",
            "place": "Watford",
            "day": "Tuesday 16 February",
            "price": "£35",
            "access": "Step-free",
            "help": True,
            "places": 1,
        },
    )

    words = " ".join(re.sub(r"<[^>]+>", " ", html).split())
    assert words == (
        "Songwriter For: Ages 8 to 18 When: Tuesday 16 February Where: Watford Price: £35 "
        "Access: Step-free Only 1 place left Help with costs"
    )


@pytest.mark.parametrize(
    ("context", "words"),
    [
        ({"places": 6}, "6 places left"),
        ({"places": 5}, "Only 5 places left"),
        ({"places": 0}, "Full"),
        ({"places": 0, "waiting": True}, "Full: waiting list open"),
    ],
)
def test_places_left_are_said_in_words(context, words):
    html = render_to_string("components/places_tag.html", context)

    assert re.sub(r"<[^>]+>", "", html).strip() == words
