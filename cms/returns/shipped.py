"""The headings that a new hub begins with, after those that funders have asked for so far.

An example to change, not a form of any funder: they change theirs, and then staff change these.
"""

from cms.models import ReturnDefinition

TITLE = "Music hub data return"
NOTHING = {"family": "", "level": "", "words": "", "grade": ""}
HEADINGS = [
    (
        "Whole-class teaching",
        "Pupils in whole-class ensemble teaching",
        "pupils",
        {"words": "First Access"},
    ),
    ("Whole-class teaching", "Pupils who went on afterwards", "continued", {}),
    ("Lessons", "Pupils in strings", "pupils", {"family": "strings"}),
    ("Lessons", "Pupils in woodwind", "pupils", {"family": "woodwind"}),
    ("Lessons", "Pupils in brass", "pupils", {"family": "brass"}),
    ("Singing", "Pupils who sing in a group", "pupils", {"family": "voice"}),
    ("Ensembles", "Pupils in ensembles", "ensemble_pupils", {}),
    ("Ensembles", "Pupils in county ensembles", "ensemble_pupils", {"level": "county"}),
    ("Ensembles", "Groups they take part in", "groups", {}),
    ("Standards", "Pupils who won an award or grade", "award_pupils", {}),
    ("Extension roles", "Pupils on courses", "course_pupils", {}),
    ("Extension roles", "Pupils with an instrument on loan", "loans", {}),
]  # fmt: skip


def add() -> ReturnDefinition:
    """The shipped definition, for staff to change. Once: the same again later."""
    headings = [
        {
            "type": "heading",
            "value": {
                "section": section,
                "title": title,
                "measure": measure,
                **NOTHING,
                **narrowed,
            },
        }
        for section, title, measure, narrowed in HEADINGS
    ]
    definition, _made = ReturnDefinition.objects.get_or_create(
        slug="music-hub-data-return", defaults={"title": TITLE, "headings": headings}
    )
    return definition
