"""Running a case through its workflow.

Everything that changes a case's stage goes through `open_case` and `perform`. Each is one short
transaction that locks the case, checks, writes the event and the action rows, and queues one job;
mails and other effects follow after commit, so that a failure there never hides a decision.
Definitions are edited and published elsewhere; this module only reads versions.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import datetime

from django.db import transaction
from django.db.models import Model
from django.utils import timezone

from cms.models import Area, MusicCentre, User
from cms.roles import ROLES

from .actions import actions, in_days, offered_to
from .conditions import condition_holds
from .models import ActionRun, Case, CaseEvent, WorkflowVersion
from .plan import FAMILY, Button, Stage
from .running import queue_actions
from .ticks import open_items


class NoSuchWorkflowError(Exception):
    """No published workflow has this slug."""


class TransitionNotAllowedError(Exception):
    """This person may not press this button now. The message says why, for them to read."""


class StaleStageError(TransitionNotAllowedError):
    """Somebody else moved the case first. `event` is what they did."""

    def __init__(self, message: str, event: CaseEvent | None):
        super().__init__(message)
        self.event = event


def latest_version(workflow_slug: str) -> WorkflowVersion:
    """The version that new cases begin with. Raises NoSuchWorkflowError."""
    version = (
        WorkflowVersion.objects.filter(definition__slug=workflow_slug).order_by("-number").first()
    )
    if version is None:
        raise NoSuchWorkflowError(f"No published workflow is called {workflow_slug!r}.")
    return version


def open_case(
    *,
    workflow_slug: str,
    subject: Model,
    title: str,
    reference: str,
    centre: MusicCentre | None = None,
    area: Area | None = None,
    contact_name: str = "",
    contact_email: str = "",
    by: User | None = None,
) -> Case:
    """Begin a case at the start of the latest published version, in the caller's transaction.

    `reference` is the caller's, unique. `by` is None when a family opened it. A centre brings its
    area. Raises NoSuchWorkflowError.
    """
    version = latest_version(workflow_slug)
    stage = version.plan.start
    now = timezone.now()
    with transaction.atomic():
        case = Case(
            subject=subject,  # at hand for whoever reads it in this transaction
            reference=reference,
            version=version,
            stage_key=stage.key,
            stage_kind=stage.kind,
            stage_since=now,
            title=title[:200],
            contact_name=contact_name[:160],
            contact_email=contact_email,
            centre=centre,
            area=area or (centre.area if centre else None),
            due_at=_due(stage, now),
            opened_at=now,
            closed_at=now if stage.is_final else None,
        )
        case.subject_id = str(subject.pk)  # as it is stored
        case.save()
        CaseEvent.objects.create(
            case=case,
            kind=CaseEvent.Kind.OPENED,
            at=now,
            **_actor(by, otherwise="The family"),
            to_stage=stage.key,
            summary="Opened",
        )
    return case


def available_buttons(
    case: Case, user: User, *, memberships: list[tuple] | None = None
) -> list[Button]:
    """The buttons of the present stage that this user may press now, in the designer's order.

    `memberships` saves asking for them again for each of many cases.
    """
    held = roles_for(case, user, memberships)
    return [
        button
        for button in case.stage.buttons
        if _may_press(button, held) and _condition_holds(button, case)
    ]


def perform(
    case_id: int,
    button_key: str,
    *,
    by: User | None,
    comment: str = "",
    expected_stage: str | None = None,
    actor_name: str = "",
    as_family: bool = False,
    chosen: Mapping[str, list[str]] | None = None,
    leave_out: Collection[str] = (),
) -> CaseEvent:
    """Press a button: move the case, write why, promise its actions. All of it or nothing.

    `by` is a member of staff; None is the hub itself (such as a clock), which no role binds, and
    `actor_name` then says what it was. `as_family` binds it to the buttons that families have.
    `chosen` is what was ticked for actions that let the presser choose (Action.at_press).
    `leave_out` are kinds of actions that the caller does itself, in this transaction.
    `expected_stage` is the stage the presser saw. Raises
    Case.DoesNotExist when `by` may not even see it, StaleStageError, TransitionNotAllowedError.
    """
    comment = comment.strip()
    with transaction.atomic():
        reachable = Case.objects.all() if by is None else Case.objects.for_user(by)
        case = (
            Case.objects.select_for_update(of=("self",))
            .select_related("version", "assignee")
            .defer("version__data")
            .get(pk__in=reachable.filter(pk=case_id).order_by().values("pk"))
        )
        stage = case.stage
        if expected_stage and expected_stage != stage.key:
            raise stale(case)
        button = stage.button(button_key)
        if button is None:
            raise stale(case)
        if as_family and FAMILY not in button.roles:
            raise TransitionNotAllowedError(f"“{button.label}” is not for families.")
        if by is not None and not _may_press(button, roles_for(case, by)):
            raise TransitionNotAllowedError(
                f"“{button.label}” is for {_people(button.roles)}. Nothing has changed."
            )
        if not _condition_holds(button, case):
            raise TransitionNotAllowedError(
                f"“{button.label}” cannot be used for this case as it stands. Nothing has changed."
            )
        if button.needs_comment and not comment:
            raise TransitionNotAllowedError(f"“{button.label}” needs a comment that says why.")
        if button.all_ticked:
            _refuse_unticked(case, button)
        if by is not None:
            _refuse_what_is_not_offered(case, button, by, chosen or {})
        _refuse_unready(case, button, chosen or {}, comment)
        actions_too = [one for one in button.actions if one["type"] not in leave_out]
        return _move(
            case,
            replace(button, actions=tuple(actions_too)),
            by,
            comment,
            actor_name=actor_name,
            chosen=chosen or {},
        )


def add_note(case_id: int, text: str, *, by: User) -> CaseEvent:
    """Write a note into the case's history. Raises Case.DoesNotExist, ValueError when empty."""
    text = text.strip()
    if not text:
        raise ValueError("The note is empty.")
    case = Case.objects.for_user(by, "change").get(pk=case_id)
    return CaseEvent.objects.create(
        case=case, kind=CaseEvent.Kind.NOTE, **_actor(by, ""), summary="Note", comment=text
    )


def assign(case_id: int, to: User | None, *, by: User) -> CaseEvent:
    """Give the case to somebody who may see it, or to nobody.

    Raises Case.DoesNotExist, and TransitionNotAllowedError when `to` may not see it.
    """
    with transaction.atomic():
        reachable = Case.objects.for_user(by, "change").filter(pk=case_id)
        case = Case.objects.select_for_update().get(pk__in=reachable.order_by().values("pk"))
        if to and not Case.objects.for_user(to).filter(pk=case.pk).exists():
            raise TransitionNotAllowedError(f"{to} may not see this case, so cannot have it.")
        case.assignee = to
        case.save(update_fields=["assignee"])
        return CaseEvent.objects.create(
            case=case,
            kind=CaseEvent.Kind.ASSIGNED,
            **_actor(by, ""),
            summary=f"Assigned to {to}"[:250] if to else "Assigned to nobody",
        )


def _move(
    case: Case,
    button: Button,
    by: User | None,
    comment: str,
    *,
    actor_name: str,
    chosen: Mapping[str, list[str]],
) -> CaseEvent:
    now = timezone.now()
    left, target = case.stage, case.version.plan.by_key[button.to]
    case.stage_key, case.stage_kind, case.stage_since = target.key, target.kind, now
    case.due_at, case.escalated_at = _due(target, now), None
    case.closed_at = now if target.is_final else None
    case.save(
        update_fields=[
            *("stage_key", "stage_kind", "stage_since", "due_at", "escalated_at", "closed_at")
        ]
    )
    event = CaseEvent.objects.create(
        case=case,
        kind=CaseEvent.Kind.MOVED,
        at=now,
        **_actor(by, otherwise=actor_name or "The hub"),
        button_key=button.key,
        from_stage=left.key,
        to_stage=target.key,
        summary=f"{button.label}: {left.staff_name} → {target.staff_name}"[:250],
        comment=comment if button.takes_comment else "",
    )
    if button.actions:
        ActionRun.objects.bulk_create(
            ActionRun(
                event=event,
                index=index,
                type=action["type"],
                options=_options(action, chosen),
            )
            for index, action in enumerate(button.actions)
        )
        queue_actions(event, len(button.actions))
    return event


def family_buttons(case: Case) -> list[Button]:
    """The buttons of the present stage that the family may press now."""
    return [
        button
        for button in case.stage.buttons
        if FAMILY in button.roles and _condition_holds(button, case)
    ]


def _refuse_what_is_not_offered(
    case: Case, button: Button, by: User, chosen: Mapping[str, list[str]]
) -> None:
    """Raises TransitionNotAllowedError when something was ticked that the page did not offer: what
    is about a group of restricted fields is offered only to those who may read it."""
    for action in button.actions:
        names = actions[action["type"]].at_press if action["type"] in actions else ()
        wanted = {(name, value) for name in names for value in chosen.get(name) or ()}
        if not wanted:
            continue
        offered = {(one.name, one.value) for one in offered_to(by, case, action)}
        if not wanted <= offered:
            raise TransitionNotAllowedError(
                "Something was ticked that is not for you to ask. Nothing has changed."
            )


def _refuse_unticked(case: Case, button: Button) -> None:
    """Raises TransitionNotAllowedError while an item of the stage's checklist is open."""
    left = [item.label for item in open_items(case)]
    if left:
        raise TransitionNotAllowedError(
            f"“{button.label}” needs the whole checklist. Still to tick: {'; '.join(left)}. "
            "Nothing has changed."
        )


def _refuse_unready(
    case: Case, button: Button, chosen: Mapping[str, list[str]], comment: str
) -> None:
    """Raises TransitionNotAllowedError when an action needs what was not chosen or written."""
    for action in button.actions:
        if action["type"] in actions:
            kind = actions[action["type"]]()
            problem = kind.refuses(case, _options(action, chosen))
            problem = problem or kind.refuses_words(case, comment)
            if problem:
                raise TransitionNotAllowedError(f"{problem} Nothing has changed.")


def _options(action: dict, chosen: Mapping[str, list[str]]) -> dict:
    """An action's settings, with what was chosen at the press in place of the designer's."""
    options = {key: value for key, value in action.items() if key != "type"}
    may_choose = actions[action["type"]].at_press
    return options | {name: chosen[name] for name in may_choose if chosen.get(name)}


def _actor(by: User | None, otherwise: str) -> dict:
    if by is None:
        return {"actor_id": None, "actor_name": otherwise[:160]}
    return {"actor_id": by.pk, "actor_name": str(by)[:160]}


def _due(stage: Stage, now: datetime | None):
    return in_days(stage.remind_after_days, now) if stage.remind_after_days else None


def roles_for(case: Case, user: User, memberships: list[tuple] | None = None) -> set[str] | None:
    """Keys of the roles that this user holds for this very case; None means every role."""
    if user.is_superuser and user.is_active:
        return None
    if not user.is_active:
        return set()
    by_label = {role.label: role.key for role in ROLES.values()}
    centre_area = case.centre.area_id if case.centre_id else None
    held = set()
    if memberships is None:
        memberships = user.memberships.values_list("role__name", "area_id", "centre_id")
    for name, area, centre in memberships:
        whole_hub = area is None and centre is None
        in_centre = centre is not None and centre == case.centre_id
        in_area = area is not None and area in (case.area_id, centre_area)
        if whole_hub or in_centre or in_area:
            held.add(by_label.get(name, name))
    return held


def _may_press(button: Button, held: set[str] | None) -> bool:
    return held is None or bool(held & set(button.roles))


def _condition_holds(button: Button, case: Case) -> bool:
    """Whether the button's conditions are true: of the appointment, and of the subject."""
    if button.appointment and not _appointment_is(button.appointment, case):
        return False
    return condition_holds(button.show_if, case)


def _appointment_is(wanted: str, case: Case) -> bool:
    """Whether a booked appointment of the case is as a button asks: see plan.APPOINTMENT."""
    days = set(case.appointments.filter(state="booked").values_list("day_state", flat=True))
    return {
        "booked": bool(days),
        "none": not days,
        "kept": "done" in days,
        "missed": "no_show" in days,
    }[wanted]


def _people(roles: Iterable[str]) -> str:
    names = {key: str(role.label) for key, role in ROLES.items()} | {FAMILY: "the family"}
    return " or ".join(names.get(key, key) for key in roles)


def stale(case: Case) -> StaleStageError:
    """What a person is told whose page shows a stage that the case has left."""
    event = case.events.filter(kind=CaseEvent.Kind.MOVED).order_by("-pk").first()
    if event is None:
        return StaleStageError("This button is not part of the case's present stage.", None)
    when = timezone.localtime(event.at)
    return StaleStageError(
        f"{event.actor_name} moved this case to “{case.stage.staff_name}” at {when:%H:%M}. "
        "Your press was not carried out, and nothing has been lost.",
        event,
    )
