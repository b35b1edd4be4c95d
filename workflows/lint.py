"""What would strand a case, lose a mail or leave nobody in charge, found before publishing.

Pure: a compiled workflow in, findings out. Each message says what is wrong and what to do.
"""

import re
from datetime import date

from cms.registry import UnknownKeyError

from .actions import actions
from .findings import ERROR, WARNING, Finding
from .plan import APPOINTMENT, FAMILY, FINAL, KINDS, WAITING
from .reviews.lint import problems as review_problems

KEY = re.compile(r"^[a-z0-9]+([_-][a-z0-9]+)*$")
PRESSED_ALONE = ("auto_button", "answered_button", "booked_button", "kept_button", "missed_button")
COMMENT = ("none", "optional", "required")


class _Report(list):
    def add(
        self,
        code: str,
        message: str,
        stage: dict | None = None,
        button: dict | None = None,
        *,
        action: int | None = None,
        level: str = ERROR,
    ) -> None:
        where = ""
        if stage:
            where = f"Stage “{stage['staff_name']}”"
        if button:
            where += f", button “{button['label'] or button['key']}”"
        self.append(
            Finding(
                level=level,
                code=code,
                where=where,
                message=message,
                stage=stage["key"] if stage else "",
                button=button["key"] if button else "",
                action=action,
            )
        )


def lint(plan: dict, *, known_roles: set[str]) -> list[Finding]:
    """Findings on a compiled workflow, in the order of its stages, errors and warnings mixed."""
    report = _Report()
    stages = plan["stages"]
    if not KEY.match(plan["slug"]):
        report.add("slug", "The workflow needs a short name of small letters, digits and hyphens.")
    if not stages:
        report.add("no_stages", "There are no stages yet. Add the first one.")
        return report
    starts = [stage for stage in stages if stage["start"]]
    if not starts:
        report.add("no_start", "No stage is marked as the start. Mark the one where cases begin.")
    for extra in starts[1:]:
        report.add("two_starts", "Only one stage can be the start. Unmark this one.", extra)
    _check_keys(report, stages)
    by_key = {stage["key"]: stage for stage in stages}
    for stage in stages:
        _check_stage(report, stage, known_roles)
        for button in stage["buttons"]:
            _check_button(report, stage, button, by_key, known_roles)
    _check_automatic(report, stages)
    for stage in stages:
        _check_answered(report, stage)
        _check_escalation(report, stage, known_roles)
        _check_appointment_buttons(report, stage)
        _check_checklist(report, stage)
        _check_hidden(report, stage, known_roles)
    for code, message, stage, button, stops in review_problems(plan, known_roles):
        report.add(code, message, stage, button, level=ERROR if stops else WARNING)
    if starts:
        _check_paths(report, stages, starts[0]["key"])
    return report


def _check_keys(report: _Report, stages: list[dict]):
    seen = set()
    for stage in stages:
        if not KEY.match(stage["key"]):
            report.add("key", "Its key may hold small letters, digits and _ only.", stage)
        if stage["key"] in seen:
            report.add("same_key", "Another stage has the same key or name. Change one.", stage)
        seen.add(stage["key"])
        buttons = [button["key"] for button in stage["buttons"]]
        for button in stage["buttons"]:
            if buttons.count(button["key"]) > 1:
                report.add(
                    "same_key", "Two buttons here have the same key or label.", stage, button
                )


def _check_roles(
    report: _Report,
    roles: list[str],
    known_roles: set[str],
    stage: dict | None,
    button: dict | None = None,
):
    for role in roles:
        if role not in known_roles:
            report.add("unknown_role", f"There is no role called “{role}”.", stage, button)


def _check_stage(report: _Report, stage: dict | None, known_roles: set[str]):
    if stage["kind"] not in KINDS:
        known = ", ".join(KINDS)
        report.add("kind", f"“{stage['kind']}” is not a kind of stage. Use one of {known}.", stage)
    _check_roles(report, [*stage["roles"], *stage["viewers"]], known_roles, stage)
    if stage["kind"] == FINAL:
        return
    if not stage["roles"]:
        report.add(
            "no_owner", "Nobody owns this stage. Choose the role that looks after it.", stage
        )
    if not stage["buttons"]:
        report.add(
            "dead_end",
            "A case could never leave this stage. Add a button, or make it a finished stage.",
            stage,
        )
    days = stage["remind_after_days"]
    if days is not None and (not isinstance(days, int) or not 0 < days <= 366):
        report.add("remind", "Days until the reminder must be between 1 and 366.", stage)
    if days is None and stage["kind"] == WAITING:
        report.add(
            "no_reminder",
            "Cases may wait here for ever: no reminder is set.",
            stage,
            level=WARNING,
        )


def _check_automatic(report: _Report, stages: list[dict]) -> None:
    """Each automatic move has its days and its button, and they never go round in a ring."""
    follows = {}
    for stage in stages:
        days, key = stage.get("auto_after_days"), stage.get("auto_button")
        on = stage.get("auto_on")
        if not days and not key and not on:
            continue
        button = next((b for b in stage["buttons"] if key and b["key"] == key), None)
        if button is None:
            report.add("auto", "Choose which button is pressed automatically.", stage)
        elif on and not _is_day(on):
            report.add("auto", "The day of an automatic move reads like 2026-10-25.", stage)
        elif not on and (not isinstance(days, int) or not 0 < days <= 366):
            report.add("auto", "An automatic move needs a day, or from 1 to 366 days.", stage)
        elif button["comment"] == "required":
            report.add("auto", "A button that needs a comment cannot be automatic.", stage, button)
        else:
            follows[stage["key"]] = button["to"]
    for stage in stages:
        seen, key = set(), stage["key"]
        while key in follows and key not in seen:
            seen.add(key)
            key = follows[key]
        if key in seen and key == stage["key"]:
            report.add("auto_loop", "Automatic moves lead from here back to here, for ever.", stage)


def _is_day(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except (TypeError, ValueError):
        return False


def _check_escalation(report: _Report, stage: dict, known_roles: set[str]) -> None:
    """Somebody else is told after some days: both who and when are said, or neither."""
    days, role = stage.get("escalate_after_days"), stage.get("escalate_to")
    if not days and not role:
        return
    if not role:
        report.add("escalate", "Choose the role that is told when it takes too long.", stage)
    elif not isinstance(days, int) or not 0 < days <= 366:
        report.add("escalate", "Telling another role needs from 1 to 366 days.", stage)
    _check_roles(report, [role] if role else [], known_roles, stage)


def _check_answered(report: _Report, stage: dict) -> None:
    """What happens when the family has answered is a button that nobody has to explain."""
    days = stage.get("public_days")
    if days is not None and (not isinstance(days, int) or not 0 < days <= 366):
        report.add("public_days", "Families can be told from 1 to 366 days.", stage)
    key = stage.get("answered_button")
    if not key:
        return
    button = next((b for b in stage["buttons"] if b["key"] == key), None)
    if button is None:
        report.add("answered", "Choose which button is pressed when the family answers.", stage)
    elif button["comment"] == "required":
        report.add("answered", "A button that needs a comment cannot be automatic.", stage, button)


def _check_appointment_buttons(report: _Report, stage: dict) -> None:
    """What the hub presses around an appointment is there, and nobody has to explain it."""
    for name in ("booked_button", "kept_button", "missed_button"):
        key = stage.get(name)
        button = next((b for b in stage["buttons"] if key and b["key"] == key), None)
        if key and button is None:
            report.add("appointment", "Choose a button of this stage for the appointment.", stage)
        elif button and button["comment"] == "required":
            report.add(
                "appointment", "A button that needs a comment cannot be automatic.", stage, button
            )


def _check_checklist(report: _Report, stage: dict) -> None:
    """Items can be told apart, and only people who can tick them wait for them."""
    items = stage.get("checklist", [])
    labels = [item["label"].strip().casefold() for item in items]
    keys = [item["key"] for item in items]
    if not all(labels):
        report.add("checklist", "An item of the checklist has no words.", stage)
    elif len({*labels}) < len(labels) or len({*keys}) < len(keys):
        report.add("checklist", "Two items of the checklist are the same. Change one.", stage)
    elif not all(KEY.match(key) for key in keys):
        report.add("checklist", "The key of an item holds small letters, digits and _ only.", stage)
    alone = {stage.get(name) for name in PRESSED_ALONE}
    for button in stage["buttons"]:
        if not button.get("all_ticked"):
            continue
        if not items:
            report.add(
                "checklist",
                "It waits for the checklist, and this stage has none. Add items to it.",
                stage,
                button,
            )
        elif button["key"] in alone:
            report.add(
                "checklist",
                "A button that waits for the checklist cannot be automatic.",
                stage,
                button,
            )
        elif FAMILY in button["roles"]:
            report.add(
                "checklist",
                "Families cannot tick a checklist. Let only staff press it.",
                stage,
                button,
            )


def _check_hidden(report: _Report, stage: dict, known_roles: set[str]) -> None:
    """What is hidden says what, and from whom."""
    for entry in stage.get("hidden", []):
        if not entry["roles"] or not entry["questions"]:
            report.add("hidden", "Say what is hidden here, and from which roles.", stage)
        _check_roles(report, entry["roles"], known_roles, stage)
    everybody = {*stage["roles"], *stage["viewers"]}
    names = {key for entry in stage.get("hidden", []) for key in entry["questions"]}
    for name in sorted(names):
        blind = {r for e in stage["hidden"] if name in e["questions"] for r in e["roles"]}
        if everybody and everybody <= blind:
            report.add(
                "hidden_from_all",
                f"Nobody who owns or sees this stage is shown “{name}”.",
                stage,
                level=WARNING,
            )


def _check_button(
    report: _Report,
    stage: dict | None,
    button: dict | None,
    by_key: dict[str, dict],
    known_roles: set[str],
):
    if not button["label"]:
        report.add("no_label", "The button has no label.", stage, button)
    if not button["to"]:
        report.add("no_target", "Choose the stage that this button leads to.", stage, button)
    elif button["to"] not in by_key:
        report.add(
            "target_gone",
            f"It leads to “{button['to']}”, which is not a stage of this workflow.",
            stage,
            button,
        )
    if button["comment"] not in COMMENT:
        report.add("comment", f"Comment must be one of {', '.join(COMMENT)}.", stage, button)
    if button.get("appointment", "") not in ("", *APPOINTMENT):
        report.add("appointment", "That is nothing to ask of an appointment.", stage, button)
    if not button["roles"]:
        report.add("no_presser", "Nobody may press it. Choose at least one role.", stage, button)
    _check_roles(report, button["roles"], known_roles | {FAMILY}, stage, button)
    for index, action in enumerate(button["actions"]):
        try:
            kind = actions[action.get("type", "")]
        except UnknownKeyError as problem:
            report.add("unknown_action", str(problem), stage, button, action=index)
            continue
        options = {k: v for k, v in action.items() if k != "type"}
        problems = kind().check(options)
        if button["to"] in by_key:
            problems += kind().check_target(options, by_key[button["to"]])
        for problem in problems:
            report.add("action", f"{kind.label}: {problem}", stage, button, action=index)


def _check_paths(report: _Report, stages: list[dict], start: str):
    leads_to = {stage["key"]: {b["to"] for b in stage["buttons"]} for stage in stages}
    reached, ahead = set(), [start]
    while ahead:
        key = ahead.pop()
        if key not in reached:
            reached.add(key)
            ahead.extend(leads_to.get(key, ()))
    ends = {stage["key"] for stage in stages if stage["kind"] == FINAL}
    if not ends:
        report.add("no_end", "No stage is finished, so no case could ever be closed. Add one.")
    while True:
        more = {key for key, to in leads_to.items() if key not in ends and to & ends}
        if not more:
            break
        ends |= more
    for stage in stages:
        if stage["key"] not in reached:
            report.add("unreachable", "No button leads to this stage.", stage, level=WARNING)
        elif stage["key"] not in ends and any(s["kind"] == FINAL for s in stages):
            report.add("no_way_out", "From here a case can never be finished.", stage)
