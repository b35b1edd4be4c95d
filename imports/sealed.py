"""Uploaded rosters at rest: encrypted in private storage, read back as a stream.

A file is a magic word, a salt, then chunks of AES-256-GCM, each sealed with its number, so that
chunks cannot be swapped or cut off unseen, and a reader can seek without opening all of it.
The key comes from SECRET_KEY; files sealed under one of SECRET_KEY_FALLBACKS can still be read.
"""

import io
import os
import uuid
from collections.abc import Iterable

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.core.files.base import File
from django.core.files.storage import storages

MAGIC = b"HUBROST1"
SALT = 16
CHUNK = 262_144
TAG = 16
HEADER = len(MAGIC) + SALT


class BrokenSealError(Exception):
    """The stored file was changed, cut short, or sealed under a secret that is gone."""


def _key(secret: str, salt: bytes) -> AESGCM:
    hkdf = HKDF(algorithm=SHA256(), length=32, salt=salt, info=b"hub roster file")
    return AESGCM(hkdf.derive(secret.encode()))


def _nonce(index: int, *, is_last: bool) -> bytes:
    return index.to_bytes(11, "big") + (b"\x01" if is_last else b"\x00")


class _Sealing(io.RawIOBase):
    """Reads as the sealed bytes of what `source` yields, one chunk ahead to know the last one."""

    def __init__(self, source: Iterable[bytes]):
        salt = os.urandom(SALT)
        self._cipher = _key(settings.SECRET_KEY, salt)
        self._source = iter(source)
        self._index = 0
        self._plain = bytearray()
        self._ready = bytearray(MAGIC + salt)
        self._done = False

    def readable(self) -> bool:
        return True

    def _fill(self) -> None:
        # More than one chunk must be in hand before one is sealed as "not the last".
        while len(self._plain) <= CHUNK and not self._done:
            piece = next(self._source, None)
            if piece is None:
                self._done = True
            else:
                self._plain += piece
        is_last = len(self._plain) <= CHUNK
        plain = bytes(self._plain[:CHUNK])
        del self._plain[:CHUNK]
        self._ready += self._cipher.encrypt(_nonce(self._index, is_last=is_last), plain, None)
        self._index += 1
        if is_last:
            self._index = -1

    def readinto(self, buffer) -> int:  # noqa: ANN001 - as io.RawIOBase has it
        while not self._ready and self._index >= 0:
            self._fill()
        count = min(len(buffer), len(self._ready))
        buffer[:count] = self._ready[:count]
        del self._ready[:count]
        return count


class _Opening(io.RawIOBase):
    """The plain bytes of a sealed file, seekable, one chunk in memory."""

    def __init__(self, sealed: File):
        self._sealed = sealed
        head = sealed.read(HEADER)
        if not head.startswith(MAGIC):
            raise BrokenSealError("Not a sealed roster file.")
        body = sealed.size - HEADER
        self._chunks = max(1, -(-body // (CHUNK + TAG)))
        self.length = body - self._chunks * TAG
        self._position = 0
        self._index = -1
        self._plain = b""
        self._cipher = self._right_cipher(head[len(MAGIC) :])

    def _right_cipher(self, salt: bytes) -> AESGCM:
        for secret in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS):
            self._cipher = _key(secret, salt)
            try:
                self._load(0)
            except BrokenSealError:
                continue
            return self._cipher
        raise BrokenSealError(
            "The stored file cannot be opened: it was changed or its secret is gone."
        )

    def _load(self, index: int) -> None:
        self._sealed.seek(HEADER + index * (CHUNK + TAG))
        sealed = self._sealed.read(CHUNK + TAG)
        nonce = _nonce(index, is_last=index == self._chunks - 1)
        try:
            self._plain = self._cipher.decrypt(nonce, sealed, None)
        except InvalidTag:
            raise BrokenSealError("A part of the stored file was changed.") from None
        self._index = index

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self.length}[whence]
        self._position = max(0, base + offset)
        return self._position

    def readinto(self, buffer) -> int:  # noqa: ANN001 - as io.RawIOBase has it
        if self._position >= self.length:
            return 0
        index, start = divmod(self._position, CHUNK)
        if index != self._index:
            self._load(index)
        piece = self._plain[start : start + len(buffer)]
        buffer[: len(piece)] = piece
        self._position += len(piece)
        return len(piece)

    def close(self) -> None:
        self._sealed.close()
        super().close()


def seal(pieces: Iterable[bytes]) -> str:
    """Store these bytes, encrypted, under a name that says nothing. Returns that name."""
    name = f"rosters/{uuid.uuid4().hex}"
    return storages["private"].save(name, File(io.BufferedReader(_Sealing(pieces)), name=name))


def unseal(name: str) -> io.BufferedReader:
    """The plain bytes of a stored file, as a seekable stream. Raises BrokenSealError."""
    opening = _Opening(storages["private"].open(name, "rb"))
    return io.BufferedReader(opening, buffer_size=CHUNK)


def shred(name: str) -> None:
    """Delete a stored file; one that is gone already is no error."""
    storages["private"].delete(name)
