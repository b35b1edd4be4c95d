"""Exports: nothing in them runs, and what went out can come back."""

import csv
import datetime as dt
import io
import zipfile
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook

from cms.exports import RISKY, escape, table, unescape

PAYLOADS = [
    "=1+1",
    "==1+1",
    '=HYPERLINK("http://example.org","click")',
    "=cmd|' /C calc'!A0",
    "+1+1",
    "+44 1632 960001",
    "-3",
    "-1+1",
    "@SUM(A1:A2)",
    "\t=1+1",
    "\r=1+1",
    "\n=1+1",
    " =1+1",
    "\u00a0=1+1",
    "\ufeff=1+1",
    "\uff1d1+1",
    "\uff0b1",
    "\uff0d1",
    "\uff20A1",
    "'=1+1",
    "''=1+1",
    "\x00=1+1",
    "=1+1\x00",
    "=\u202e1+1",
    '=IMPORTXML(CONCAT(""),"//a")',
]


def read_csv(file):
    return list(csv.reader(io.StringIO(file.read().decode("utf-8-sig"), newline="")))


@pytest.mark.parametrize("payload", PAYLOADS)
def test_no_csv_cell_begins_like_a_formula(payload):
    rows = read_csv(table("csv", [payload], [[payload, payload]]))

    assert [cell[0] for row in rows for cell in row] == ["'", "'", "'"]


@pytest.mark.parametrize("payload", PAYLOADS)
def test_no_xlsx_cell_is_a_formula(payload):
    file = table("xlsx", [payload], [[payload]])

    assert b"<f>" not in zipfile.ZipFile(file).read("xl/worksheets/sheet1.xml")
    file.seek(0)
    cells = [cell for row in load_workbook(file).active.iter_rows() for cell in row]
    assert [cell.data_type for cell in cells] == ["s", "s"]
    assert all(cell.quotePrefix for cell in cells)


def test_openpyxl_left_alone_would_have_made_formulas():
    from openpyxl import Workbook

    book = Workbook()
    book.active.append(PAYLOADS[:1])
    assert book.active["A1"].data_type == "f"


@given(st.text(alphabet="'=+-@ \t\rab1", max_size=6))
def test_what_goes_out_comes_back(text):
    assert unescape(escape(text)) == text
    assert not RISKY.match(escape(text)) or escape(text).startswith("'")


@pytest.mark.parametrize("text", ["'tis the season", "O'Neill", "", "3", "'"])
def test_text_that_is_safe_is_left_alone(text):
    assert (escape(text), unescape(text)) == (text, text)


def test_every_type_of_value_has_its_own_cell():
    values = [
        None,
        True,
        -3,
        Decimal("2.50"),
        dt.date(2026, 3, 29),
        dt.datetime(2026, 7, 1, 9, 0, tzinfo=dt.UTC),
        ["Oboe", "=Cello"],
    ]

    assert read_csv(table("csv", ["a"] * 7, [values]))[1] == [
        "",
        "Yes",
        "-3",
        "2.50",
        "2026-03-29",
        "2026-07-01 10:00:00",
        "Oboe; =Cello",
    ]
    sheet = load_workbook(table("xlsx", ["a"] * 7, [values])).active
    assert [cell.value for cell in sheet[2]] == [
        None,
        "Yes",
        -3,
        2.5,
        dt.datetime(2026, 3, 29),
        dt.datetime(2026, 7, 1, 10, 0),
        "Oboe; =Cello",
    ]
