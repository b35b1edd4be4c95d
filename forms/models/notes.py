"""What colleagues write to each other about a form while they make it. Never about a family."""

from django.conf import settings
from django.db import models
from django.utils import timezone

from .definitions import FormDefinition


class FormNote(models.Model):
    """One note about a form, or about one part of it (`block_id`), or the answer to one.

    A thread is a note and its replies; the note is open until somebody resolves it. It belongs to
    the form, not to a version or a draft, and to a block by its id: whatever is reworded or moved.
    """

    form = models.ForeignKey(FormDefinition, models.CASCADE, related_name="notes")
    block_id = models.CharField(max_length=64, blank=True)
    reply_to = models.ForeignKey(
        "self", models.CASCADE, null=True, blank=True, related_name="replies"
    )
    text = models.TextField(max_length=2_000)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    author_name = models.CharField(max_length=150)
    at = models.DateTimeField(default=timezone.now)
    resolved_at = models.DateTimeField(null=True, blank=True)
    resolved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )

    class Meta:
        ordering = ["pk"]
        default_permissions = ()

    def __str__(self):
        return f"Note {self.pk}"


class NoteFollower(models.Model):
    """Whether somebody wants to be told of new notes on a form; whoever writes one, does."""

    form = models.ForeignKey(FormDefinition, models.CASCADE, related_name="+")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    follows = models.BooleanField(default=True)

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["form", "user"], name="notefollower_once"),
        ]

    def __str__(self):
        return f"Follower of form {self.form_id}"
