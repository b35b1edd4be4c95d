"""Before a version goes live: what it changes, who is half-way, and taking them along.

A form is published, families begin it, it is changed. What happens to them is what staff chose,
and nothing that they entered is lost by it.
"""

import copy

import pytest
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from cms import jobs
from cms.models import Job, User
from forms import journeys, moving, pagesaving
from forms.changes import asked_otherwise, changes
from forms.compile import compiled
from forms.doors import OWNER_COOKIE
from forms.incoming import Incoming
from forms.models import Attachment, FormDefinition, FormVersion, Journey
from forms.submissions import submit
from forms.transfer import transfer
from tests.journeys import PNG, publish_form

pytestmark = pytest.mark.django_db


OWNER = "o" * 43


def rule(question, value):
    return {"match": "all", "clauses": [{"question": question, "op": "is", "value": value}]}


FORM = {
    "slug": "borrow",
    "title": "Borrow an instrument",
    "steps": [
        {
            "id": "s-who",
            "key": "who",
            "title": "Who",
            "questions": [
                {
                    "id": "q-for",
                    "key": "for_whom",
                    "type": "radios",
                    "label": "Who is it for?",
                    "required": True,
                    "options": [
                        {"id": "o-child", "key": "child", "label": "My child"},
                        {"id": "o-me", "key": "me", "label": "Me"},
                    ],
                }
            ],
        },
        {
            "id": "s-child",
            "key": "children",
            "title": "Your children",
            "show_if": rule("for_whom", "child"),
            "repeat": {"min": 1, "max": 3, "item_name": "child"},
            "questions": [
                {
                    "id": "q-size",
                    "key": "size",
                    "type": "number",
                    "label": "Size",
                    "required": True,
                    "settings": {"max": 9},
                }
            ],
        },
        {
            "id": "s-proof",
            "key": "proof",
            "title": "Proof",
            "questions": [
                {
                    "id": "q-file",
                    "key": "letter",
                    "type": "file",
                    "label": "Letter",
                    "settings": {"types": ["png"], "max_mb": 1, "max_files": 1},
                }
            ],
        },
        {
            "id": "s-more",
            "key": "more",
            "title": "More",
            "questions": [
                {
                    "id": "q-more",
                    "key": "more_words",
                    "type": "text",
                    "label": "More",
                    "required": True,
                }
            ],
        },
        {"id": "s-check", "key": "check", "title": "Check", "kind": "check"},
    ],
}


def changed(change):
    form = copy.deepcopy(FORM)
    change(form)
    return form


@pytest.fixture
def version():
    return publish_form(copy.deepcopy(FORM))


@pytest.fixture
def admin(client):
    client.force_login(
        User.objects.create_superuser("editor", "editor@example.org", "a-long-password-1")
    )
    return client


def url(name, *args):
    return reverse(FormDefinition.snippet_viewset.get_url_name(name), args=args)


def family(version, **answers):
    journey = journeys.begin(version, owner=OWNER)
    journey.answers = answers
    journey.save()
    return journey


def save_draft(version, form):
    """What the editor would have saved; the revision."""
    definition = FormDefinition.objects.get(pk=version.form_id)
    definition.data = compiled(form)
    return definition.save_revision()


def work():
    """Every job that is due, as a worker would."""
    for job in Job.objects.filter(kind=moving.KIND, state=Job.State.READY):
        Job.objects.filter(pk=job.pk).update(not_before=timezone.now())
        jobs.run_job.call_local(job.pk)
        job.refresh_from_db()
        assert job.state == Job.State.DONE, job.problem


def publish_with(admin, version, form, **choices):
    revision = save_draft(version, form)
    answer = admin.post(
        url("publish", version.form_id),
        {"action": "publish", "revision": revision.pk, "everybody": "stay", **choices},
    )
    assert answer.status_code == 302, answer.context["problem"]
    return FormVersion.objects.order_by("-number").first()


# What changed -----------------------------------------------------------------------------------


def test_what_changed_is_said_question_by_question():
    def change(form):
        who, child, proof, more, _check = form["steps"]
        who["questions"][0]["label"] = "Who will play it?"
        who["questions"][0]["options"][1]["label"] = "I will"
        who["questions"][0]["options"].append({"id": "o-group", "key": "group", "label": "A group"})
        who["questions"].append(
            {"id": "q-new", "key": "why", "type": "text", "label": "Why?", "required": True}
        )
        child["show_if"] = rule("for_whom", "me")
        child["questions"][0]["settings"]["max"] = 4
        more["questions"] = []
        proof["questions"].append(
            {"id": "q-more", "key": "renamed", "type": "text", "label": "More", "required": False}
        )
        form["steps"].remove(proof)
        form["steps"].insert(1, proof)
        form["pricing"] = {"per_place": 4500}

    found = changes(compiled(FORM), compiled(changed(change)))
    assert [(c.kind, c.what, c.note, c.before, c.after) for c in found] == [
        ("changed", "Price", "The price is made another way.", "", "A place costs £45."),
        ("changed", "Who will play it?", "Reworded.", "Who is it for?", "Who will play it?"),
        ("changed", "Who will play it?", "A new option:", "", "A group"),
        ("changed", "Who will play it?", "An option was reworded.", "Me", "I will"),
        ("added", "Why?", "A new question. It has to be answered.", "", ""),
        ("changed", "More", "It may be left empty now.", "", ""),
        ("moved", "More", "It is asked on another page.", "More", "Proof"),
        (
            "changed",
            "Your children",
            "Other families see this step.",
            "Shown when “Who is it for?” is “My child”.",
            "Shown when “Who will play it?” is “I will”.",
        ),
        ("changed", "Size", "Changed: at most.", "9", "4"),
        ("moved", "Your children", "The step stands at another place.", "", ""),
    ]


def test_a_key_that_is_renamed_changes_nothing():
    def change(form):
        form["steps"][0]["questions"][0]["key"] = "for_who"
        form["steps"][1]["show_if"] = rule("for_who", "child")

    assert changes(compiled(FORM), compiled(changed(change))) == []


def test_the_same_form_has_no_changes_and_a_removed_part_comes_last():
    assert changes(compiled(FORM), compiled(FORM)) == []
    found = changes(compiled(FORM), compiled(changed(lambda form: form["steps"].pop(3))))
    assert [(one.kind, one.what) for one in found] == [("removed", "More"), ("removed", "More")]


# What becomes of answers ---------------------------------------------------------------------------


def test_an_answer_goes_where_its_question_went():
    def change(form):
        form["steps"][0]["questions"][0]["key"] = "for_who"
        form["steps"][0]["questions"][0]["options"][0]["key"] = "kid"
        form["steps"][1]["show_if"] = rule("for_who", "kid")
        form["steps"][1]["key"] = "kids"
        form["steps"][2]["questions"] += form["steps"][3]["questions"]
        form["steps"].pop(3)

    answers = {"for_whom": "child", "children": [{"size": 3}, {"size": 5}], "more_words": "Hello"}
    done = transfer(compiled(FORM), compiled(changed(change)), answers)
    assert done.answers == {
        "for_who": "kid",
        "kids": [{"size": 3}, {"size": 5}],
        "more_words": "Hello",
    }
    assert (done.lost, done.again) == ([], [])


def test_an_answer_that_the_question_no_longer_accepts_is_asked_again():
    def change(form):
        form["steps"][0]["questions"][0]["options"].pop(1)
        form["steps"][1]["questions"][0]["settings"]["max"] = 4
        form["steps"][3]["questions"][0]["type"] = "number"

    answers = {"for_whom": "me", "children": [{"size": 9}], "more_words": "Hello"}
    done = transfer(compiled(FORM), compiled(changed(change)), answers)
    assert done.answers == {"children": [{}]}
    assert done.again == ["Who is it for?", "Size", "More"]


def test_only_changed_questions_are_asked_again():
    new = compiled(
        changed(lambda form: form["steps"][3]["questions"][0].update(label="Anything else?"))
    )
    again = asked_otherwise(changes(compiled(FORM), new))
    done = transfer(compiled(FORM), new, {"for_whom": "me", "more_words": "No"}, ask_again=again)
    assert (done.answers, done.again) == ({"for_whom": "me"}, ["Anything else?"])


# Publishing --------------------------------------------------------------------------------------


def test_the_editor_leads_to_what_would_change_before_it_publishes(admin, version):
    from tests.test_forms_builder_editor import form_data

    form = changed(lambda form: form["steps"][3].update(title="Anything else"))
    data = form_data(form, **{"action-publish": "1"}, title="Borrow an instrument")
    answer = admin.post(url("edit", version.form_id), data)
    assert answer["Location"] == url("publish", version.form_id)
    assert FormVersion.objects.count() == 1
    page = admin.get(answer["Location"]).content.decode()
    assert "The step has another title." in page
    assert "0 families are half-way." in page


def test_nothing_is_moved_unless_it_was_chosen(admin, version):
    journey = family(version, for_whom="me")
    publish_with(admin, version, changed(lambda form: form["steps"].pop(2)))
    work()
    journey.refresh_from_db()
    assert journey.version == version


def test_the_dry_run_says_numbers_and_titles_and_no_answer(admin, version):
    family(version, for_whom="me")
    family(version, for_whom="me")
    family(version, for_whom="child", children=[{"size": 9}])
    family(version, for_whom="me", letter=None, more_words="Secretive")
    revision = save_draft(
        version,
        changed(
            lambda form: (
                form["steps"][3].update(questions=[], intro="<p>Words.</p>"),
                form["steps"][0]["questions"].append(
                    {"id": "q-new", "key": "why", "type": "text", "label": "Why?", "required": True}
                ),
            )
        ),
    )
    answer = admin.post(
        url("publish", version.form_id),
        {"action": "try", "revision": revision.pk, "everybody": "move", "at-proof": "stay"},
    )
    rows = {
        group.title: (group.count, group.choice, group.examples, dict(group.lost))
        for group in answer.context["effects"].groups
    }
    assert rows == {
        "Proof": (3, "stay", [], {}),
        "Check": (1, "move", ["1 family would go on at “Who”."], {"More": 1}),
    }
    assert "Secretive" not in answer.content.decode()
    assert FormVersion.objects.count() == 1
    assert not Job.objects.filter(kind=moving.KIND).exists()


def test_families_at_one_step_are_moved_and_those_at_another_stay(admin, version):
    here, there = family(version), family(version, for_whom="me")
    new = publish_with(
        admin,
        version,
        changed(lambda form: form["steps"][3].update(title="Anything else")),
        **{"at-who": "move", "everybody": "stay"},
    )
    work()
    here.refresh_from_db()
    there.refresh_from_db()
    assert (here.version, there.version) == (new, version)


def as_the_family(client):
    client.cookies.clear()
    client.cookies[OWNER_COOKIE] = OWNER
    return client


def test_a_family_on_a_step_that_is_gone_goes_on_with_what_it_had(admin, version, client):
    journey = family(version, for_whom="me", letter=None)
    publish_with(admin, version, changed(lambda form: form["steps"].pop(3)), everybody="move")
    work()
    journey.refresh_from_db()
    assert journey.answers == {"for_whom": "me", "letter": None}
    assert journeys.walked(journey).is_complete
    answer = as_the_family(client).get(f"/apply/borrow/{journey.key}/more/")
    assert (answer.status_code, answer["Location"]) == (303, f"/apply/borrow/{journey.key}/check/")


def test_a_new_question_in_an_earlier_step_is_asked_first(admin, version, client):
    journey = family(version, for_whom="me", letter=None)
    question = {"id": "q-new", "key": "why", "type": "text", "label": "Why?", "required": True}
    publish_with(
        admin,
        version,
        changed(lambda form: form["steps"][0]["questions"].append(question)),
        everybody="move",
    )
    work()
    journey.refresh_from_db()
    assert journeys.walked(journey).first_incomplete.key == "who"
    assert journey.answers == {"for_whom": "me", "letter": None}
    said = "We have changed this form since you began"
    assert said in as_the_family(client).get(f"/apply/borrow/{journey.key}/who/").content.decode()


def test_files_are_kept_when_a_family_is_moved_and_gone_with_their_question(
    admin, version, django_capture_on_commit_callbacks
):
    from django.core.files.uploadedfile import SimpleUploadedFile

    journey = family(version, for_whom="me")
    picture = SimpleUploadedFile("letter.png", PNG, "image/png")
    upload = Incoming("letter.png", "image/png", picture, len(PNG), Attachment.Scan.NONE)
    journey = pagesaving.save_page(journey, "proof", answers={"letter": [upload]})
    [attachment] = Attachment.objects.all()
    publish_with(
        admin,
        version,
        changed(lambda form: form["steps"][3].update(title="Anything else")),
        everybody="again",
    )
    work()
    journey = Journey.objects.get()
    assert journey.answers["letter"][0]["id"] == attachment.pk
    assert attachment.file.storage.exists(attachment.file.name)
    groups = moving.dry_run(
        version.form, compiled(changed(lambda form: form["steps"].pop(2))), {"": "move"}
    )
    assert [group.files for group in groups] == [1]
    with django_capture_on_commit_callbacks(execute=True):
        publish_with(admin, version, changed(lambda form: form["steps"].pop(2)), everybody="move")
        work()
    assert not Attachment.objects.exists()
    assert not attachment.file.storage.exists(attachment.file.name)


def test_a_page_posted_at_that_moment_is_saved_where_its_questions_are_now(admin, version):
    journey = family(version, for_whom="me", letter=None)
    read_before = Journey.objects.select_related("version__form").get(pk=journey.pk)

    def change(form):
        form["steps"][0]["questions"].append(
            {"id": "q-new", "key": "why", "type": "text", "label": "Why?"}
        )

    new = publish_with(admin, version, changed(change), everybody="move")
    with transaction.atomic():
        assert moving.move(journey.pk, new, {"": "move"})
    saved = pagesaving.save_page(read_before, "who", answers={"for_whom": "child"})
    assert saved.version == new
    assert Journey.objects.get().answers["for_whom"] == "child"
    assert Journey.objects.get().version == new


def test_a_page_posted_at_that_moment_whose_question_is_gone_is_sent_on(admin, version):
    journey = family(version, for_whom="me", letter=None)
    read_before = Journey.objects.select_related("version__form").get(pk=journey.pk)
    new = publish_with(admin, version, changed(lambda form: form["steps"].pop(3)), everybody="move")
    with transaction.atomic():
        moving.move(journey.pk, new, {"": "move"})
    with pytest.raises(journeys.NoSuchPageError):
        pagesaving.save_page(read_before, "more", answers={"more_words": "Late"})
    assert Journey.objects.get().answers == {"for_whom": "me", "letter": None}


def test_a_form_sent_at_that_moment_is_sent_as_the_version_it_is_in(admin, version):
    journey = family(version, for_whom="me", letter=None, more_words="x")
    read_before = Journey.objects.select_related("version__form").get(pk=journey.pk)
    new = publish_with(admin, version, changed(lambda form: form["steps"].pop(3)), everybody="move")
    with transaction.atomic():
        moving.move(journey.pk, new, {"": "move"})
    submission = submit(read_before)
    assert (submission.version, submission.answers) == (new, {"for_whom": "me"})
    with transaction.atomic():
        assert not moving.move(journey.pk, new, {"": "move"})


def test_moving_twice_or_after_the_end_does_nothing(admin, version):
    journey = family(version, for_whom="me")
    form = changed(lambda form: form["steps"][3].update(title="Anything else"))
    new = publish_with(admin, version, form, everybody="move")
    work()
    rev = Journey.objects.get().rev
    with transaction.atomic():
        assert not moving.move(journey.pk, new, {"": "move"})
    assert Journey.objects.get().rev == rev
    expired = family(version, for_whom="me")
    Journey.objects.filter(pk=expired.pk).update(expires_at=timezone.now())
    with transaction.atomic():
        assert not moving.move(expired.pk, new, {"": "move"})


def test_the_promised_day_of_deletion_does_not_move(admin, version):
    journey = family(version, for_whom="me")
    form = changed(lambda form: form["steps"][3].update(title="Anything else"))
    publish_with(admin, version, form, everybody="move")
    work()
    assert Journey.objects.get().expires_at == journey.expires_at


def test_a_form_that_was_saved_meanwhile_is_not_published(admin, version):
    revision = save_draft(version, changed(lambda form: form["steps"].pop(3)))
    save_draft(version, changed(lambda form: form["steps"].pop(2)))
    answer = admin.post(
        url("publish", version.form_id), {"action": "publish", "revision": revision.pk}
    )
    assert answer.status_code == 409
    assert "Somebody saved the form meanwhile" in answer.content.decode()
    assert FormVersion.objects.count() == 1


def test_what_sample_families_meet_has_to_be_said_to_be_meant(admin, version):
    definition = version.form
    definition.samples = [
        {
            "name": "Me",
            "answers": {"for_whom": "me", "more_words": "x"},
            "expect": {"steps": ["who", "proof", "more", "check"]},
        }
    ]
    definition.data = compiled(changed(lambda form: form["steps"].pop(3)))
    revision = definition.save_revision()
    page = url("publish", definition.pk)
    posted = {"action": "publish", "revision": revision.pk}
    answer = admin.post(page, posted)
    assert (answer.status_code, FormVersion.objects.count()) == (422, 1)
    assert "no longer meets" in answer.content.decode()
    assert admin.post(page, posted | {"meant": "1"}).status_code == 302
    live = FormDefinition.objects.get()
    assert FormVersion.objects.count() == 2
    assert live.samples[0]["expect"]["steps"] == ["who", "proof", "check"]


def test_a_broken_form_is_neither_published_nor_half_published(admin, version):
    revision = save_draft(version, changed(lambda form: form["steps"].reverse()))
    page = url("publish", version.form_id)
    assert "asked later" in admin.get(page).content.decode()
    answer = admin.post(page, {"action": "publish", "revision": revision.pk, "everybody": "move"})
    assert answer.status_code == 422
    assert FormVersion.objects.count() == 1
    assert not Job.objects.filter(kind=moving.KIND).exists()


def test_what_was_chosen_is_in_the_history(admin, version):
    from wagtail.models import ModelLogEntry

    form = changed(lambda form: form["steps"][3].update(title="Anything else"))
    publish_with(admin, version, form, **{"everybody": "again", "at-who": "move"})
    entry = ModelLogEntry.objects.get(action="hub_forms.publish")
    assert entry.data == {
        "version": 2,
        "choices": {"": "again", "who": "move"},
        "is_meant": False,
    }
    assert (
        "choices for families half-way"
        in admin.get(url("history", version.form_id)).content.decode()
    )


def test_open_cases_columns_and_letters_are_named(admin):
    workflow = {
        "slug": "loans",
        "title": "Loans",
        "stages": [
            {
                "key": "new",
                "staff_name": "New",
                "kind": "open",
                "start": True,
                "roles": ["bookings"],
                "buttons": [
                    {
                        "key": "say",
                        "label": "Say",
                        "to": "done",
                        "roles": ["bookings"],
                        "actions": [{"type": "send_email", "template": "loan-said"}],
                    }
                ],
            },
            {"key": "done", "staff_name": "Done", "kind": "final", "roles": ["bookings"]},
        ],
    }
    letter = {
        "key": "loan-said",
        "name": "Loan said",
        "subject": "Hello",
        "body": "You: {{ for_whom }}",
    }
    version = publish_form(copy.deepcopy(FORM), workflow, emails=[letter])
    submit(family(version, for_whom="me", letter=None, more_words="x"))

    def change(form):
        form["steps"][0]["questions"][0]["label"] = "For whom?"
        form["steps"][3]["questions"] = [
            {"id": "q-else", "key": "else", "type": "text", "label": "Anything else"}
        ]

    save_draft(version, changed(change))
    page = admin.get(url("publish", version.form_id)).content.decode()
    assert "1 open case keeps the form as it was sent." in page
    assert "New columns in exports: Anything else" in page
    assert "Columns that get no more answers: More" in page
    assert "“Loan said” says the answer to “Who is it for?”, which was changed." in page


def test_only_those_who_publish_may_publish(client, version):
    from django.contrib.auth.models import Permission

    user = User.objects.create_user("drafter", "drafter@example.org", "a-long-password-1")
    for codename in ("access_admin", "change_formdefinition"):
        user.user_permissions.add(Permission.objects.get(codename=codename))
    client.force_login(user)
    revision = save_draft(version, changed(lambda form: form["steps"].pop(3)))
    posted = {"action": "publish", "revision": revision.pk}
    assert client.post(url("publish", version.form_id), posted).status_code in (302, 403)
    assert FormVersion.objects.count() == 1
