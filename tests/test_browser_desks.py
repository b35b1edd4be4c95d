"""The desks in a real browser, by keyboard alone: no mouse, every page passes axe, none scrolls."""

import os
from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect

from cms.clock import LONDON
from cms.models import Instrument, LoanInstrument, OutsideBooking, Pupil, School, User
from cms.roles import grant, sync_roles
from imports import runs
from imports.management.commands.roster_import import see_through
from tests import appointing, panelwork, roster_files, test_workflows_reserves
from tests.browser import CHROMIUM, POLICY_WATCH, Visit, launch
from tests.casework import BOOKING
from tests.offering import a_group
from tests.settings import ON_SERVICES
from workflows import releases
from workflows.appointments import booking, day
from workflows.appointments.models import Appointment
from workflows.compile import publish
from workflows.engine import open_case, perform
from workflows.models import Case, Rehearsal, Release, Review, ReviewRound, WorkflowDefinition

sync_playwright = pytest.importorskip("playwright.sync_api").sync_playwright
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM, reason="Chromium is not installed."),
    pytest.mark.skipif(ON_SERVICES, reason="pages look the same on both back ends"),
    pytest.mark.django_db(transaction=True),
]
WIDTHS = pytest.mark.parametrize("width", [375, 1280])
LOOK = os.environ.get("LOOK_AT_DESKS")  # a folder for pictures, for whoever wants to look
# Wagtail's own furniture; what stands in it is not ours.
FURNITURE = [["#wagtail-sidebar"], ["[data-wagtail-sidebar]"], [".w-slim-header"]]


@pytest.fixture(autouse=True)
def roles(transactional_db):
    """A test before this one may have emptied the tables, permissions of Wagtail's included."""
    kind, _made = ContentType.objects.get_or_create(app_label="wagtailadmin", model="admin")
    Permission.objects.get_or_create(codename="access_admin", content_type=kind)
    sync_roles()


@pytest.fixture
def sits(live_server, client, monkeypatch):
    """Somebody at a desk: `sits(user, path, width)` opens the page and gives the Visit."""
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
    with sync_playwright() as playwright:
        browser = launch(playwright)

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
        browser.close()


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


@pytest.fixture
def cases(db, centres, officer):
    data = {**BOOKING, "stages": [dict(stage) for stage in BOOKING["stages"]]}
    data["stages"][0]["buttons"] = [
        *BOOKING["stages"][0]["buttons"],
        {"key": "ask", "label": "Put on hold", "to": "held", "comment": "required"},
    ]
    data["stages"].append(
        {
            "key": "held",
            "staff_name": "On hold",
            "kind": "open",
            "roles": ["bookings"],
            "buttons": [{"key": "back", "label": "Go on", "to": "new"}],
        }
    )
    publish(data)
    for number in (1, 2):
        open_case(
            workflow_slug="course-booking",
            subject=centres["west"],
            title=f"Family {number}",
            reference=f"SW26-000{number}",
            centre=centres["west"],
            contact_name="Rowan Ashdown",
            contact_email="rowan@example.org",
        )
    return officer


@WIDTHS
def test_from_the_inbox_to_a_case_a_button_with_a_comment_back_and_to_the_next(cases, sits, width):
    seen = sits(cases, "/admin/cases/", width)
    page = seen.page
    check(seen, "inbox", width)

    follow(page, page.get_by_role("link", name="SW26-0001"))
    expect(page.get_by_role("heading", level=1)).to_contain_text("Family 1")
    check(seen, "case", width)
    tab_to(page, page.get_by_label("Comment"))
    page.keyboard.type("The father rings tomorrow")
    follow(page, page.get_by_role("button", name="Put on hold"))
    expect(
        page.locator("#panel-history-content blockquote, .case-history blockquote")
    ).to_have_text("The father rings tomorrow")
    assert Case.objects.get(reference="SW26-0001").stage_key == "held"
    follow(page, page.get_by_role("button", name="Go on"))  # and back again
    expect(page.locator(".case-history strong").first).to_contain_text("Go on")
    assert Case.objects.get(reference="SW26-0001").stage_key == "new"

    page.goto(seen.address)
    follow(page, page.get_by_role("link", name="SW26-0002"))
    expect(page.get_by_role("heading", level=1)).to_contain_text("Family 2")
    follow(page, page.get_by_role("button", name="Confirm place"))
    expect(page.get_by_text("This case is finished.")).to_be_visible()
    assert seen.problems(leave_out=FURNITURE) == {}


@WIDTHS
def test_a_review_is_scored_saved_by_itself_and_submitted(centres, sits, width):
    officer, panel = panelwork.a_panel()
    panelwork.to_the_panel(panelwork.a_case(centres["west"]), officer)
    review = Review.objects.filter(reviewer__in=panel).first()
    seen = sits(review.reviewer, f"/admin/reviews/{review.pk}/", width)
    page = seen.page
    check(seen, "review", width)

    for field, score in (("tone", 7), ("rhythm", 4)):
        box = page.locator(f"#n-{field}")
        if box.count():
            tab_to(page, box)
            page.keyboard.type(str(score))
        else:
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

    expect(page.get_by_text("Submitted and locked.")).to_be_visible()
    review.refresh_from_db()
    assert review.is_submitted
    assert review.for_panel == "A steady pulse"
    check(seen, "review-sent", width)


@pytest.fixture
def session(db, centres):
    """A session that runs today, with two families."""
    version = appointing.publish()
    today = timezone.localdate(timezone=LONDON)
    made = appointing.a_session(day=today + timedelta(days=1))
    for number, slot in enumerate(made.slots.all()[:2], start=1):
        case = appointing.offered(appointing.applied(version, f"Kid{number}"))
        booking.book(case.pk, slot.pk, purpose="audition")
    return made


@WIDTHS
def test_the_running_order_is_kept_by_keyboard_and_follows_what_others_do(session, sits, width):
    manager = User.objects.create_user("manager", first_name="Mo", last_name="Staff")
    grant(manager, "ensembles_manager")
    seen = sits(manager, f"/admin/appointments/{session.pk}/day/", width, clock=True)
    page = seen.page
    first, second = Appointment.objects.order_by("slot__starts_at")
    check(seen, "running-order", width)

    follow(page, page.locator(f"[data-key='{first.pk}-arrived']"))
    expect(page.locator(f"#line-{first.pk} .w-status")).to_have_text("Arrived")
    follow(page, page.locator(f"[data-key='{first.pk}-undo']"))
    expect(page.locator(f"#line-{first.pk} .w-status")).to_have_text("Expected")

    tab_to(page, page.locator(f"[data-key='{first.pk}-late']"))
    colleague = User.objects.create_user("colleague", first_name="Co", last_name="League")
    day.mark(session, second.pk, "arrived", version=0, by=colleague)
    page.clock.run_for(11_000)
    expect(page.locator(f"#line-{second.pk} .w-status")).to_have_text("Arrived")
    expect(page.locator(f"[data-key='{first.pk}-late']")).to_be_focused()
    expect(page.locator("[data-day-news]")).to_have_text("The running order has changed.")
    assert seen.problems(leave_out=FURNITURE) == {}


@WIDTHS
def test_screens_around_the_day_pass_axe_and_do_not_scroll(session, sits, width):
    boss = User.objects.create_superuser("boss", "boss@example.org", "a-long-password-1")
    for name, path in {
        "sessions": "/admin/appointments/",
        "session": f"/admin/appointments/{session.pk}/",
        "session-edit": f"/admin/appointments/{session.pk}/edit/",
        "session-give": f"/admin/appointments/{session.pk}/give/",
        "day-sheet": f"/admin/appointments/{session.pk}/sheet/",
    }.items():
        check(sits(boss, path, width), name, width)


@WIDTHS
def test_screens_of_rehearsals_decisions_reviews_and_records_pass_axe(centres, sits, width):
    """Also what is seldom seen: a rehearsal as played, a release with cases, held leavers."""
    boss = User.objects.create_superuser("boss", "boss@example.org", "a-long-password-1")
    for name, path in _seldom_seen(centres, boss).items():
        check(sits(boss, path, width), name, width)


def _seldom_seen(centres, boss) -> dict[str, str]:
    officer, _panel = panelwork.a_panel(test_workflows_reserves.flow())
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
        "held-leavers": f"/admin/rosters/{_held(centres)}/",
        **_records(centres),
    }


def _records(centres) -> dict[str, str]:
    violin = Instrument.objects.get(slug="violin")
    pupil = Pupil.objects.first()
    LoanInstrument.objects.create(
        asset_number="VN-0001", instrument=violin, make="Stentor", borrower=pupil
    )
    OutsideBooking.objects.create(external_id="OB1", pupil=pupil, title="Summer school")
    return {
        "loans": reverse("cms_loaninstrument_modeladmin_index"),
        "outside-bookings": reverse("cms_outsidebooking_modeladmin_index"),
    }


def _held(centres) -> int:
    """A run in which more would leave than usual."""
    Instrument.objects.create(name="Violin", slug="violin", family="strings")
    School.objects.create(urn="117137", name="Hill School")
    lines = [roster_files.pupil_line(number) for number in range(1, 31)]
    for sent, options in ((lines, {}), (lines[:3], {"is_full": True})):
        run = runs.receive("pupils", [roster_files.pupils(*sent)], "roster.csv", **options)
        see_through(runs.start_planning(run))
        run.refresh_from_db()
        if not options:
            see_through(runs.approve(run, by=None))
    assert run.held
    return run.pk
