"""What forms lend to letters: the facts of every submission, and each form's own plain answers.

Answers that are restricted, dates of birth, long texts and files are never among them
(forms.letter_facts), so nobody can place them in a letter, whatever the editor types.
"""

from collections.abc import Iterator

from cms import mail
from forms.letter_facts import FACTS, placeholders
from forms.models import FormDefinition
from workflows import letters


@mail.offers("forms")
def offers() -> Iterator[mail.Offer]:
    """The facts that any letter may say, then those of each form that is open."""
    yield mail.Offer("", "", FACTS)
    for form in FormDefinition.objects.open().order_by("title"):
        yield mail.Offer(form.slug, form.title, placeholders(form.current_version.compiled))


@letters.sources("forms")
def facts_of_forms(workflow_slug: str) -> Iterator[tuple[str, set[str]]]:
    """Each open form that goes through that process, with the facts that its letters may say."""
    for form in FormDefinition.objects.open().filter(workflow_slug=workflow_slug):
        yield form.title, set(placeholders(form.current_version.compiled))
