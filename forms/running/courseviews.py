"""Groups, songs and who has not arrived: the screens of a course date around its day.

Groups and songs are for whoever looks after bookings there, and for the date's own team while its
register is open; who has not arrived is for the team alone.
"""

from django.contrib import messages
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from cms import audit
from cms.running.reach import CHANGE
from forms.doors import private
from forms.models import CourseGroup, GroupSeat, SharedSong
from forms.running import groups, noshow, roll, songs
from forms.running.boardviews import BoardView, trail
from forms.running.registerviews import RegisterView


class GroupsView(BoardView):
    """The groups of a date; a proposal, and moving one child."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        date = self.date(pk)
        audit.record(request.user, "inspect", date, {"groups": True})
        seats = {
            seat.place_id: seat
            for seat in GroupSeat.objects.filter(group__course_date=date).select_related("group")
        }
        plan = roll.plan_of(date.course_id)
        children = roll.children_on(date)
        found = list(CourseGroup.objects.filter(course_date=date))
        columns = [
            (group, [(c, seats[c.place.pk]) for c in children if _in(seats, c, group)])
            for group in found
        ]
        context = {
            "date": date,
            "columns": columns,
            "groups": found,
            "loose": [child for child in children if child.place.pk not in seats],
            "wishes": [
                (child.name, child.words(plan.friend))
                for child in children
                if child.words(plan.friend)
            ],
            "breadcrumbs_items": trail(("", str(date)), ("", _("Groups"))),
        }
        return render(request, "running/groups.html", context)

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        date = self.date(pk, CHANGE)
        numbers = {name: request.POST.get(name, "") for name in ("number", "place", "group")}
        clean = {name: int(text) for name, text in numbers.items() if text.isdigit()}
        if "place" in clean and "group" in clean:
            try:
                reason = request.POST.get("reason", "")
                groups.move(date, clean["place"], clean["group"], by=request.user, reason=reason)
            except groups.NoReasonError as problem:
                messages.error(request, str(problem))
            except (CourseGroup.DoesNotExist, StopIteration):
                messages.error(request, _("That child or group is no longer there."))
        elif "number" in clean:
            groups.propose(date, clean["number"], by=request.user)
        return redirect("courses:groups", pk=pk)


def _in(seats: dict, child: roll.Child, group: CourseGroup) -> bool:
    seat = seats.get(child.place.pk)
    return seat is not None and seat.group_id == group.pk


class SongsView(BoardView):
    """Recordings that were shared, and sharing one with one family."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        date = self.date(pk)
        audit.record(request.user, "inspect", date, {"songs": True})
        plan = roll.plan_of(date.course_id)
        children = roll.children_on(date)
        names = {child.place.pk: child.name for child in children}
        shared = SharedSong.objects.filter(place__course_date=date)
        context = {
            "date": date,
            "children": [child for child in children if child.chose(plan.songs)],
            "songs": [(names.get(song.place_id, ""), song) for song in shared],
            "days": songs.LASTS.days,
            "breadcrumbs_items": trail(("", str(date)), ("", _("Songs"))),
        }
        return render(request, "running/songs.html", context)

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        date = self.date(pk, CHANGE)
        if request.POST.get("withdraw", "").isdigit():
            live = SharedSong.objects.filter(SharedSong.live(), place__course_date=date)
            song = get_object_or_404(live, pk=request.POST["withdraw"])
            songs.withdraw(song, by=request.user)
            return redirect("courses:songs", pk=pk)
        wanted, file = request.POST.get("place", ""), request.FILES.get("file")
        child = next((c for c in roll.children_on(date) if str(c.place.pk) == wanted), None)
        try:
            songs.share(child, file, title=request.POST.get("title", ""), by=request.user)
        except songs.SongError as problem:
            messages.error(request, str(problem))
        else:
            messages.success(request, _("Shared. The family has a letter with the link."))
        return redirect("courses:songs", pk=pk)


class NoShowView(RegisterView):
    """Who has not arrived, and who would be written to; POST writes, once for each child."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        try:
            noshow.check_time(self.course_date)
        except noshow.NotNowError as why:
            problem = str(why)
        else:
            problem = ""
        found = noshow.missing(self.course_date)
        audit.record(request.user, "inspect", self.course_date, {"not_arrived": len(found)})
        fresh = [one for one in found if one.addresses and not one.is_told]
        context = {
            "date": self.course_date,
            "missing": found,
            "letters": sum(len(one.addresses) for one in fresh),
            "problem": problem,
        }
        return render(request, "running/noshow.html", context)

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        try:
            number = noshow.tell(self.course_date, by=request.user)
        except noshow.NotNowError as problem:
            messages.warning(request, str(problem))
        else:
            words = ngettext(
                "The contacts of %(n)s child are being written to.",
                "The contacts of %(n)s children are being written to.",
                number,
            )
            messages.success(request, words % {"n": number})
        return redirect("register:no_show", pk=pk)


@private
@require_safe
def song_page(request: HttpRequest, token: str) -> HttpResponse:
    """A song that was shared by this link: listen, or keep it. 404 once it has ended."""
    song = songs.by_link(token)
    if song is None:
        return render(request, "running/song_over.html", status=404)
    return render(request, "running/song.html", {"song": song, "token": token})


@private
@require_safe
def song_file(request: HttpRequest, token: str) -> HttpResponse:
    """The sound itself. Each opening is written down."""
    song = songs.by_link(token)
    if song is None:
        return render(request, "running/song_over.html", status=404)
    audit.record(None, "download", song, {"by": "the family, by its link"})
    ending = songs.ENDINGS.get(song.content_type, "bin")
    response = FileResponse(song.file.open("rb"), content_type=song.content_type)
    response["Content-Disposition"] = f'inline; filename="song.{ending}"'
    response["X-Content-Type-Options"] = "nosniff"
    return response
