"""From what a designer edited to a compiled workflow, and what is wrong with it.

Shape of the data: docs of the package format, key "workflow". `compiled` fills in what may be left
out and gives every stage and button its key and id; `lint` looks for what would strand a case.
Both are pure. `publish` writes the next immutable WorkflowVersion, or answers the present one
when nothing has changed.
"""

import hashlib
import json
import uuid

from django.contrib.auth.models import Group
from django.db import connection, transaction
from django.utils.text import slugify

from cms.models import User
from cms.roles import ROLES, group_of

from .blocks import from_data, to_data
from .findings import ERROR, WARNING, Finding, NotPublishableError
from .letters import letter_findings
from .lint import lint
from .models import WorkflowDefinition, WorkflowVersion
from .plan import OPEN, UNSUCCESSFUL, WAITING
from .reviews import rubrics as sheets
from .reviews.proof import findings as blind_findings

__all__ = ["ERROR", "WARNING", "Finding", "NotPublishableError", "check", "compiled", "publish"]

IDS = uuid.UUID("5b1e2c1a-5a86-4d2b-9c3c-2f4a4e1d7c55")
APPOINTMENT_BUTTONS = ("booked_button", "kept_button", "missed_button")
KIND_ALIASES = {"waiting_for_applicant": WAITING, "waiting_for_family": WAITING}


def _key(item: dict, name_field: str) -> str:
    return item.get("key") or slugify(item.get(name_field, "")).replace("-", "_")


def _names(values: list[str] | None) -> list[str]:
    return list(dict.fromkeys(values or []))


def _button(button: dict, stage: dict, path: str, by_ref: dict[str, str]) -> dict:
    key = _key(button, "label")
    to = button.get("to") or ""
    return {
        "key": key,
        "id": str(button.get("id") or uuid.uuid5(IDS, f"{path}/{key}")),
        "label": button.get("label", ""),
        "to": by_ref.get(str(to), str(to)),
        "roles": _names(button.get("roles") or stage.get("roles")),
        "comment": button.get("comment") or "optional",
        "show_if": button.get("show_if") or None,
        "actions": [dict(action) for action in button.get("actions") or []],
        **({"appointment": button["appointment"]} if button.get("appointment") else {}),
        **({"all_ticked": True} if button.get("all_ticked") else {}),
    }


def _automatic(stage: dict) -> dict:
    """Only where it is used, so that plans without it keep the digest they had."""
    names = ("auto_on", "escalate_after_days", "escalate_to", *APPOINTMENT_BUTTONS)
    newer = {name: stage[name] for name in names if stage.get(name)}
    if not (stage.get("auto_after_days") or stage.get("auto_button")):
        return newer
    return {
        "auto_after_days": stage.get("auto_after_days"),
        "auto_button": stage.get("auto_button") or "",
        **newer,
    }


def _for_families(stage: dict) -> dict:
    """The same for what families are told and may answer."""
    return {name: stage[name] for name in ("answered_button", "public_days") if stage.get(name)}


def _checklist(stage: dict, path: str) -> dict:
    """And for what is ticked off in it."""
    items = []
    for item in stage.get("checklist") or []:
        key = _key(item, "label")
        made = str(item.get("id") or uuid.uuid5(IDS, f"{path}/checklist/{key}"))
        items.append({"key": key, "id": made, "label": item.get("label", "")})
    return {"checklist": items} if items else {}


def _hidden(stage: dict, path: str) -> dict:
    """And for what some roles are not shown in it."""
    entries = [
        {
            "id": str(one.get("id") or uuid.uuid5(IDS, f"{path}/hidden/{number}")),
            "roles": _names(one.get("roles")),
            "questions": _names(one.get("questions")),
        }
        for number, one in enumerate(stage.get("hidden") or [])
    ]
    return {"hidden": entries} if entries else {}


def _scored(stage: dict, rubrics: list[dict]) -> dict:
    """And for how a stage is scored."""
    said = stage.get("review")
    return {"review": sheets.compiled_review(said, rubrics)} if said else {}


def compiled(data: dict) -> dict:
    """`data` with keys, ids and defaults filled in and references by key. Changes nothing.

    A button without roles may be pressed by those who own its stage. Ids that are left out are
    made from the keys, so that loading a file twice gives the same workflow.
    """
    slug = data.get("slug", "")
    stages = [stage for stage in data.get("stages") or [] if isinstance(stage, dict)]
    by_ref = {}
    for stage in stages:
        key = _key(stage, "staff_name")
        by_ref[key] = key
        if stage.get("id"):
            by_ref[str(stage["id"])] = key
    rubrics = sheets.compiled(data)
    result = []
    for stage in stages:
        key = _key(stage, "staff_name")
        path = f"{slug}/{key}"
        staff_name = stage.get("staff_name") or key.replace("_", " ").capitalize()
        kind = stage.get("kind") or OPEN
        result.append(
            {
                "key": key,
                "id": str(stage.get("id") or uuid.uuid5(IDS, path)),
                "staff_name": staff_name,
                "public_name": stage.get("public_name") or staff_name,
                "kind": KIND_ALIASES.get(kind, kind),
                "start": bool(stage.get("start")),
                "roles": _names(stage.get("roles")),
                "viewers": _names(stage.get("viewers")),
                "guidance": stage.get("guidance") or "",
                "public_note": stage.get("public_note") or "",
                "remind_after_days": stage.get("remind_after_days"),
                **_automatic(stage),
                **({"outcome": UNSUCCESSFUL} if stage.get("outcome") == UNSUCCESSFUL else {}),
                **_for_families(stage),
                **_checklist(stage, path),
                **_hidden(stage, path),
                **_scored(stage, rubrics),
                "buttons": [
                    _button(button, stage, path, by_ref) for button in stage.get("buttons") or []
                ],
            }
        )
    plan = {"slug": slug, "title": data.get("title") or slug, "stages": result}
    return plan | ({"rubrics": rubrics} if rubrics else {})


def check(data: dict) -> list[Finding]:
    """Everything worth saying about a definition; errors stop it from being published."""
    return lint(compiled(data), known_roles=set(ROLES) | _own_groups())


def check_all(data: dict) -> list[Finding]:
    """The same, and whether the letters that it sends can be written by this hub's forms."""
    return [*check(data), *letter_findings(compiled(data))]


def _own_groups() -> set[str]:
    """Groups that this hub made besides the roles; none before it has a database."""
    if Group._meta.db_table not in connection.introspection.table_names():
        return set()
    return set(Group.objects.values_list("name", flat=True))


def publish(definition_data: dict, *, by: User | None = None) -> WorkflowVersion:
    """Load a workflow from data, check it, and make it what new cases begin with.

    Creates the definition when its slug is new; the editor then shows these stages. The same
    content again answers the version that there is. Raises NotPublishableError, with every error
    found, and then changes nothing.
    """
    plan = compiled(definition_data)
    _refuse_errors(definition_data)
    with transaction.atomic():
        definition, _created = WorkflowDefinition.objects.select_for_update().get_or_create(
            slug=plan["slug"], defaults={"title": plan["title"], "live": False}
        )
        latest = definition.versions.order_by("-number").first()
        if latest and latest.sha256 == _digest(plan) and definition.stages:
            return latest
        definition.title = plan["title"]
        definition.stages = from_data(plan)
        definition.save_revision(user=by).publish(user=by, skip_permission_checks=True)
        return definition.versions.order_by("-number").first()


def publish_version(definition: WorkflowDefinition, *, by: User | None = None) -> WorkflowVersion:
    """The next version of a definition as it stands, in the transaction that makes it live.

    Raises NotPublishableError, also when a stage whose reviewers are to be blind is not.
    """
    from .rehearsal import keeping  # noqa: PLC0415 - a rehearsal compiles

    data = to_data(definition.slug, definition.title, definition.stages)
    _refuse_errors(data)
    keeping.check_or_raise(definition, data)
    version = make_version(definition, compiled(data), by=by)
    leaks = blind_findings(version)
    if leaks:
        raise NotPublishableError(leaks)
    return version


def make_version(
    definition: WorkflowDefinition, plan: dict, *, by: User | None = None
) -> WorkflowVersion:
    """The version of a compiled workflow: the latest, when that says the same, or the next."""
    digest = _digest(plan)
    latest = definition.versions.order_by("-number").first()
    if latest and latest.sha256 == digest:
        return latest
    version = WorkflowVersion.objects.create(
        definition=definition,
        number=latest.number + 1 if latest else 1,
        data=plan,
        sha256=digest,
        published_by=by,
    )
    version.groups.set([group_of(role) for role in sorted(version.plan.roles)])
    return version


def _refuse_errors(data: dict) -> None:
    findings = check_all(data)
    if any(finding.level == ERROR for finding in findings):
        raise NotPublishableError(findings)


def _digest(plan: dict) -> str:
    text = json.dumps(plan, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()
