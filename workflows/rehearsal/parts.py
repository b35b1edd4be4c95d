"""What a rehearsal is put together from; every app adds its own in one registered entry each.

`families` send in a form, `clockworks` say what the clock will do to a case and do it, `moves` are
what else somebody may do to it besides pressing a button, `screens` are what people look at, and
`played` are the kinds of jobs that a rehearsal runs. A job of any other kind is only told of: what
is not known to stay inside is not done. `preparations` furnish the hub of a rehearsal before the
family sends, so that it goes the same way whatever the real hub is like today.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest

from cms.models import Job, User
from cms.registry import Registry
from workflows.models import Case, WorkflowDefinition
from workflows.plan import Plan

OFFICER = "rehearsal-"


class CannotRehearseError(Exception):
    """It cannot be played. The message is a sentence for whoever rehearses."""


@dataclass(frozen=True)
class Family:
    """A sample family that can be sent through a process; `key` is unique within its source."""

    key: str
    name: str
    form: str = ""


@dataclass(frozen=True)
class Families:
    """`offered(slug)` are those for one process; `send(slug, key)` opens the case of one of them.

    `send` raises CannotRehearseError.
    """

    offered: Callable[[str], Iterable[Family]]
    send: Callable[[str, str], Case]


@dataclass(frozen=True)
class Clockwork:
    """What the clock does to one case.

    `moments(case)` are those at which something falls due, past ones too; `act(case, people)` does
    all that is due now. It runs each `minutes`, or daily at `at`, as the real clock would.
    """

    moments: Callable[[Case], Iterable[datetime]]
    act: Callable[[Case, "People"], None]
    minutes: int = 15

    def runs_at(self, moment: datetime) -> datetime:
        """The first run of the clock that is not before the moment."""
        step = timedelta(minutes=self.minutes).total_seconds()
        over = moment.timestamp() % step
        return moment + timedelta(seconds=step - over) if over else moment


@dataclass(frozen=True)
class Offer:
    """One thing that may be done: `key` says which, `label` how it reads, `who` does it."""

    key: str
    label: str
    who: str


@dataclass(frozen=True)
class Move:
    """Something that may be done besides pressing buttons, such as answering or choosing a time.

    `make` raises CannotRehearseError, or TransitionNotAllowedError.
    """

    offered: Callable[[Case], Iterable[Offer]]
    make: Callable[[Case, str], None]


@dataclass
class People:
    """Who plays: one invented officer for each role of the process, by the role's key."""

    by_role: dict[str, User] = field(default_factory=dict)

    def __iter__(self):
        return iter(self.by_role.values())


@dataclass(frozen=True)
class Screen:
    """Pages as people would see them. `offered(case, people)` yields (key, label) of each that
    there is; `show(case, people, key)` is its HTML.
    """

    offered: Callable[[Case, People], Iterable[tuple[str, str]]]
    show: Callable[[Case, People, str], str]


def request_of(user: User | None, *, path: str) -> HttpRequest:
    """A request by which a page can be drawn for somebody; it came from nowhere."""
    request = HttpRequest()
    request.method, request.path, request.path_info = "GET", path, path
    request.META |= {"SERVER_NAME": "localhost", "SERVER_PORT": "80", "REQUEST_METHOD": "GET"}
    request.user = user or AnonymousUser()
    request.session = {}
    return request


def officers() -> list[User]:
    """The invented officers of the rehearsal that is being played, those of the process first."""
    return list(User.objects.filter(username__startswith=OFFICER).order_by("pk"))


def options_of(plan: Plan, *types: str) -> list[dict]:
    """The settings of every action of these types, in the order of the process."""
    return [
        action
        for stage in plan.stages
        for button in stage.buttons
        for action in button.actions
        if action["type"] in types
    ]


families: Registry[Families] = Registry("source of sample families")
preparations: Registry[Callable[[WorkflowDefinition, Plan], None]] = Registry("preparation")
clockworks: Registry[Clockwork] = Registry("clockwork")
moves: Registry[Move] = Registry("move")
screens: Registry[Screen] = Registry("screen")
played: Registry[str] = Registry("job of rehearsals")
told: Registry[Callable[[Job], str]] = Registry("way of telling of a job")


def play_jobs(kind: str) -> None:
    """Say that jobs of this kind write rows and nothing else, so a rehearsal may run them."""
    played(kind)(kind)


def tell_jobs(kind: str) -> Callable:
    """Decorates what puts into words what a job of this kind, which is not run, would do."""
    return told(kind)
