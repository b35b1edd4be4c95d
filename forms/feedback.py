"""“You said, we did”: an answer is published from the case of whoever wrote, by a button.

What the public reads is what an officer writes when pressing, never what was sent; words that name
the sender are refused before anything moves. Staff change and remove lines under Written once.
"""

import re

from django.utils.translation import gettext_lazy as _

from cms.registry import Registry
from workflows.actions import Action, ActionProblemError, actions
from workflows.models import Case

MOST_SAID, MOST_DID = 300, 500
#: Where lines are shown: the public site says what becomes of (said, did, once).
shown_by: Registry = Registry("place for what was said and done")
NUMBER_OR_ADDRESS = re.compile(r"\S@\S|\d[\d ()-]{8,}\d")


def two_parts(words: str) -> tuple[str, str]:
    """What was said and what was done: two paragraphs. ("", "") when there are not just two."""
    parts = [" ".join(part.split()) for part in re.split(r"\n\s*\n", words.strip())]
    return (parts[0], parts[1]) if len(parts) == 2 else ("", "")


def names_in(words: str, case: Case) -> bool:
    """Whether the words give away who wrote: a name, an address, a number, the reference."""
    said = words.casefold()
    own = [word for word in re.findall(r"[\w'-]+", case.contact_name.casefold()) if len(word) > 2]
    return (
        any(re.search(rf"\b{re.escape(word)}\b", said) for word in own)
        or case.reference.casefold() in said
        or bool(NUMBER_OR_ADDRESS.search(words))
    )


@actions("publish_feedback")
class PublishFeedback(Action):
    """The comment is two paragraphs: what people said, and what the hub did."""

    label = _("Publish under “You said, we did”")

    def refuses_words(self, case: Case, words: str) -> str:
        said, did = two_parts(words)
        if not said or not did:
            return "Write what people said, leave a line empty, and write what you did."
        if len(said) > MOST_SAID or len(did) > MOST_DID:
            return (
                f"Keep it short: {MOST_SAID} characters for what was said, "
                f"{MOST_DID} for what you did."
            )
        if names_in(words, case):
            return (
                "These words say who wrote, or give a number or an address. "
                "Write them so that nobody can be known."
            )
        return ""

    def run(self, case: Case, options: dict) -> str:
        words = self.row.event.comment
        if problem := self.refuses_words(case, words):
            raise ActionProblemError(problem)
        said, did = two_parts(words)
        for place in shown_by:
            shown_by[place](said, did, self.once)
        return "Published under “You said, we did”"
