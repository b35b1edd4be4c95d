"""docs/coverage.md keeps its word: every row, every address, every test that it names."""

import html
import re
from pathlib import Path

import pytest

from .demo_hub import load_demo_hub

TESTS = Path(__file__).parent
TABLE = (TESTS.parent / "docs" / "coverage.md").read_text(encoding="utf-8")
#: The words by which each thing is known on one of its pages: {page: {row: words}}.
SHOWS = {
    "/about/": {26: "teachers and leaders", 27: "Who pays", 61: "Arts Council England"},
    "/about/friends/": {69: "/apply/friends-volunteer/"},
    "/about/music-therapy/": {73: "/apply/music-therapy-referral/"},
    "/about/people/head-of-service/": {5: "Head of Service"},
    "/about/teach-with-us/": {48: "/apply/teach-with-us/", 78: "DBS"},
    "/about/vacancies/holiday-course-intern/": {47: "Internship"},
    "/about/vision/": {28: "theme"},
    "/blog/": {6: "Head of Service"},
    "/contact/you-said-we-did/": {32: "We did"},
    "/centres/": {10: "Half-term", 30: "Twelve", 38: "map"},
    "/centres/hatfield/": {25: "Half-term"},
    "/contact/": {86: "Area offices"},
    "/courses/family-drums/": {40: "djembe"},
    "/courses/songwriter/": {
        8: "places left",
        9: "Watford Music Centre",
        11: "Write, record and perform",
        29: "quiet room",
        41: "In person",
    },
    "/ensembles/": {31: "folk", 70: "Area"},
    "/ensembles/county-youth-orchestra/": {71: "Chairs"},
    "/ensembles/evening-voices/": {36: "Ages 18 and over", 37: "/apply/singing-referral/"},
    "/ensembles/parent-and-baby-music/": {33: "Ages 0 to 4"},
    "/ensembles/sing-up-saturday/": {34: "Where next"},
    "/ensembles/sound-garden/": {74: "Arts Award"},
    "/events/county-orchestra-winter/": {44: "first performance"},
    "/events/staff-training-east/": {24: "Training for teachers"},
    "/families/": {63: "live", 79: "amil"},
    "/help-with-costs/": {65: "Who can have help"},
    "/hub/": {
        16: "CSV",
        18: "Checked on",
        51: "national plan",
        53: "What the hub was given",
        54: "Core roles",
        55: "Extension roles",
        58: "More about hubs",
        97: "Partners of the hub",
        100: "What is a music hub?",
        102: "Sustainability",
        103: "£2,222,372",
        106: "How hubs came about",
        108: "Lists to download",
    },
    "/hub/become-a-partner/": {49: "/apply/hub-partner/", 72: "referees"},
    "/hub/governance/": {52: "Hub Board", 57: "Safeguarding Subgroup"},
    "/hub/governance/documents/terms-of-reference/": {59: "ersion 1"},
    "/hub/partners/": {
        50: "Voluntary organisation",
        60: "14 partners",
        107: "Each dot is a postcode district",
    },
    "/hub/partners/county-music-service/": {101: "Lead organisation"},
    "/hub/partners/silver-birch-symphony/": {109: "beyond"},
    "/news/category/schools/": {89: "chools"},
    "/news/cultural-learning-report/": {13: "edition", 14: "<blockquote", 91: "<figcaption"},
    "/news/feed/": {4: "Staff training days"},
    "/news/first-access-research/": {15: "research", 17: "ended"},
    "/news/medal-ten-thousand/": {
        19: "Music Medals",
        20: "register so far",
        21: "ten thousandth",
        22: "Award",
    },
    "/news/new-instruments/": {104: "instruments"},
    "/news/songwriter-days-for-half-term/": {7: "Songwriter: dates and places"},
    "/news/survey-visits/": {80: "report", 92: "2013"},
    "/newsletter/": {56: "e-mail"},
    "/safeguarding/": {39: "safeguarding lead"},
    "/schools/": {
        35: "Key Stage",
        64: "/schools/first-access/",
        75: "special school",
        87: "Curriculum lead",
        98: "Key Stage",
    },
    "/schools/case-studies/": {94: "A small village primary", 95: "Questions to ask"},
    "/schools/first-access/": {67: "paid"},
    "/schools/performances/": {43: "/apply/performance-request/"},
    "/schools/self-evaluation/": {
        12: "Self-evaluation",
        83: "/apply/self-evaluation-primary/",
        84: "To look back",
        85: "ask for a visit",
        93: "Four ways to use it",
    },
    "/schools/training/": {
        45: "/apply/cpd-reflection/",
        46: "Certificate for Music Educators",
        76: "referral units",
        99: "Music and SEND",
    },
    "/schools/visits/": {81: "/apply/school-visit/", 82: "rolling programme"},
    "/search/?q=songwriter": {2: "results for"},
    "/search/?q=wider+opps": {66: "First Access"},
    "/young-people/": {42: "Arts Award", 105: "work experience"},
}
ROWS = [line.split("|")[1:-1] for line in TABLE.splitlines() if re.match(r"\| \d+ \|", line)]


def test_all_hundred_and_ten_things_are_there_in_order():
    assert [int(row[0]) for row in ROWS] == list(range(1, 111))
    assert [row[0] for row in ROWS if not all(cell.strip() for cell in row)] == []


def test_every_test_that_is_named_exists():
    named = set(re.findall(r"test_\w+", TABLE))

    assert {name for name in named if not (TESTS / f"{name}.py").exists()} == set()


def addresses(row: list[str]) -> list[str]:
    return re.findall(r"(?<![\w.])/[\w./?=+-]*", row[3])


def test_every_row_with_a_page_has_words_that_one_of_its_pages_shows():
    paged = {int(row[0]): {path.partition("?")[0] for path in addresses(row)} for row in ROWS}
    known = {row: path.partition("?")[0] for path, words in SHOWS.items() for row in words}

    assert known.keys() == {row for row, paths in paged.items() if paths}
    assert {row for row, path in known.items() if path not in paged[row]} == set()


@pytest.mark.django_db
def test_every_address_that_is_named_answers_and_shows_its_things(client):
    load_demo_hub()
    named = {path for row in ROWS for path in addresses(row)} | SHOWS.keys()
    answers = {path: client.get(path) for path in sorted(named)}
    unseen = [
        (row, path, words)
        for path, things in SHOWS.items()
        for row, words in things.items()
        if words not in _content(answers[path])
    ]

    assert len(answers) > 40
    assert {path: one.status_code for path, one in answers.items() if one.status_code != 200} == {}
    assert unseen == []


def _content(answer) -> str:
    """What stands between menu and footer of a page; all of what is no page."""
    text = html.unescape(answer.getvalue().decode())
    return text.partition("<main")[2].partition("</main>")[0] or text
