"""The desks in a real browser, by keyboard alone: no mouse, every page passes axe, none scrolls."""

import os
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from cms.clock import LONDON
from cms.models import User
from tests import appointing, panelwork, test_workflows_reserves
from tests.browser import CHROMIUM, POLICY_WATCH, Visit, a_chromium
from tests.casework import BOOKING
from tests.offering import a_group
from tests.settings import ON_SERVICES
from workflows import releases
from workflows.appointments import booking, day
from workflows.appointments.models import Appointment
from workflows.compile import publish
from workflows.engine import open_case, perform
from workflows.models import Case, Rehearsal, Release, Review, ReviewRound, WorkflowDefinition

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM, reason="Chromium is not installed."),
    pytest.mark.skipif(ON_SERVICES, reason="pages look the same on both back ends"),
    pytest.mark.django_db(transaction=True),
]
WIDTHS = (375, 1280)
LOOK = os.environ.get("LOOK_AT_DESKS")  # a folder for pictures, for whoever wants to look
# Wagtail's own furniture; what stands in it is not ours.
FURNITURE = [["#wagtail-sidebar"], ["[data-wagtail-sidebar]"], [".w-slim-header"], [".messages"]]


@pytest.fixture
def sits(live_server, client, monkeypatch):
    """Somebody at a desk: `sits(user, path, width)` opens the page and gives the Visit."""
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
    with a_chromium() as browser:

        def sit(user, path, width=1280, *, clock=False):
            client.force_login(user)
            context = browser.new_context(
                viewport={"width": width, "height": 900}, reduced_motion="reduce", locale="en-GB"
            )
            context.add_cookies(
                [
                    {"name": name, "value": morsel.value, "url": live_server.url}
                    for name, morsel in client.cookies.items()
                ]
            )
            context.add_init_script(POLICY_WATCH)
            page = context.new_page()
            page.set_default_timeout(20_000)
            seen = Visit(page, live_server.url + path)
            if clock:
                page.clock.install()
            page.goto(seen.address)
            return seen

        yield sit


def check(seen, name, width):
    """Nothing is wrong with the page; a picture for whoever asked for one."""
    if LOOK:
        seen.page.screenshot(path=f"{LOOK}/{name}-{width}.png", full_page=True)
    assert seen.problems(leave_out=FURNITURE) == {}, name


def tab_to(page, wanted):
    """Press Tab until the focus is there, as somebody without a mouse would."""
    expect(wanted).to_have_count(1)
    for _press in range(200):
        page.keyboard.press("Tab")
        if wanted.evaluate("one => one === document.activeElement"):
            return
    raise AssertionError(f"Tab never comes to {wanted}.")


def follow(page, wanted):
    tab_to(page, wanted)
    page.keyboard.press("Enter")


def test_the_desks_are_worked_by_keyboard_at_two_widths(centres, officer, sits):
    """One test, so that one server with one database answers from the first press to the last."""
    boss = User.objects.create_superuser("boss", "boss@example.org", "a-long-password-1")
    manager, _panel = panelwork.a_panel(test_workflows_reserves.flow())
    panelwork.to_the_panel(panelwork.a_case(centres["west"]), manager)
    reviews = list(Review.objects.order_by("pk")[:2])
    publish(_with_hold())
    version = appointing.publish()
    for number, width in enumerate(WIDTHS):
        _from_the_inbox(sits, officer, centres, width)
        _a_review(sits, reviews[number], width)
        _the_running_order(sits, manager, _a_session(version, number), width)
    paths = _seldom_seen(centres, boss, manager)
    for name, path in paths.items():
        check(sits(boss, path, 375), name, 375)


def _with_hold() -> dict:
    data = {**BOOKING, "stages": [dict(stage) for stage in BOOKING["stages"]]}
    data["stages"][0]["buttons"] = [
        *BOOKING["stages"][0]["buttons"],
        {"key": "ask", "label": "Put on hold", "to": "held", "comment": "required"},
    ]
    back = {"key": "back", "label": "Go on", "to": "new"}
    held = {"key": "held", "staff_name": "On hold", "kind": "open", "roles": ["bookings"]}
    data["stages"].append({**held, "buttons": [back]})
    return data


def _from_the_inbox(sits, officer, centres, width):
    """To a case, a button with a comment, back again, and to the next case."""
    for number in (1, 2):
        open_case(
            workflow_slug="course-booking",
            subject=centres["west"],
            title=f"Family {number}",
            reference=f"SW{width}-000{number}",
            centre=centres["west"],
            contact_name="Rowan Ashdown",
            contact_email="rowan@example.org",
        )
    seen = sits(officer, "/admin/cases/", width)
    page = seen.page
    check(seen, "inbox", width)
    follow(page, page.get_by_role("link", name=f"SW{width}-0001"))
    expect(page.get_by_role("heading", level=1)).to_contain_text("Family 1")
    check(seen, "case", width)
    tab_to(page, page.get_by_label("Comment"))
    page.keyboard.type("The father rings tomorrow")
    follow(page, page.get_by_role("button", name="Put on hold"))
    expect(page.locator(".case-history blockquote")).to_have_text("The father rings tomorrow")
    assert Case.objects.get(reference=f"SW{width}-0001").stage_key == "held"
    follow(page, page.get_by_role("button", name="Go on"))
    expect(page.locator(".case-history strong").first).to_contain_text("Go on")
    assert Case.objects.get(reference=f"SW{width}-0001").stage_key == "new"
    page.goto(seen.address)
    follow(page, page.get_by_role("link", name=f"SW{width}-0002"))
    expect(page.get_by_role("heading", level=1)).to_contain_text("Family 2")
    follow(page, page.get_by_role("button", name="Confirm place"))
    expect(page.get_by_text("This case is finished.")).to_be_visible()
    check(seen, "case-finished", width)


def _a_review(sits, review, width):
    """Scored, saved by itself, submitted."""
    seen = sits(review.reviewer, f"/admin/reviews/{review.pk}/", width)
    page = seen.page
    check(seen, "review", width)
    for field in ("tone", "rhythm"):
        tab_to(page, page.locator(f"input[name=score-{field}]").first)
        page.keyboard.press("Space")
        for _step in range(3):
            page.keyboard.press("ArrowRight")
    expect(page.locator("[data-review-status]")).to_contain_text("Saved")
    tab_to(page, page.locator("input[name=recommendation]").first)
    page.keyboard.press("Space")
    tab_to(page, page.get_by_label("To the panel (optional)"))
    page.keyboard.type("A steady pulse")
    follow(page, page.get_by_role("button", name="Submit review"))
    expect(page.get_by_text("Your review is submitted. Thank you.")).to_be_visible()
    page.goto(seen.address)
    expect(page.get_by_text("Submitted and locked.")).to_be_visible()
    review.refresh_from_db()
    assert (review.is_submitted, review.for_panel) == (True, "A steady pulse")
    check(seen, "review-sent", width)


def _a_session(version, number):
    """A session with two families."""
    on = timezone.localdate(timezone=LONDON) + timedelta(days=1 + number)
    made = appointing.a_session(day=on)
    for each, slot in enumerate(made.slots.all()[:2], start=1):
        email = f"kid{number}{each}@example.org"
        case = appointing.offered(appointing.applied(version, f"Kid{each}", email=email))
        booking.book(case.pk, slot.pk, purpose="audition")
    return made


def _the_running_order(sits, manager, session, width):
    """Marked and taken back by keyboard; it follows what others do and keeps the focus."""
    seen = sits(manager, f"/admin/appointments/{session.pk}/day/", width, clock=True)
    page = seen.page
    first, second = Appointment.objects.filter(slot__session=session).order_by("slot__starts_at")
    check(seen, "running-order", width)
    follow(page, page.locator(f"[data-key='{first.pk}-arrived']"))
    expect(page.locator(f"#line-{first.pk} .w-status")).to_have_text("Arrived")
    follow(page, page.locator(f"[data-key='{first.pk}-undo']"))
    expect(page.locator(f"#line-{first.pk} .w-status")).to_have_text("Expected")
    tab_to(page, page.locator(f"[data-key='{first.pk}-late']"))
    day.mark(session, second.pk, "arrived", version=0, by=manager)
    page.clock.run_for(11_000)
    expect(page.locator(f"#line-{second.pk} .w-status")).to_have_text("Arrived")
    expect(page.locator(f"[data-key='{first.pk}-late']")).to_be_focused()
    expect(page.locator("[data-day-news]")).to_have_text("The running order has changed.")
    check(seen, "running-order-changed", width)


def _seldom_seen(centres, boss, officer) -> dict[str, str]:
    """Also what is seldom seen: a rehearsal as played, a release with cases."""
    a_group(seats=0)
    for tone in (9, 4):
        case = panelwork.a_case(centres["west"])
        for review in panelwork.to_the_panel(case, officer).reviews.all():
            panelwork.submitted(review, tone=tone, rhythm=3)
        perform(case.pk, "heard", by=officer)
        releases.decide(case.pk, "reserve", by=officer, feedback="A lovely tone.")
    release = Release.objects.create(
        title="Results of the spring round",
        workflow="panel",
        stage_key="board",
        buttons={"reserve": "reserve"},
        actor_name="Ada",
    )
    definition = WorkflowDefinition.objects.get(slug="panel")
    rehearsal = Rehearsal.objects.create(
        definition=definition,
        family="plain:anybody",
        begins_at=timezone.now(),
        user=boss,
        steps=[{"do": "press", "button": "score", "by": "ensembles_manager", "comment": ""}],
    )
    round_ = ReviewRound.objects.first()
    return {
        "release": f"/admin/cases/decisions/{release.pk}/",
        "releases": "/admin/cases/decisions/",
        "rehearsals": "/admin/cases/rehearse/panel/",
        "rehearsal": f"/admin/cases/rehearse/panel/{rehearsal.pk}/",
        "rehearsal-publish": "/admin/cases/rehearse/panel/publish/",
        "panel": "/admin/reviews/panel/panel/",
        "round": f"/admin/reviews/of/{round_.pk}/",
        "load": "/admin/reviews/load/",
        "pools": "/admin/cases/offers/",
        "pool": f"/admin/cases/offers/{a_group().pk}/",
    }
