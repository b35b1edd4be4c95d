"""The editor's states: autosaved, locked, submitted, approved, scheduled, copied, from the gallery.

Every route to publishing ends in FormDefinition.publish, which compiles the next version or
refuses; whatever is not published changes nothing for families.
"""

import json
from datetime import timedelta

import pytest
from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType
from django.core.management import call_command
from django.urls import reverse
from django.utils import timezone
from wagtail.models import GroupApprovalTask, Workflow, WorkflowContentType, WorkflowTask

from cms.models import MailTemplate, User
from forms import gallery, package
from forms.compile import compiled
from forms.lint import lint
from forms.models import FormDefinition, FormVersion
from forms.samples import run_samples
from tests.test_forms_builder_editor import FORM, form_data, url

pytestmark = pytest.mark.django_db


@pytest.fixture
def definition():
    data = {name: compiled({"slug": "borrow", **FORM})[name] for name in ("steps", "groups")}
    made = FormDefinition.objects.create(slug="borrow", title="Borrow", data=data, live=False)
    made.save_revision()
    return FormDefinition.objects.get(pk=made.pk)


def somebody(name, *codenames):
    user = User.objects.create_user(name, f"{name}@example.org", "a-long-password-1")
    for codename in ("access_admin", *codenames):
        user.user_permissions.add(Permission.objects.get(codename=codename))
    return user


@pytest.fixture
def admin(client):
    client.force_login(
        User.objects.create_superuser("editor", "editor@example.org", "a-long-password-1")
    )
    return client


def autosave(client, definition, form, **more):
    data = form_data(form, **more)
    return client.post(url("edit", definition.pk), data, headers={"Accept": "application/json"})


def draft(definition):
    return FormDefinition.objects.get(pk=definition.pk).get_latest_revision_as_object()


def renamed(title):
    form = json.loads(json.dumps(FORM))
    form["steps"][1]["title"] = title
    return form


def test_what_is_typed_is_saved_by_itself_into_one_revision(admin, definition):
    first = autosave(admin, definition, renamed("One")).json()
    assert first["success"]
    again = {"overwrite_revision_id": first["revision_id"]}
    second = autosave(admin, definition, renamed("Two"), **again).json()
    assert second["revision_id"] == first["revision_id"]
    assert draft(definition).data["steps"][1]["title"] == "Two"
    assert not FormVersion.objects.exists()


def test_an_unfinished_form_is_saved_by_itself_too(admin, definition):
    form = json.loads(json.dumps(FORM))
    form["steps"][1]["title"] = ""
    form["steps"][0]["questions"][0]["label"] = ""
    answer = autosave(admin, definition, form)
    assert answer.json()["success"], answer.content
    assert draft(definition).data["steps"][1]["title"] == ""


def test_somebody_who_saves_over_somebody_elses_draft_is_told(admin, definition):
    older = str(definition.latest_revision_id)
    other = FormDefinition.objects.get(pk=definition.pk)
    other.title = "Theirs"
    other.save_revision()
    answer = autosave(admin, definition, renamed("Mine"), loaded_revision_id=older)
    assert answer.status_code == 400
    assert draft(definition).title == "Theirs"


def test_an_older_draft_can_be_taken_up_again(admin, definition):
    admin.post(url("edit", definition.pk), form_data(renamed("Newer")))
    older = definition.revisions.order_by("pk").first()
    page = admin.get(
        reverse(
            FormDefinition.snippet_viewset.get_url_name("revisions_revert"),
            args=[definition.pk, older.pk],
        )
    )
    assert page.status_code == 200
    assert "Your child" in page.content.decode()
    compared = admin.get(
        reverse(
            FormDefinition.snippet_viewset.get_url_name("revisions_compare"),
            args=[definition.pk, older.pk, "latest"],
        )
    )
    assert compared.status_code == 200


def test_a_locked_form_cannot_be_saved_by_others(client, definition):
    owner = somebody("owner", "change_formdefinition", "lock_formdefinition")
    client.force_login(owner)
    client.post(url("lock", definition.pk))
    client.force_login(somebody("other", "change_formdefinition"))
    client.post(url("edit", definition.pk), form_data(renamed("Mine")))
    assert draft(definition).data["steps"][1]["title"] == "Your child"
    client.force_login(owner)
    client.post(url("edit", definition.pk), form_data(renamed("Ours")))
    assert draft(definition).data["steps"][1]["title"] == "Ours"


@pytest.fixture
def approval():
    """A second person approves forms before they go live."""
    group = Group.objects.create(name="Form approvers")
    group.permissions.add(
        Permission.objects.get(codename="access_admin"),
        Permission.objects.get(codename="change_formdefinition"),
        Permission.objects.get(codename="publish_formdefinition"),
    )
    task = GroupApprovalTask.objects.create(name="A second look")
    task.groups.add(group)
    workflow = Workflow.objects.create(name="Forms")
    WorkflowTask.objects.create(workflow=workflow, task=task, sort_order=1)
    WorkflowContentType.objects.create(
        workflow=workflow, content_type=ContentType.objects.get_for_model(FormDefinition)
    )
    approver = User.objects.create_user("approver", "approver@example.org", "a-long-password-1")
    approver.groups.add(group)
    return approver


def submit_and_approve(client, definition, form, approver):
    client.force_login(somebody("author", "change_formdefinition"))
    answer = client.post(url("edit", definition.pk), form_data(form, **{"action-submit": "1"}))
    assert answer.status_code == 302
    state = FormDefinition.objects.get(pk=definition.pk).current_workflow_task_state
    client.force_login(approver)
    address = reverse(
        FormDefinition.snippet_viewset.get_url_name("workflow_action"),
        args=[definition.pk, "approve", state.pk],
    )
    return client.post(address, {"comment": ""}, follow=True)


def test_an_approved_form_is_published_and_compiled(client, definition, approval):
    submit_and_approve(client, definition, renamed("Approved"), approval)
    version = FormVersion.objects.get()
    assert version.compiled["steps"][1]["title"] == "Approved"
    live = FormDefinition.objects.get()
    assert live.live
    assert live.current_workflow_state is None


def test_approval_cannot_publish_a_form_that_is_broken_since(client, definition, approval):
    client.force_login(somebody("author", "change_formdefinition"))
    client.post(url("edit", definition.pk), form_data(FORM, **{"action-submit": "1"}))
    state = FormDefinition.objects.get(pk=definition.pk).current_workflow_task_state
    content = state.revision.content
    content["data"]["steps"] = content["data"]["steps"][::-1]
    state.revision.content = content
    state.revision.save()
    client.force_login(approval)
    address = reverse(
        FormDefinition.snippet_viewset.get_url_name("workflow_action"),
        args=[definition.pk, "approve", state.pk],
    )
    page = client.post(address, {"comment": ""}, follow=True).content.decode()
    assert "asked later" in page
    assert not FormVersion.objects.exists()
    live = FormDefinition.objects.get()
    assert not live.live
    assert live.current_workflow_task_state == state


def test_approval_cannot_change_what_a_family_meets_unseen(client, definition, approval):
    definition.samples = [
        {"name": "Me", "answers": {"for_whom": "me"}, "expect": {"steps": ["who", "child"]}}
    ]
    definition.save_revision()
    page = submit_and_approve(client, definition, FORM, approval).content.decode()
    assert "no longer meets" in page
    assert "Yes, that is meant. Expect it from now on." in page
    assert not FormVersion.objects.exists()


def test_a_form_of_a_later_time_is_refused_now_when_it_is_broken(admin, definition):
    later = {"go_live_at": (timezone.now() + timedelta(days=2)).strftime("%Y-%m-%d %H:%M")}
    backwards = {"steps": FORM["steps"][::-1]}
    data = form_data(backwards, **later, **{"action-publish": "1"})
    assert admin.post(url("edit", definition.pk), data).status_code == 200
    data = form_data(FORM, **later, **{"action-publish": "1"})
    assert admin.post(url("edit", definition.pk), data).status_code == 302
    assert not FormVersion.objects.exists()
    assert FormDefinition.objects.get().approved_schedule
    past = timezone.now() - timedelta(minutes=1)
    revision = definition.revisions.filter(approved_go_live_at__isnull=False).get()
    revision.approved_go_live_at = past
    revision.content["go_live_at"] = past.isoformat()
    revision.save()
    call_command("publish_scheduled")
    assert FormVersion.objects.count() == 1


def test_a_copy_has_a_name_of_its_own_and_the_same_questions(admin, definition):
    page = admin.get(url("copy", definition.pk))
    form = page.context["form"]
    assert (form.initial["title"], form.initial["slug"]) == ("Borrow (copy)", "borrow-copy")
    data = form_data(FORM, title="Borrow (copy)", slug="borrow-copy")
    assert admin.post(url("copy", definition.pk), data).status_code == 302
    made = FormDefinition.objects.get(slug="borrow-copy").get_latest_revision_as_object()
    assert compiled(made.data)["steps"] == compiled({"slug": "borrow", **FORM})["steps"]
    assert not made.live


@pytest.mark.parametrize("name", gallery.names())
def test_each_form_of_the_gallery_is_clean_and_its_families_go_as_expected(name):
    whole = package.read(gallery.FOLDER / f"{name}.json")
    found = package.check(whole)
    assert [str(one) for one in found if one.level in ("error", "warning")] == []
    form = compiled(whole["form"])
    assert run_samples(form, whole["samples"], workflow=whole.get("workflow")) == []
    assert whole["samples"], "A form of the gallery brings sample families."
    made = package.load(whole, publish=True)
    assert made.current_version.compiled["title"] == form["title"]


def test_a_form_begins_with_one_of_the_gallery_and_writes_nothing_over(admin):
    package.load(gallery.FOLDER / "songwriter-booking.json", publish=True)
    MailTemplate.objects.update(subject="Changed by staff")
    page = admin.get(url("gallery")).content.decode()
    assert "Book a Songwriter course" in page
    assert "working days. If you are worried" in page  # two paragraphs of the start page
    answer = admin.post(url("gallery"), {"name": "songwriter-booking", "title": "Summer songs"})
    made = FormDefinition.objects.get(slug="summer-songs")
    assert answer["Location"] == url("edit", made.pk)
    assert not made.live
    assert not made.versions.exists()
    assert made.get_latest_revision_as_object().workflow_slug
    assert set(MailTemplate.objects.values_list("subject", flat=True)) == {"Changed by staff"}
    assert (
        made.get_latest_revision_as_object().samples
        == gallery._read("songwriter-booking")["samples"]
    )
    assert admin.post(url("gallery"), {"name": "../secret"}).status_code == 404


def test_who_may_not_add_forms_cannot_begin_one_from_the_gallery(client):
    client.force_login(somebody("reader", "change_formdefinition"))
    assert client.get(url("gallery")).status_code in (302, 403)
    assert client.post(url("gallery"), {"name": "songwriter-booking"}).status_code in (302, 403)
    assert not FormDefinition.objects.exists()


def test_a_finding_names_the_block_it_is_about():
    form = compiled({"slug": "borrow", "title": "Borrow", **FORM})
    child = form["steps"][1]
    child["intro"] = "word " * 30
    child["questions"] += [
        {**child["questions"][0], "key": "again", "id": "again"},
        {**child["questions"][0], "key": "mail", "id": "mail", "type": "email", "label": "Mail"},
        {**child["questions"][0], "key": "file", "id": "file", "type": "file", "label": "Letter"},
    ]
    never = {"match": "all", "clauses": [{"question": "for_whom", "op": "is", "value": "me"}]}
    child["questions"][0]["show_if"] = never
    form["settings"] = {"languages": ["cy"], "translations": {"cy": {"who": "Pwy", "child": "P"}}}
    found = {(one.code, one.block_id) for one in lint(form)}
    assert found >= {
        ("long_sentence", child["id"]),
        ("unreachable", child["questions"][0]["id"]),
        ("asked_twice", "again"),
        ("no_reason", "mail"),
        ("no_limits", "file"),
        ("not_translated", "file"),
    }
