"""What a workflow's buttons do with appointments: offer a choice, give the next slot, give back."""

from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from wagtail import blocks

from workflows.actions import Action, ActionProblemError, actions
from workflows.models import Case

from . import booking, letters, slots
from .clashes import busy_times, is_taken_for_child
from .models import Appointment

PURPOSE = _("What for")


def _text(label, help_text="", **kwargs):  # noqa: ANN001 - an editor's field
    return blocks.CharBlock(required=False, max_length=200, label=label, help_text=help_text)


class AppointmentAction(Action):
    """Settings that the three share: `purpose`, a short name that sessions have too."""

    required = ("purpose",)

    @classmethod
    def fields(cls) -> list[tuple[str, blocks.Block]]:
        purpose = blocks.RegexBlock(
            regex=r"^[a-z0-9-]{1,40}$",
            default="audition",
            label=PURPOSE,
            help_text=_("Small letters, such as audition. Its sessions say the same."),
            error_messages={"invalid": _("Small letters, digits and hyphens only.")},
        )
        return [("purpose", purpose)]

    def check(self, options: dict) -> list[str]:
        problems = super().check(options)
        purpose = str(options.get("purpose") or "")
        if purpose and not (purpose.replace("-", "").isalnum() and purpose == purpose.lower()):
            problems.append("“purpose” may hold small letters, digits and hyphens only.")
        if len(purpose) > 40:
            problems.append("“purpose” is too long.")
        return problems


@actions("offer_appointments")
class OfferAppointments(AppointmentAction):
    """Lets the family choose. The other settings name questions by key: see facts."""

    label = _("Offer appointments")
    optional = (
        "group_question",
        "who_question",
        "shown_questions",
        "companion_question",
        "tell_family",
    )

    @classmethod
    def fields(cls) -> list[tuple[str, blocks.Block]]:
        keys = _("Keys of questions, separated by commas.")
        return [
            *super().fields(),
            ("group_question", _text(_("Which answers decide the group"), keys)),
            ("who_question", _text(_("Which answer names who comes"), keys)),
            ("shown_questions", _text(_("Which answers the panel sees on the day"), keys)),
            ("companion_question", _text(_("Which answer names an accompanist"), keys)),
            (
                "tell_family",
                blocks.ChoiceBlock(
                    choices=[("yes", _("Yes")), ("no", _("No: staff give the times"))],
                    default="yes",
                    label=_("Write to the family that it can choose"),
                ),
            ),
        ]

    def check(self, options: dict) -> list[str]:
        problems = super().check(options)
        if options.get("tell_family", "yes") not in ("yes", "no"):
            problems.append("“tell_family” must be yes or no.")
        return problems

    def run(self, case: Case, options: dict) -> str:
        row = booking.offer(
            case, purpose=options["purpose"], options=options, stage=self.row.event.to_stage
        )
        row.case = case
        if options.get("tell_family", "yes") == "yes":
            letters.tell_offered(row, key=self.once)
            return "The family can choose a time, and was told"
        return "A time can be given"


@actions("book_appointment")
class BookAppointment(AppointmentAction):
    """Gives the first free slot of a session that fits, in the emptiest session."""

    label = _("Book the next free appointment")
    optional = ("group_question", "who_question", "shown_questions", "companion_question")

    @classmethod
    def fields(cls) -> list[tuple[str, blocks.Block]]:
        return [
            (name, field)
            for name, field in OfferAppointments.fields()
            if name in (*cls.required, *cls.optional)
        ]

    def run(self, case: Case, options: dict) -> str:
        purpose = options["purpose"]
        if mine := booking.live(case, purpose):
            return f"It has one already: {letters.day_words(mine.slot.starts_at)}"
        stage = self.row.event.to_stage
        row = booking.offer(case, purpose=purpose, options=options, stage=stage)
        sessions = slots.with_occupancy(booking.fitting_sessions(row, case))
        busy = busy_times(case)
        free = [
            slot
            for slot in slots.free_slots(sessions)
            if slot.starts_at > timezone.now() and not is_taken_for_child(case, slot, busy)
        ]
        if not free:
            raise ActionProblemError("No time is free that fits. Add a session, then try again.")
        slot = min(free, key=lambda one: (one.session.occupancy.percent, one.starts_at))
        try:
            booking.book(case.pk, slot.pk, purpose=purpose)
        except booking.AppointmentError as problem:
            raise ActionProblemError(str(problem)) from problem
        return f"Booked: {letters.when_words(slot.starts_at, slot.ends_at)}"


@actions("release_appointment")
class ReleaseAppointment(AppointmentAction):
    """Gives the booked slot back, tells the family, and ends the choice."""

    label = _("Give the appointment back")
    optional = ("reason",)

    @classmethod
    def fields(cls) -> list[tuple[str, blocks.Block]]:
        why = _text(_("Why"), _("One sentence that the family reads. It may be left out."))
        return [*super().fields(), ("reason", why)]

    def run(self, case: Case, options: dict) -> str:
        purpose = options["purpose"]
        booking.close_offers(case, [purpose])
        mine = booking.live(case, purpose)
        if mine is None:
            return "There was no appointment to give back"
        if mine.day_state in (Appointment.Day.DONE, Appointment.Day.NO_SHOW):
            return "The appointment is over, so it stays in the history"
        booking.cancel(mine.pk, why=options.get("reason", ""))
        return "Appointment given back"
