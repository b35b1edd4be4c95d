"""What only this installation, or only who holds a link, can open: ciphers, tokens and seals.

A copy of the database by itself says nothing. Losing SECRET_KEY loses what was sealed, so it is
part of every backup (cms.backup); SECRET_KEY_FALLBACKS keep readable what older keys sealed.
"""

import base64
import hashlib
import hmac
import secrets
from functools import lru_cache

from cryptography.fernet import Fernet, MultiFernet
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings


@lru_cache(maxsize=8)
def cipher_of(keys: tuple[str, ...], purpose: bytes) -> MultiFernet:
    """Writes under the first of these secrets and reads under each. No purpose opens another's."""

    def fernet(secret: str) -> Fernet:
        derived = HKDF(hashes.SHA256(), 32, salt=None, info=purpose).derive(secret.encode())
        return Fernet(base64.urlsafe_b64encode(derived))

    return MultiFernet([fernet(key) for key in keys])


def cipher(purpose: bytes) -> MultiFernet:
    """The cipher of this installation for one purpose."""
    return cipher_of((settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS), purpose)


def new_token() -> str:
    """256 random bits, safe in an address."""
    return secrets.token_urlsafe(32)


def hashed(token: str) -> str:
    """What is stored of a token. Its 256 bits need no salt and no slow hash."""
    return hashlib.sha256(token.encode()).hexdigest()


def matches(token: str, stored_hash: str) -> bool:
    return bool(token) and bool(stored_hash) and hmac.compare_digest(hashed(token), stored_hash)


def seal(text: str, secret: str = "") -> str:
    """What a row is found by instead of `text` itself: of no use without the secret (our own)."""
    key = (secret or settings.SECRET_KEY).encode()
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
