"""Answers out: who may list and take what was sent in, and the one column of each question."""

import csv
import io
from datetime import date, timedelta
from itertools import chain

import pytest
from django.contrib.auth import get_user_model
from django.core.files.storage import storages
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from openpyxl import load_workbook

from cms import doorbell, jobs
from cms.models import AccessLogEntry, Job
from cms.roles import grant, revoke
from forms import journeys, submissions
from forms.answers import export as exporting
from forms.answers import listing
from forms.models import AnswerColumns, AnswerExport, AnswerMark, Submission
from tests.casework import BOOKING
from tests.journeys import a_course_date, publish_form
from tests.test_cms_exports import PAYLOADS
from workflows.compile import publish as publish_workflow
from workflows.models import Case

pytestmark = pytest.mark.django_db

ID = "00000000-0000-4000-8000-00000000000"
SIZES = [{"id": f"{ID}a", "key": "small", "label": "Small"}, {"id": f"{ID}b", "key": "large", "label": "Large"}]  # fmt: skip
WHO = {"id": f"{ID}1", "key": "who", "type": "name", "label": "Your name"}
MAIL = {"id": f"{ID}2", "key": "mail", "type": "email", "label": "E-mail"}
SIZE = {"id": f"{ID}3", "key": "size", "type": "radios", "label": "Size", "options": SIZES}
HEALTH = {
    "id": f"{ID}4",
    "key": "health",
    "type": "longtext",
    "label": "Health",
    "settings": {"restricted": "health"},
}
UNWELL = {
    "id": f"{ID}5",
    "key": "unwell",
    "type": "calculated",
    "label": "Needs care",
    "settings": {"rule": {"match": "all", "clauses": [{"question": "health", "op": "answered"}]}},
}
CHILDREN = {
    "key": "children",
    "title": "Children",
    "repeat": {"min": 0, "max": 3, "item_name": "child"},
    "questions": [
        {"id": f"{ID}6", "key": "first", "type": "text", "label": "First name"},
        {"id": f"{ID}7", "key": "born", "type": "date", "label": "Date of birth"},
    ],
}


def form(*questions, **more):
    steps = [{"key": "you", "title": "You", "questions": list(questions)}, CHILDREN]
    return {"slug": "borrow", "title": "Borrow an instrument", "steps": steps, **more}


def published(*questions, workflow="course-booking"):
    return publish_form(form(*questions, **({"workflow": workflow} if workflow else {})))


ROWAN = {
    "who": {"first": "Rowan", "last": "Ashdown"},
    "mail": "rowan@example.org",
    "size": "small",
    "health": "Nut allergy",
    "children": [{"first": "Wren", "born": "2015-05-02"}, {"first": "Robin", "born": "2016-01-09"}],
}


def sent(version, offering=None, **answers):
    journey = journeys.begin(version, owner="family", offering=offering)
    said = {question["key"]: None for question in version.compiled["steps"][0]["questions"]}
    journey.answers = said | {"children": []} | answers
    journey.save()
    return submissions.submit(journey)


@pytest.fixture
def borrow():
    publish_workflow(BOOKING)
    return published(WHO, MAIL, SIZE, HEALTH, UNWELL)


def staff(name, *roles, **scope):
    user = get_user_model().objects.create_user(name)
    for role in roles:
        grant(user, role, **scope)
    return user


def signed_in(user):
    client = Client()
    client.force_login(user)
    return client


def page(user, query="", slug="borrow"):
    return signed_in(user).get(f"{reverse('answers:list', args=[slug])}?{query}")


def references(answer):
    return [row["submission"].reference for row in answer.context["rows"]]


def export(user, kind="csv", query="", **more):
    data = {"kind": kind, "rows_of": "", "headings": "words", "reason": "for the desk", **more}
    address = f"{reverse('answers:export', args=['borrow'])}?{query}"
    return signed_in(user).post(address, data)


def table(answer):
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text, newline="")))


# Who ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("role", "status", "rows", "exported"),
    [
        ("bookings", 200, 1, 200),
        ("centre_admin", 200, 0, 403),
        ("ensembles_manager", 200, 0, 200),
        ("safeguarding_lead", 200, 0, 403),
        ("hub_manager", 200, 1, 200),
        ("comms_lead", 403, 0, 403),
        ("panellist", 403, 0, 403),
        ("course_leader", 403, 0, 403),
        ("roster_admin", 403, 0, 403),
    ],
)
def test_a_role_lists_and_exports_what_its_permissions_and_the_process_give_it(
    borrow, role, status, rows, exported
):
    sent(borrow, **ROWAN)
    user = staff("somebody", role)

    answer = page(user)
    assert answer.status_code == (302 if status == 403 else status)
    if status == 200:
        assert len(answer.context["rows"]) == rows
    taken = export(user)
    assert taken.status_code == (302 if exported == 403 else exported)
    if exported == 200:
        assert len(table(taken)) == rows + 1


def test_a_centre_and_an_area_see_their_own_alone(centres):
    publish_workflow(BOOKING | {"stages": [BOOKING["stages"][0] | {"roles": ["bookings", "centre_admin"]}, *BOOKING["stages"][1:]]})  # fmt: skip
    version = published(WHO)
    west = a_course_date(centre=centres["west"], reference="W-1")
    east = a_course_date(centre=centres["east"], reference="E-1")
    mine, theirs = sent(version, west), sent(version, east)

    by_centre = staff("west", "centre_admin", centre=centres["west"])
    by_area = staff("area", "bookings", area=centres["west"].area)
    for user in (by_centre, by_area):
        assert references(page(user)) == [mine.reference]
        client = signed_in(user)
        own = reverse("answers:one", args=["borrow", mine.pk])
        foreign = reverse("answers:one", args=["borrow", theirs.pk])
        assert client.get(own).status_code == 200
        assert client.get(foreign).status_code == 404
    assert [row[0] for row in table(export(by_area))[1:]] == [mine.reference]


def test_restricted_questions_are_columns_for_those_who_may_read_them(borrow):
    sent(borrow, **ROWAN)
    wanted = {"column": [f"{ID}1", f"{ID}4", f"{ID}5"]}
    seen = {}
    for role in ("bookings", "hub_manager"):
        client = signed_in(staff(role, role))
        client.post(reverse("answers:columns", args=["borrow"]), wanted)
        seen[role] = client.get(reverse("answers:list", args=["borrow"])).content.decode()

    assert "Nut allergy" in seen["bookings"]
    assert "Needs care" in seen["bookings"]
    assert "Nut allergy" not in seen["hub_manager"]
    assert "Needs care" not in seen["hub_manager"]
    listed = AccessLogEntry.objects.filter(action="list").order_by("pk")
    assert [entry.detail["restricted"] for entry in listed] == [["health"], []]


def test_one_submission_shows_its_restricted_parts_to_the_same_people(borrow):
    one = sent(borrow, **ROWAN)
    address = reverse("answers:one", args=["borrow", one.pk])

    bookings = signed_in(staff("a", "bookings")).get(address).content.decode()
    manager = signed_in(staff("b", "hub_manager")).get(address).content.decode()

    assert "Nut allergy" in bookings
    assert "Nut allergy" not in manager
    assert "Rowan Ashdown" in manager
    looked = AccessLogEntry.objects.filter(action="inspect").order_by("pk")
    assert [(e.record_id, e.detail) for e in looked] == [
        (str(one.pk), {"restricted": ["health"]}),
        (str(one.pk), {"restricted": []}),
    ]


def test_no_restricted_answer_leaves_in_a_file_whoever_asks(borrow, admin_user):
    sent(borrow, **ROWAN)

    rows = table(export(admin_user))

    assert "Nut allergy" not in str(rows)
    assert rows[0][7:] == ["Your name", "E-mail", "Size", "First name", "Date of birth"]


def test_a_question_that_was_ever_restricted_stays_so_for_all_versions(borrow):
    sent(borrow, **ROWAN)
    open_now = {name: value for name, value in HEALTH.items() if name != "settings"}
    newer = published(WHO, open_now, UNWELL)
    sent(newer, health="Asthma")

    assert "Health" not in str(table(export(staff("a", "bookings")))[0])


def test_an_export_is_logged_with_its_reason_and_without_a_name(borrow):
    sent(borrow, **ROWAN)
    export(staff("ada", "bookings"), query=f"answer-{ID}3=small&q=rowan")

    entry = AccessLogEntry.objects.get(action="export")
    assert (entry.actor, entry.record_type, entry.detail) == (
        "ada",
        "hub_forms.submission",
        {
            "form": "borrow",
            "rows": 1,
            "reason": "for the desk",
            "format": "csv",
            "filtered": ["answer"],
            "rows of": "",
        },
    )


@pytest.mark.parametrize("reason", ["", "why"])
def test_without_a_reason_there_is_no_file(borrow, reason):
    assert export(staff("ada", "bookings"), reason=reason).status_code == 422
    assert not AccessLogEntry.objects.filter(action="export").exists()


# What --------------------------------------------------------------------------------------------


def test_a_question_keeps_its_column_through_three_versions(borrow):
    first = sent(borrow, **ROWAN)
    larger = [*SIZES[:1], SIZES[1] | {"label": "Full size"}]
    second = sent(
        published(WHO | {"label": "Name of the borrower"}, SIZE | {"options": larger}, HEALTH),
        who={"first": "Jo", "last": "Quill"},
        size="large",
    )
    again = {"id": f"{ID}8", "key": "mail", "type": "text", "label": "E-mail"}
    third = sent(published(again, SIZE | {"key": "how_big", "options": larger}), mail="new", how_big="large")  # fmt: skip

    rows = table(export(staff("a", "bookings")))

    assert rows[0][7:] == [
        "E-mail",
        "Size",
        "First name",
        "Date of birth",
        "Name of the borrower",
        "E-mail (until version 1)",
    ]
    assert [(row[0], row[3], row[7:]) for row in rows[1:]] == [
        (
            first.reference,
            "1",
            ["", "Small", "1: Wren; 2: Robin", "1: 2015-05-02; 2: 2016-01-09", "Rowan Ashdown", "rowan@example.org"],
        ),
        (second.reference, "2", ["", "Full size", "", "", "Jo Quill", ""]),
        (third.reference, "3", ["new", "Full size", "", "", "", ""]),
    ]  # fmt: skip


def test_short_headings_are_the_same_whatever_the_words(borrow):
    sent(borrow, **ROWAN)
    before = table(export(staff("a", "bookings"), headings="keys"))[0]
    published(WHO | {"label": "Name"}, MAIL, SIZE | {"label": "How big?"}, HEALTH)
    after = table(export(staff("b", "bookings"), headings="keys"))[0]

    assert before == after
    assert before[:2] == ["reference", "submitted"]
    assert before[7] == f"who {ID}1"


def test_a_file_may_have_one_row_for_each_child(borrow):
    sent(borrow, **ROWAN)
    sent(borrow, who={"first": "Jo", "last": "Quill"})

    rows = table(export(staff("a", "bookings"), rows_of="children"))

    assert rows[0][7:] == ["Child", "Your name", "E-mail", "Size", "First name", "Date of birth"]
    assert [row[7:] for row in rows[1:]] == [
        ["1", "Rowan Ashdown", "rowan@example.org", "Small", "Wren", "2015-05-02"],
        ["2", "Rowan Ashdown", "rowan@example.org", "Small", "Robin", "2016-01-09"],
        ["1", "Jo Quill", "", "", "", ""],
    ]


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_no_answer_becomes_a_formula(borrow, kind):
    for payload in PAYLOADS:
        sent(
            borrow,
            # A name stands on the case as well, where PostgreSQL holds no NUL; forms refuse it.
            who=dict.fromkeys(("first", "last"), payload.replace("\0", "")),
            mail="family@example.org",
            children=[{"first": payload, "born": payload}, {"first": payload, "born": None}],
        )
    answer = export(staff("a", "bookings"), kind)

    if kind == "csv":
        rows = table(answer)
        risky = [cell for row in rows for cell in row if cell[:1] in "=+-@\t\r\n\uff1d\uff0b\uff0d\uff20" and cell]  # fmt: skip
    else:
        sheet = load_workbook(io.BytesIO(b"".join(answer.streaming_content))).active
        rows = list(sheet.iter_rows())
        risky = [cell.coordinate for row in rows for cell in row if cell.data_type == "f"]
    assert len(rows) == len(PAYLOADS) + 1
    assert risky == []


# Which -------------------------------------------------------------------------------------------


def test_the_list_is_filtered_by_stage_day_version_and_choice(borrow, officer):
    small, large = sent(borrow, size="small"), sent(borrow, size="large")
    Submission.objects.filter(pk=large.pk).update(submitted_at=timezone.now() - timedelta(days=9))
    Case.objects.filter(reference=large.reference).update(stage_key="confirmed")
    newer = published(WHO, SIZE)
    third = sent(newer, size="small")
    day = timezone.localdate() - timedelta(days=2)

    def found(query):
        return references(page(officer, query))

    assert found("") == [third.reference, large.reference, small.reference]
    assert found("stage=confirmed") == [large.reference]
    assert found(f"since={day}") == [third.reference, small.reference]
    assert found(f"until={day}") == [large.reference]
    assert found("version=2") == [third.reference]
    assert found(f"answer-{ID}3=small") == [third.reference, small.reference]
    assert found(f"answer-{ID}3=small&version=1") == [small.reference]
    assert found(f"answer-{ID}3=other") == []
    assert found("since=nonsense&version=x&stage=%00&before=&after=z") == found("")


def test_a_list_cannot_be_asked_about_restricted_answers(borrow, officer):
    yes = {"id": f"{ID}9", "key": "ill", "type": "yes_no", "label": "Ill?", "settings": {"restricted": "health"}}  # fmt: skip
    sent(published(WHO, yes), ill=True)

    assert references(page(officer, f"answer-{ID}9=yes")) == []
    assert AnswerMark.objects.count() == 0


def test_marks_do_not_say_what_was_chosen(borrow):
    sent(borrow, size="small")
    stored = AnswerMark.objects.get().mark

    assert "small" not in stored
    assert SIZE["id"] not in stored


def test_a_filter_still_finds_what_was_marked_under_an_older_secret(borrow, officer, settings):
    one = sent(borrow, size="small")
    AccessLogEntry.objects.all()
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "the next secret of this installation, and a long one"

    assert references(page(officer, f"answer-{ID}3=small")) == [one.reference]


def test_search_finds_references_and_contacts_and_no_answers(borrow, officer):
    one = sent(borrow, **ROWAN)
    sent(borrow, who={"first": "Jo", "last": "Quill"}, mail="jo@example.org")

    assert references(page(officer, f"q={one.reference.lower()}")) == [one.reference]
    assert references(page(officer, "q=rowan")) == [one.reference]
    assert references(page(officer, "q=ASHDOWN+rowan")) == [one.reference]
    assert references(page(officer, "q=wren")) == []
    assert references(page(officer, "q=%00%27%22--")) == []


def test_pages_go_there_and_back_without_missing_or_repeating_a_row(borrow, officer, monkeypatch):
    monkeypatch.setattr(listing, "PER_PAGE", 3)
    wanted = [sent(borrow).reference for _number in range(8)][::-1]
    there, back = [], []
    answer = page(officer)
    while True:
        there.append(references(answer))
        if answer.context["page"].older is None:
            break
        answer = page(officer, f"before={answer.context['page'].older}")
    while True:
        back.insert(0, references(answer))
        if answer.context["page"].newer is None:
            break
        answer = page(officer, f"after={answer.context['page'].newer}")

    assert list(chain.from_iterable(there)) == wanted
    assert list(chain.from_iterable(back)) == wanted


def test_columns_are_remembered_for_each_person_and_each_form(borrow):
    sent(borrow, **ROWAN)
    ada, bea = staff("ada", "bookings"), staff("bea", "bookings")
    address = reverse("answers:columns", args=["borrow"])
    answer = signed_in(ada).post(address, {"column": [f"{ID}7", f"{ID}3", "unknown"], "version": "1"})  # fmt: skip

    assert answer.url == f"{reverse('answers:list', args=['borrow'])}?version=1"
    assert [c.heading for c in page(ada).context["columns"]] == ["Size", "Date of birth"]
    assert [c.heading for c in page(bea).context["columns"]] == ["Your name", "E-mail", "Size", "First name"]  # fmt: skip
    assert AnswerColumns.objects.count() == 1


def test_a_page_costs_the_same_few_queries_for_one_row_and_for_many(borrow, officer):
    client, costs = signed_in(officer), []
    date_of_course = a_course_date()
    address = f"{reverse('answers:list', args=['borrow'])}?q=e&stage=new&answer-{ID}3=small"
    for number in (1, 6):
        while Submission.objects.count() < number:
            sent(borrow, date_of_course, **ROWAN)
        client.get(address)
        with CaptureQueriesContext(connection) as queries:
            assert len(client.get(address).context["rows"]) == number
        # Not counted: what only this test's transaction, and only PostgreSQL's log, has to lock.
        ours = [q for q in queries if "SAVEPOINT" not in q["sql"] and "advisory" not in q["sql"]]
        costs.append(len(ours))

    assert costs[1] <= costs[0] <= 17


# Large files -------------------------------------------------------------------------------------


@pytest.fixture
def large(borrow, monkeypatch):
    monkeypatch.setattr(exporting, "AT_ONCE", 2)
    monkeypatch.setattr(exporting, "CHUNK", 2)
    monkeypatch.setattr(doorbell, "ring", lambda *args, **kwargs: True)  # tests turn the handle
    monkeypatch.setattr(jobs, "ring", lambda *args, **kwargs: True)
    return [sent(borrow, **ROWAN).reference for _number in range(5)]


def run_export():
    export = AnswerExport.objects.get()
    jobs.run_job.call_local(Job.objects.get(key=exporting.job_key(export)).pk)
    return export


def has_files(export):
    return storages["private"].exists(f"exports/{export.token}")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_a_large_file_is_made_in_the_background_for_its_person_alone(large, kind):
    ada, bea = staff("ada", "bookings"), staff("bea", "bookings")
    answer = export(ada, kind)
    client = signed_in(ada)

    assert answer.status_code == 302
    waiting = client.get(answer.url)
    assert (waiting.status_code, waiting["Refresh"]) == (200, "3")
    made = run_export()
    assert "ready" in client.get(answer.url).content.decode()
    taken = client.post(answer.url)
    if kind == "csv":
        assert [row[0] for row in table(taken)[1:]] == large
    else:
        sheet = load_workbook(io.BytesIO(b"".join(taken.streaming_content))).active
        assert [row[0].value for row in sheet.iter_rows(min_row=2)] == large
        assert isinstance(sheet["B2"].value, date)
    assert signed_in(bea).get(answer.url).status_code == 404
    assert signed_in(bea).post(answer.url).status_code == 404
    revoke(ada, "bookings")
    assert signed_in(ada).post(answer.url).status_code == 302
    assert [
        e.action for e in AccessLogEntry.objects.exclude(record_type="cms.user").order_by("pk")
    ] == ["export", "download"]

    AnswerExport.objects.update(expires_at=timezone.now())
    assert client.get(answer.url).status_code in (302, 404)
    assert has_files(made)
    with transaction.atomic():
        job = jobs.enqueue("forms.forget_exports", key="hour", payload={})
    jobs.run_job.call_local(job.pk)
    assert not has_files(made)
    assert not AnswerExport.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_file_is_not_made_for_somebody_who_lost_the_right_meanwhile(large):
    ada = staff("ada", "bookings")
    export(ada)
    revoke(ada, "bookings")
    asked = run_export()

    job = Job.objects.get(kind="forms.export")
    assert (job.state, job.problem) == (
        Job.State.FAILED,
        "The person who asked may not export answers any more.",
    )
    assert not has_files(asked)


@pytest.mark.django_db(transaction=True)
def test_a_file_that_was_stopped_half_way_goes_on_and_is_whole(large, monkeypatch):
    export(staff("ada", "bookings"))
    monkeypatch.setattr(jobs, "TURN", -1)  # every turn ends after one part
    for _turn in range(4):
        run_export()
        Job.objects.update(not_before=timezone.now())
    made = AnswerExport.objects.get()

    with made.file.open() as file:
        rows = list(csv.reader(io.StringIO(file.read().decode("utf-8-sig"), newline="")))
    assert [row[0] for row in rows[1:]] == large
    assert storages["private"].listdir(f"exports/{made.token}")[1] == ["answers.csv"]
