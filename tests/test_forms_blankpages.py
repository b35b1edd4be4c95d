"""Pages that were drawn once say the same as pages drawn anew, and never what another family said."""

import re

import pytest

from cms import pagecache
from cms.models import Instrument
from forms import blankpages, views
from tests.journeys import Family, publish_form
from tests.test_forms_types_form import every_type

pytestmark = pytest.mark.django_db

FORM = {
    "slug": "loan",
    "title": "Borrow a violin",
    "steps": [
        {
            "key": "who",
            "title": "Who",
            "questions": [
                {"key": "name", "type": "text", "label": "Name", "required": True},
                {"key": "size", "type": "instrument", "label": "Which?", "required": False},
            ],
        },
        {
            "key": "more",
            "title": "More",
            "questions": [{"key": "words", "type": "longtext", "label": "Words"}],
        },
    ],
}


def a_family(slug="loan"):
    family = Family(form=slug)
    family.start()
    return family


def shown(family, path):
    """The page without what is new at each look: the token against forgery."""
    html = str(family.browser.get(path).soup)
    return re.sub(r'name="csrfmiddlewaretoken"[^>]*value="[^"]+"', "", html)


@pytest.fixture(autouse=True)
def kept(settings, _keep_no_pages):
    settings.PAGE_CACHE_SECONDS = 60
    pagecache.forget_parts()
    yield
    pagecache.forget_parts()


@pytest.fixture
def drawings(monkeypatch):
    """Which pages were put together from a drawing, and which drawings were made."""
    made = []
    draw = blankpages._draw
    monkeypatch.setattr(blankpages, "_draw", lambda *args: made.append(1) or draw(*args))
    return made


def test_a_page_that_was_drawn_before_is_the_page_drawn_anew(settings, drawings):
    form = every_type()
    form["steps"] = [step for step in form["steps"] if "show_if" not in step]
    form["settings"] = {"task_list": True}  # so that every page can be opened at once
    publish_form(form)
    family, other = a_family("every-type"), a_family("every-type")

    for step in form["steps"]:
        path = f"{family.journey_path}{step['key']}/"
        first, again = shown(family, path), shown(family, path)
        settings.PAGE_CACHE_SECONDS = 0
        anew = shown(family, path)
        settings.PAGE_CACHE_SECONDS = 60
        assert first == again == anew, step["key"]
        assert family.journey_path not in shown(other, f"{other.journey_path}{step['key']}/")
    assert drawings


def test_one_drawing_serves_every_family_with_its_own_token_mark_and_way_back(drawings):
    publish_form(FORM | {"steps": FORM["steps"][1:]})
    one, other = a_family(), a_family()

    assert len(drawings) == 1
    hidden = [
        {tag["name"]: tag["value"] for tag in family.page.form.select("input[type=hidden]")}
        for family in (one, other)
    ]
    assert hidden[0]["rev"] != hidden[1]["rev"]
    assert hidden[0]["csrfmiddlewaretoken"] != hidden[1]["csrfmiddlewaretoken"]
    assert blankpages._MARK not in str(one.page.soup)


def test_what_one_family_wrote_is_never_drawn_for_another():
    publish_form(FORM)
    assert "Wren Ashdown" in a_second_look_after("Wren Ashdown")[0]
    assert "Wren Ashdown" not in a_second_look_after("Wren Ashdown")[1]


def test_twin_that_takes_every_page_for_a_blank_one_shows_it_to_others(monkeypatch):
    publish_form(FORM | {"steps": FORM["steps"][1:] + FORM["steps"][:1]})
    monkeypatch.setattr(blankpages, "_is_blank", lambda form: True)
    own, others = a_second_look_after("Wren Ashdown")
    assert "Wren Ashdown" in own and "Wren Ashdown" in others


def a_second_look_after(words):
    """The page that a family answered with these words, as it sees it and as another does."""
    writer, reader = a_family(), a_family()
    first = writer.step
    pagecache.forget_parts()
    question = "name" if first == "who" else "words"
    writer.post({question: words})
    return shown(writer, f"{writer.journey_path}{first}/"), shown(
        reader, f"{reader.journey_path}{first}/"
    )


def test_choices_that_are_looked_up_are_looked_up_at_each_look(drawings):
    publish_form(FORM)
    family = a_family()
    Instrument.objects.create(slug="serpent", name="Serpent", family="brass")

    assert "Serpent" in family.go("who/").text
    assert not drawings


def test_check_and_last_page_are_drawn_once_and_say_what_each_family_said(settings, monkeypatch):
    drawn, draw = [], blankpages._draw
    monkeypatch.setattr(blankpages, "_draw", lambda *args: drawn.append(args[1]) or draw(*args))
    monkeypatch.setattr(views, "TUNES", 1)
    publish_form(FORM)
    names = ["Wren Ashdown", "Ivo <b>Birch</b>"]
    families = [a_family(), a_family()]

    for family, name in zip(families, names, strict=True):
        family.walk({"name": name, "words": "None"})
        assert family.step == "check"
    for family, said in zip(families, ["Wren Ashdown", "Ivo &lt;b&gt;Birch"], strict=True):
        assert said in as_anew(settings, family)
    assert "Birch" not in shown(families[0], families[0].page.path)
    references = []
    for family in families:
        family.answer()
        assert family.page.reference in as_anew(settings, family)
        references.append(family.page.reference)

    assert len(set(references)) == 2 and references[1] not in families[0].page.text
    settled = [name for name in drawn if name in ("forms/check.html", "forms/done.html")]
    assert settled.count("forms/check.html") == settled.count("forms/done.html") == 1 + 2


def as_anew(settings, family):
    """The page as it is kept, which is the page as it is drawn anew."""
    kept = shown(family, family.page.path)
    settings.PAGE_CACHE_SECONDS = 0
    anew = shown(family, family.page.path)
    settings.PAGE_CACHE_SECONDS = 60
    assert kept == anew
    return kept
