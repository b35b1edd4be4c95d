"""Addresses and menu of running a course in the Wagtail admin. Registration only."""

from django.urls import include, path, reverse_lazy
from django.utils.translation import gettext_lazy as _
from wagtail import hooks
from wagtail.admin.menu import MenuItem

from cms.menus import PermittedMenuItem

from . import boardviews, courseviews, registerviews
from .reach import has_register

board = (
    [
        path("", boardviews.AllView.as_view(), name="board"),
        path("export/", boardviews.ExportView.as_view(), name="export"),
        path("register-of/<int:pk>/", boardviews.PlanView.as_view(), name="plan"),
        path("<int:pk>/", boardviews.DateView.as_view(), name="date"),
        path("<int:pk>/save/", boardviews.SaveRunView.as_view(), name="save"),
        path("<int:pk>/team/", boardviews.TeamView.as_view(), name="team"),
        path("<int:pk>/go/", boardviews.GoView.as_view(), name="go"),
        path("<int:pk>/cancel/", boardviews.CallOffView.as_view(), name="call_off"),
        path("<int:pk>/groups/", courseviews.GroupsView.as_view(), name="groups"),
        path("<int:pk>/songs/", courseviews.SongsView.as_view(), name="songs"),
    ],
    "courses",
)
register = (
    [
        path("", registerviews.ListView.as_view(), name="list"),
        path("<int:pk>/", registerviews.PageView.as_view(), name="page"),
        path("<int:pk>/worker.js", registerviews.WorkerView.as_view(), name="worker"),
        path("<int:pk>/mark/", registerviews.MarkView.as_view(), name="mark"),
        path("<int:pk>/marks/", registerviews.MarksView.as_view(), name="marks"),
        path("<int:pk>/not-arrived/", courseviews.NoShowView.as_view(), name="no_show"),
        path("<int:pk>/sheet/", registerviews.SheetView.as_view(), name="sheet"),
        path("<int:pk>/health/<int:place>/", registerviews.HealthView.as_view(), name="health"),
        path(
            "<int:pk>/uncollected/<int:place>/",
            registerviews.UncollectedView.as_view(),
            name="uncollected",
        ),
    ],
    "register",
)


@hooks.register("register_admin_urls")
def running_urls():
    return [path("course-board/", include(board)), path("register/", include(register))]


class RegisterMenuItem(MenuItem):
    """Only while there is one to open."""

    def is_shown(self, request):
        return has_register(request.user)


@hooks.register("register_admin_menu_item")
def board_menu_item():
    return PermittedMenuItem(
        _("Course board"),
        reverse_lazy("courses:board"),
        name="courses",
        icon_name="date",
        order=55,
        permission="cms.list_place",
    )


@hooks.register("register_admin_menu_item")
def register_menu_item():
    return RegisterMenuItem(
        _("Register"), reverse_lazy("register:list"), name="register", icon_name="check", order=45
    )
