# ruff: noqa: ANN001, ANN201 - the signatures are those of Wagtail's views
"""What a new version changes, for those who submit it to Wagtail's approval and who approve it.

Whoever submits says what becomes of families half-way; whoever approves sees that, with all the
rest, and may choose otherwise. It is kept with the draft and done when it goes live.
"""

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from wagtail.admin import messages

from forms import moving
from forms.publishing import keep_choices, latest_or_raise, needs_a_look

from .publish_views import PublishView

APPROVE = "approve"


def is_last_approval(definition, action):
    """Whether this action on a form publishes it, with something that has to be seen first."""
    state = definition.current_workflow_task_state
    if action != APPROVE or state is None:
        return False
    others = state.workflow_state.workflow.tasks.filter(active=True).exclude(pk=state.task_id)
    done = state.workflow_state.successful_task_states.values("task_id")
    if others.exclude(pk__in=done).exists():
        return False
    return needs_a_look(definition.get_latest_revision_as_object())


def comment_key(pk):
    """Where the session keeps an approver's comment while they look at what changes."""
    return f"form-approval-comment-{pk}"


class ApproveView(PublishView):
    """What an approval would publish. It is given here, by whoever may give it."""

    page_title = gettext_lazy("Approve and publish")
    last_button = gettext_lazy("Approve and publish")
    permission_required = None

    def dispatch(self, request, *args, **kwargs):
        self.task_state = self.definition.current_workflow_task_state
        if self.task_state is None or not self.definition.workflow_in_progress:
            messages.warning(request, _("The form does not wait for an approval any more."))
            return self.go(self.edit_url)
        self.task = self.task_state.task.specific
        may = {name for name, *_rest in self.task.get_actions(self.definition, request.user)}
        if APPROVE not in may:
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)

    def carry_out(self, chosen):
        seen = self.seen()
        comment = self.request.session.get(comment_key(self.definition.pk), "")
        with transaction.atomic():
            locked = latest_or_raise(self.definition, seen["seen_revision"])
            keep_choices(locked.latest_revision, chosen, is_meant=seen["is_meant"])
            self.task.on_action(self.task_state, self.request.user, APPROVE, comment=comment)
        self.request.session.pop(comment_key(self.definition.pk), None)
        said = _("“%(name)s” was approved.") % {"name": self.draft.title}
        if set(chosen.values()) - {moving.STAY}:
            said += " " + _("Families who are half-way are taken along when it is live.")
        messages.success(self.request, said)
        return self.go(self.address("list"))


class HalfWayView(PublishView):
    """What is proposed for families half-way, by whoever submits the form to be approved."""

    page_title = gettext_lazy("Families half-way")
    last_button = gettext_lazy("Keep this for when it goes live")
    permission_required = "change"
    notes = gettext_lazy("Whoever approves the form sees what you choose here, and can change it.")

    def setup(self, request, *args, **kwargs):
        super().setup(request, *args, **kwargs)
        if not self.definition.latest_revision_id:
            raise Http404

    def carry_out(self, chosen):
        seen = self.seen()
        with transaction.atomic():
            locked = latest_or_raise(self.definition, seen["seen_revision"])
            keep_choices(locked.latest_revision, chosen)
        messages.success(self.request, _("That is done when the form goes live."))
        return self.go(self.edit_url)
