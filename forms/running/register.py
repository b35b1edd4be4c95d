"""What the register shows of each child: a row for its page, its sheet and the phone's copy.

What is said about health is not in the rows: a tap opens it, and each look is written down. Who
must not collect a child is there for the course lead and who leads on safeguarding alone.
"""

import unicodedata
from dataclasses import dataclass, field

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from cms.models import CourseDate, PlaceAddOn
from forms.models import CourseGroup, RegisterLine, RegisterMark
from forms.running import marks, roll
from forms.running.reach import Seat

#: What to do when nobody has come for a child, in order; keys of at most six letters are stored.
CHECKLIST = (
    ("stay", _("Two adults of the team stay with the child. Say calmly that somebody is coming.")),
    ("ring", _("Ring whoever booked, then everybody in the list of telephone numbers.")),
    ("lead", _("Tell the course lead, who tells the safeguarding lead.")),
    ("again", _("After 15 minutes ring all of them again. Leave messages.")),
    ("care", _("After 60 minutes without an answer the safeguarding lead rings children's social "
               "care, or the police on 101.")),
    ("never", _("Nobody of the team takes the child home or lets them go alone.")),
)  # fmt: skip


@dataclass
class Row:
    """One child on the register. `line` is None until somebody marks it."""

    child: roll.Child
    first: str
    line: RegisterLine | None
    goes_alone: bool
    may_collect: str
    must_not: str
    early: str
    photos: str
    has_health: bool
    group: str = ""
    contacts: list = field(default_factory=list)
    steps: dict = field(default_factory=dict)

    @property
    def pk(self) -> int:
        return self.child.place.pk

    @property
    def name(self) -> str:
        return self.child.name

    @property
    def state(self) -> str:
        return self.line.state if self.line else RegisterLine.State.EXPECTED

    @property
    def state_words(self) -> str:
        return RegisterLine.State(self.state).label

    @property
    def collectors(self) -> list[str]:
        """Names to choose from at the door."""
        parts = self.may_collect.replace("\n", ",").replace(";", ",").replace(" and ", ",")
        return [part.strip() for part in parts.split(",") if part.strip()][:6]


def rows(date: CourseDate, seat: Seat) -> list[Row]:
    """Everybody who is expected, by name. A fixed number of queries."""
    plan = roll.plan_of(date.course_id)
    children = roll.children_on(date)
    day = marks.day_of(date)
    found = RegisterLine.objects.filter(place__course_date=date, day=day)
    lines = {line.place_id: line for line in found}
    groups = dict(CourseGroup.objects.filter(course_date=date).values_list("seats__place", "name"))
    extras: dict[int, list] = {}
    taken = PlaceAddOn.objects.filter(place__course_date=date, seat__isnull=False)
    for key, name in taken.order_by("pk").values_list("place", "add_on__name"):
        extras.setdefault(key, []).append(name)
    steps: dict[int, dict] = {}
    ticked = RegisterMark.objects.filter(
        line__place__course_date=date, line__day=day, kind__startswith="step:"
    )
    for mark in ticked.select_related("line"):
        steps.setdefault(mark.line.place_id, {})[mark.kind.partition(":")[2]] = mark
    photos = set(plan.keys(plan.photo_options))
    return [
        Row(
            child=child,
            first=roll.first_name(child, plan),
            line=lines.get(child.place.pk),
            goes_alone=child.chose(plan.goes_home),
            may_collect=child.words(plan.may_collect),
            must_not=child.words(plan.must_not_collect) if seat.sees_all else "",
            early=", ".join([child.words(plan.early), *extras.get(child.place.pk, [])]).strip(", "),
            photos="yes" if photos & set(_chosen(child, plan.photos)) else "no",
            has_health=bool(roll.health_of(child)),
            group=groups.get(child.place.pk) or "",
            contacts=roll.contacts_of(child),
            steps=steps.get(child.place.pk, {}),
        )
        for child in children
    ]


def _chosen(child: roll.Child, keys: str) -> list:
    found: list = []
    for key in keys.split(","):
        value = child.said.get(key.strip())
        found += value if isinstance(value, list) else [value]
    return [one for one in found if isinstance(one, str)]


def one(date: CourseDate, place_id: int) -> roll.Child | None:
    """A child of this very date, or None."""
    return next((c for c in roll.children_on(date) if c.place.pk == place_id), None)


def is_barred(date: CourseDate, place_id: int, collector: str) -> bool:
    """Whether a name of those who must not collect this child is in what was typed.

    Any word of three letters or more that both hold is enough: better to ask once too often.
    """
    child = one(date, place_id)
    if child is None or not collector:
        return False
    barred = _words(child.words(roll.plan_of(date.course_id).must_not_collect))
    allowed = _words(child.words(roll.plan_of(date.course_id).may_collect))
    return bool(_words(collector) & (barred - allowed))


def _words(text: str) -> set[str]:
    plain = unicodedata.normalize("NFKD", text.casefold())
    kept = "".join(c if c.isalpha() else " " for c in plain if not unicodedata.combining(c))
    words = {SAME.get(word, word) for word in kept.split() if len(word) > 2}
    return words - EMPTY


SAME = {"dad": "father", "daddy": "father", "mum": "mother", "mummy": "mother"}
EMPTY = {"the", "and", "her", "his", "their", "not", "nobody", "none", "may", "must", "who", "any"}
EMPTY |= {"collect", "from", "with", "please", "court", "order", "else", "only", "anyone", "one"}


def as_data(row: Row) -> dict:
    """How a row stands, for a phone that has its page already: no name, nothing of the answers."""
    line = row.line
    return {
        "place": row.pk,
        "state": row.state,
        "words": str(row.state_words),
        "in_at": _clock(line.in_at) if line else "",
        "out_at": _clock(line.out_at) if line else "",
        "own_way": bool(line and line.own_way),
        "collector": line.collector if line else "",
        "steps": {key: _clock(mark.at) for key, mark in row.steps.items()},
    }


def _clock(moment) -> str:  # noqa: ANN001 - a datetime or None
    return f"{timezone.localtime(moment):%H:%M}" if moment else ""
