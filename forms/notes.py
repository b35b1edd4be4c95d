"""Notes of colleagues on a form: threads, open or resolved, told by mail to those following.

Wagtail's comments belong to pages alone (its model has a key to a page, and only the page editor
saves them), so forms have their own.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_noop

from cms import mail
from cms.mailmarkup import site_link
from cms.models import User

from .models import FormDefinition, FormNote, NoteFollower

TOLD, DONE = "staff-form-note", "staff-form-note-resolved"
LONGEST = 2_000
SAMPLE = {
    "name": "Ada",
    "writer": "Bo Two",
    "form": "Borrow an instrument",
    "note": "Do we still need this question?",
    "address": "https://hub.example.org/admin/snippets/hub_forms/formdefinition/notes/1/",
}

mail.declare(
    TOLD,
    name=gettext_noop("Staff: a note on a form that you follow"),
    subject="A note on the form “{{ form }}”",
    body="Hello {{ name }},\n\n{{ writer }} has written a note on “{{ form }}”:\n\n{{ note }}\n\n"
    "All notes: {{ address }}\n\nYou follow this form. You can stop that on the same page.",
    placeholders=SAMPLE,
)
mail.declare(
    DONE,
    name=gettext_noop("Staff: a note on a form that you follow was resolved"),
    subject="A note on the form “{{ form }}” is resolved",
    body="Hello {{ name }},\n\n{{ writer }} has marked this note on “{{ form }}” as dealt with:\n\n"
    "{{ note }}\n\nAll notes: {{ address }}\n\n"
    "You follow this form. You can stop that on the same page.",
    placeholders=SAMPLE,
)


@dataclass(frozen=True)
class Thread:
    """A note with its replies. `where` names the part it is about; "" when that is gone."""

    note: FormNote
    replies: list[FormNote]
    where: str

    @property
    def last(self) -> FormNote:
        """The newest of it, which alone can be reworded or taken back by its author."""
        return self.replies[-1] if self.replies else self.note

    @property
    def is_open(self) -> bool:
        return self.note.resolved_at is None


def parts_of(form: dict) -> Iterator[tuple[str, str]]:
    """`(block id, words)` of each step and question of a compiled form, in order."""
    for at, step in enumerate(form["steps"], start=1):
        yield step["id"], f"{at}. {step['title']}"
        for number, question in enumerate(step["questions"], start=1):
            yield question["id"], f"{at}.{number}. {question['label']}"


def threads_of(definition: FormDefinition, form: dict) -> list[Thread]:
    """Every thread on a form, the open ones first, the newest first. Two queries."""
    names = dict(parts_of(form))
    notes = (
        FormNote.objects.filter(form=definition, reply_to=None)
        .select_related("resolved_by")
        .prefetch_related("replies")
        .order_by("-pk")
    )
    threads = [
        Thread(note, list(note.replies.all()), names.get(note.block_id, "")) for note in notes
    ]
    return sorted(threads, key=lambda thread: not thread.is_open)


def write(
    definition: FormDefinition,
    text: str,
    *,
    by: User,
    block_id: str = "",
    reply_to: FormNote | None = None,
) -> FormNote:
    """Keep a note, follow the form, and tell the others who do. A reply opens its thread again."""
    with transaction.atomic():
        note = FormNote.objects.create(
            form=definition,
            block_id=block_id,
            reply_to=reply_to,
            text=text[:LONGEST],
            author=by,
            author_name=(by.get_full_name() or by.get_username())[:150],
        )
        if reply_to is not None and reply_to.resolved_at:
            resolve(reply_to, by=None)
        NoteFollower.objects.get_or_create(form=definition, user=by)
        _tell(note, by)
    return note


class NotTheirsError(Exception):
    """Somebody wants to change or delete a note that is not their own, or that was answered."""


def may_change(note: FormNote, user: User) -> bool:
    """Its author; an answered note can be reworded no more: the answers would lose their sense."""
    return note.author_id == user.pk and not note.replies.exists()


def change(note: FormNote, text: str, *, by: User) -> None:
    """Reword a note of one's own. Raises NotTheirsError."""
    _check_theirs(note, by)
    note.text = text[:LONGEST]
    note.save(update_fields=["text"])


def delete(note: FormNote, *, by: User) -> None:
    """Take back a note of one's own. Raises NotTheirsError."""
    _check_theirs(note, by)
    note.delete()


def _check_theirs(note: FormNote, user: User) -> None:
    if not may_change(note, user):
        raise NotTheirsError


def resolve(note: FormNote, *, by: User | None) -> None:
    """Mark a thread as dealt with, and tell those who follow; None opens it again."""
    with transaction.atomic():
        was_open = note.resolved_at is None
        note.resolved_at, note.resolved_by = (timezone.now(), by) if by else (None, None)
        note.save(update_fields=["resolved_at", "resolved_by"])
        if by and was_open:
            _tell(note, by, template=DONE, once=f"-{note.resolved_at.timestamp()}")


def follows(definition: FormDefinition, user: User) -> bool:
    return NoteFollower.objects.filter(form=definition, user=user, follows=True).exists()


def follow(definition: FormDefinition, user: User, *, wanted: bool) -> None:
    NoteFollower.objects.update_or_create(form=definition, user=user, defaults={"follows": wanted})


def _tell(note: FormNote, by: User, *, template: str = TOLD, once: str = "") -> None:
    """Those who follow, may still change forms, and have an address."""
    title = note.form.get_latest_revision_as_object().title
    name = FormDefinition.snippet_viewset.get_url_name("notes")
    followers = (
        NoteFollower.objects.filter(form=note.form, follows=True, user__is_active=True)
        .exclude(user=by)
        .exclude(user__email="")
        .select_related("user")
    )
    for follower in followers:
        if not follower.user.has_perm("hub_forms.change_formdefinition"):
            continue
        mail.queue(
            template,
            to=follower.user.email,
            context={
                "name": follower.user.first_name or follower.user.get_username(),
                "writer": (by.get_full_name() or by.get_username())[:150],
                "form": title,
                "note": note.text,
                "address": site_link(reverse(name, args=[note.form_id])),
            },
            key=f"form-note-{note.pk}{once}-{follower.user_id}",
            record=note.form,
        )
