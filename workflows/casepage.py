"""All that the case page shows of one case, gathered in a fixed number of queries.

The subject of a case (a submission) says what was answered: `case_sections()` gives
[{"title", "group", "rows": [{"question", "lines"}]}], where `group` names a group of restricted
fields; a reader whose roles do not include it is told so and sees nothing of it.
"""

from dataclasses import dataclass, field

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from cms.models import OutboxMessage, User
from cms.roles import restricted_fields_of

from .actions import actions, offered_to
from .hiding import hidden_from, mask_for
from .models import Case, CaseEvent
from .plan import Button, Stage


@dataclass(frozen=True)
class Section:
    """`hidden` when nothing of it is shown, `fewer` when some rows are not."""

    title: str
    rows: list[dict] = field(default_factory=list)
    hidden: bool = False
    fewer: bool = False


@dataclass(frozen=True)
class Step:
    """A stage in the strip: passed, where the case is now, or still possible."""

    stage: Stage
    state: str


def sections(case: Case, user: User) -> list[Section]:
    """What was answered, as far as this user's roles may read it."""
    tell = getattr(case.subject, "case_sections", None)
    if tell is None:
        return []
    readable, keys = restricted_fields_of(user), hidden_from(case, user)
    mask = mask_for(case, keys)
    found = []
    for part in tell():
        if part.get("group") and part["group"] not in readable:
            found.append(Section(part["title"], hidden=True))
            continue
        rows = [row for row in part["rows"] if row.get("key") not in keys]
        fewer = len(rows) < len(part["rows"])
        if mask.pattern:
            rows = [row | {"lines": [mask(line) for line in row["lines"]]} for row in rows]
        found.append(Section(part["title"], rows, hidden=fewer and not rows, fewer=fewer))
    return found


def files(case: Case, user: User) -> list[dict]:
    """What came with it, as far as this user's roles may know of it: [{name, note, url, group}]."""
    tell = getattr(case.subject, "case_files", None)
    if tell is None:
        return []
    readable, keys = restricted_fields_of(user), hidden_from(case, user)
    mask = mask_for(case, keys)
    return [
        file | {"name": mask(file["name"])}
        for file in tell()
        if (not file.get("group") or file["group"] in readable) and file["question"] not in keys
    ]


def strip(case: Case, events: list[CaseEvent]) -> list[Step]:
    """The workflow's stages in the designer's order, with where this case has been."""
    been = {event.from_stage for event in events} | {event.to_stage for event in events}
    return [
        Step(
            stage,
            "now" if stage.key == case.stage_key else "passed" if stage.key in been else "ahead",
        )
        for stage in case.version.plan.stages
    ]


def letters(case: Case) -> QuerySet[OutboxMessage]:
    """Every letter about the case or what it is about, newest first."""
    subject = f"{case.subject_type.app_label}.{case.subject_type.model}"
    return OutboxMessage.objects.filter(
        Q(record_type=Case._meta.label_lower, record_id=str(case.pk))
        | Q(record_type=subject, record_id=case.subject_id)
    ).order_by("-pk")


def earlier(case: Case, user: User) -> QuerySet[Case]:
    """Other cases of the same family that this user may see, newest first, five at most."""
    if not case.contact_email:
        return Case.objects.none()
    return (
        Case.objects.for_user(user)
        .of_contact(case.contact_email)
        .exclude(pk=case.pk)
        .select_related("version")
        .defer("version__data")[:5]
    )


def choices(case: Case, buttons: list[Button], user: User) -> list[dict]:
    """`[{label, groups: [{title, choices}]}]`: what this user may tick for the buttons at hand."""
    found = []
    for button in buttons:
        for action in button.actions:
            if action["type"] not in actions:
                continue  # it said so when its case came to it
            offered = offered_to(user, case, action)
            if offered:
                groups: dict[str, list] = {}
                for one in offered:
                    groups.setdefault(one.group, []).append(one)
                found.append({"button": button, "groups": list(groups.items())})
    return found[:1]  # one set of boxes: they are posted under one name


def kin(case: Case, user: User) -> list[Case]:
    """Earlier cases of the same child that this user may see, whoever applied; ten at most."""
    tell = getattr(case.subject, "case_kin", None)
    references = tell() if tell else []
    if not references:
        return []
    cases = Case.objects.for_user(user).filter(reference__in=references).exclude(pk=case.pk)
    return list(cases.select_related("version").defer("version__data").order_by("-pk")[:10])


def people(case: Case, user: User) -> list[dict]:
    """`[{name, url}]`: people of the roster who are meant, as far as this user may open them."""
    tell = getattr(case.subject, "case_people", None)
    return tell(user) if tell else []


def panels(case: Case, user: User) -> list[dict]:
    """`[{template, ...}]`: boxes that the subject of the case adds, such as its money."""
    tell = getattr(case.subject, "case_panels", None)
    return tell(user) if tell else []


def links(case: Case, user: User) -> list[dict]:
    """`[{label, url}]`: what else this user can do about the subject of the case."""
    tell = getattr(case.subject, "case_links", None)
    return tell(case, user) if tell else []


def effects(button: Button, plan: dict[str, Stage]) -> str:
    """What pressing will do, in words: where the case goes, and what is sent."""
    target = plan[button.to]
    told = [a.get("template") for a in button.actions if a["type"] == "send_email"]
    words = _("Moves to “%(stage)s”.") % {"stage": target.staff_name}
    if told:
        words += " " + _("Sends the e-mail “%(mails)s”.") % {"mails": "”, “".join(told)}
    if button.all_ticked:
        words += " " + _("Needs the whole checklist.")
    return words
