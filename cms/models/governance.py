"""Boards and subgroups: who sits on them, when they meet, what they read, what members declare.

Papers are files in private storage, no documents of Wagtail: they are on no page, in no chooser and
in no search. A seat opens them, and nothing else does.
"""

import uuid

from django.core.files.storage import Storage, storages
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from .accounts import User
from .catalogue import Partner


def private_storage() -> Storage:
    return storages["private"]


def paper_path(paper: "BoardPaper", filename: str) -> str:
    """A random name: nothing of what a file is called becomes part of a path."""
    return f"board-papers/{uuid.uuid4().hex[:2]}/{uuid.uuid4().hex}"


class Board(models.Model):
    """A board, or a subgroup of one."""

    slug = models.SlugField(unique=True)
    name = models.CharField(max_length=120)
    purpose = models.TextField(max_length=1500, blank=True)
    part_of = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="subgroups"
    )
    is_public = models.BooleanField(
        default=True, help_text=_("Its name, purpose and meeting days are on the public site.")
    )

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class BoardSeat(models.Model):
    """Somebody who sits on a board, and so reads its papers, until the day they leave it."""

    class Part(models.TextChoices):
        CHAIR = "chair", _("Chair")
        MEMBER = "member", _("Member")
        CLERK = "clerk", _("Clerk")

    board = models.ForeignKey(Board, models.CASCADE, related_name="seats")
    user = models.ForeignKey(User, models.CASCADE, related_name="board_seats")
    part = models.CharField(max_length=6, choices=Part.choices, default=Part.MEMBER)
    is_named = models.BooleanField(
        default=False, help_text=_("They agreed to be named on the public site.")
    )
    since = models.DateField(default=timezone.localdate)
    ended_on = models.DateField(null=True, blank=True)

    class Meta:
        ordering = ["part", "pk"]
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                fields=["board", "user"], condition=Q(ended_on=None), name="board_seat_once"
            )
        ]

    def __str__(self) -> str:
        return f"Seat {self.pk} of board {self.board_id}"


class BoardMeeting(models.Model):
    board = models.ForeignKey(Board, models.CASCADE, related_name="meetings")
    starts_at = models.DateTimeField()
    place = models.CharField(max_length=120, blank=True)
    agenda = models.TextField(max_length=4000, blank=True)

    class Meta:
        ordering = ["-starts_at"]
        default_permissions = ()

    def __str__(self) -> str:
        return f"Meeting {self.pk} of board {self.board_id}"


class BoardPaper(models.Model):
    """A file for the members of one board, of one of its meetings or of none."""

    board = models.ForeignKey(Board, models.CASCADE, related_name="papers")
    meeting = models.ForeignKey(
        BoardMeeting, models.SET_NULL, null=True, blank=True, related_name="papers"
    )
    title = models.CharField(max_length=150)
    file = models.FileField(upload_to=paper_path, storage=private_storage, max_length=200)
    name = models.CharField(max_length=150)
    content_type = models.CharField(max_length=100)
    size = models.PositiveBigIntegerField()
    sha256 = models.CharField(max_length=64)
    added_at = models.DateTimeField(default=timezone.now)
    added_by = models.CharField(max_length=150)

    class Meta:
        ordering = ["-added_at", "-pk"]
        default_permissions = ()

    def __str__(self) -> str:
        return f"Paper {self.pk} of board {self.board_id}"


class Interest(models.Model):
    """What a member declared: an interest that could conflict with what a board decides."""

    user = models.ForeignKey(User, models.CASCADE, related_name="interests")
    words = models.CharField(max_length=300)
    partner = models.ForeignKey(Partner, models.SET_NULL, null=True, blank=True, related_name="+")
    declared_on = models.DateField(default=timezone.localdate)
    ended_on = models.DateField(null=True, blank=True)

    class Meta:
        ordering = ["-declared_on", "-pk"]
        default_permissions = ()

    def __str__(self) -> str:
        return f"Interest {self.pk}"


class InterestCheck(models.Model):
    """When a member last said that their interests are complete, and when they were asked."""

    user = models.OneToOneField(User, models.CASCADE, related_name="interest_check")
    confirmed_on = models.DateField(null=True)
    reminded_on = models.DateField(null=True)

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"Interests of user {self.user_id}"
