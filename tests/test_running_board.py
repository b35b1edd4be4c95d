"""The course board: figures with their scope, going ahead or not, calling a date off once."""

import csv
import io

import pytest
from django.urls import reverse
from icalendar import Calendar

from cms import jobs, places
from cms.models import AccessLogEntry, CourseDate, Job, MoneyRefund, OutboxMessage, Place
from cms.money import ledger
from forms.models import CourseRun
from forms.running import calloff, figures
from tests.costs import fewest_queries
from tests.courserun import book, half_term_date, health, person, publish_songwriter, set_clock
from workflows.models import Case

pytestmark = pytest.mark.django_db
NAMES = [("Wren", "Ashdown", "2014-05-02"), ("Robin", "Ashdown", "2016-11-20")]


@pytest.fixture
def office(db):
    return person("ada", "bookings")


@pytest.fixture
def course(monkeypatch):
    set_clock(monkeypatch, "2026-09-01T09:07")
    date = half_term_date()
    version = publish_songwriter()
    two = book(version, date, children=2, names=NAMES, **health())
    set_clock(monkeypatch, "2026-09-01T09:31")
    one = book(
        version,
        date,
        names=[("Lark", "Reed", "2013-09-01")],
        email="lark@example.org",
        wants_help="yes",
        help_basis="free_meals",
        evidence=None,
    )
    return date, version, two, one


def run_job():
    jobs.run_job.call_local(Job.objects.get(kind=calloff.KIND).pk)


def test_the_figures_count_what_is_there(course):
    date, _version, _two, _one = course
    places.hold(date.pk, holder="somebody", children=3)

    row = figures.of_dates([date])[0]

    assert (row.sold, row.held, row.left, row.bookings, row.minimum) == (3, 3, 14, 2, 8)
    assert (row.helped, row.helped_percent) == (1, 33)
    assert [(b.label, b.number) for b in figures.year_bars(row)] == [("Year 5", 1), ("Year 8", 2)]
    assert [(b.label, b.number) for b in figures.curve(row) if b.label in ("5", "10", "35")] == [
        ("5", 0),
        ("10", 2),
        ("35", 3),
    ]
    assert row.is_undecided and not row.is_late


def test_a_child_whom_the_date_is_not_for_any_more_is_flagged(client, course, office):
    date, _version, two, _one = course
    client.force_login(office)
    assert figures.of_dates([date])[0].misfits == set()
    CourseDate.objects.filter(pk=date.pk).update(min_age=11)  # decided after families had booked

    page = client.get(reverse("courses:date", args=[date.pk])).text

    assert "whom this date is not for" in page and two.reference in page
    assert "Robin" not in page


def test_the_board_shows_every_date_and_one(client, course, office):
    date, *_rest = course
    client.force_login(office)

    board = client.get(reverse("courses:board"))
    one = client.get(reverse("courses:date", args=[date.pk]))

    for text in (board.text, one.text):
        assert "Year 5" in text
        assert "33%" in text
        assert "Ashdown" not in text
    assert "not reached" in board.text
    assert "Friday 16 October 2026" in one.text  # ten days before


def test_money_is_for_those_who_may_read_it_and_dates_for_their_own_centre(client, centres, course):
    date, *_rest = course
    client.force_login(person("cat", "centre_admin", centre=date.centre))
    near = client.get(reverse("courses:board")).text
    client.force_login(person("far", "centre_admin", centre=centres["east"]))
    far = client.get(reverse("courses:board")).text
    addresses = [reverse(f"courses:{name}", args=[date.pk]) for name in ("date", "call_off")]

    assert "Watford" in near and "£" not in near and "33%" not in near
    assert "Watford" not in far
    assert [client.get(address).status_code for address in addresses] == [404, 404]
    client.force_login(person("nobody", "comms_lead"))
    assert client.get(reverse("courses:board")).status_code in (302, 403)


def test_the_file_is_logged_and_no_cell_of_it_runs(client, course, office):
    date, *_rest = course
    date.centre.name = "=cmd|' /C calc'!A0"
    date.centre.save()
    client.force_login(office)

    answer = client.post(reverse("courses:export"))

    rows = list(csv.reader(io.StringIO(b"".join(answer).decode("utf-8-sig"))))
    assert len(rows) == 2
    assert rows[1][:3] == ["SW-WAT-1", "Songwriter", "'=cmd|' /C calc'!A0"]
    assert AccessLogEntry.objects.get(action="export").detail["rows"] == 1


def test_the_board_asks_as_often_for_one_date_as_for_four(client, course, office):
    client.force_login(office)
    address = reverse("courses:board")
    first = fewest_queries(lambda: client.get(address))
    for number in range(3):
        half_term_date(f"SW-WAT-{number + 2}", days=number + 1)

    assert fewest_queries(lambda: client.get(address)) <= first


def test_calling_off_is_shown_before_it_is_done_and_done_once(client, course, office, monkeypatch):
    date, _version, two, one = course
    other = half_term_date("SW-WAT-2", days=1)
    client.force_login(office)
    address = reverse("courses:call_off", args=[date.pk])
    asked = client.get(address)
    assert "2 bookings end" in asked.text and "2 letters are sent" in asked.text
    assert CourseDate.objects.get(pk=date.pk).status == "open"
    assert client.post(address, {"reason": " "}).status_code == 422

    for _press in range(2):
        client.post(address, {"reason": "Too few have booked.", "alternative": str(other.pk)})
    run_job()
    jobs.run_job.call_local(Job.objects.get(kind=calloff.KIND).pk)

    assert Job.objects.filter(kind=calloff.KIND).count() == 1
    assert CourseRun.objects.get(course_date=date).alternative == other
    assert set(Place.objects.filter(course_date=date).values_list("state", flat=True)) == {
        "cancelled"
    }
    letters = OutboxMessage.objects.filter(template="course-called-off").order_by("pk")
    assert [letter.to for letter in letters] == ["rowan.ashdown@example.org", "lark@example.org"]
    assert "Too few have booked." in letters[0].text
    assert "Tuesday 27 October 2026" in letters[0].text
    assert "everything that you have paid" in letters[0].text
    assert not OutboxMessage.objects.filter(template="booking-cancelled").exists()
    assert [Case.objects.get(reference=s.reference).stage_key for s in (two, one)] == [
        "cancelled",
        "cancelled",
    ]
    assert "Canary" not in letters[0].text


def test_the_calendar_entry_is_taken_away(course, office):
    date, *_rest = course
    sent = OutboxMessage.objects.filter(template="booking-received").order_by("pk").first()
    calloff.call_off(date.pk, by=office, reason="Snow.")
    run_job()

    letter = OutboxMessage.objects.filter(template="course-called-off").order_by("pk").first()

    first, last = (event_of(one) for one in (sent, letter))
    assert first["uid"] == last["uid"]
    assert (last["status"], int(last["sequence"]) > int(first["sequence"])) == ("CANCELLED", True)
    assert "CANCEL" in letter.attachments[0]["type"]
    assert last["dtstart"].dt.isoformat() == "2026-10-26T10:00:00+00:00"


def event_of(letter):
    import base64

    return Calendar.from_ical(base64.b64decode(letter.attachments[0]["content"])).walk("VEVENT")[0]


@pytest.fixture
def paid(course):
    """Both families have paid by bank transfer."""
    date, _version, two, one = course
    accounts = []
    for booking, pence in ((two, 6650), (one, 3500)):
        account = ledger.of_holder(booking.holder) or ledger.open_account(
            reference=booking.reference,
            pence=pence,
            what="Songwriter",
            holder=booking.holder,
            offering=date,
        )
        ledger.take_payment(account, ledger.balance(account).cost, method="transfer")
        accounts.append(account)
    return accounts


def test_each_booking_is_given_back_its_money_once(course, office, paid):
    date, *_rest = course
    whole = sum(ledger.balance(account).kept for account in paid)
    assert calloff.preview(date).refund_pence == whole
    calloff.call_off(date.pk, by=office, reason="Snow.")
    run_job()
    run_job()

    refunds = MoneyRefund.objects.order_by("pk")
    assert [one.account for one in refunds] == paid
    assert sum(one.pence for one in refunds) == whole
    assert [ledger.balance(account).cost for account in paid] == [0, 0]
    letter = OutboxMessage.objects.filter(template="course-called-off").order_by("pk").first()
    assert "everything that you have paid for it: £" in letter.text


def test_a_job_that_was_killed_half_way_ends_the_rest_and_nothing_twice(
    course, office, paid, monkeypatch
):
    date, *_rest = course
    calloff.call_off(date.pk, by=office, reason="Snow.")
    real, seen = calloff._end, []

    def dies(submission, *args):
        if len(seen) == 1:
            seen.append(None)
            raise RuntimeError
        seen.append(submission)
        real(submission, *args)

    monkeypatch.setattr(calloff, "_end", dies)
    run_job()
    Job.objects.filter(kind=calloff.KIND).update(not_before=date.booking_opens_at)
    run_job()

    assert Job.objects.get(kind=calloff.KIND).state == "done"
    assert MoneyRefund.objects.count() == 2
    assert OutboxMessage.objects.filter(template="course-called-off").count() == 2


def test_a_place_on_another_date_stays(course, office):
    date, _version, two, _one = course
    other = half_term_date("SW-WAT-2", days=1)
    Place.objects.create(
        course_date=other, holder=two.holder, child_number=1, state="confirmed", seat=1
    )
    calloff.call_off(date.pk, by=office, reason="Snow.")
    run_job()

    assert Place.objects.get(course_date=other).state == "confirmed"


def test_nobody_can_call_off_what_has_begun_or_without_the_right(
    client, course, office, monkeypatch
):
    date, *_rest = course
    client.force_login(person("cat", "centre_admin"))
    address = reverse("courses:call_off", args=[date.pk])
    assert client.post(address, {"reason": "I like to."}).status_code in (302, 403, 404)
    set_clock(monkeypatch, "2026-10-26T10:00")
    with pytest.raises(calloff.CannotDecideError):
        calloff.call_off(date.pk, by=office, reason="Late.")

    assert CourseDate.objects.get(pk=date.pk).status == "open"


def test_that_it_goes_ahead_is_written_down(client, course, office):
    date, *_rest = course
    client.force_login(office)
    client.post(reverse("courses:go", args=[date.pk]))

    assert CourseRun.objects.get(course_date=date).decision == "go"
    assert not figures.of_dates([date])[0].is_undecided


def test_the_team_is_put_together_and_logged(client, course, office):
    date, *_rest = course
    person("lena", "course_leader")
    client.force_login(office)
    address = reverse("courses:team", args=[date.pk])
    assert client.post(address, {"user": "nobody", "part": "lead"}).status_code == 422
    client.post(address, {"user": "Lena", "part": "lead"})
    member = date.team.get()
    assert (member.user.username, member.part) == ("lena", "lead")
    client.post(address, {"leave": str(member.pk)})

    assert not date.team.exists()
    logged = AccessLogEntry.objects.filter(record_type="hub_forms.teammember")
    assert list(logged.values_list("action", flat=True)) == ["add", "delete"]
