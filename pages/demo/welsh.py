"""The languages of the demo hub: one page in Welsh with the front door that leads to it; Polish.

Polish has no page yet: its language is there so that comms staff can begin one.
"""

from wagtail.models import Locale

from pages.models import HomePage, StandardPage

HOME = {
    "title": "Hafan",
    "headline": "Dy gerddoriaeth di",
    "lead": "Canu, chwarae, ysgrifennu, recordio: grŵp i bob oedran, a help gyda'r gost.",
    "summary": "Gwersi, grwpiau a chyrsiau gwyliau i bob plentyn a pherson ifanc.",
}
COSTS = {
    "title": "Help gyda chostau",
    "slug": "help-gyda-chostau",
    "summary": "Gellir talu hanner neu'r cyfan o'r pris i deuluoedd ar incwm isel. Gofynnwch "
    "cyn dechrau.",
}
BODY = [
    (
        "callout",
        {
            "tone": "help",
            "heading": "Gofynnwch cyn y sesiwn gyntaf",
            "text": "<p>Mae'r help yn dechrau ar y diwrnod y gofynnwch amdano.</p>",
        },
    ),
    ("heading", {"text": "Sut i ofyn", "level": "h2"}),
    (
        "paragraph",
        "<p>Dywedwch wrthym ar y ffurflen archebu. Byddwch yn clywed o fewn pum diwrnod.</p>",
    ),
]


def load_welsh(home: HomePage) -> int:
    """Add the Welsh home and its page about costs, where they are not there yet. How many."""
    costs = StandardPage.objects.child_of(home).filter(slug="help-with-costs").first()
    locale, _made = Locale.objects.get_or_create(language_code="cy")
    Locale.objects.get_or_create(language_code="pl")
    if costs is None or costs.has_translation(locale):
        return 0
    made = 0
    if not home.has_translation(locale):
        front = home.copy_for_translation(locale)
        _say(front, HOME, [])
        front.ways_in = []
        _publish(front)
        made += 1
    page = costs.copy_for_translation(locale)
    _say(page, COSTS, BODY)
    _publish(page)
    return made + 1


def _say(page: HomePage | StandardPage, words: dict[str, str], body: list) -> None:
    for name, value in words.items():
        setattr(page, name, value)
    page.body = body


def _publish(page: HomePage | StandardPage) -> None:
    page.save_revision(clean=False).publish(skip_permission_checks=True)
