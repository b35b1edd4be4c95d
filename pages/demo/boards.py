"""Seats on the demo hub's board, and its next meeting: only for the demo logins."""

from datetime import date, datetime, time, timedelta

from django.utils import timezone

from cms.governance import boards
from cms.models import Board, User

AGENDA = (
    "1. Interests to declare\n2. Minutes of last time\n3. Applications of partners\n"
    "4. The local plan: where we are\n5. Keeping children safe\n6. Anything else"
)


def load_boards(accounts: dict[str, User], today: date) -> int:
    """Give the board a clerk, a member and a meeting on a Wednesday, once. How many seats."""
    board = Board.objects.get(slug="hub-board")
    if board.seats.exists():
        return 0
    clerk = accounts["hub-manager"]
    boards.give_seat(board, clerk, "clerk", by=clerk)
    boards.give_seat(board, accounts["board-member"], "member", is_named=True, by=clerk)
    wednesday = today + timedelta(days=21 + (2 - today.weekday()) % 7)
    at = timezone.make_aware(datetime.combine(wednesday, time(17, 30)))
    boards.call(board, at, place="Canal Wharf House, Watford", agenda=AGENDA, by=clerk)
    return board.seats.count()
