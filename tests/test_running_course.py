"""Around the day: joining letters, who has not arrived, thanks, groups, songs by a link that ends."""

import base64
import re

import pytest
from django.core.files.base import ContentFile
from django.db import transaction
from django.urls import reverse
from icalendar import Calendar

from cms import jobs, places
from cms.models import AccessLogEntry, Job, OutboxMessage, Place
from forms.models import GroupSeat, RegisterLine, SharedSong
from forms.running import courseletters, forgetting, groups, marks, noshow, roll, songs
from tests.courserun import (
    book,
    half_term_date,
    health,
    person,
    place_of,
    publish_songwriter,
    set_clock,
    team,
)
from tests.test_running_register import tap

pytestmark = pytest.mark.django_db
TWO = [("Wren", "Ashdown", "2014-05-02"), ("Robin", "Ashdown", "2016-11-20")]
MP3 = b"ID3" + b"\0" * 200


@pytest.fixture
def course(monkeypatch):
    set_clock(monkeypatch, "2026-10-01T10:00")
    date = half_term_date()
    version = publish_songwriter()
    return date, book(version, date, children=2, names=TWO, **health()), version


def work(monkeypatch, moment):
    """The clock's job at that time; the letters that it wrote."""
    set_clock(monkeypatch, moment)
    before = set(OutboxMessage.objects.values_list("pk", flat=True))
    with transaction.atomic():
        key = f"letters-{moment}-{Job.objects.count()}"
        job = jobs.enqueue(courseletters.KIND, key=key, payload={})
    jobs.run_job.call_local(job.pk)
    assert Job.objects.get(pk=job.pk).state == "done"
    found = OutboxMessage.objects.exclude(pk__in=before).order_by("pk")
    return [(letter.template, letter.to) for letter in found]


def test_the_letters_come_at_ten_by_londons_clock_each_once(course, monkeypatch):
    to = "rowan.ashdown@example.org"

    assert work(monkeypatch, "2026-10-19T09:59") == []
    assert work(monkeypatch, "2026-10-19T10:00") == [("course-joining-week", to)]
    assert work(monkeypatch, "2026-10-19T10:15") == []
    assert work(monkeypatch, "2026-10-25T09:59") == []  # the day the clocks go back
    assert work(monkeypatch, "2026-10-25T10:00") == [("course-joining-day", to)]
    assert work(monkeypatch, "2026-10-25T10:15") == []
    assert work(monkeypatch, "2026-10-27T09:59") == []
    assert work(monkeypatch, "2026-10-27T10:00") == [("course-thanks", to)]
    assert work(monkeypatch, "2026-10-27T10:15") == []


def test_the_joining_letter_says_when_by_the_winter_clock_and_nothing_about_health(
    course, monkeypatch
):
    work(monkeypatch, "2026-10-19T10:00")
    letter = OutboxMessage.objects.get(template="course-joining-week")
    event = Calendar.from_ical(base64.b64decode(letter.attachments[0]["content"])).walk("VEVENT")[0]

    assert "Monday 26 October 2026, 10am to 4pm" in letter.text
    assert event["dtstart"].dt.isoformat() == "2026-10-26T10:00:00+00:00"
    assert "Canary" not in letter.text


def test_after_an_outage_the_nearest_letter_comes_and_no_other(course, monkeypatch):
    assert [name for name, _to in work(monkeypatch, "2026-10-25T18:00")] == ["course-joining-day"]


def test_nobody_who_cancelled_hears_of_it(course, monkeypatch):
    date, booking, _version = course
    places.give_up(booking.holder, course_date_id=date.pk)

    assert work(monkeypatch, "2026-10-19T10:00") == []


def test_who_has_not_arrived_is_shown_then_told_to_every_contact_once(client, course, monkeypatch):
    date, booking, _version = course
    lead, *_rest = team(date)
    set_clock(monkeypatch, "2026-10-26T10:05")
    marks.take(date, tap(place_of(booking), "in", "2026-10-26T09:50"), by=lead)
    client.force_login(lead)
    address = reverse("register:no_show", args=[date.pk])
    early = client.get(address)
    assert "Robin Ashdown" in early.text and "Wren Ashdown" not in early.text
    assert "Wait until fifteen minutes" in early.text
    client.post(address)
    assert not OutboxMessage.objects.filter(template="course-not-arrived").exists()

    set_clock(monkeypatch, "2026-10-26T10:15")
    assert "1 letter will be sent" in client.get(address).text
    for _press in range(2):
        client.post(address)

    letter = OutboxMessage.objects.get(template="course-not-arrived")
    assert letter.to == "rowan.ashdown@example.org"
    assert "Robin is booked" in letter.text and "Ashdown" not in letter.text
    assert "have been written to" in client.get(address).text
    assert AccessLogEntry.objects.filter(detail__not_arrived=1, action="change").count() == 1


def test_who_is_marked_as_not_coming_is_nobodys_worry(course, monkeypatch):
    date, booking, _version = course
    lead, *_rest = team(date)
    set_clock(monkeypatch, "2026-10-26T10:20")
    for number in (1, 2):
        marks.take(date, tap(place_of(booking, number), "absent", "2026-10-26T10:00"), by=lead)

    assert noshow.missing(date) == []
    assert noshow.tell(date, by=lead) == 0


def test_after_the_day_who_never_came_is_noted_where_the_register_was_used(course, monkeypatch):
    date, booking, _version = course
    lead, *_rest = team(date)
    set_clock(monkeypatch, "2026-10-26T10:20")
    marks.take(date, tap(place_of(booking), "in", "2026-10-26T10:00"), by=lead)
    work(monkeypatch, "2026-10-26T16:30")

    states = Place.objects.filter(course_date=date).order_by("child_number")
    assert list(states.values_list("state", flat=True)) == ["attended", "no_show"]


def test_groups_go_by_age_keep_friends_and_heed_who_was_moved(client, course, monkeypatch):
    date, _booking, version = course
    ada = person("ada", "bookings")
    for number, (name, born, friend) in enumerate(
        [("Kit", "2010-01-01", "Wren"), ("Ash", "2010-02-01", None), ("Fern", "2016-03-01", None)]
    ):
        book(
            version,
            date,
            names=[(name, "Reed", born)],
            email=f"f{number}@example.org",
            friend=friend,
        )
    client.force_login(ada)
    address = reverse("courses:groups", args=[date.pk])
    client.post(address, {"number": "2"})
    by_name = {c.name.split()[0]: c.place.pk for c in roll.children_on(date)}

    def group(name):
        return GroupSeat.objects.get(place=by_name[name]).group.number

    assert group("Kit") == group("Wren")  # asked for
    assert group("Robin") == group("Fern")  # of an age
    client.post(address, {"place": by_name["Fern"], "group": "2", "reason": " "})
    assert not GroupSeat.objects.filter(is_moved=True).exists()
    client.post(address, {"place": by_name["Fern"], "group": "2", "reason": "Her mother asked."})
    groups.propose(date, 2, by=ada)
    assert group("Fern") == 2
    assert "Her mother asked." in client.get(address).text


def test_a_song_is_for_one_family_by_a_link_that_ends(client, course, monkeypatch):
    date, *_rest = course
    ada = person("ada", "bookings")
    child = roll.children_on(date)[0]
    song = songs.share(child, ContentFile(MP3, "canaryname.mp3"), title="Rain", by=ada)
    letter = OutboxMessage.objects.get(template="course-song")
    path = re.search(r"/songs/[\w-]+/", letter.text)[0]

    page = client.get(path)
    sound = client.get(path + "sound")

    assert (page.status_code, "Rain" in page.text) == (200, True)
    assert b"".join(sound) == MP3
    assert "no-store" in sound["Cache-Control"] and sound["X-Content-Type-Options"] == "nosniff"
    assert "canaryname" not in song.file.name
    token = path.split("/")[2]
    assert token not in str(list(SharedSong.objects.values()))
    assert AccessLogEntry.objects.filter(action="download").count() == 1
    assert client.get("/songs/guessed/").status_code == 404
    set_clock(monkeypatch, "2026-11-01T10:00")  # the thirty-first day
    assert client.get(path).status_code == 404
    assert client.get(path + "sound").status_code == 404


def test_a_song_that_was_taken_back_is_gone_with_its_file(client, course):
    date, _booking, _version = course
    ada = person("ada", "bookings")
    song = songs.share(roll.children_on(date)[0], ContentFile(MP3, "x"), title="Rain", by=ada)
    path = re.search(r"/songs/[\w-]+/", OutboxMessage.objects.get(template="course-song").text)[0]
    storage, name = song.file.storage, song.file.name

    songs.withdraw(song, by=ada)

    assert client.get(path).status_code == 404
    assert not storage.exists(name)


def test_no_song_without_permission_and_no_file_that_is_none(course, monkeypatch):
    date, _booking, version = course
    ada = person("ada", "bookings")
    silent = book(
        version, date, names=[("Lark", "Reed", "2014-01-01")], email="l@example.org", allows=[]
    )
    by_holder = {child.place.holder: child for child in roll.children_on(date)}

    with pytest.raises(songs.SongError, match="not said that songs"):
        songs.share(by_holder[silent.holder], ContentFile(MP3, "x"), title="", by=ada)
    with pytest.raises(songs.SongError, match="sound file"):
        songs.share(roll.children_on(date)[-1], ContentFile(b"<html>", "x"), title="", by=ada)


def forget_at(monkeypatch, moment):
    set_clock(monkeypatch, moment)
    with transaction.atomic():
        job = jobs.enqueue(forgetting.KIND, key=f"forget-{moment}", payload={})
    jobs.run_job.call_local(job.pk)
    assert Job.objects.get(pk=job.pk).state == "done"


def told_of_people():
    lines = list(RegisterLine.objects.values_list("collector", "marks__collector"))
    return [name for row in lines for name in row if name], GroupSeat.objects.count()


def test_thirty_days_after_the_date_what_was_said_of_people_is_gone(course, monkeypatch):
    date, *_rest = course
    ada = person("ada", "bookings")
    child = roll.children_on(date)[0]
    set_clock(monkeypatch, "2026-10-26T16:05")
    marks.take(date, tap(child.place, "in"), by=ada)
    marks.take(date, tap(child.place, "out", "2026-10-26T16:00", collector="Canary Aunt"), by=ada)
    groups.propose(date, 2, by=ada)
    song = songs.share(child, ContentFile(MP3, "x"), title="Rain", by=ada)
    storage, name = song.file.storage, song.file.name

    forget_at(monkeypatch, "2026-11-25T10:00")  # six hours too early

    assert told_of_people()[0] and told_of_people()[1]
    assert storage.exists(name)

    forget_at(monkeypatch, "2026-11-26T10:00")

    assert told_of_people() == ([], 0)
    assert not storage.exists(name) and not SharedSong.objects.exists()
    assert RegisterLine.objects.get(place=child.place).state == "left"  # that it came stays
