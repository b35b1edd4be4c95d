"""Who is who in the editor: ids of options, and keys made from words.

Identity is the block id. A key is only its name in the package; whatever refers to a part does so
by id while the form is edited, and by the key that the part has when it is saved.
"""

import uuid
from collections.abc import Container, Iterable, Mapping

from django.utils.text import slugify

from forms.compile import IDS

UNNAMED = "_new"


def _stem(words: str) -> str:
    stem = slugify(words).replace("-", "_")[:50]
    if not stem:
        return UNNAMED
    return stem if stem[0].isalpha() else f"item_{stem}"


class Names:
    """Keys by block id: those known from before, those typed, else made from the words.

    A draft is saved while its author types. So a key that was made from nothing, or from the
    beginning of the words, grows with them until the part is `settled`; None means all are.
    """

    def __init__(
        self,
        known: Mapping[str, str],
        typed: Iterable[str],
        settled: Container[str] | None = None,
    ):
        self.known, self.taken, self.settled = known, {*typed}, settled

    def _is_half_typed(self, block_id: str, key: str, words: str) -> bool:
        if self.settled is None or block_id in self.settled:
            return False
        stem = _stem(words)
        return stem != UNNAMED and (key.startswith(UNNAMED) or stem.startswith(key))

    def of(self, block_id: str, typed: str, words: str) -> str:
        if typed:
            return typed
        key = self.known.get(block_id)
        if key and key not in self.taken and not self._is_half_typed(block_id, key, words):
            self.taken.add(key)
            return key
        stem = _stem(words)
        others = {known for other, known in self.known.items() if other != block_id}
        key, number = stem, 1
        while key in self.taken or key in others:
            number += 1
            key = f"{stem}_{number}"
        self.taken.add(key)
        return key


class OptionIds:
    """Ids of options, each of one question alone.

    The browser may post one id in two questions: drafts from before each list made its own ids
    (lists.py) do. The first question that had it keeps it; in every other the option gets an id of
    its own, the same one at every save. Rules name the question and what was posted.
    """

    def __init__(self, before: Iterable[dict]):
        self._known: dict[str, dict[str, dict]] = {}
        self._owner: dict[str, str] = {}
        for question in before:
            for option in question.get("options") or []:
                if option.get("id") and option.get("key"):
                    block_id = self.of(question.get("id") or "", option["id"])
                    self._known.setdefault(question.get("id") or "", {})[block_id] = option

    def of(self, question_id: str, posted: str) -> str:
        own = str(uuid.uuid5(IDS, f"{question_id}/option/{posted}"))
        if own in self._known.get(question_id, {}):
            return own
        return posted if self._owner.setdefault(posted, question_id) == question_id else own

    def known(self, question_id: str) -> dict[str, dict]:
        """The question's options as they were saved last, by id."""
        return self._known.get(question_id, {})
