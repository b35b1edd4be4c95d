"""What a workflow's buttons do in the roster: the children of a case join and leave a group."""

from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from wagtail import blocks

from cms import enrolling
from cms.models import MusicGroup, Pupil
from forms.children import Child, children_of
from forms.models import Submission
from workflows.actions import Action, ActionProblemError, actions
from workflows.models import Case


class GroupAction(Action):
    """`group` is a group's code or `centre/name`; else the answer to `group_question` says it."""

    optional = ("group", "group_question")

    @classmethod
    def fields(cls) -> list[tuple[str, blocks.Block]]:
        code = _("Its code, or the short name of the centre and its name: hill/County Choir.")
        key = _("The key of a question whose answer says the group.")
        return [
            (
                "group",
                blocks.CharBlock(required=False, max_length=160, label=_("Group"), help_text=code),
            ),
            (
                "group_question",
                blocks.CharBlock(
                    required=False, max_length=80, label=_("Or which answer"), help_text=key
                ),
            ),
        ]

    def check(self, options: dict) -> list[str]:
        problems = super().check(options)
        if bool(options.get("group")) == bool(options.get("group_question")):
            problems.append("Say the group, or which answer names it: one of the two.")
        return problems

    def groups(self, case: Case, options: dict) -> list[MusicGroup]:
        """The groups that are meant, locked in one order."""
        names = [options["group"]] if options.get("group") else []
        if not names:
            names = case.subject.case_answer(options["group_question"])
        if not names:
            raise ActionProblemError("No group was chosen. Ask the family, then try again.")
        try:
            return [enrolling.group_named(name) for name in sorted(names)]
        except enrolling.NoSuchGroupError as problem:
            raise ActionProblemError(str(problem)) from problem

    def children(self, case: Case) -> list[Child]:
        if not isinstance(case.subject, Submission):
            raise ActionProblemError("This case is not about a form, so it names no child.")
        found = children_of(case.subject)
        if not found:
            raise ActionProblemError(
                "The form says no name with a date of birth, so nobody can be found in the roster."
            )
        return found

    def known(self, child: Child) -> Pupil | None:
        try:
            return enrolling.pupil_named(child.first, child.last, child.born)
        except enrolling.WhichPupilError as problem:
            raise ActionProblemError(str(problem)) from problem


@actions("join_group")
class JoinGroup(GroupAction):
    """Whoever is not in the roster yet is added to it, with the contact as guardian."""

    label = _("Add to a group's roster")

    def run(self, case: Case, options: dict) -> str:
        children, joined = self.children(case), 0
        groups = self.groups(case, options)
        enrolling.newcomers_in_turn()
        for child in children:
            pupil = self.known(child) or enrolling.add_pupil(
                child.first,
                child.last,
                child.born,
                contact_name=case.contact_name,
                contact_email=case.contact_email,
            )
            joined += sum(enrolling.enrol(pupil, group) for group in groups)
        if not joined:
            return "They were in the group already"
        names = ", ".join(str(group) for group in groups)
        words = ngettext("%(n)s person joined %(group)s", "%(n)s people joined %(group)s", joined)
        return words % {"n": joined, "group": names}


@actions("leave_group")
class LeaveGroup(GroupAction):
    """Ends their time in the group today; nobody is deleted from the roster."""

    label = _("Take out of a group's roster")

    def run(self, case: Case, options: dict) -> str:
        children, left = self.children(case), 0
        groups = self.groups(case, options)
        for child in children:
            pupil = self.known(child)
            if pupil:
                left += sum(enrolling.leave(pupil, group) for group in groups)
        if not left:
            return "They were not in the group"
        names = ", ".join(str(group) for group in groups)
        words = ngettext("%(n)s person left %(group)s", "%(n)s people left %(group)s", left)
        return words % {"n": left, "group": names}
