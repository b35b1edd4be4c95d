"""Whether each letter that a workflow sends exists, and every form that uses it can fill it in.

Looked at before publishing, so that no family waits for a letter that could not be written.
Apps above register where the facts come from: `sources(name)(function)`, which is given a
workflow's slug and yields (name of the form, names of the facts that it has).
"""

from collections.abc import Callable, Iterable, Iterator

from cms import mail, mailmarkup
from cms.models import MailTemplate
from cms.registry import Registry

from .findings import ERROR, Finding

Source = Callable[[str], Iterable[tuple[str, set[str]]]]
sources: Registry[Source] = Registry("source of facts")

# What every case has, whatever it is about: see actions.mail_context.
OF_EVERY_CASE = {"reference", "contact_name", "status", "what_next", "comment", "feedback"}


def letter_findings(plan: dict) -> Iterator[Finding]:
    """Errors on the letters of a compiled workflow."""
    facts = [found for source in dict(sources.items()).values() for found in source(plan["slug"])]
    for stage in plan["stages"]:
        for button in stage["buttons"]:
            for index, action in enumerate(button["actions"]):
                key = action.get("template")
                if action.get("type") != "send_email" or not key:
                    continue
                for problem in _problems(key, facts):
                    yield Finding(
                        level=ERROR,
                        code="letter",
                        where=f"Stage “{stage['staff_name']}”, button “{button['label']}”",
                        message=problem,
                        stage=stage["key"],
                        button=button["key"],
                        action=index,
                    )


def _problems(key: str, facts: list[tuple[str, set[str]]]) -> Iterator[str]:
    text = _text(key)
    if text is None:
        yield f"There is no e-mail called “{key}”. Write it first, or choose another."
        return
    used = mailmarkup.names_in(text) - OF_EVERY_CASE - set(mailmarkup.ALWAYS)
    for form, has in facts:
        missing = sorted(used - has)
        if missing:
            yield (
                f"The e-mail “{key}” says {', '.join(missing)}, which the form “{form}” does not "
                "ask for, or which no letter may say. Change the e-mail."
            )


def _text(key: str) -> str | None:
    template = MailTemplate.objects.filter(key=key).first()
    if template is None:
        template = dict(mail.drafts.items()).get(key)
    return f"{template.subject}\n{template.body}" if template else None
