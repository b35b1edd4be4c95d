"""Answers at rest: encrypted with a key made from this installation's secret.

A copy of the database alone says nothing about a family. Losing SECRET_KEY loses the answers, so
it belongs to the backup (cms.backup); SECRET_KEY_FALLBACKS keeps older keys readable.
"""

import base64
import hashlib
import hmac
import json
import secrets
from functools import lru_cache
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.db import models


class UnreadableAnswersError(Exception):
    """Answers were written under a secret that this installation no longer has."""


@lru_cache(maxsize=4)
def _cipher(keys: tuple[str, ...]) -> MultiFernet:
    def fernet(secret: str) -> Fernet:
        derived = HKDF(hashes.SHA256(), 32, salt=None, info=b"hub answers v1").derive(
            secret.encode()
        )
        return Fernet(base64.urlsafe_b64encode(derived))

    return MultiFernet([fernet(key) for key in keys])


def cipher() -> MultiFernet:
    """Writes under SECRET_KEY, reads under it and under every fallback."""
    return _cipher((settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS))


class EncryptedJSONField(models.TextField):
    """A JSON value that only this installation can read. It cannot be searched, on purpose."""

    def get_prep_value(self, value: Any) -> str:
        text = json.dumps(value, separators=(",", ":"), ensure_ascii=False)
        return cipher().encrypt(text.encode()).decode()

    def from_db_value(self, value: str | None, expression: Any, connection: Any) -> Any:
        if not value:
            return None
        try:
            return json.loads(cipher().decrypt(value.encode()))
        except InvalidToken:
            raise UnreadableAnswersError(
                "These answers were written under another SECRET_KEY. "
                "Add the old key to SECRET_KEY_FALLBACKS."
            ) from None

    def to_python(self, value: Any) -> Any:
        return value


def new_token() -> str:
    """256 random bits, safe in an address."""
    return secrets.token_urlsafe(32)


def hashed(token: str) -> str:
    """What is stored of a token. Its 256 bits need no salt and no slow hash."""
    return hashlib.sha256(token.encode()).hexdigest()


def matches(token: str, stored_hash: str) -> bool:
    return bool(token) and bool(stored_hash) and hmac.compare_digest(hashed(token), stored_hash)
