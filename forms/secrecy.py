"""Answers at rest, encrypted (cms.secrecy)."""

import json
from typing import Any

from cryptography.fernet import InvalidToken, MultiFernet
from django.db import models

from cms import secrecy
from cms.backup.checking import proofs
from cms.backup.engines import Query

PURPOSE = b"hub answers v1"


class UnreadableAnswersError(Exception):
    """Answers were written under a secret that this installation no longer has."""


def cipher() -> MultiFernet:
    """Writes under SECRET_KEY, reads under it and under every fallback."""
    return secrecy.cipher(PURPOSE)


class EncryptedJSONField(models.TextField):
    """A JSON value that only this installation can read. It cannot be searched, on purpose."""

    is_sealed = True  # for cms.erasing, which reads each of them

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


@proofs("answers")
def an_answer_opens(query: Query, keys: tuple[str, ...]) -> str:
    """A restored copy is worth something only if its keys open its answers."""
    for table in ("hub_forms_submission", "hub_forms_journey"):
        rows = query(f"SELECT answers FROM {table} WHERE answers <> '' LIMIT 1")  # noqa: S608
        for (sealed,) in rows:
            try:
                secrecy.cipher_of(keys, PURPOSE).decrypt(sealed.encode())
            except InvalidToken:
                return "The keys do not open the answers: without the right ones they are lost."
    return ""
