"""Files at rest: unreadable on the disk, whole when they come back, and broken when touched."""

from pathlib import Path

import pytest
from django.core.files.storage import storages

from imports import sealed
from imports.sealed import CHUNK, BrokenSealError, seal, shred, unseal


@pytest.mark.parametrize("size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK])
def test_a_file_comes_back_as_it_went_in(size):
    content = bytes(range(256)) * (size // 256) + b"x" * (size % 256)

    name = seal([content[:1000], content[1000:]])

    with unseal(name) as stream:
        assert stream.read() == content
        stream.seek(max(0, size - 10))
        assert stream.read() == content[max(0, size - 10) :]
    shred(name)


def test_nothing_of_it_can_be_read_on_the_disk():
    name = seal([b"Ash,Kim,2015-03-04\n" * 500])

    stored = storages["private"].open(name).read()

    assert b"Ash" not in stored
    shred(name)


@pytest.mark.parametrize("change", ["flip", "cut", "swap"])
def test_a_file_that_was_touched_does_not_open(change):
    name = seal([b"a" * CHUNK, b"b" * CHUNK, b"c"])
    path = Path(storages["private"].path(name))
    data = bytearray(path.read_bytes())
    first, chunk = sealed.HEADER, CHUNK + sealed.TAG
    if change == "flip":
        data[first + chunk + 5] ^= 1
    elif change == "cut":
        del data[first + chunk :]
    else:
        one, two = data[first : first + chunk], data[first + chunk : first + 2 * chunk]
        data[first : first + 2 * chunk] = two + one
    path.write_bytes(data)

    with pytest.raises(BrokenSealError), unseal(name) as stream:
        stream.read()
    shred(name)


def test_a_rotated_secret_still_opens_what_was_sealed_before(settings):
    name = seal([b"roster"])
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another secret"

    with unseal(name) as stream:
        assert stream.read() == b"roster"
    settings.SECRET_KEY_FALLBACKS = []
    with pytest.raises(BrokenSealError):
        unseal(name)
    shred(name)
