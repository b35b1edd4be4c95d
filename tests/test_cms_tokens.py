"""The colours of the public site: every pair that carries words or marks a control, computed."""

import re
from pathlib import Path

import pytest

from cms.models import HubSettings

STATIC = Path(__file__).resolve().parent.parent / "cms" / "static" / "cms"
TOKENS = (STATIC / "css" / "tokens.css").read_text()
PALETTES = HubSettings.Palette.values
# WCAG 2.2: 1.4.3 asks 4.5 of words, 1.4.11 asks 3 of what marks a control.
WORDS, CONTROL = 4.5, 3.0
SURFACES = ("paper", "paper-raised", "paper-sunk")
WASHES = ("hub-wash", "marigold-wash", "coral-wash", "rose-wash", "danger-wash")
PAIRS = [
    *(
        (text, ground, WORDS)
        for text in ("ink", "ink-soft", "hub", "danger")
        for ground in SURFACES
    ),
    *(("link-visited", ground, WORDS) for ground in SURFACES),
    *(("ink", ground, WORDS) for ground in WASHES),
    *(("ink-soft", ground, WORDS) for ground in ("hub-wash", "marigold-wash")),
    *(("hub-dark", ground, WORDS) for ground in ("hub-wash", *SURFACES)),
    ("on-hub", "hub", WORDS),
    ("on-hub", "hub-dark", WORDS),
    ("on-field", "hub-field", WORDS),
    ("on-field-soft", "hub-field", WORDS),
    ("marigold", "hub-field", WORDS),
    ("coral", "hub-field", CONTROL),
    ("rose", "hub-field", CONTROL),
    *(("on-accent", accent, WORDS) for accent in ("marigold", "coral", "rose", "on-field")),
    *((f"{name}-deep", f"{name}-wash", WORDS) for name in ("marigold", "coral", "rose")),
    *(
        (f"{name}-deep", ground, WORDS)
        for name in ("marigold", "coral", "rose")
        for ground in SURFACES
    ),
    ("danger", "danger-wash", WORDS),
    ("on-danger", "danger", WORDS),
    ("focus-ink", "focus", WORDS),
    ("hub", "hub-wash", CONTROL),
    *(("control", ground, CONTROL) for ground in SURFACES),
]


def declared(selector: str, css: str) -> dict[str, str]:
    found = {}
    for block in re.findall(re.escape(selector) + r"\s*\{([^}]*)\}", css):
        found |= dict(re.findall(r"--([\w-]+):\s*([^;]+);", block))
    return found


def values(palette: str, *, dark: bool) -> dict[str, str]:
    """The tokens as a browser works them out for one palette and one scheme."""
    dark_css = "\n".join(
        re.findall(r"@media \(prefers-color-scheme: dark\) \{(.*?)\n\}", TOKENS, re.DOTALL)
    )
    light_css = re.sub(
        r"@media \(prefers-color-scheme: dark\) \{.*?\n\}", "", TOKENS, flags=re.DOTALL
    )
    selectors = [":root", f'[data-palette="{palette}"]'] if palette else [":root"]
    found = {}
    for css in (light_css, dark_css) if dark else (light_css,):
        for selector in selectors:
            found |= declared(selector, css)
    return found


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_contrast_is_computed_as_wcag_says():
    assert contrast("#000000", "#ffffff") == 21
    assert round(contrast("#767676", "#ffffff"), 2) == 4.54


def test_each_colour_an_editor_may_choose_is_drawn_light_and_dark():
    drawn = {
        palette: TOKENS.count(f'[data-palette="{palette}"] {{') for palette in PALETTES if palette
    }

    assert drawn == {"ultramarine": 2, "damson": 2, "slate": 2}


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("palette", PALETTES, ids=["viridian", *PALETTES[1:]])
def test_every_pair_of_colours_can_be_read(palette, dark):
    tokens = values(palette, dark=dark)

    weak = {
        f"{text} on {ground}": round(ratio, 2)
        for text, ground, least in PAIRS
        if (ratio := contrast(tokens[text], tokens[ground])) < least
    }

    assert weak == {}


def test_the_styles_weigh_little():
    sizes = {path.name: path.stat().st_size for path in (STATIC / "css").glob("*.css")}
    fonts = {path.name: path.stat().st_size for path in (STATIC / "fonts").glob("*latin.woff2")}

    assert sizes["tokens.css"] + sizes["hub.css"] + sizes["forms.css"] < 45_000
    assert len(fonts) == 2
    assert sum(fonts.values()) < 56_000
    assert (STATIC / "hub.js").stat().st_size < 4_000


def test_styles_ask_no_other_host_for_anything():
    asked = [
        (path.name, url)
        for path in STATIC.rglob("*.css")
        for url in re.findall(r"(?:url\(|@import)\s*[\"']?([^\"')]+)", path.read_text())
        if "//" in url
    ]

    assert asked == []
