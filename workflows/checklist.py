"""A stage's checklist: who may tick an item, doing it, and how it stands on the page of the case.

Each item is ticked on its own, under the lock of the case: two officers who tick at the same time
never take anything back from each other, and a tick that stands already is no second event.
"""

from dataclasses import dataclass

from django.db import transaction

from cms.models import User

from .engine import TransitionNotAllowedError, roles_for, stale
from .models import Case, CaseEvent
from .plan import FAMILY, Item, Stage
from .ticks import ticks


@dataclass(frozen=True)
class Line:
    """One item as it stands: `event` is its tick, None while it is open."""

    item: Item
    event: CaseEvent | None


def lines(case: Case) -> list[Line]:
    """The checklist of the case's present stage."""
    done = ticks(case)
    return [Line(item, done.get(item.key)) for item in case.stage.checklist]


def may_tick(case: Case, user: User) -> bool:
    """Whether this user works on the case in its present stage."""
    held = roles_for(case, user)
    return held is None or bool(held & _workers(case.stage))


def _workers(stage: Stage) -> set[str]:
    pressers = {role for button in stage.buttons for role in button.roles}
    return ({*stage.roles, stage.escalate_to} | pressers) - {FAMILY, ""}


def tick(
    case_id: int, key: str, *, by: User, is_done: bool = True, expected_stage: str = ""
) -> CaseEvent | None:
    """Tick an item of the present stage, or take its tick back; None when it stood so already.

    Raises Case.DoesNotExist when `by` may not change it, StaleStageError when it has left the
    stage that `by` saw, TransitionNotAllowedError.
    """
    with transaction.atomic():
        reachable = Case.objects.for_user(by, "change").filter(pk=case_id)
        case = (
            Case.objects.select_for_update(of=("self",))
            .select_related("version")
            .get(pk__in=reachable.order_by().values("pk"))
        )
        stage = case.stage
        if expected_stage and expected_stage != stage.key:
            raise stale(case)
        item = next((one for one in stage.checklist if one.key == key), None)
        if item is None:
            raise TransitionNotAllowedError("This is not on the checklist of the case's stage.")
        if not may_tick(case, by):
            raise TransitionNotAllowedError(
                "The checklist is for those who work on this stage. Nothing has changed."
            )
        if (key in ticks(case)) == is_done:
            return None
        words = f"Ticked: {item.label}" if is_done else f"No longer ticked: {item.label}"
        return CaseEvent.objects.create(
            case=case,
            kind=CaseEvent.Kind.CHECK,
            actor_id=by.pk,
            actor_name=str(by)[:160],
            button_key=key,
            from_stage=stage.key,
            to_stage=stage.key if is_done else "",
            summary=words[:250],
        )
