"""Boards in the admin: for members their own boards' papers, for hub managers who sits where."""

from collections.abc import Callable

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_http_methods
from wagtail.admin.widgets import AdminDateTimeInput

from cms import audit
from cms.downloads import as_download
from cms.models import Board, BoardMeeting, BoardSeat, Partner, User

from . import boards, interests


class BoardForm(forms.ModelForm):
    class Meta:
        model = Board
        fields = ["name", "slug", "purpose", "part_of", "is_public"]


class SeatForm(forms.Form):
    user = forms.ModelChoiceField(label=_("Who"), queryset=User.objects.filter(is_active=True))
    part = forms.ChoiceField(label=_("As"), choices=BoardSeat.Part.choices, initial="member")
    is_named = forms.BooleanField(
        label=_("They agreed to be named on the public site"), required=False
    )


class MeetingForm(forms.Form):
    starts_at = forms.DateTimeField(label=_("Begins"), widget=AdminDateTimeInput)
    place = forms.CharField(label=_("Where"), max_length=120, required=False)
    agenda = forms.CharField(
        label=_("Agenda"), widget=forms.Textarea({"rows": 6}), max_length=4000, required=False
    )


class PaperForm(forms.Form):
    title = forms.CharField(label=_("Title"), max_length=150)
    meeting = forms.ModelChoiceField(
        label=_("For the meeting of"), queryset=BoardMeeting.objects.none(), required=False
    )
    file = forms.FileField(label=_("File"), help_text=_("PDF, Word, Excel or PowerPoint, 25 MB."))

    def __init__(self, *args, board: Board, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["meeting"].queryset = board.meetings.all()
        self.fields["meeting"].label_from_instance = lambda one: f"{one.starts_at:%-d %B %Y}"


class InterestForm(forms.Form):
    words = forms.CharField(
        label=_("Your interest"),
        max_length=300,
        help_text=_("Such as: trustee of Otter Strings; my sister works for a partner."),
    )
    partner = forms.ModelChoiceField(
        label=_("The partner it is about, if any"),
        queryset=Partner.objects.order_by("name"),
        required=False,
    )


def _insiders(request: HttpRequest) -> None:
    """Members and those who set boards up; anybody else is told that there is nothing here."""
    if not (boards.may_set_up(request.user) or boards.boards_of(request.user).exists()):
        raise PermissionDenied


@require_http_methods(["GET", "POST"])
def index(request: HttpRequest) -> HttpResponse:
    """The user's own boards, and every board for those who set them up; POST adds one."""
    _insiders(request)
    may_set_up = boards.may_set_up(request.user)
    if request.method == "POST" and not may_set_up:
        raise PermissionDenied
    form = BoardForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        board = form.save()
        audit.record(request.user, "add", board)
        return redirect("board", pk=board.pk)
    context = {
        "mine": boards.boards_of(request.user),
        "every": Board.objects.all() if may_set_up else [],
        "is_confirmed": interests.is_confirmed(request.user),
        "form": form,
    }
    return render(request, "governance/boards.html", context, status=422 if form.errors else 200)


def _seat(request: HttpRequest, board: Board, given: dict) -> str:
    boards.give_seat(
        board, given["user"], given["part"], is_named=given["is_named"], by=request.user
    )
    return _now("They have a seat. The papers of this board are open to them.")


def _call(request: HttpRequest, board: Board, given: dict) -> str:
    boards.call(board, given["starts_at"], place=given["place"], agenda=given["agenda"],
                by=request.user)  # fmt: skip
    return _now("The meeting is called.")


def _paper(request: HttpRequest, board: Board, given: dict) -> str:
    boards.add_paper(board, given["file"], title=given["title"], meeting=given["meeting"],
                     by=request.user)  # fmt: skip
    return _now("The paper is there for the members of this board, and nobody else.")


Do = Callable[[HttpRequest, Board, dict], str]
SET_UP: dict[str, tuple[str, type[forms.Form], Do]] = {"seat": (_("Give a seat"), SeatForm, _seat)}
RUN: dict[str, tuple[str, type[forms.Form], Do]] = {
    "call": (_("Call a meeting"), MeetingForm, _call),
    "paper": (_("Add a paper"), PaperForm, _paper),
}


def _deeds(request: HttpRequest, board: Board) -> dict[str, tuple[str, type[forms.Form], Do]]:
    """What this user may do here."""
    deeds = dict(SET_UP) if boards.may_set_up(request.user) else {}
    return deeds | (RUN if boards.may_run(request.user, board) else {})


def _form(
    key: str, form: type[forms.Form], board: Board, request: HttpRequest | None = None
) -> forms.Form:
    more = {"board": board} if form is PaperForm else {}
    data = (request.POST, request.FILES) if request else ()
    return form(*data, prefix=key, **more)


@require_http_methods(["GET", "POST"])
def board(request: HttpRequest, pk: int) -> HttpResponse:
    """One board: for members meetings and papers, for managers its seats; POST does one thing."""
    _insiders(request)
    found = get_object_or_404(Board, pk=pk)
    is_member = boards.seat_of(request.user, found) is not None
    if not (is_member or boards.may_set_up(request.user)):
        raise Http404
    deeds, bound = _deeds(request, found), {}
    if request.method == "POST" and (done := _do(request, found, deeds, bound)):
        messages.success(request, done)
        return redirect("board", pk=pk)
    if is_member:
        audit.record(request.user, "inspect", found)
    context = {
        "board": found,
        "is_member": is_member,
        "may_run": boards.may_run(request.user, found),
        "may_set_up": boards.may_set_up(request.user),
        "seats": boards.seats_now().filter(board=found).select_related("user"),
        "meetings": found.meetings.all() if is_member else [],
        "papers": found.papers.filter(meeting=None) if is_member else [],
        "deeds": [
            {
                "key": key,
                "label": label,
                "form": bound.get(key) or _form(key, form, found),
                "is_open": key in bound,
            }
            for key, (label, form, _verb) in deeds.items()
        ],
    }
    return render(request, "governance/board.html", context, status=422 if bound else 200)


def _do(request: HttpRequest, found: Board, deeds: dict, bound: dict) -> str:
    """Do what was posted; the sentence to show, or "" with the form that has to be mended."""
    key, number = request.POST.get("do", ""), request.POST.get("row", "")
    row = int(number) if number.isascii() and number.isdigit() else 0
    if key == "end_seat":
        boards.end_seat(get_object_or_404(found.seats, pk=row), by=request.user)
        return _now("The seat has ended. They read nothing of this board any more.")
    if key == "take_away":
        boards.take_away(get_object_or_404(found.papers, pk=row), by=request.user)
        return _now("The paper is gone.")
    if key not in deeds:
        raise PermissionDenied
    _label, form_class, verb = deeds[key]
    form = _form(key, form_class, found, request)
    if not form.is_valid():
        bound[key] = form
        return ""
    try:
        return verb(request, found, form.cleaned_data)
    except ValidationError as problem:
        form.add_error("file", problem)
        bound[key] = form
        return ""


@require_GET
def meeting(request: HttpRequest, pk: int) -> HttpResponse:
    """One meeting for its members: agenda, papers, and the interests of everybody who sits."""
    found = get_object_or_404(boards.meetings_for(request.user), pk=pk)
    audit.record(request.user, "inspect", found.board, {"meeting": found.pk})
    context = {
        "meeting": found,
        "papers": found.papers.all(),
        "register": interests.of_board(found.board, timezone.localdate(found.starts_at)),
    }
    return render(request, "governance/meeting.html", context)


@require_GET
def paper(request: HttpRequest, pk: int) -> HttpResponse:
    """The file, streamed, for members of that board alone; each reading is logged."""
    found = get_object_or_404(boards.papers_for(request.user), pk=pk)
    audit.record(request.user, "download", found, {"board": found.board_id})
    return as_download(found.file.open("rb"), name=found.name, content_type=found.content_type)


@require_http_methods(["GET", "POST"])
def own_interests(request: HttpRequest) -> HttpResponse:
    """What the user has declared; POST declares, ends one, or confirms that it is complete."""
    _insiders(request)
    what = request.POST.get("do", "")
    form = InterestForm(request.POST if what == "declare" else None)
    if what == "declare" and form.is_valid():
        given = form.cleaned_data
        interests.declare(request.user, given["words"], partner=given["partner"])
        return redirect("board_interests")
    if what == "confirm":
        interests.confirm(request.user)
        messages.success(request, _now("Thank you. We ask again in a year."))
        return redirect("board_interests")
    if what == "end":
        row = request.POST.get("row", "")
        interests.end(request.user, int(row) if row.isascii() and row.isdigit() else 0)
        return redirect("board_interests")
    context = {
        "interests": request.user.interests.select_related("partner"),
        "check": getattr(request.user, "interest_check", None),
        "is_confirmed": interests.is_confirmed(request.user),
        "form": form,
    }
    return render(request, "governance/interests.html", context, status=422 if form.errors else 200)


@require_GET
def register(request: HttpRequest, pk: int) -> HttpResponse:
    """What everybody on one board has declared: for its members, and for hub managers."""
    found = get_object_or_404(Board, pk=pk)
    if not (boards.may_set_up(request.user) or boards.seat_of(request.user, found)):
        raise Http404
    audit.record(request.user, "list", found, {"interests": True})
    context = {"board": found, "register": interests.of_board(found)}
    return render(request, "governance/register.html", context)
