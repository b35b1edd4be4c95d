"""What becomes of families half-way, chosen by whoever submits, schedules or approves a form."""

import copy
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.urls import reverse
from django.utils import timezone
from wagtail.models import GroupApprovalTask, Revision, Task, TaskState, Workflow, WorkflowTask

from cms.models import Job
from forms import moving
from forms.models import FormDefinition, FormVersion, Journey
from tests.journeys import publish_form
from tests.test_forms_editor_states import approval, somebody, url  # noqa: F401 - a fixture
from tests.test_forms_publish_preview import FORM, admin, changed, family, save_draft, work  # noqa: F401 - a fixture

pytestmark = pytest.mark.django_db


@pytest.fixture
def version():
    return publish_form(copy.deepcopy(FORM))


def rename(form):
    form["steps"][3]["title"] = "Anything else"


def draft_of(version, **fields):
    definition = save_draft(version, changed(rename)).as_object()
    for name, value in fields.items():
        setattr(definition, name, value)
    return definition.save_revision()


def submitted(client, version):
    """The form, changed and waiting for its approval; the task that it waits at."""
    author = somebody("author", "change_formdefinition")
    draft_of(version)
    definition = FormDefinition.objects.get()
    definition.get_workflow().start(definition, author)
    client.force_login(author)
    return FormDefinition.objects.get().current_workflow_task_state


def moved():
    work()
    return Journey.objects.get().version.number


def approve_address(state):
    name = FormDefinition.snippet_viewset.get_url_name("workflow_action")
    return reverse(name, args=[state.revision.object_id, "approve", state.pk])


def test_an_approver_sees_what_changes_and_says_what_becomes_of_families(
    client,
    version,
    approval,  # noqa: F811
):
    family(version, for_whom="me")
    state = submitted(client, version)
    client.force_login(approval)
    page = client.post(approve_address(state), {"comment": "Well done"}, follow=True)
    assert page.redirect_chain[-1][0] == url("approve", version.form_id)
    assert "The step has another title." in page.text
    assert "1 family is half-way." in page.text
    assert FormVersion.objects.count() == 1, "nothing is live before it is seen"
    posted = {"action": "publish", "revision": page.context["revision"], "everybody": "move"}
    client.post(url("approve", version.form_id), posted)
    assert FormVersion.objects.count() == 2
    done = TaskState.objects.get(pk=state.pk)
    assert (done.status, done.comment, done.finished_by) == ("approved", "Well done", approval)
    assert moved() == 2


def test_what_the_author_chose_is_proposed_to_the_approver(client, version, approval):  # noqa: F811
    family(version, for_whom="me")
    submitted(client, version)
    address = url("half_way", version.form_id)
    page = client.get(address)
    assert "Keep this for when it goes live" in page.text
    posted = {"action": "publish", "revision": page.context["revision"], "everybody": "again"}
    client.post(address, posted)
    assert FormVersion.objects.count() == 1
    client.force_login(approval)
    page = client.get(url("approve", version.form_id))
    assert page.context["everybody"] == "again"


def test_only_whoever_may_approve_comes_to_the_page(client, version, approval):  # noqa: F811
    submitted(client, version)
    address = url("approve", version.form_id)
    latest = FormDefinition.objects.get().latest_revision_id
    posted = {"action": "publish", "revision": latest, "everybody": "stay"}
    assert client.post(address, posted).status_code == 302
    client.force_login(somebody("publisher", "change_formdefinition", "publish_formdefinition"))
    client.post(address, posted)
    assert FormVersion.objects.count() == 1
    client.force_login(approval)
    client.post(address, posted)
    assert FormVersion.objects.count() == 2
    page = client.get(address, follow=True)
    assert "does not wait for an approval any more" in page.text


def test_an_approval_that_is_not_the_last_needs_no_look(client, version, approval):  # noqa: F811
    second = GroupApprovalTask.objects.create(name="A third look")
    second.groups.set(Task.objects.get(name="A second look").specific.groups.all())
    WorkflowTask.objects.create(
        workflow=Workflow.objects.get(name="Forms"), task=second, sort_order=2
    )
    state = submitted(client, version)
    client.force_login(approval)
    client.post(approve_address(state), {"comment": ""})
    assert FormDefinition.objects.get().current_workflow_task_state.task.name == "A third look"
    last = FormDefinition.objects.get().current_workflow_task_state
    answer = client.post(approve_address(last), {"comment": ""})
    assert answer.url == url("approve", version.form_id)


def test_what_was_chosen_with_a_time_is_done_when_it_comes(admin, client, version):  # noqa: F811
    family(version, for_whom="me")
    revision = draft_of(version, go_live_at=timezone.now() + timedelta(days=1))
    page = client.get(url("publish", version.form_id))
    assert "What you choose here is done then." in page.text
    posted = {"action": "publish", "revision": revision.pk, "everybody": "move"}
    client.post(url("publish", version.form_id), posted)
    assert FormVersion.objects.count() == 1
    assert not Job.objects.filter(kind=moving.KIND).exists(), "nobody is moved before"
    waiting = Revision.objects.exclude(approved_go_live_at=None)
    assert waiting.count() == 1
    past = timezone.now() - timedelta(minutes=1)
    content = waiting.get().content
    content["go_live_at"] = past.isoformat()
    waiting.update(approved_go_live_at=past, content=content)
    call_command("publish_scheduled")
    assert FormVersion.objects.count() == 2
    assert moved() == 2


def test_a_choice_is_for_the_next_version_and_no_later_one(admin, client, version):  # noqa: F811
    family(version, for_whom="me")
    revision = draft_of(version)
    posted = {"action": "publish", "revision": revision.pk, "everybody": "stay", "at-more": "move"}
    client.post(url("publish", version.form_id), posted)
    count = Job.objects.filter(kind=moving.KIND).count()
    draft = FormDefinition.objects.get().get_latest_revision_as_object()
    draft.data["steps"][3]["title"] = "One more thing"
    draft.save_revision().publish()
    assert FormVersion.objects.count() == 3
    assert Job.objects.filter(kind=moving.KIND).count() == count
