"""What a workflow's button does in the teachers' roster: a training day is kept with its teacher.

The teacher is known by the staff number and the last name together: a number that was mistyped
must not put one teacher's words with another. Sending again about the same day writes over what
was kept of it.
"""

from django.utils.translation import gettext_lazy as _
from wagtail import blocks

from cms import audit
from cms.conditions import as_date
from cms.models import Teacher, Training, User
from forms.models import Submission
from workflows.actions import Action, ActionProblemError, actions
from workflows.models import Case

LONGEST = 6000
OPTIONS = {
    "staff_number": _("Which answer is the staff number"),
    "title": _("Which answer names the training"),
    "held_on": _("Which answer is its day"),
    "reflection": _("Which answers say what came of it, with commas between"),
}


@actions("keep_training")
class KeepTraining(Action):
    """Each option is the key of a question; `reflection` may be several."""

    label = _("Keep a training day with the teacher")
    required = ("staff_number", "title", "held_on")
    optional = ("reflection",)

    @classmethod
    def fields(cls) -> list[tuple[str, blocks.Block]]:
        return [
            (key, blocks.CharBlock(max_length=160, label=label, required=key in cls.required))
            for key, label in OPTIONS.items()
        ]

    def run(self, case: Case, options: dict) -> str:
        if not isinstance(case.subject, Submission):
            raise ActionProblemError("This case is not about a form, so it names no teacher.")
        answers = case.subject.answers
        title = " ".join(str(answers.get(options["title"]) or "").split())
        day = as_date(answers.get(options["held_on"]))
        if not title or not day:
            raise ActionProblemError("The form says no training or no day. Ask, then try again.")
        teacher = self.teacher(case, str(answers.get(options["staff_number"]) or ""))
        keys = [key.strip() for key in options.get("reflection", "").split(",")]
        words = [str(answers[key]).strip() for key in keys if answers.get(key)]
        kept, _made = Training.objects.update_or_create(
            teacher=teacher,
            title=title[:120],
            held_on=day,
            defaults={"reflection": "\n\n".join(words)[:LONGEST]},
        )
        by = User.objects.filter(pk=self.row.event.actor_id).first()
        audit.record(by, "change", kept, {"case": case.reference})
        return "Kept with the teacher"

    def teacher(self, case: Case, staff_number: str) -> Teacher:
        last_name = case.contact_name.strip().rpartition(" ")[2]
        found = Teacher.objects.filter(
            staff_number__iexact=staff_number.strip(), last_name__iendswith=last_name, left_at=None
        ).first()
        if found is None or not last_name:
            raise ActionProblemError(
                "No teacher in the roster has that staff number and last name. "
                "Look under Rosters, Teachers, ask the teacher, then try again."
            )
        return found
