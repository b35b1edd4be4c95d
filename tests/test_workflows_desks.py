"""The officer's inbox and case page: who sees what, what may be pressed, and what is never lost."""

from importlib import import_module

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from cms import jobs
from cms.demo_users import PEOPLE, demo_logins
from cms.models import AccessLogEntry, Job, MailTemplate, OutboxMessage
from cms.roles import grant
from tests.casework import run_until_over, with_actions
from tests.costs import fewest_queries
from workflows import batch as batch_module
from workflows import seen
from workflows.compile import publish
from workflows.engine import add_note, open_case, perform
from workflows.inbox import Filters, Inbox
from workflows.models import BatchRun, Case, CaseEvent, CaseSeen, SavedView

pytestmark = pytest.mark.django_db

INBOX = "cases:inbox"


def new_case(centre, number=1, **extra):
    return open_case(
        workflow_slug="course-booking",
        subject=centre,
        title=f"{centre.name} one child",
        reference=f"SW-{centre.name[:1]}{number}",
        centre=centre,
        contact_name="Robin Canarybird",
        contact_email="robin@example.org",
        **extra,
    )


@pytest.fixture
def case(version, centres):
    return new_case(centres["west"])


def see(client, user, address, *args, **query):
    client.force_login(user)
    return client.get(reverse(address, args=args), query)


def press(client, user, case, button="confirm", stage="new", comment=""):
    client.force_login(user)
    return client.post(
        reverse("cases:press", args=[case.pk]),
        {"button": button, "stage": stage, "comment": comment},
    )


def test_a_bookings_officer_sees_opens_and_confirms_and_the_family_is_told(
    client,
    officer,
    centres,
):
    MailTemplate.objects.create(
        key="booking-confirmed",
        name="Confirmed",
        subject="Your place {{ reference }}",
        body="It is {{ status }}.",
        placeholders={"reference": "SW-0000", "status": "Confirmed"},
    )
    publish(with_actions({"type": "send_email", "template": "booking-confirmed"}))
    case = new_case(centres["west"])

    listed = see(client, officer, INBOX).content.decode()
    opened = see(client, officer, "cases:case", case.pk).content.decode()
    pressed = press(client, officer, case)
    run_until_over(case.events.last())

    assert case.reference in listed
    assert "Robin Canarybird" in opened
    assert "Moves to “Confirmed”. Sends the e-mail “booking-confirmed”." in opened
    assert pressed.status_code == 302
    assert OutboxMessage.objects.get().to == "robin@example.org"
    page = see(client, officer, "cases:case", case.pk).content.decode()
    assert "Your place SW-W1" in page
    assert "This case is finished." in page
    assert list(
        AccessLogEntry.objects.exclude(record_type="cms.user").values_list("action", flat=True)
    ) == [
        "list",
        "inspect",
        "press",
        "inspect",
    ]


def test_a_wrong_role_is_refused_and_told_why(client, case, officer):
    response = press(client, officer, case, button="decline", comment="Sorry")

    assert response.status_code == 422
    assert "“Decline” is for Hub manager" in response.content.decode()
    assert ">Sorry</textarea>" in response.content.decode()
    case.refresh_from_db()
    assert case.stage_key == "new"


@pytest.mark.parametrize("role", ["comms_lead", "roster_admin"])
def test_without_cases_there_is_no_inbox(client, case, role):
    user = get_user_model().objects.create_user("other")
    grant(user, role)

    for address, args in ((INBOX, []), ("cases:case", [case.pk])):
        response = see(client, user, address, *args)
        assert response.status_code in (302, 403)
        assert b"Canarybird" not in response.content


def test_another_centres_administrator_meets_a_404_on_every_case_address(client, case, centres):
    user = get_user_model().objects.create_user("eastern")
    grant(user, "bookings", centre=centres["east"])
    client.force_login(user)

    answers = {
        name: client.post(reverse(f"cases:{name}", args=args), {"button": "confirm", "text": "x"})
        for name, args in {
            "press": [case.pk],
            "note": [case.pk],
            "assign": [case.pk],
            "again": [case.pk, case.events.first().pk],
        }.items()
    }
    answers["case"] = client.get(reverse("cases:case", args=[case.pk]))

    assert {name: r.status_code for name, r in answers.items()} == dict.fromkeys(answers, 404)
    listed = client.get(reverse(INBOX), {"tab": "all", "q": "Canarybird"})
    assert b"SW-W1" not in listed.content
    case.refresh_from_db()
    assert (case.stage_key, case.events.count()) == ("new", 1)


def test_the_second_press_loses_nothing(client, case, officer):
    colleague = get_user_model().objects.create_user("second", first_name="Bo", last_name="Two")
    grant(colleague, "bookings")
    perform(case.pk, "confirm", by=officer)

    response = press(client, colleague, case, comment="The mother rang <again>")

    page = response.content.decode()
    assert response.status_code == 409
    assert "Ada Officer moved this case to “Confirmed”" in page
    assert "The mother rang &lt;again&gt;</textarea>" in page
    client.post(reverse("cases:note", args=[case.pk]), {"text": "The mother rang <again>"})
    assert case.events.last().comment == "The mother rang <again>"


def test_a_note_and_an_assignment_are_part_of_the_history(client, case, officer):
    client.force_login(officer)
    client.post(reverse("cases:note", args=[case.pk]), {"text": "Rang the school."})
    client.post(reverse("cases:assign", args=[case.pk]), {"to": officer.pk})

    case.refresh_from_db()
    assert case.assignee == officer
    assert list(case.events.values_list("kind", "summary", "comment")) == [
        ("opened", "Opened", ""),
        ("note", "Note", "Rang the school."),
        ("assigned", "Assigned to Ada Officer", ""),
    ]


def test_a_case_is_not_given_to_somebody_who_may_not_see_it(client, case, officer):
    stranger = get_user_model().objects.create_user("stranger")

    client.force_login(officer)
    client.post(reverse("cases:assign", args=[case.pk]), {"to": stranger.pk})

    case.refresh_from_db()
    assert case.assignee is None


def test_tabs_put_each_case_where_it_belongs(client, version, officer, centres):
    other = get_user_model().objects.create_user("other")
    cases = [new_case(centres["west"], number) for number in range(4)]
    Case.objects.filter(pk=cases[1].pk).update(assignee=other)
    Case.objects.filter(pk=cases[2].pk).update(
        due_at=timezone.now() - timezone.timedelta(days=1), assignee=officer
    )
    perform(cases[3].pk, "confirm", by=officer)

    context = see(client, officer, INBOX).context

    assert {key: number for key, _label, number in context["tabs"]} == {
        "today": 2,
        "mine": 1,
        "team": 3,
        "overdue": 1,
        "waiting": 0,
        "done": 1,
        "all": 4,
    }
    assert [c.reference for c in context["page"]] == ["SW-W2", "SW-W0"]


def test_search_and_filters_narrow_the_list(client, version, officer, centres):
    new_case(centres["west"])
    new_case(centres["east"])

    found = see(client, officer, INBOX, tab="all", q="eastfield robin").context["page"]
    none = see(client, officer, INBOX, tab="all", workflow="course-booking", stage="declined")

    assert [c.reference for c in found] == ["SW-E1"]
    assert list(none.context["page"]) == []
    assert "Nothing matches." in none.content.decode()


@pytest.mark.parametrize("query", ["tab=%00&p=x", "p=999999", "tab=mine&stage=%27--&workflow=%00"])
def test_a_strange_query_string_is_answered_calmly(client, case, officer, query):
    client.force_login(officer)

    assert client.get(f"{reverse(INBOX)}?{query}").status_code == 200


def queries(client, address):
    return fewest_queries(lambda: client.get(address))


def test_the_inbox_and_the_case_page_cost_the_same_for_one_case_and_for_many(
    client,
    version,
    officer,
    centres,
):
    client.force_login(officer)
    first = new_case(centres["west"])
    inbox, page = reverse(INBOX), reverse("cases:case", args=[first.pk])
    before = (queries(client, inbox), queries(client, page))
    for number in range(2, 6):
        new_case(centres["east" if number % 2 else "west"], number)
        client.post(reverse("cases:note", args=[first.pk]), {"text": "More"})
    assert client.get(page).status_code == client.get(inbox).status_code == 200

    assert queries(client, inbox) <= before[0]
    assert queries(client, page) <= before[1]


def test_desks_are_not_kept_by_any_cache(client, case, officer):
    for address, args in ((INBOX, []), ("cases:case", [case.pk])):
        assert "no-store" in see(client, officer, address, *args)["Cache-Control"]


def test_the_home_page_counts_and_names_nobody(client, case, officer):
    page = see(client, officer, "wagtailadmin_home").content.decode()

    assert "<strong>1</strong> Needs me today" in page
    assert "Canarybird" not in page


def test_demo_logins_have_the_contracts_names_and_one_of_them_one_centre(client, case, centres):
    demo_logins("a-long-demo-password")
    accounts = demo_logins("a-long-demo-password")

    assert set(accounts) == set(PEOPLE) and len(PEOPLE) == 17
    west = accounts["centre-west"].memberships.get()
    assert (west.centre, west.area) == (centres["west"], None)
    office = accounts["office-west"].memberships.get()
    assert (office.centre, office.area) == (None, centres["west"].area)
    for username, user in accounts.items():
        assert user.memberships.count() == (0 if username == "admin" else 1)
        assert client.login(username=username, password="a-long-demo-password")
        assert client.get(reverse("wagtailadmin_home")).status_code == 200


def batch(client, user, **data):
    client.force_login(user)
    return client.post(reverse("cases:batch"), data)


def finished(client, response):
    """The batch that a press began, once its job has run."""
    run = BatchRun.objects.get(pk=int(response.url.strip("/").split("/")[-1]))
    jobs.run_job.call_local(Job.objects.get(key=f"batch-{run.pk}").pk)
    run.refresh_from_db()
    return run


def test_a_batch_first_says_what_it_would_do_and_changes_nothing(client, version, officer, centres):
    cases = [new_case(centres["west"], number) for number in range(3)]
    perform(cases[2].pk, "confirm", by=officer)

    response = batch(client, officer, case=[case.pk for case in cases])

    choice = response.context["choices"][0]
    assert (choice.button.label, choice.effects) == ("Confirm place", "Moves to “Confirmed”.")
    assert [case.reference for case in choice.cases] == ["SW-W0", "SW-W1"]
    assert Case.objects.filter(stage_key="new").count() == 2


def test_one_refused_case_does_not_hold_up_the_others(client, version, officer, centres):
    cases = [new_case(centres["west"], number) for number in range(3)]
    perform(cases[1].pk, "confirm", by=officer)

    response = batch(
        client,
        officer,
        button="confirm",
        at=" ".join(f"{case.pk}:new" for case in cases),
        comment="All fit",
        label="Confirm place",
    )

    run = finished(client, response)
    page = client.get(response.url).content.decode()
    assert run.done == ["SW-W0", "SW-W2"]
    assert [reference for reference, _why in run.refused] == ["SW-W1"]
    assert "Ada Officer moved this case" in run.refused[0][1]
    assert "2 cases were moved" in page and "1 was left as it is" in page
    assert [case.events.filter(kind="moved").count() for case in cases] == [1, 1, 1]


def test_a_batch_does_not_reach_cases_out_of_scope(client, version, centres):
    case = new_case(centres["west"])
    user = get_user_model().objects.create_user("eastern")
    grant(user, "bookings", centre=centres["east"])

    response = batch(client, user, button="confirm", at=f"{case.pk}:new x:new {'9' * 30}:new junk")

    run = finished(client, response)
    assert (run.done, run.refused) == ([], [["–", "It is out of your reach now."]])
    case.refresh_from_db()
    assert case.stage_key == "new"


def test_another_officer_cannot_see_how_a_batch_goes(client, version, officer, centres):
    case = new_case(centres["west"])
    response = batch(client, officer, button="confirm", at=f"{case.pk}:new")
    colleague = get_user_model().objects.create_user("colleague")
    grant(colleague, "bookings")
    client.force_login(colleague)

    assert client.get(response.url).status_code == 404


def test_a_batch_that_is_killed_goes_on_and_presses_nothing_twice(
    client, version, officer, centres, monkeypatch
):
    cases = [new_case(centres["west"], number) for number in range(25)]
    response = batch(
        client, officer, button="confirm", at=" ".join(f"{case.pk}:new" for case in cases)
    )
    run = BatchRun.objects.get()
    job = Job.objects.get(key=f"batch-{run.pk}")
    pressed = []

    def dies(*args, **kwargs):
        pressed.append(args)
        if len(pressed) == 14:
            raise OSError("the machine stops")
        return perform(*args, **kwargs)

    monkeypatch.setattr(batch_module, "perform", dies)
    jobs.run_job.call_local(job.pk)
    monkeypatch.undo()
    assert Case.objects.filter(stage_key="confirmed").count() == 10
    Job.objects.update(not_before=timezone.now())
    run = finished(client, response)

    assert (len(run.done), run.refused) == (25, [])
    assert CaseEvent.objects.filter(kind="moved").count() == 25


def test_a_batch_takes_all_that_a_filter_finds(client, version, officer, centres):
    for number in range(60):
        new_case(centres["west"], number)

    client.force_login(officer)
    page = client.get(reverse(INBOX)).content.decode()
    response = batch(client, officer, all="tab=today&q=SW-W1")

    assert "…with all 60" in page
    assert len(response.context["choices"][0].cases) == 11


def test_a_view_is_kept_with_its_filters_and_columns_for_its_officer_alone(
    client, version, officer, centres
):
    new_case(centres["west"])
    client.force_login(officer)
    listed = client.get(reverse(INBOX), {"tab": "all", "who": "nobody", "column": ["due", "email"]})
    query = listed.context["filters"].as_query()
    client.post(reverse("cases:views"), {"name": "Nobody’s", "query": query})

    page = client.get(f"{reverse(INBOX)}?{SavedView.objects.get().query}").content.decode()
    other = get_user_model().objects.create_user("colleague")
    grant(other, "bookings")
    client.force_login(other)

    assert "robin@example.org</td>" in page and 'scope="col">Stage' not in page
    assert "Nobody’s" in page
    assert "Nobody’s" not in client.get(reverse(INBOX)).content.decode()
    client.post(reverse("cases:views"), {"forget": "Nobody’s"})
    assert SavedView.objects.count() == 1


def test_what_is_new_since_the_last_look_is_marked(client, case, officer):
    first = see(client, officer, "cases:case", case.pk)
    colleague = get_user_model().objects.create_user("second", first_name="Bo", last_name="Two")
    grant(colleague, "bookings")
    add_note(case.pk, "Rang her", by=colleague)

    second = see(client, officer, "cases:case", case.pk)
    third = see(client, officer, "cases:case", case.pk)

    counts = [len(page.context["news"].events) for page in (first, second, third)]
    assert counts == [0, 1, 0]
    assert "1 thing has happened" in second.content.decode()


def test_two_officers_on_one_case_see_each_other(client, case, officer):
    colleague = get_user_model().objects.create_user("second", first_name="Bo", last_name="Two")
    grant(colleague, "bookings")
    see(client, officer, "cases:case", case.pk)

    page = see(client, colleague, "cases:case", case.pk)
    perform(case.pk, "confirm", by=colleague)
    client.force_login(officer)
    told = client.post(reverse("cases:here", args=[case.pk])).json()
    CaseSeen.objects.update(here_at=timezone.now() - seen.STILL_HERE)

    assert page.context["others"] == [officer]
    assert told == {"others": ["Bo Two"], "last": case.events.last().pk}
    assert client.post(reverse("cases:here", args=[case.pk])).json()["others"] == []


def test_a_note_tells_those_it_names_and_nobody_who_may_not_see_the_case(client, case, officer):
    colleague = get_user_model().objects.create_user("bo.two", email="bo@example.org")
    grant(colleague, "bookings")
    get_user_model().objects.create_user("outsider", email="out@example.org")
    client.force_login(officer)

    page = client.post(
        reverse("cases:note", args=[case.pk]),
        {"text": "@bo.two, @outsider and @nobody: the note-canary"},
        follow=True,
    )

    letter = OutboxMessage.objects.get()
    assert (letter.to, letter.template) == ("bo@example.org", "staff-mentioned")
    assert "note-canary" not in letter.text + letter.subject and "Canarybird" not in letter.text
    assert "outsider may not see this case" in page.content.decode()


def test_a_preview_costs_the_same_for_one_case_and_for_many(client, version, officer, centres):
    cases = [new_case(centres["west"], number) for number in range(4)]
    counts = []
    for chosen in (cases[:1], cases):
        batch(client, officer, case=[case.pk for case in chosen])
        with CaptureQueriesContext(connection) as captured:
            batch(client, officer, case=[case.pk for case in chosen])
        counts.append(len(captured))

    assert counts[0] == counts[1]


def test_a_reader_sees_only_the_restricted_sections_of_their_roles(officer):
    from types import SimpleNamespace

    from workflows import casepage

    told = [
        {"title": "Your child", "group": "", "rows": [{"question": "Age", "lines": ["9"]}]},
        {"title": "Health", "group": "health", "rows": [{"question": "x", "lines": ["asthma"]}]},
        {"title": "Papers", "group": "evidence", "rows": [{"question": "x", "lines": ["secret"]}]},
    ]
    stage = SimpleNamespace(hidden=())
    case = SimpleNamespace(stage=stage, subject=SimpleNamespace(case_sections=lambda: told))

    shown = casepage.sections(case, officer)

    assert [(part.title, part.hidden, bool(part.rows)) for part in shown] == [
        ("Your child", False, True),
        ("Health", False, True),
        ("Papers", True, False),
    ]


def test_the_safeguarding_lead_can_ask_who_has_seen_a_record(client, case, officer):
    see(client, officer, "cases:case", case.pk)
    lead = get_user_model().objects.create_user("lead")
    grant(lead, "safeguarding_lead")

    page = see(client, lead, "access_log", record_type="case", record_id=case.pk)

    assert [row.actor for row in page.context["object_list"]] == ["Ada Officer"]
    assert see(client, officer, "access_log").status_code == 302


@pytest.mark.services
def test_words_are_found_in_an_index_on_postgresql(admin_user):
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has no index of parts of words")
    found = Inbox(admin_user).cases(Filters(tab="all", search="ashdown")).values("pk")

    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("SET LOCAL enable_indexscan = off")
    assert found.order_by().explain().count("case_words") == 4  # each column that is searched


@pytest.mark.services
def test_a_database_that_may_not_have_the_index_goes_without(monkeypatch):
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has no index of parts of words")
    search = import_module("workflows.migrations.0018_case_search")
    with connection.cursor() as cursor:
        cursor.execute("DROP EXTENSION pg_trgm CASCADE")
        cursor.execute("CREATE ROLE desk_reader")
        cursor.execute("SET LOCAL ROLE desk_reader")
        with connection.schema_editor() as editor:
            search.make(None, editor)
        cursor.execute("RESET ROLE")
        cursor.execute("SELECT count(*) FROM pg_indexes WHERE indexname = 'case_words'")
        assert cursor.fetchone() == (0,)
