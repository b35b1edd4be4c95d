"""Seats, meetings and papers of boards: each verb, and who may do it.

Whoever has a seat reads the papers of that board, and of no other: no role does, the superuser's
included. Its chair and clerk call meetings and add papers; hub managers set up boards and seats.
"""

import hashlib
from datetime import datetime
from pathlib import PurePath

from django.contrib.auth.base_user import AbstractBaseUser
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.files.base import File
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from cms import access, audit, cleandocuments
from cms.menus import AskedLately
from cms.models import Board, BoardMeeting, BoardPaper, BoardSeat, User

MAY_SET_UP = "cms.change_board"
KINDS = {
    "pdf": "application/pdf",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
}
MAX_BYTES = 25 * 1024 * 1024
RUNS_IT = (BoardSeat.Part.CHAIR, BoardSeat.Part.CLERK)


def seats_now() -> QuerySet[BoardSeat]:
    """Seats that somebody has today, of people whose account is open."""
    today = timezone.localdate()
    held = Q(ended_on=None) | Q(ended_on__gt=today)
    return BoardSeat.objects.filter(held, since__lte=today, user__is_active=True)


def seat_of(user: AbstractBaseUser, board: Board) -> BoardSeat | None:
    return seats_now().filter(user=user, board=board).first()


def boards_of(user: AbstractBaseUser) -> QuerySet[Board]:
    """The boards on which the user sits now."""
    return Board.objects.filter(pk__in=seats_now().filter(user=user).values("board"))


sits_on_one = AskedLately("board", lambda user: boards_of(user).exists(), of=BoardSeat)


def may_set_up(user: AbstractBaseUser) -> bool:
    return access.may_in_whole_hub(user, MAY_SET_UP)


def may_run(user: AbstractBaseUser, board: Board) -> bool:
    """Whether the user calls its meetings and adds its papers."""
    seat = seat_of(user, board)
    return seat is not None and seat.part in RUNS_IT


def _for_who_runs(user: AbstractBaseUser, board: Board) -> None:
    if not may_run(user, board):
        raise PermissionDenied


def papers_for(user: AbstractBaseUser) -> QuerySet[BoardPaper]:
    """Every paper that the user may read."""
    return BoardPaper.objects.filter(board__in=boards_of(user))


def meetings_for(user: AbstractBaseUser) -> QuerySet[BoardMeeting]:
    return BoardMeeting.objects.filter(board__in=boards_of(user)).select_related("board")


def give_seat(
    board: Board, user: User, part: str, *, is_named: bool = False, by: AbstractBaseUser
) -> BoardSeat:
    """Let somebody read the papers from today; a seat that they have is changed."""
    if not may_set_up(by):
        raise PermissionDenied
    with transaction.atomic():
        seat, _made = BoardSeat.objects.update_or_create(
            board=board, user=user, ended_on=None, defaults={"part": part, "is_named": is_named}
        )
        audit.record(by, "change", board, {"seat": seat.pk, "part": part, "user": user.pk})
    return seat


def end_seat(seat: BoardSeat, *, by: AbstractBaseUser) -> None:
    """From now on they read nothing of that board. The seat stays in its history."""
    if not may_set_up(by):
        raise PermissionDenied
    with transaction.atomic():
        held = BoardSeat.objects.select_for_update().filter(pk=seat.pk, ended_on=None)
        for row in held:  # saved one by one, which is told to who asked lately (sits_on_one)
            row.ended_on = timezone.localdate()
            row.save(update_fields=["ended_on"])
        audit.record(by, "change", seat.board, {"seat": seat.pk, "ended": True})


def call(
    board: Board, starts_at: datetime, *, place: str, agenda: str, by: AbstractBaseUser
) -> BoardMeeting:
    _for_who_runs(by, board)
    with transaction.atomic():
        meeting = BoardMeeting.objects.create(
            board=board, starts_at=starts_at, place=place, agenda=agenda
        )
        audit.record(by, "add", board, {"meeting": meeting.pk})
    return meeting


def add_paper(
    board: Board, file: File, *, title: str, meeting: BoardMeeting | None, by: AbstractBaseUser
) -> BoardPaper:
    """Keep a file for the members. Raises ValidationError for one that is not what it says."""
    _for_who_runs(by, board)
    name = cleandocuments.plain_name(file.name)[-150:]
    kind = PurePath(name).suffix.lstrip(".").lower()
    if kind not in KINDS:
        raise ValidationError(_("Choose a PDF, or a file of Word, Excel or PowerPoint."))
    if file.size > MAX_BYTES:
        raise ValidationError(_("The file is larger than 25 MB. Choose a smaller one."))
    cleandocuments.check(file, name)
    content = file.read()
    file.seek(0)
    with transaction.atomic():
        paper = BoardPaper.objects.create(
            board=board, meeting=meeting, title=title, file=file, name=name, size=len(content),
            content_type=KINDS[kind], sha256=hashlib.sha256(content).hexdigest(),
            added_by=str(by)[:150],
        )  # fmt: skip
        audit.record(by, "add", paper, {"board": board.slug})
    return paper


def take_away(paper: BoardPaper, *, by: AbstractBaseUser) -> None:
    """The paper and its file are gone; that it was there stays in the access log."""
    _for_who_runs(by, paper.board)
    with transaction.atomic():
        audit.record(by, "delete", paper, {"board": paper.board.slug})
        file = paper.file
        paper.delete()
        transaction.on_commit(lambda: file.storage.delete(file.name))
