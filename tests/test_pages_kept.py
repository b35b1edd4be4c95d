"""What kept pages show is new as soon as it changes: details, documents, logos, records, imports."""

from contextlib import contextmanager
from datetime import timedelta

import pytest
from django.core.files.base import ContentFile
from django.db import connection, models
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from wagtail.models import Site
from wagtail.signals import published, unpublished

from cms import pagecache, publishing
from cms.models import Award, CourseDate, Ensemble, HubDocument, HubSettings, Job, Place, Pupil
from forms.models import FormDefinition
from imports import jobs, runs
from imports.management.commands.roster_import import see_through
from pages.models import (
    AudiencePage,
    FinderPage,
    HomePage,
    Logo,
    Notice,
    PersonPage,
    StandardPage,
)

from .demo_hub import empty_page_cache, make_course_date
from .journeys import publish_form

pytestmark = pytest.mark.django_db
AWARDS = b"Award ID,Pupil ID,Award,Grade,Date\nA1,P00001,Music Medal,Silver,01/07/2026\n"


@pytest.fixture(autouse=True)
def kept(settings, _keep_no_pages):
    settings.PAGE_CACHE_SECONDS = 60
    empty_page_cache()
    yield
    empty_page_cache()


@pytest.fixture
def committing(django_capture_on_commit_callbacks):
    """Do what a commit does at the end of a block, and forget it as a commit does."""

    @contextmanager
    def committing():
        connection.run_on_commit.clear()
        with django_capture_on_commit_callbacks(execute=True):
            yield
        connection.run_on_commit.clear()

    return committing


@pytest.fixture
def shown(committing):
    """A page with what each of the tests changes."""
    with committing():
        home = HomePage.objects.get()
        person = PersonPage(title="Before person", slug="who", role="Plays")
        home.add_child(instance=person)
        document = HubDocument.objects.create(
            title="Before document", file=ContentFile(b"x", name="before.pdf")
        )
        page = StandardPage(title="About", slug="about")
        page.body = [
            ("documents", {"heading": "Read", "entries": [{"document": document}]}),
            ("logos", {"heading": "Thanks", "logos": [Logo.objects.create(name="Before logo")]}),
            ("people", {"heading": "People", "people": [person]}),
            ("counters", {"heading": "Counted", "counted": ["music_medals"]}),
        ]
        home.add_child(instance=page)
        HubSettings.objects.create(site=Site.objects.get(), hub_name="Before hub")
        Pupil.objects.create(external_id="P00001", legal_first_name="A", legal_last_name="B")
    return page


def read(client) -> str:
    return client.get("/about/").content.decode()


def change(row, **facts) -> None:
    for name, value in facts.items():
        setattr(row, name, value)
    row.save()


def award() -> None:
    Award.objects.create(pupil=Pupil.objects.get(), title="Music Medal")


CHANGES = {
    HubSettings: (lambda: change(HubSettings.objects.get(), hub_name="After hub"), " hub"),
    HubDocument: (lambda: change(HubDocument.objects.get(), title="After document"), " document"),
    Logo: (lambda: change(Logo.objects.get(), name="After logo"), " logo"),
    PersonPage: (lambda: change(PersonPage.objects.get(), title="After person"), " person"),
}


@pytest.mark.parametrize("model", CHANGES, ids=lambda model: model.__name__)
def test_what_changed_shows_at_once(client, shown, committing, model):
    make, what = CHANGES[model]
    assert f"Before{what}" in read(client)

    with committing():
        make()

    assert f"After{what}" in read(client)
    assert f"Before{what}" not in read(client)


@pytest.mark.parametrize("model", CHANGES, ids=lambda model: model.__name__)
def test_unwatched_it_would_stay_as_it_was(client, shown, committing, model):
    make, what = CHANGES[model]
    read(client)
    signal, uid = models.signals.post_save, f"stamp-{model._meta.label}"
    assert signal.disconnect(sender=model, dispatch_uid=uid)
    try:
        with committing():
            make()
    finally:
        signal.connect(pagecache.content_changed, sender=model, dispatch_uid=uid)

    assert f"Before{what}" in read(client)


def test_an_award_written_by_hand_is_counted_at_once(client, shown, committing):
    assert "<dd>0</dd>" in read(client)

    with committing():
        award()

    assert "<dd>1</dd>" in read(client)


@pytest.fixture
def finder(committing):
    """What the finder is asked, as a function: how many queries it took, and what it said."""
    with committing():
        page = FinderPage(title="Find", slug="find")
        HomePage.objects.get().add_child(instance=page)
        opened = timezone.now() - timedelta(days=1)
        make_course_date(capacity=1, booking_opens_at=opened)
        Ensemble.objects.create(name="Band", slug="band", level="centre", summary="Plays")

    def ask(client) -> tuple[int, str]:
        with CaptureQueriesContext(connection) as queries:
            answer = client.post(f"/finder/{page.pk}/", {"year": "6", "postcode": "WD18"})
        asked = [query for query in queries if "contentstamp" not in query["sql"]]
        return len(asked), answer.content.decode()

    return ask


def test_the_finder_asks_for_the_places_and_little_more(client, finder):
    finder(client)

    number, said = finder(client)

    assert "Band" in said and "1 place left" in said
    assert number <= 6


def test_the_finder_with_nothing_kept_would_ask_for_everything(client, finder, settings):
    settings.PAGE_CACHE_SECONDS = 0
    finder(client)

    assert finder(client)[0] > 12


def test_the_places_that_the_finder_shows_are_those_of_this_moment(client, finder):
    finder(client)
    date = CourseDate.objects.get()

    Place.objects.create(course_date=date, holder="a", state=Place.State.CONFIRMED, seat=1)

    assert "1 place left" not in finder(client)[1]


def test_staff_find_what_is_there_now(client, finder, admin_user):
    finder(client)
    HubSettings.objects.update(hub_name="A new hub")  # and no stamp is moved
    assert "A new hub" not in finder(client)[1]

    client.force_login(admin_user)

    assert "A new hub" in finder(client)[1]


def brought_in(committing) -> None:
    """The awards, from a file to the register."""
    with committing():
        run = runs.receive("awards", [AWARDS], "awards.csv")
        see_through(runs.start_planning(run))
        run.refresh_from_db()
        see_through(runs.approve(run, by=None))
    assert Award.objects.count() == 1


def test_an_import_shows_as_soon_as_it_is_done(client, shown, committing):
    assert "<dd>0</dd>" in read(client)

    brought_in(committing)

    assert "<dd>1</dd>" in read(client)


def test_an_import_that_told_nobody_would_not_show(client, shown, committing, monkeypatch):
    monkeypatch.setattr(jobs, "content_changed", lambda **_said: None)
    read(client)

    brought_in(committing)

    assert "<dd>0</dd>" in read(client)


def test_an_import_taken_back_shows_too(client, shown, committing):
    brought_in(committing)
    assert "<dd>1</dd>" in read(client)

    with committing():
        reverse = runs.take_back(runs.ImportRun.objects.get(), by=None)
        see_through(Job.objects.filter(payload__run=reverse.pk).latest("pk"))

    assert not Award.objects.exists()
    assert "<dd>0</dd>" in read(client)


BORROW = {
    "slug": "borrow",
    "title": "Borrow",
    "steps": [
        {
            "id": "s-1",
            "key": "what",
            "title": "What",
            "questions": [{"id": "q-1", "key": "what", "type": "text", "label": "What?"}],
        }
    ],
}


@pytest.fixture
def form(shown, committing):
    """A published form that a page begins, and what happens to it, each by its name."""
    with committing():
        publish_form(BORROW)
        shown.body = [("start_button", {"label": "Start", "form_slug": "borrow", "needed": []})]
        shown.save()
    form = FormDefinition.objects.get(slug="borrow")

    def does(what: str) -> None:
        with committing():
            if what == "closes":
                form.unpublish()
            elif what == "is taken down by the clock":
                FormDefinition.objects.filter(pk=form.pk).update(expire_at=timezone.now())
                publishing.publish_due()
            elif what == "opens":
                form.save_revision().publish()
            elif what == "opens by the clock":
                form.save_revision(approved_go_live_at=timezone.now())
                publishing.publish_due()
            else:
                form.title = "Another title"
                form.save_revision()
            form.refresh_from_db()

    return does


def can_begin(client) -> bool:
    return "/apply/borrow/" in read(client)


@pytest.mark.parametrize("closes", ["closes", "is taken down by the clock"])
@pytest.mark.parametrize("opens", ["opens", "opens by the clock"])
def test_a_form_that_closes_or_opens_shows_at_once(client, form, closes, opens):
    assert can_begin(client)

    form(closes)
    assert not can_begin(client)

    form(opens)
    assert can_begin(client)


@pytest.mark.parametrize(
    ("signal", "first", "then"), [(unpublished, "opens", "closes"), (published, "closes", "opens")]
)
def test_a_form_that_told_nobody_would_be_shown_as_it_was(client, form, signal, first, then):
    form(first)
    before = can_begin(client)
    assert signal.disconnect(sender=FormDefinition, dispatch_uid="stamp-open-forms")
    try:
        form(then)
    finally:
        signal.connect(
            pagecache.content_changed, sender=FormDefinition, dispatch_uid="stamp-open-forms"
        )

    assert can_begin(client) == before == (first == "opens")


def test_a_new_form_shows_at_once(client, shown, committing):
    with committing():
        shown.body = [("start_button", {"label": "Start", "form_slug": "borrow", "needed": []})]
        shown.save()
    assert not can_begin(client)

    with committing():
        publish_form(BORROW)

    assert can_begin(client)


def test_a_draft_of_a_form_leaves_pages_as_they_are_kept(client, form):
    read(client)
    before = pagecache.stamp(anew=True)

    form("is drafted")

    assert pagecache.stamp(anew=True) == before


def test_a_notice_that_is_given_an_audience_and_a_section_that_changes_its(committing, client):
    with committing():
        home = HomePage.objects.get()
        for audience in ("schools", "families"):
            page = AudiencePage(title=audience, slug=audience, audience=audience)
            home.add_child(instance=page)
        notice = Notice.objects.create(title="Term dates moved")

    def shown():
        paths = ("/schools/", "/families/")
        return [p for p in paths if "Term dates moved" in client.get(p).content.decode()]

    assert shown() == ["/schools/", "/families/"]
    with committing():
        notice.audience = "schools"
        notice.save()
    assert shown() == ["/schools/"]
    with committing():
        page.audience = "schools"
        page.save()
    assert shown() == ["/schools/", "/families/"]
