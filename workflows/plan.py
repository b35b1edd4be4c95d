"""A compiled workflow, read: stages, buttons and their actions as small values.

A plan is what `workflows.compile` made and a WorkflowVersion keeps. It is never changed: whoever
wants another plan edits the definition and publishes a new version. A stage's *kind* carries
meaning; its names are for people and may say anything.
"""

from dataclasses import dataclass
from functools import cached_property

OPEN, WAITING, REVIEW, DECISION, FINAL = "open", "waiting", "review", "decision", "final"
KINDS = {
    OPEN: "Open: with us",
    WAITING: "Waiting for the family",
    REVIEW: "Being reviewed",
    DECISION: "Waiting for a decision",
    FINAL: "Finished",
}


# The role of those who applied. It presses buttons in the family folder and has no group.
FAMILY = "family"

# What versions compiled before these existed do not say.
NEWER = {
    "auto_after_days": None,
    "auto_button": "",
    "outcome": "",
    "answered_button": "",
    "public_days": None,
    "auto_on": "",
    "escalate_after_days": None,
    "escalate_to": "",
    "review": None,
    "booked_button": "",
    "kept_button": "",
    "missed_button": "",
    "checklist": (),
    "hidden": (),
}
UNSUCCESSFUL = "unsuccessful"
# What a button may ask of the case's appointments.
APPOINTMENT = {
    "booked": "It has an appointment",
    "none": "It has no appointment",
    "kept": "The appointment took place",
    "missed": "Nobody came to the appointment",
}


@dataclass(frozen=True)
class Item:
    """One line of a stage's checklist. Officers tick it; see workflows.checklist."""

    key: str
    label: str
    id: str = ""


@dataclass(frozen=True)
class Hidden:
    """What these roles are not shown in a stage: keys of questions or of steps of the form."""

    roles: tuple[str, ...]
    questions: tuple[str, ...]
    id: str = ""


@dataclass(frozen=True)
class Button:
    """One thing staff or the family may do. `to` is the key of a stage.

    `comment` is none, optional or required. `appointment` is what has to be true of an appointment
    of the case for the button to be there: see `APPOINTMENT`; "" asks nothing. With `all_ticked`
    it is pressed only when every item of the stage's checklist is ticked.
    """

    key: str
    id: str
    label: str
    to: str
    roles: tuple[str, ...]
    comment: str
    show_if: dict | None
    actions: tuple[dict, ...]
    appointment: str = ""
    all_ticked: bool = False

    @property
    def needs_comment(self) -> bool:
        return self.comment == "required"

    @property
    def takes_comment(self) -> bool:
        return self.comment != "none"


@dataclass(frozen=True)
class Stage:
    """Where a case stands. `roles` own it; `viewers` may only look.

    After `auto_after_days` in it, or from the day `auto_on` on, the hub itself presses the button
    whose key is `auto_button`; once the family has answered what it was asked for,
    `answered_button`. `public_days` is how soon families are told to expect news. `outcome` of a
    final stage is "unsuccessful", or "" for an end that was wished for; how long answers are kept
    goes by it. After `escalate_after_days` in it the role `escalate_to` is told and owns it too.
    `review` says how a stage is scored: see reviews.rubrics. Its scorers do not open the case.
    The hub presses `booked_button` when an appointment is booked, and after its session
    `kept_button` for who came and `missed_button` for who did not.
    """

    key: str
    id: str
    staff_name: str
    public_name: str
    kind: str
    start: bool
    roles: tuple[str, ...]
    viewers: tuple[str, ...]
    guidance: str
    public_note: str
    remind_after_days: int | None
    auto_after_days: int | None
    auto_button: str
    outcome: str
    answered_button: str
    public_days: int | None
    auto_on: str
    escalate_after_days: int | None
    escalate_to: str
    review: dict | None
    booked_button: str
    kept_button: str
    missed_button: str
    checklist: tuple[Item, ...]
    hidden: tuple[Hidden, ...]
    buttons: tuple[Button, ...]

    @property
    def is_final(self) -> bool:
        return self.kind == FINAL

    def button(self, key: str) -> Button | None:
        return next((button for button in self.buttons if button.key == key), None)


class Plan:
    """The stages of one compiled workflow, in the order their designer gave them."""

    def __init__(self, data: dict):
        self.data = data
        self.slug: str = data["slug"]
        self.title: str = data["title"]

    @cached_property
    def stages(self) -> tuple[Stage, ...]:
        return tuple(
            Stage(
                **{
                    **NEWER,
                    **stage,
                    "roles": tuple(stage["roles"]),
                    "viewers": tuple(stage["viewers"]),
                    "hidden": tuple(
                        Hidden(tuple(one["roles"]), tuple(one["questions"]), one["id"])
                        for one in stage.get("hidden", ())
                    ),
                    "checklist": tuple(Item(**item) for item in stage.get("checklist", ())),
                    "buttons": tuple(
                        Button(
                            **{
                                **button,
                                "roles": tuple(button["roles"]),
                                "actions": tuple(button["actions"]),
                            }
                        )
                        for button in stage["buttons"]
                    ),
                }
            )
            for stage in self.data["stages"]
        )

    @cached_property
    def by_key(self) -> dict[str, Stage]:
        return {stage.key: stage for stage in self.stages}

    @property
    def start(self) -> Stage:
        return next(stage for stage in self.stages if stage.start)

    @property
    def roles(self) -> set[str]:
        """Every role that owns, sees or presses anything here: who may see a case at all."""
        found = set()
        for stage in self.stages:
            found.update(stage.roles, stage.viewers)
            if stage.escalate_to:
                found.add(stage.escalate_to)
            for button in stage.buttons:
                found.update(button.roles)
        return found - {FAMILY}
