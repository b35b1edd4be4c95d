"""A form in another language, from its start page to its letters; staff read it in the first."""

import copy

import pytest
from django.utils import translation

from cms.models import MailTemplate, OutboxMessage
from forms import package
from forms.compile import compiled
from forms.models import FormVersion, Journey, Submission
from forms.translating import in_language
from tests.casework import BOOKING
from tests.folder import AtHome
from tests.journeys import Family
from tests.test_forms_resume import come_back, link_of, save
from workflows.models import Case

pytestmark = pytest.mark.django_db

FORM = {
    "slug": "choir",
    "title": "Join the choir",
    "intro": "<p>Sing with us.</p>",
    "steps": [
        {
            "key": "voice",
            "title": "Your voice",
            "questions": [
                {
                    "id": "id-part",
                    "key": "part",
                    "type": "radios",
                    "label": "Which part do you sing?",
                    "help": "A guess will do.",
                    "required": True,
                    "options": [
                        {"id": "id-high", "key": "high", "label": "High", "price_pence": 500},
                        {"key": "low", "label": "Low"},
                    ],
                },
                {"key": "why", "type": "text", "label": "Why do you want to join?"},
            ],
        },
        {
            "key": "contact",
            "title": "Contact",
            "questions": [{"key": "email", "type": "email", "label": "E-mail", "required": True}],
        },
        {"key": "check", "title": "Check", "kind": "check"},
    ],
    "pricing": {"items": [{"key": "music", "label": "Music", "pence": 300}]},
    "settings": {"received_email": "choir-received"},
    "translations": {
        "cy": {
            "title": "Ymunwch â'r côr",
            "intro": "<p>Canwch gyda ni.</p>",
            "steps": {"voice": {"title": "Eich llais"}},
            "questions": {
                "id-part": {
                    "label": "Pa ran ydych chi'n ei chanu?",
                    "help": "Mae dyfalu'n iawn.",
                    "error": "Dewiswch ran",
                    "options": {"id-high": {"label": "Uchel"}},
                }
            },
            "prices": {"music": "Cerddoriaeth"},
        },
        "xx": {"title": "?"},
    },
}
LETTERS = [
    {"key": "choir-received", "subject": "We have your form", "body": "Form: {{ form }}"},
    {
        "key": "choir-received",
        "locale": "cy",
        "subject": "Mae gennym eich ffurflen",
        "body": "Ffurflen: {{ form }}",
    },
]


@pytest.fixture
def published(db):
    data = {"package": 1, "form": copy.deepcopy(FORM), "workflow": BOOKING, "emails": LETTERS}
    yield package.load(data, publish=True).current_version
    translation.activate("en-gb")


def begin(lang="cy"):
    family = Family(form="choir")
    family.page = family.browser.get("/apply/choir/" + (f"?lang={lang}" if lang else ""))
    family.page = family.browser.post(family.page.form["action"], {})
    family.follow()
    return family


def test_the_start_page_speaks_the_language_and_offers_the_others(published):
    browser = Family().browser
    page = browser.get("/apply/choir/")
    assert page.heading == "Join the choir"
    assert page.soup.html["lang"] == "en-gb"
    assert [(a.get_text(), a["href"]) for a in page.soup.select("main a[hreflang]")] == [
        ("Cymraeg", "?lang=cy")
    ]
    page = browser.get("/apply/choir/?lang=cy")
    assert page.heading == "Ymunwch â'r côr"
    assert page.soup.html["lang"] == "cy"
    assert "Canwch gyda ni." in page.text
    assert page.soup.select_one("main a[hreflang]")["href"] == "?"


@pytest.mark.parametrize("lang", ["pl", "xx", "cy-evil", "../"])
def test_a_language_that_the_form_does_not_have_is_its_first(published, lang):
    family = begin(lang)
    assert Journey.objects.get().language == ""
    assert family.page.heading == "Your voice"


def test_a_journey_keeps_its_language_and_falls_back_where_words_are_missing(published):
    family = begin()
    part = family.page.questions["part"].get_text(" ", strip=True)
    assert family.page.heading == "Eich llais"
    assert family.page.soup.html["lang"] == "cy"
    assert "Pa ran" in part
    assert "Mae dyfalu" in part
    assert "Uchel" in part
    assert "Low" in part
    assert "Why do you want to join?" in family.page.text

    family.post({})
    assert family.page.errors == ["Dewiswch ran"]
    family.answer({"part": "high"})
    assert family.page.heading == "E-mail"
    family.answer({"email": "rowan@example.org"})
    assert "Uchel" in family.page.text
    assert "Cerddoriaeth" in family.page.text
    assert family.page.soup.select_one("[data-price]").get_text() == "£8"


def test_the_folder_speaks_the_language_of_the_form_that_was_sent(published):
    def folder(address):
        home = AtHome(address).sign_in()
        page = home.get()
        return home, page.heading, page.soup.html["lang"]

    family = begin()
    family.answer({"part": "high"})
    family.answer({"email": "rowan@example.org"})
    family.send()
    english = ("Your family folder", "en-gb")

    home, heading, lang = folder("rowan@example.org")
    assert (heading, lang) == ("Eich ffolder deuluol", "cy")
    page = home.get(f"/family/{Case.objects.get().reference}/")
    assert "Ble mae'n sefyll" in page.text and "Anfon neges" in page.text
    assert folder("nobody@example.org")[1:] == english
    Journey.objects.update(language="pl")  # a language in which the folder has no words
    assert folder("rowan@example.org")[1:] == english


def test_the_other_language_and_the_first_do_not_meet_in_one_process(published):
    welsh, english = begin(), begin("")
    assert "Uchel" in welsh.page.text
    assert "High" in english.page.text
    english.post({})
    assert english.page.errors == ["Select an answer to “Which part do you sing?”"]
    welsh.go("voice/")
    assert "Uchel" in welsh.page.text


def test_what_is_sent_is_read_by_staff_in_the_first_language_and_the_letter_is_not(published):
    family = begin()
    family.answer({"part": "high"})
    family.answer({"email": "rowan@example.org"})
    family.send()
    submission, letter = Submission.objects.get(), OutboxMessage.objects.get()

    assert submission.labels[0]["title"] == "Your voice"
    assert submission.labels[0]["rows"][0]["lines"] == ["High"]
    assert [line["label"] for line in submission.price["lines"]] == ["Music", "High"]
    assert Case.objects.get().title == "Join the choir"
    assert letter.subject == "Mae gennym eich ffurflen"
    assert "Ffurflen: Ymunwch â'r côr" in letter.text
    stored = FormVersion.objects.get()
    assert (stored.compiled["title"], stored.sha256) == ("Join the choir", published.sha256)


def test_a_saved_journey_comes_back_in_its_language(published):
    family = begin()
    save(family)
    letter = OutboxMessage.objects.get()
    assert "Ymunwch" in letter.subject
    other, page = come_back(link_of(letter))
    page = other.get(page.location)

    assert page.heading == "Eich llais"


def test_words_may_be_given_by_id_and_are_kept_by_key():
    form = compiled(FORM)
    words = form["translations"]["cy"]["questions"]
    assert list(words) == ["part"]
    assert words["part"]["options"] == {"high": {"label": "Uchel"}}
    assert compiled(form) == form


def test_translating_changes_no_key_rule_or_price():
    form = compiled(FORM)
    before = copy.deepcopy(form)
    made = in_language(form, "cy")
    assert form == before

    def bones(one):
        return [
            (
                s["key"],
                s["show_if"],
                [(q["key"], [o["key"] for o in q["options"] or []]) for q in s["questions"]],
            )
            for s in one["steps"]
        ]

    assert bones(made) == bones(form)
    assert made["pricing"]["items"][0]["pence"] == 300


def test_letters_in_two_languages_are_kept_and_dumped_apart(published):
    assert set(
        MailTemplate.objects.filter(key__startswith="choir").values_list("key", flat=True)
    ) == {"choir-received", "choir-received.cy"}
    dumped = package.dump("choir")
    assert dumped["form"]["translations"]["cy"]["title"] == "Ymunwch â'r côr"
    assert package.shape_findings(dumped) == []
