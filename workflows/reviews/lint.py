"""What is wrong with scoring sheets and scored stages, and who is blind only on paper. Pure."""

from collections.abc import Iterator

from workflows.plan import REVIEW

from .rubrics import COMBINE, COMMENT, HIDE, IDENTITY
from .scoreclauses import COMPARE, NAMES, RECOMMENDS

MOST_POINTS = 100
STARTERS = frozenset({"start_review", "start_panel"})
Problem = tuple[str, str, dict | None, dict | None, bool]


def problems(plan: dict, known_roles: set[str]) -> Iterator[Problem]:
    """(code, sentence, stage, button, whether it stops publishing) for a compiled workflow."""
    rubrics = {one["key"]: one for one in plan.get("rubrics") or []}
    for key, message in _rubrics(plan.get("rubrics") or []):
        yield key, message, None, None, True
    for stage in plan["stages"]:
        if stage.get("review"):
            yield from _stage(plan, stage, rubrics, known_roles)
        for button in stage["buttons"]:
            for message in _clauses(plan, button, rubrics):
                yield "score", message, stage, button, True
    yield from _never_started(plan)


def _rubrics(found: list[dict]) -> Iterator[tuple[str, str]]:
    keys = [one["key"] for one in found]
    for rubric in found:
        name = f"Scoring sheet “{rubric['name']}”"
        if not rubric["key"] or keys.count(rubric["key"]) > 1:
            yield "rubric", f"{name}: another sheet has the same name, or it has none."
        if not rubric["criteria"]:
            yield "rubric", f"{name} has no criteria. Add the first."
        names = [one["key"] for one in rubric["criteria"]]
        for one in rubric["criteria"]:
            where = f"{name}, “{one['name']}”"
            if not one["key"] or names.count(one["key"]) > 1 or one["key"] in NAMES:
                yield "rubric", f"{where}: its name is taken or missing. Give it another."
            if not _whole(one["min"], one["max"], one["weight"]):
                yield "rubric", f"{where}: scale and weight are whole numbers."
            elif not 0 <= one["min"] < one["max"] <= MOST_POINTS:
                yield (
                    "rubric",
                    f"{where}: its scale goes up, from 0 to 100 at most.",
                )
            elif not 0 < one["weight"] <= MOST_POINTS:
                yield "rubric", f"{where}: its weight is from 1 to 100."
            elif not all(
                at.isdigit() and one["min"] <= int(at) <= one["max"] for at in one["points"]
            ):
                yield "rubric", f"{where}: there are words for a score that is not on its scale."
            if one["comment"] not in COMMENT:
                yield "rubric", f"{where}: a comment is one of {', '.join(COMMENT)}."


def _whole(*numbers: object) -> bool:
    return all(isinstance(one, int) and not isinstance(one, bool) for one in numbers)


def _stage(
    plan: dict, stage: dict, rubrics: dict[str, dict], known_roles: set[str]
) -> Iterator[Problem]:
    said = stage["review"]

    def error(message: str) -> Problem:
        return "review", message, stage, None, True

    if stage["kind"] != REVIEW:
        yield error("Only a stage of the kind “being reviewed” can have a scoring sheet.")
    if said["rubric"] not in rubrics:
        yield error(f"There is no scoring sheet called “{said['rubric']}”.")
    if not said["scorers"]:
        yield error("Nobody scores here. Choose the roles that do.")
    for role in said["scorers"]:
        if role not in known_roles:
            yield error(f"There is no role called “{role}”.")
    for message in _numbers(said):
        yield error(message)
    yield from _blind(plan, stage)


def _numbers(said: dict) -> Iterator[str]:
    if not _whole(said["needed"]) or not 0 < said["needed"] <= 20:
        yield "From 1 to 20 reviews can be wanted."
    days = said["due_days"]
    if days is not None and (not _whole(days) or not 0 < days <= 366):
        yield "Reviews are due after 1 to 366 days."
    if said["combine"] not in COMBINE or set(said["hide"]) - set(HIDE):
        yield "It says something about scores or hiding that does not exist."


def _blind(plan: dict, stage: dict) -> Iterator[Problem]:
    said = stage["review"]
    if set(said["hide"]) & IDENTITY or said["hide_questions"]:
        for role in sorted(set(said["scorers"]) & _who_opens(plan)):
            message = (
                f"“{role}” scores without being told who it is, and may open the case, which says "
                "so. Take the role out of those who own, see or press here, or hide nothing."
            )
            yield "not_blind", message, stage, None, True
        if "name" in said["hide"] and "files" not in said["hide"]:
            message = "Reviewers are not told who it is, but files may say it. Hide them, too?"
            yield "blind_files", message, stage, None, False


def _who_opens(plan: dict) -> set[str]:
    found = set()
    for stage in plan["stages"]:
        found.update(stage["roles"], stage["viewers"], [stage.get("escalate_to") or ""])
        for button in stage["buttons"]:
            found.update(button["roles"])
    return found


def _clauses(plan: dict, button: dict, rubrics: dict[str, dict]) -> Iterator[str]:
    scored = {stage["key"]: stage["review"] for stage in plan["stages"] if stage.get("review")}
    for clause in (button["show_if"] or {}).get("clauses") or []:
        if "score" not in clause:
            continue
        of = clause.get("stage")
        if of and of not in scored:
            yield f"Its condition looks at scores of “{of}”, where nobody scores."
            continue
        sheets = [rubrics.get(scored[key]["rubric"]) for key in ([of] if of else scored)]
        sheets = [one for one in sheets if one]
        if not sheets:
            yield "Its condition looks at scores, but no stage is scored."
        elif clause["score"] not in _known(sheets):
            yield f"Its condition looks at a score called “{clause['score']}”. There is none."
        if clause.get("op", "at_least") not in COMPARE:
            yield f"A score cannot be compared by “{clause.get('op')}”."
        elif not str(clause.get("value", "")).replace(".", "", 1).isdigit():
            yield "A score is compared with a number."


def _known(sheets: list[dict]) -> set[str]:
    return {
        *NAMES,
        *(one["key"] for sheet in sheets for one in sheet["criteria"]),
        *(f"{RECOMMENDS}{one['key']}" for sheet in sheets for one in sheet["recommendations"]),
    }


def _never_started(plan: dict) -> Iterator[Problem]:
    for stage in plan["stages"]:
        if not stage.get("review"):
            continue
        into = [(s, b) for s in plan["stages"] for b in s["buttons"] if b["to"] == stage["key"]]
        for origin, button in into:
            if not any(action.get("type") in STARTERS for action in button["actions"]):
                message = (
                    f"It leads to “{stage['staff_name']}”, where people score, and asks nobody. "
                    "Add “Start a review”, or ask them by hand each time."
                )
                yield "review_not_started", message, origin, button, False
