"""Boards as addresses of the admin, and their menu entry for those who sit on one."""

from django.http import HttpRequest
from django.urls import path, reverse_lazy
from django.utils.translation import gettext_lazy as _
from wagtail import hooks
from wagtail.admin.menu import MenuItem

from . import boards, desk


@hooks.register("register_admin_urls")
def board_addresses() -> list:
    return [
        path("boards/", desk.index, name="boards"),
        path("boards/interests/", desk.own_interests, name="board_interests"),
        path("boards/<int:pk>/", desk.board, name="board"),
        path("boards/<int:pk>/interests/", desk.register, name="board_register"),
        path("boards/meetings/<int:pk>/", desk.meeting, name="board_meeting"),
        path("boards/papers/<int:pk>/", desk.paper, name="board_paper"),
    ]


class BoardsMenuItem(MenuItem):
    def is_shown(self, request: HttpRequest) -> bool:
        return boards.may_set_up(request.user) or boards.sits_on_one(request.user)


@hooks.register("register_reports_menu_item")
def boards_menu_item() -> MenuItem:
    return BoardsMenuItem(
        _("Boards and papers"), reverse_lazy("boards"), name="boards", icon_name="group", order=78
    )
