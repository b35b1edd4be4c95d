"""Each question type: what people may type, what is kept, how it reads back, what they are told."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import QueryDict
from django.utils.datastructures import MultiValueDict

from cms.models import Instrument, School
from cms.registry import DuplicateKeyError, UnknownKeyError
from forms.compile import compiled
from forms.field_types import FieldType, field_type, field_types
from forms.field_types.base import with_article
from forms.field_types.text import NumberField
from forms.stepforms import build, form_class

CONTRACT = [
    "text",
    "longtext",
    "email",
    "phone",
    "number",
    "money",
    "date",
    "time",
    "yes_no",
    "radios",
    "select",
    "checkboxes",
    "uk_postcode",
    "uk_address",
    "name",
    "school",
    "instrument",
    "grade",
    "file",
    "video_link",
    "declaration",
    "info",
    "calculated",
    "places",
    "slot",
    "matrix",
]
OPTIONS = [{"key": "a", "label": "Apple"}, {"key": "b", "label": "Pear"}]
PDF = b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n1 0 obj\n"


def page(kind, label="Age", **question):
    question = {"key": "q", "type": kind, "label": label, "required": True} | question
    data = {
        "slug": "f",
        "title": "F",
        "steps": [{"key": "s", "title": "S", "questions": [question]}],
    }
    return build(compiled(data), "s")


def post(form, files=None, **values):
    data = QueryDict(mutable=True)
    for name, value in values.items():
        data.setlist(name.replace("__", "-"), value if isinstance(value, list) else [value])
    return form(data, MultiValueDict(files or {}))


def stored(kind, value, **question):
    form = post(page(kind, **question), **value)
    assert form.is_valid(), form.errors
    return form.answers()["q"]


def told(kind, value, **question):
    form = post(page(kind, **question), **value)
    assert not form.is_valid()
    return form.errors["q"]


def test_every_type_of_the_contract_is_there_and_can_be_shown(db):
    assert set(CONTRACT) <= set(field_types)
    for kind in CONTRACT:
        settings = {"course": "c", "rows": [{"key": "r", "label": "R"}], "sum": ["q"]}
        form = page(kind, options=OPTIONS, settings=settings)()
        assert [row["question"]["key"] for row in form.rows] == (
            [] if kind == "calculated" else ["q"]
        )
        assert all(str(row["field"]) for row in form.rows)


def test_a_second_type_of_the_same_name_and_an_unknown_one_are_refused():
    with pytest.raises(DuplicateKeyError):

        @field_type("date")
        class Again(FieldType):
            pass

    with pytest.raises(UnknownKeyError, match="No question type is called 'dates'"):
        field_types["dates"]


# type, what is posted, what is kept, how it reads back
KEPT = [
    ("text", {"q": "  Ash \x00Reed "}, "Ash Reed", ["Ash Reed"]),
    ("longtext", {"q": "one\r\ntwo"}, "one\ntwo", ["one", "two"]),
    ("email", {"q": "a@example.org"}, "a@example.org", ["a@example.org"]),
    ("phone", {"q": "01632 960 001"}, "+441632960001", ["01632 960001"]),
    ("phone", {"q": "+353 1 496 0000"}, "+35314960000", ["+353 1 496 0000"]),
    ("number", {"q": "1,200"}, 1200, ["1200"]),
    ("number", {"q": "12,000"}, 12000, ["12,000"]),
    ("number", {"q": "0"}, 0, ["0"]),
    ("money", {"q": "£45.50"}, 4550, ["£45.50"]),
    ("money", {"q": "45"}, 4500, ["£45"]),
    ("time", {"q": "3.30pm"}, "15:30", ["3:30pm"]),
    ("time", {"q": "midday"}, "12:00", ["midday"]),
    ("time", {"q": "12am"}, "00:00", ["12am"]),
    ("yes_no", {"q": "no"}, False, ["No"]),
    ("radios", {"q": "b"}, "b", ["Pear"]),
    ("select", {"q": "a"}, "a", ["Apple"]),
    ("checkboxes", {"q": ["a", "b"]}, ["a", "b"], ["Apple", "Pear"]),
    ("uk_postcode", {"q": "sg49uj"}, "SG4 9UJ", ["SG4 9UJ"]),
    ("grade", {"q": "grade_5"}, "grade_5", ["Grade 5"]),
    ("declaration", {"q": "on"}, True, ["Agreed"]),
    ("slot", {"q": "a"}, "a", ["Apple"]),
    (
        "video_link",
        {"q": "youtu.be/abc"},
        "https://youtu.be/abc",
        ["https://youtu.be/abc"],
    ),
    (
        "name",
        {"first__q": "Robin", "last__q": "Reed"},
        {"first": "Robin", "last": "Reed"},
        ["Robin Reed"],
    ),
    (
        "uk_address",
        {"line_1__q": "1 Lane", "town__q": "Hitchin", "postcode__q": "sg4 9uj"},
        {"line_1": "1 Lane", "town": "Hitchin", "postcode": "SG4 9UJ"},
        ["1 Lane", "Hitchin", "SG4 9UJ"],
    ),
    ("date", {"q_day": "27", "q_month": "3", "q_year": "2015"}, "2015-03-27", ["27 March 2015"]),
    ("date", {"q_day": "1", "q_month": "jan", "q_year": "2015"}, "2015-01-01", ["1 January 2015"]),
    (
        "date",
        {"q_day": "09", "q_month": "Sept", "q_year": "2015"},
        "2015-09-09",
        ["9 September 2015"],
    ),
    ("school", {"choice__q": "home"}, {"choice": "home"}, ["Educated at home"]),
    (
        "school",
        {"choice__q": "other", "q": "A school in Wales"},
        {"choice": "other", "name": "A school in Wales"},
        ["A school in Wales"],
    ),
]


@pytest.mark.parametrize(("kind", "posted", "kept", "lines"), KEPT)
def test_an_answer_is_kept_as_plain_json_reads_back_and_shows_again(kind, posted, kept, lines):
    form = page(kind, options=OPTIONS)
    question = form.step["questions"][0]

    assert stored(kind, posted, options=OPTIONS) == kept
    assert field_types[kind].lines(question, kept) == lines
    again = form(initial_answers={"q": kept})
    shown = str(again["q"])
    assert "checked" in shown or "selected" in shown or "value=" in shown or kind == "longtext"


WRONG = [
    ("text", {"q": " "}, ["Enter an age"]),
    ("text", {"q": "x" * 251}, ["Age must be 250 characters or less"]),
    (
        "longtext",
        {"q": "one two three"},
        ["Age must be 2 words or less. You have written 3 words."],
    ),
    (
        "email",
        {"q": "nobody"},
        ["Enter an email address in the correct format, like name@example.org"],
    ),
    ("phone", {"q": "12"}, ["Enter a telephone number, like 01632 960 001 or 07700 900 982"]),
    ("number", {"q": "ten"}, ["Age must be a number, like 12"]),
    ("number", {"q": "1.5"}, ["Age must be a whole number, like 12"]),
    ("number", {"q": "1"}, ["Age must be 2 or more"]),
    ("number", {"q": "NaN"}, ["Age must be a number, like 12"]),
    ("number", {"q": "1e999"}, ["Age must be a number, like 12"]),
    ("money", {"q": "1.005"}, ["Age must be in pounds and whole pence, like 25 or 25.50"]),
    ("money", {"q": "-1"}, ["Age must be £0 or more"]),
    ("time", {"q": "25:00"}, ["Enter a time, like 9am or 3:30pm"]),
    ("yes_no", {}, ["Select yes or no for age"]),
    ("yes_no", {"q": "perhaps"}, None),
    ("radios", {}, ["Select an age"]),
    ("radios", {"q": "c"}, ["Select one of the answers to “Age”"]),
    ("checkboxes", {"q": ["a", "c"]}, ["Select one of the answers to “Age”"]),
    ("uk_postcode", {"q": "12345"}, ["Enter a full UK postcode, like SG4 9UJ"]),
    ("declaration", {}, ["Confirm: age"]),
    ("video_link", {"q": "javascript:alert(1)"}, None),
    ("video_link", {"q": "http://youtube.com/x"}, None),
    ("video_link", {"q": "https://youtube.com.evil.example/x"}, None),
    ("name", {"first__q": "Robin"}, ["Enter the last name (age)"]),
    (
        "uk_address",
        {"line_1__q": "1 Lane", "town__q": "Hitchin", "postcode__q": "nonsense"},
        ["Enter a full UK postcode, like SG4 9UJ"],
    ),
    ("date", {}, ["Enter an age"]),
    ("date", {"q_day": "27", "q_year": "2015"}, ["Age must include a month"]),
    ("date", {"q_year": "2015"}, ["Age must include a day and month"]),
    ("date", {"q_day": "31", "q_month": "2", "q_year": "2015"}, ["Age must be a real date"]),
    ("date", {"q_day": "1", "q_month": "ju", "q_year": "2015"}, ["Age must be a real date"]),
    (
        "date",
        {"q_day": "1", "q_month": "1", "q_year": "15"},
        ["Age must have a year with 4 numbers"],
    ),
    ("date", {"q_day": "²", "q_month": "1", "q_year": "2015"}, ["Age must be a real date"]),
    ("date", {"q_day": "1", "q_month": "1", "q_year": "2999"}, ["Age must be in the past"]),
    ("school", {}, ["Enter an age"]),
    ("school", {"choice__q": "school"}, ["Enter the name of the school"]),
    ("school", {"choice__q": "moon", "q": "x"}, ["Select where they learn"]),
    ("matrix", {"r__q": "c"}, ["Select one of the answers in each row"]),
    ("matrix", {}, ["Select an answer for “Row”"]),
]


@pytest.mark.parametrize(("kind", "posted", "sentences"), WRONG)
def test_a_wrong_answer_is_told_what_to_do_about_it(kind, posted, sentences):
    settings = {"max_words": 2, "min": 2, "in": "past", "rows": [{"key": "r", "label": "Row"}]}
    if kind == "money":
        settings = {}
    found = told(kind, posted, options=OPTIONS, settings=settings)

    assert found == (sentences or found)
    assert all(sentence and not sentence.startswith("Select a valid choice") for sentence in found)


@pytest.mark.parametrize("kind", [kind for kind in CONTRACT if kind not in ("info", "calculated")])
def test_an_optional_question_may_be_left_empty(kind, db):
    settings = {"course": "c", "rows": [{"key": "r", "label": "R"}]}
    posted = post(page(kind, required=False, options=OPTIONS, settings=settings))

    assert posted.is_valid(), posted.errors
    assert posted.answers()["q"] in (None, False)


@pytest.fixture
def schools(db):
    School.objects.create(urn="100001", name="Oak School", town="Hitchin", postcode="SG4 9UJ")
    School.objects.create(urn="100002", name="Oak School", town="Watford", postcode="WD17 1AA")
    School.objects.create(urn="100003", name="Elm School", town="Watford", status="closed")


@pytest.mark.parametrize(
    ("text", "urn"),
    [("100002", "100002"), ("oak hitchin", "100001"), ("Oak School WD17", "100002")],
)
def test_a_school_is_found_by_urn_or_by_name_with_its_town(schools, text, urn):
    assert stored("school", {"choice__q": "school", "q": text}) == {
        "choice": "school",
        "urn": urn,
        "name": "Oak School",
    }


def test_several_schools_are_offered_on_the_page_and_one_can_be_chosen(schools):
    form = post(page("school"), choice__q="school", q="oak")

    assert form.errors["q"] == ["Select which of these schools it is"]
    assert "Oak School, Hitchin" in str(form["q"])
    assert stored("school", {"choice__q": "school", "q": "oak", "which__q": "100002"})["urn"] == (
        "100002"
    )
    assert told("school", {"choice__q": "school", "q": "elm"})[0].startswith("We cannot find")


def test_offered_schools_are_not_shown_to_the_next_family(schools):
    form = page("school")
    assert not post(form, choice__q="school", q="oak").is_valid()

    assert "Oak School" not in str(form()["q"])


def test_instruments_are_those_of_the_hub(db):
    Instrument.objects.create(name="Cello", slug="cello", family="strings")

    assert stored("instrument", {"q": "cello"}) == "cello"
    assert stored("instrument", {"q": "other"}) == "other"
    assert not post(page("instrument"), q="kazoo").is_valid()


def upload(content, name="letter.pdf", kind="application/pdf"):
    return SimpleUploadedFile(name, content, kind)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "The selected file is empty"),
        (b"MZ\x90\x00 a program", "The selected file must be a PDF or JPEG picture or PNG picture"),
        (PDF + b"x" * 1_048_577, "The selected file must be smaller than 1MB"),
    ],
)
def test_a_file_is_judged_by_its_content_and_size_not_by_its_name(content, sentence):
    form = post(page("file", settings={"max_mb": 1}), files={"q": [upload(content)]})

    assert form.errors["q"] == [sentence]


def test_a_file_that_is_kept_already_need_not_be_sent_again():
    form = page("file")
    kept = form(QueryDict("asked=q"), initial_answers={"q": [{"id": 1, "name": "a", "size": 9}]})

    assert kept.is_valid()
    assert post(form).errors["q"] == ["Select a file for age"]
    assert post(form, files={"q": [upload(PDF)]}).is_valid()


BRANCH = compiled(
    {
        "slug": "f",
        "title": "F",
        "steps": [
            {
                "key": "s",
                "title": "S",
                "questions": [
                    {"key": "has", "type": "yes_no", "label": "Has?", "required": True},
                    {
                        "key": "what",
                        "type": "text",
                        "label": "What",
                        "required": True,
                        "show_if": {"clauses": [{"question": "has", "op": "is", "value": "yes"}]},
                    },
                ],
            }
        ],
    }
)


def test_a_question_that_an_answer_on_the_page_brings_up_is_asked_next():
    form = build(BRANCH, "s")
    first = form(QueryDict("asked=has&has=yes"))

    assert form().asked == "has"
    assert (first.is_valid(), first.answers()) == (True, {"has": True})
    assert [question["key"] for question in first.newly_visible] == ["what"]
    shown = form(initial_answers={"has": True})
    assert shown.asked == "has,what"
    second = form(QueryDict("asked=has,what&has=yes&what="))
    assert second.errors == {"what": ["Enter what"]}


def test_all_at_once_is_accepted_and_what_is_hidden_is_ignored():
    form = build(BRANCH, "s")
    both = form(QueryDict("has=yes&what=cello"))
    hidden = form(QueryDict("has=no&what=cello&nobody=asked"))

    assert (both.is_valid(), both.answers()) == (True, {"has": True, "what": "cello"})
    assert (hidden.is_valid(), hidden.answers()) == (True, {"has": False})


def test_the_error_summary_repeats_the_sentence_and_leads_to_the_first_box():
    form = post(page("date", label="Date of birth"), q_day="1")
    form.is_valid()

    assert form.error_list == [
        {"id": "id_q_0", "message": "Date of birth must include a month and year"}
    ]
    assert 'id="id_q_0"' in str(form["q"])


def test_classes_are_built_once_for_a_version():
    assert form_class(("test", 1), BRANCH, "s") is form_class(("test", 1), BRANCH, "s")
    assert form_class(("test", 2), BRANCH, "s") is not form_class(("test", 1), BRANCH, "s")
    with pytest.raises(KeyError):
        form_class(("test", 1), BRANCH, "nowhere")


@pytest.mark.parametrize(
    ("label", "said"),
    [
        ("E-mail address", "an e-mail address"),
        ("Date of birth", "a date of birth"),
        ("UK postcode", "a UK postcode"),
        ("Your name", "your name"),
        ("Allergies", "allergies"),
        ("Child’s name", "a child’s name"),
        ("What they play", "what they play"),
        ("Instrument", "an instrument"),
        ("Further information", "further information"),
    ],
)
def test_an_error_names_the_question_as_a_person_would(label, said):
    assert with_article(label) == said


def test_a_bound_that_may_be_a_year_has_no_comma():
    assert NumberField(name="Year you began", low=1700)._say(1700) == "1700"
    assert NumberField(name="Pupils", high=25_000)._say(25_000) == "25,000"
