"""Setting the stage of a rehearsal: the draft as a version, an officer for each role, a family.

Everything here writes rows, and is called inside a sandbox alone.
"""

from django.contrib.auth.models import Group
from django.contrib.contenttypes.models import ContentType

from cms import sandbox
from cms.models import User
from cms.roles import ROLES, grant
from workflows.blocks import to_data
from workflows.compile import compiled, make_version
from workflows.engine import open_case
from workflows.models import Case, WorkflowDefinition
from workflows.plan import Plan

from . import scored
from .parts import (
    OFFICER,
    CannotRehearseError,
    Families,
    Family,
    People,
    families,
    preparations,
)

PLAIN = "plain"
NAMES = ["Ada", "Bea", "Cleo", "Dot", "Eve", "Flo", "Gus", "Hal", "Ivo", "Jo", "Kit", "Lou"]


def data_of(definition: WorkflowDefinition) -> dict:
    """A definition, draft or live, in the package's shape."""
    return to_data(definition.slug, definition.title, definition.stages)


def set_up(definition: WorkflowDefinition, data: dict) -> tuple[Plan, People]:
    """The process that new cases begin with from now on, and who works in it."""
    if not sandbox.is_on():
        raise RuntimeError("A stage is set up inside a sandbox.")
    plan = Plan(compiled(data))
    people = People(
        {role: _officer(role, number) for number, role in enumerate(sorted(plan.roles))}
    )
    number = len(people.by_role)
    for role, needed in scored.wanted(plan).items():
        panel = [_officer(role, number + each) for each in range(needed)]
        number += needed
        scored.without_others(role, [user.pk for user in panel])
    make_version(definition, plan.data)
    for name in preparations:
        preparations[name](definition, plan)
    return plan, people


def _officer(role: str, number: int) -> User:
    name = role.replace("_", " ").replace("-", " ")
    if role not in ROLES:
        Group.objects.get_or_create(name=role)
    user = User.objects.create(
        username=f"{OFFICER}{number}-{role}"[:150],
        first_name=NAMES[number % len(NAMES)],
        last_name=str(ROLES[role].label if role in ROLES else name)[:150],
        email=f"{role.replace('_', '-')}@example.org",
        is_active=True,
    )
    grant(user, role)
    return User.objects.get(pk=user.pk)  # without what was remembered of their roles


def offered(slug: str) -> list[Family]:
    """The sample families of every form that uses the process, then one without a form."""
    found = []
    for name, source in families.items():
        found += [Family(f"{name}:{one.key}", one.name, one.form) for one in source.offered(slug)]
    return found


def send(slug: str, key: str) -> Case:
    """Send that family's form in; its case. Raises CannotRehearseError."""
    name, _colon, own = key.partition(":")
    if name not in families:
        raise CannotRehearseError("This sample family is not there any more.")
    return families[name].send(slug, own)


def _send_plain(slug: str, key: str) -> Case:
    """A case about nothing but itself, for a process that no form uses yet."""
    definition = WorkflowDefinition.objects.get(slug=slug)
    ContentType.objects.get_for_model(definition)
    return open_case(
        workflow_slug=slug,
        subject=definition,
        title=definition.title,
        reference="REHEARSAL",
        contact_name="Rowan Ashdown",
        contact_email="rowan.ashdown@example.org",
    )


families(PLAIN)(
    Families(
        offered=lambda slug: [Family("anybody", "Rowan Ashdown, who filled in no form")],
        send=_send_plain,
    )
)
