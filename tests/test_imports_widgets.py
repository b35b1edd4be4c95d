"""Cells as this country writes them: what each is read as, what is mended, what is refused."""

import datetime as dt

import pytest

from imports.errors import CellProblem
from imports.widgets import (
    ChoiceWidget,
    DateWidget,
    EmailWidget,
    IdWidget,
    LaestabWidget,
    NumberWidget,
    PhoneWidget,
    PostcodeWidget,
    Repaired,
    TextWidget,
    TimeWidget,
    YearWidget,
    YesNoWidget,
)

MARCH = dt.date(2015, 3, 4)


@pytest.mark.parametrize(
    ("widget", "text", "value"),
    [
        (TextWidget(), "  Zoë \u00a0 Ash\u200b ", "Zoë Ash"),
        (TextWidget(), "O’Neill-Łuczak", "O’Neill-Łuczak"),
        (TextWidget(), "'=5", "=5"),
        (IdWidget(), "00123", "00123"),
        (IdWidget(), "P-1/2", "P-1/2"),
        (LaestabWidget(), "919/4001", "9194001"),
        (DateWidget(), "04/03/2015", MARCH),
        (DateWidget(), "4.3.2015", MARCH),
        (DateWidget(), "04-03-2015", MARCH),
        (DateWidget(), "2015-03-04", MARCH),
        (DateWidget(), "2015-03-04 00:00:00", MARCH),
        (DateWidget(), "20150304", MARCH),
        (DateWidget(), "Wed, 4th March 2015", MARCH),
        (DateWidget(), "4 Sept 2015", dt.date(2015, 9, 4)),
        (TimeWidget(), "16:30", dt.time(16, 30)),
        (TimeWidget(), "4.30pm", dt.time(16, 30)),
        (TimeWidget(), "12am", dt.time(0)),
        (YesNoWidget(), "Yes", True),
        (YesNoWidget(), " TRUE", True),
        (YesNoWidget(), "n", False),
        (NumberWidget(), "1,565", 1565),
        (NumberWidget(), "7.0", 7),
        (YearWidget(), "Yr 7", 7),
        (YearWidget(), "Year 11", 11),
        (YearWidget(), "Reception", 0),
        (YearWidget(), "Nursery", -1),
        (ChoiceWidget([("open", "Open")], {"1": "open"}), "OPEN ", "open"),
        (ChoiceWidget([("open", "Open")], {"1": "open"}), "1", "open"),
        (PostcodeWidget(), "sg49uj", "SG4 9UJ"),
        (EmailWidget(), " kim@example.org ", "kim@example.org"),
        (PhoneWidget(), "01632 960 001", "+441632960001"),
        (PhoneWidget(), "+44 (0)7700 900-123", "+447700900123"),
        (PhoneWidget(), "'+447700900123", "+447700900123"),
        (PhoneWidget(), "00353 1 234 5678", "+35312345678"),
    ],
)
def test_a_cell_is_read_as_its_writer_meant_it(widget, text, value):
    assert widget.parse(text) == value
    assert widget.clean(text) == value


@pytest.mark.parametrize(
    ("widget", "text", "value", "note"),
    [
        (
            PhoneWidget(),
            "7700900123",
            "+447700900123",
            "A leading 0 was missing; read as 07700900123.",
        ),
        (DateWidget(), "42067", MARCH, "Excel's day number 42067 was read as 04/03/2015."),
    ],
)
def test_what_a_spreadsheet_mangled_is_mended_and_said(widget, text, value, note):
    assert widget.parse(text) == Repaired(value, note)


@pytest.mark.parametrize(
    ("widget", "text", "problem"),
    [
        (TextWidget(), "=1+1", "This is a formula, not a value."),
        (TextWidget(3), "long", "This is 4 characters long."),
        (IdWidget(), "1.23E+11", "The spreadsheet has shortened this number, so its last figures are lost."),
        (IdWidget(6, r"\d{6}"), "12345", "This is not a number of the right form."),
        (DateWidget(), "31/02/2015", "31/02/2015 is not a date: February has 28 days."),
        (DateWidget(), "31/09/2012", "31/09/2012 is not a date: September has 30 days."),
        (DateWidget(), "29/02/2016 x", "“29/02/2016 x” is not a date."),
        (DateWidget(), "12/13/2015", "12/13/2015 is not a date: there is no month 13."),
        (DateWidget(), "1/2/15", "The year of 1/2/15 has 2 figures."),
        (DateWidget(latest_days=0), "01/01/2090", "01/01/2090 lies in the future."),
        (DateWidget(), "01/01/1066", "01/01/1066 is too long ago."),
        (TimeWidget(), "25:00", "“25:00” is not a time."),
        (YesNoWidget(), "maybe", "“maybe” is neither yes nor no."),
        (NumberWidget(), "3.7", "“3.7” is not a whole number."),
        (NumberWidget(), "1e999999999", "“1e999999999” is not a whole number."),
        (YearWidget(), "99", "“99” is not a school year."),
        (PostcodeWidget(), "SG4", "“SG4” is not a UK postcode."),
        (EmailWidget(), "kim@", "This is not an e-mail address."),
        (PhoneWidget(), "ring the office", "This is not a telephone number."),
        (PhoneWidget(), "555-123-4567 x9", "This is not a telephone number."),
    ],
)  # fmt: skip
def test_what_cannot_be_meant_is_refused_in_words(widget, text, problem):
    with pytest.raises(CellProblem) as refused:
        widget.parse(text)

    assert refused.value.problem == problem


@pytest.mark.parametrize(
    ("widget", "value"),
    [
        (DateWidget(), MARCH),
        (TimeWidget(), dt.time(16, 30)),
        (YesNoWidget(), False),
        (NumberWidget(), 7),
        (PhoneWidget(), "+447700900123"),
        (ChoiceWidget([("left", "Has left")]), "left"),
    ],
)
def test_what_is_written_out_reads_back_as_the_same(widget, value):
    assert widget.parse(widget.render(value)) == value
    assert widget.from_json(widget.to_json(value)) == value


def test_month_first_is_read_only_when_told():
    assert DateWidget().parse("03/04/2015") == dt.date(2015, 4, 3)
    assert DateWidget().parse("03/04/2015", "mdy") == MARCH
