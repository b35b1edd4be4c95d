"""A film that a family sends: how long it is, said by its own header, and who may see it."""

import io
import struct

import pytest

from forms import films
from forms.filechecks import RefusedFileError
from tests.test_forms_field_types import page, post, upload

pytestmark = pytest.mark.django_db


def box(name, content):
    return struct.pack(">I4s", len(content) + 8, name) + content


def film(seconds, *, wide=False, brand=b"isom"):
    """The smallest file that says how long it lasts, its data before its header."""
    if wide:
        head = b"\x01\0\0\0" + bytes(16) + struct.pack(">IQ", 1000, seconds * 1000)
    else:
        head = bytes(4) + bytes(8) + struct.pack(">II", 600, seconds * 600)
    kind = box(b"ftyp", brand + bytes(4) + brand)
    return kind + box(b"mdat", bytes(50)) + box(b"moov", box(b"mvhd", head + bytes(80)))


@pytest.mark.parametrize("wide", [False, True])
def test_the_length_is_read_from_either_kind_of_header(wide):
    assert films.seconds(io.BytesIO(film(245, wide=wide))) == 245


@pytest.mark.parametrize(
    "broken",
    [b"", b"\0\0\0\x08moov", film(10)[:-60], box(b"moov", b"\0\0\0\x02mvhd"), box(b"free", b"")],
)
def test_a_film_that_does_not_say_how_long_it_is_is_refused(broken):
    with pytest.raises(RefusedFileError, match="how long the selected film is"):
        films.seconds(io.BytesIO(broken))


def answered(content, name="film.mp4"):
    rules = {"types": ["mp4", "mov"], "max_mb": 50, "max_minutes": 5}
    return post(page("file", settings=rules), files={"q": [upload(content, name)]})


def test_a_film_within_the_minutes_is_taken_and_a_longer_one_is_not():
    assert answered(film(300)).errors == {}
    assert answered(film(301)).errors == {}  # a camera never stops on the second
    assert answered(film(330)).errors["q"] == [
        "The selected film must not be longer than 5 minutes"
    ]
    assert answered(film(10, brand=b"qt  "), "film.mov").errors == {}
    assert answered(b"%PDF-1.4 no film", "film.mp4").errors["q"] == [
        "The selected file must be a MP4 film or QuickTime film"
    ]
