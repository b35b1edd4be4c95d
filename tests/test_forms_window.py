"""When a form is open: to the minute, in London, with a grace for those who had begun."""

import copy
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
import time_machine

from forms.models import Journey, Submission
from forms.window import moment, window_of
from tests.formrace import SHORT
from tests.journeys import DjangoBrowser, Family, publish_form

pytestmark = pytest.mark.django_db

LONDON = ZoneInfo("Europe/London")
CLOSES = "2026-11-30T17:00"


def at(text):
    return time_machine.travel(datetime.fromisoformat(text).replace(tzinfo=LONDON), tick=False)


def publish(**settings):
    form = copy.deepcopy(SHORT) | {"slug": "audition", "title": "Audition", "settings": settings}
    form["steps"][0] |= {
        "key": "piece",
        "questions": [{"key": "piece", "type": "text", "label": "Piece", "required": True}],
    }
    return publish_form(form)


def begun():
    family = Family(form="audition")
    family.start()
    return family


@pytest.mark.parametrize(
    ("now", "says"),
    [
        ("2026-10-31T08:59:59", "opens on Sunday 1 November 2026 at 9:00am"),
        ("2026-11-30T17:01:00", "closed on Monday 30 November 2026 at 5:00pm"),
    ],
)
def test_before_and_after_its_time_a_form_cannot_be_begun(now, says):
    publish(opens_at="2026-11-01T09:00", closes_at=CLOSES)
    with at(now):
        browser = DjangoBrowser()
        page = browser.get("/apply/audition/")
        assert says in page.text
        assert page.form is None
        browser.post("/apply/audition/", {})
    assert not Journey.objects.exists()


@pytest.mark.parametrize("now", ["2026-11-01T09:00:00", "2026-11-30T17:00:59"])
def test_in_its_first_and_last_minute_a_form_can_be_begun(now):
    publish(opens_at="2026-11-01T09:00", closes_at=CLOSES)
    with at(now):
        begun()
    assert Journey.objects.count() == 1


def test_who_began_before_may_send_within_the_grace_and_is_told_until_when():
    publish(closes_at=CLOSES, grace_minutes=20)
    with at("2026-11-30T16:55"):
        family = begun()
        assert "Send this form by 5:00pm on Monday 30 November" in family.page.text
        family.answer({"piece": "A reel"})
    with at("2026-11-30T17:20:59"):
        family.answer({"email": "rowan@example.org"})
        assert "closed at 5:00pm" in family.page.text
        assert "until 5:20pm" in family.page.text
        assert family.send().reference


@pytest.mark.parametrize("page", ["piece/", "contact/", "check/", "save/", ""])
def test_after_the_grace_nothing_can_be_changed_or_sent(page):
    publish(closes_at=CLOSES, grace_minutes=20)
    with at("2026-11-30T16:55"):
        family = begun()
        family.walk({"piece": "A reel", "email": "rowan@example.org"})
        last = family.page
    before = Journey.objects.values("answers", "rev").get()
    with at("2026-11-30T17:21"):
        assert family.go(page).status == 410
        assert "closed on Monday 30 November 2026 at 5:00pm" in family.page.text
        family.page = last
        assert family.send().status == 410
    assert not Submission.objects.exists()
    assert Journey.objects.values("answers", "rev").get() == before


def test_a_page_whose_upload_began_in_time_is_saved_though_it_took_long(monkeypatch):
    publish(closes_at=CLOSES, grace_minutes=0)
    with at("2026-11-30T17:00:50"):
        family = begun()
        data, _files = family.fill({"piece": "A reel"})
        arrived = family.page.path
    from forms import wizard

    dispatch = wizard.JourneyWizard._dispatch
    with at("2026-11-30T17:00:55") as clock:

        def slowly(self, request, *args, **kwargs):
            clock.move_to(datetime(2026, 11, 30, 17, 9, tzinfo=LONDON))
            return dispatch(self, request, *args, **kwargs)

        monkeypatch.setattr(wizard.JourneyWizard, "_dispatch", slowly)
        assert family.browser.post(arrived, data).status == 303
    assert Journey.objects.get().answers == {"piece": "A reel"}


def test_a_day_that_is_put_off_holds_for_families_half_way():
    publish(closes_at=CLOSES, grace_minutes=0)
    with at("2026-11-30T16:00"):
        family = begun()
    publish(closes_at="2026-12-01T17:00")
    with at("2026-12-01T16:00"):
        assert family.go("piece/").status == 200


def test_what_was_sent_stays_readable_after_the_form_closed():
    publish(closes_at=CLOSES)
    with at("2026-11-30T16:00"):
        family = begun()
        family.walk({"piece": "A reel", "email": "rowan@example.org"})
        family.send()
    with at("2027-01-01T00:00"):
        assert family.go("done/").status == 200


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("2026-07-01T17:00", "2026-07-01T16:00"),
        ("2026-10-25T01:30", "2026-10-25T00:30"),
        ("2026-03-29T01:30", "2026-03-29T01:30"),
    ],
)
def test_times_are_those_of_a_clock_on_a_wall_in_london(text, utc):
    assert moment(text).astimezone(ZoneInfo("UTC")).isoformat()[:16] == utc


def test_no_grace_means_none_and_nothing_said_means_the_usual():
    assert window_of({"grace_minutes": 0}).grace.total_seconds() == 0
    assert window_of({}).grace.total_seconds() == 1800
    assert window_of({"closes_at": "soon"}).closes_at is None
