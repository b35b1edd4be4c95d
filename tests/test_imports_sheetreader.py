"""Workbooks are parsed in a process of their own, bounded in memory and time."""

import io
import os

import pytest

from imports import sheetreader, workbooks
from imports.errors import FileTooLarge, UnreadableFile
from tests.roster_files import xlsx

ROWS = [["Pupil ID", "Surname"], ["007", "Ó Briain"], ["008", 'with "quotes"\nand a line']]


def read(content):
    return [(sheet.name, list(sheet.rows())) for sheet in workbooks.sheets(io.BytesIO(content))]


def test_the_rows_of_every_sheet_arrive_and_can_be_read_by_turns():
    sheets = workbooks.sheets(io.BytesIO(xlsx({"Pupils": ROWS, "Notes": [["one"], ["two"]]})))
    first, second = sheets[0].rows(), sheets[1].rows()
    seen = [next(first), next(second), next(first), next(second), next(first)]
    assert seen == [(1, ROWS[0]), (1, ["one"]), (2, ROWS[1]), (2, ["two"]), (3, ROWS[2])]
    assert [number for number, _cells in sheets[0].rows()] == [1, 2, 3]


def test_a_workbook_that_takes_too_much_memory_is_refused_with_a_sentence(monkeypatch):
    monkeypatch.setattr(workbooks, "MAX_MEGABYTES", 16)
    large = xlsx({"Pupils": [[f"{n} {m} some text" for m in range(60)] for n in range(400)]})
    with pytest.raises(FileTooLarge, match="save the sheet as CSV"):
        read(large)


def test_twin_within_the_bound_the_same_workbook_is_read():
    large = xlsx({"Pupils": [[f"{n} {m} some text" for m in range(60)] for n in range(400)]})
    [(_name, rows)] = read(large)
    assert len(rows) == 400


def test_a_reader_that_never_ends_is_stopped(monkeypatch, tmp_path):
    forever = tmp_path / "forever.py"
    forever.write_text("import time\ntime.sleep(600)\n")
    monkeypatch.setattr(workbooks, "READER", str(forever))
    monkeypatch.setattr(workbooks, "MAX_SECONDS", 1)
    with pytest.raises(FileTooLarge, match="time to read"):
        read(xlsx({"Pupils": ROWS}))


def test_a_reader_that_is_killed_is_a_sentence_and_not_an_error(monkeypatch, tmp_path):
    killed = tmp_path / "killed.py"
    killed.write_text("import os, signal\nos.kill(os.getpid(), signal.SIGKILL)\n")
    monkeypatch.setattr(workbooks, "READER", str(killed))
    with pytest.raises(FileTooLarge):
        read(xlsx({"Pupils": ROWS}))


def test_what_is_damaged_is_said_to_be_damaged():
    with pytest.raises(UnreadableFile, match="damaged"):
        read(b"PK\x03\x04 not a workbook at all")


def test_the_reader_sees_nothing_of_the_hubs_environment(monkeypatch, tmp_path):
    telling = tmp_path / "telling.py"
    telling.write_text(
        "import json, os, sys\n"
        "line = json.dumps(sorted(os.environ)).encode() + b'\\n'\n"
        "sys.stdout.buffer.write(line)\nsys.stderr.write(json.dumps([['s', 0, 1]]))\n"
    )
    monkeypatch.setenv("SECRET_KEY", "not to be seen")
    monkeypatch.setattr(workbooks, "READER", str(telling))
    [(_name, [(_number, names)])] = read(xlsx({"Pupils": ROWS}))
    assert "SECRET_KEY" not in names
    assert os.environ["SECRET_KEY"]


def test_cells_become_what_a_person_would_type():
    assert [sheetreader.text_of(value) for value in (7.0, 0.5, True, None, "x")] == [
        "7", "0.5", "Yes", "", "x",
    ]  # fmt: skip
