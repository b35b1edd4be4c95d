"""The drawing of form and process with its figures; pages of very many cases."""

from datetime import UTC, datetime, timedelta

import pytest
from django.conf import settings
from django.urls import reverse

from cms import wallclock
from cms.roles import grant
from forms.package import load
from workflows import inbox as inbox_module
from workflows.diagram import draw, forms_of
from workflows.engine import open_case, perform
from workflows.flowfigures import figures_for, in_words
from workflows.inbox import Filters, Inbox
from workflows.models import Case

pytestmark = pytest.mark.django_db
BEGAN = datetime(2026, 10, 1, 9, 0, tzinfo=UTC)


def a_case(centre, number):
    return open_case(
        workflow_slug="course-booking",
        subject=centre,
        title="One child",
        reference=f"SW-{number}",
        centre=centre,
        contact_name="Robin Reed" if number % 2 else "Rowan Ashdown",
    )


@pytest.fixture
def moved(version, centres, officer):
    """Three cases that stayed in “New” for 1, 2 and 30 days, and one that is there still."""
    for number, days in enumerate((1, 2, 30), start=1):
        with wallclock.instead(BEGAN):
            case = a_case(centres["west"], number)
        with wallclock.instead(BEGAN + timedelta(days=days)):
            perform(case.pk, "confirm", by=officer)
    with wallclock.instead(BEGAN):
        a_case(centres["west"], 4)


NOW = BEGAN + timedelta(days=31)


def test_times_are_medians_of_recorded_moves(moved, officer):
    figures = figures_for("course-booking", officer, now=NOW)

    assert figures.times == {"new": timedelta(days=2)}
    assert figures.pressed == {("new", "confirm"): 3}


def test_a_period_looks_at_its_own_moves_alone(moved, officer):
    figures = figures_for("course-booking", officer, days=7, now=NOW)

    assert figures.times == {"new": timedelta(days=30)}
    assert figures.pressed == {("new", "confirm"): 1}


def test_nobody_counts_what_they_may_not_see(moved, centres, django_user_model):
    other = django_user_model.objects.create_user("east")
    grant(other, "bookings", centre=centres["east"])

    assert figures_for("course-booking", other, now=NOW).pressed == {}


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(5, "1 minute"), (3000, "50 minutes"), (7200, "2 hours"), (400_000, "5 days")],
)
def test_times_in_words(seconds, words):
    assert in_words(timedelta(seconds=seconds)) == words


def test_form_and_process_are_one_drawing_and_the_outline_says_the_same(client, admin_user, db):
    load(settings.BASE_DIR / "forms/packages/songwriter-booking.json", publish=True)
    client.force_login(admin_user)

    page = client.get(reverse("cases:flow", args=["course-booking"]), {"days": "30"})
    drawing = page.context["drawing"]
    text = page.content.decode()

    assert [box.title for box in drawing.forms] == ["Book a Songwriter course"]
    last = drawing.forms[0].steps[-1]
    assert last.y + 34 < min(box.y for box in drawing.boxes)
    outline = text[text.index('class="flow-list"') :]
    for step in drawing.forms[0].steps:
        assert step.step.title.replace("'", "&#x27;") in outline
    for box in drawing.boxes:
        assert f"<strong>{box.stage.staff_name}</strong>" in outline
        assert (
            f'class="flow__link" href="/admin/cases/?tab=all&amp;workflow=course-booking&amp;stage={box.stage.key}"'
            in text
        )
    assert page.context["days"] == 30
    strange = client.get(reverse("cases:flow", args=["course-booking"]), {"days": "1e9"})
    assert strange.context["days"] == 90


def test_a_process_without_forms_is_drawn_from_the_top(version):
    assert forms_of("course-booking") == []
    assert min(box.y for box in draw(version.plan).boxes) == 30


# Very many -------------------------------------------------------------------------------------


def references(page):
    return [case.reference for case in page]


def test_what_is_searched_for_is_paged_without_being_counted(
    version, centres, officer, monkeypatch
):
    monkeypatch.setattr(inbox_module, "PER_PAGE", 2)
    for number in range(1, 8):
        a_case(centres["west"], number)
    inbox = Inbox(officer)
    filters = Filters.read({"tab": "all", "q": "reed"})
    first, second, third = (inbox.page(filters, number) for number in (None, "2", "3"))

    assert references(first) == ["SW-7", "SW-5"]
    assert references(second) == ["SW-3", "SW-1"]
    assert first.has_next()
    assert not second.has_next()
    assert references(third) == references(first)  # there is no third
    assert references(inbox.page(filters, "x")) == references(first)
    assert inbox.page(Filters.read({"tab": "all"}), "2").paginator.count == 7


def test_walking_along_very_many_reaches_the_same_cases(version, centres, officer, monkeypatch):
    a_case(centres["west"], 1), a_case(centres["east"], 2)
    plain = references(Inbox(officer).page(Filters.read({"tab": "all"}), None))
    monkeypatch.setattr(inbox_module, "VERY_MANY", 0)

    assert references(Inbox(officer).page(Filters.read({"tab": "all"}), None)) == plain
    assert len(plain) == 2


def test_walking_does_not_lead_out_of_reach(version, centres, django_user_model, monkeypatch):
    a_case(centres["west"], 1), a_case(centres["east"], 2)
    monkeypatch.setattr(inbox_module, "VERY_MANY", 0)
    east = django_user_model.objects.create_user("east")
    grant(east, "bookings", centre=centres["east"])
    partners = django_user_model.objects.create_user("partners")
    grant(partners, "panellist")  # has no part in this process

    assert references(Inbox(east).page(Filters.read({"tab": "all"}), None)) == ["SW-2"]
    assert list(Case.objects.walking().for_user(partners)) == []


def test_somebody_without_a_stage_of_their_own_has_nothing_to_do_today(
    version, centres, django_user_model
):
    a_case(centres["west"], 1)
    manager = django_user_model.objects.create_user("manager")
    grant(manager, "hub_manager")  # presses a button, owns no stage

    assert Inbox(manager).counts["today"] == 0
    assert Inbox(manager).counts["all"] == 1


def test_what_a_row_shows_is_escaped(version, centres, officer, client):
    case = a_case(centres["west"], 1)
    Case.objects.filter(pk=case.pk).update(title="<script>x</script>", contact_name='"><b>')
    client.force_login(officer)
    text = client.get(reverse("cases:inbox"), {"tab": "all"}).content.decode()

    assert "<script>x</script>" not in text
    assert "&lt;script&gt;x&lt;/script&gt; · &quot;&gt;&lt;b&gt;" in text
