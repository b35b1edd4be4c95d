"""Who comes on a course date, and what their answers say for the day.

Read from the answers each time, by the keys that the course's RegisterPlan names, so nothing is
kept twice and a family's correction is there at once. A place without a booking form, such as one
that was imported, is known by its pupil alone.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date

from cms.conditions import as_date
from cms.models import CourseDate, Place
from forms.family.again import repeated_step
from forms.field_types import field_types
from forms.models import RegisterPlan, Submission

HEALTH = "health"
_WAS = (*Place.ACTIVE, Place.State.RELEASED, Place.State.CANCELLED)


@dataclass
class Child:
    """One place and whose it is. `said` are the booking's answers with the child's own on top."""

    place: Place
    submission: Submission | None
    number: int  # the item of the form's children, from 1
    name: str
    born: date | None
    said: Mapping = field(default_factory=dict)
    questions: dict[str, dict] = field(default_factory=dict)

    @property
    def reference(self) -> str:
        return self.submission.reference if self.submission else ""

    def lines(self, key: str) -> list[str]:
        """How the answer to one question reads; [] without one."""
        question, value = self.questions.get(key), self.said.get(key)
        if question is None or value in (None, "", [], {}):
            return []
        return [str(line) for line in field_types[question["type"]].lines(question, value)]

    def words(self, keys: str) -> str:
        """The answers to these questions (keys with commas between) in one line."""
        return "; ".join(line for key in RegisterPlan.keys(keys) for line in self.lines(key))

    def chose(self, wanted: str) -> bool:
        """Whether any "question=option" of these was chosen."""
        for one in RegisterPlan.keys(wanted):
            key, _equals, option = one.partition("=")
            value = self.said.get(key)
            if option in (value if isinstance(value, list) else [value]):
                return True
        return False


def plan_of(course_id: int) -> RegisterPlan:
    """The course's own plan, or the usual keys."""
    return RegisterPlan.objects.filter(course=course_id).first() or RegisterPlan(
        course_id=course_id
    )


def bookings_of(places: Iterable[Place]) -> dict[str, Submission]:
    """The bookings behind places, by holder. Two queries."""
    keys = {
        int(one.holder.removeprefix("journey-"))
        for one in places
        if one.holder.startswith("journey-") and one.holder.removeprefix("journey-").isdigit()
    }
    # Prefetched, not joined: a compiled version is large, and all rows share a few of them.
    found = Submission.objects.filter(journey__in=keys).prefetch_related("version")
    return {one.holder: one for one in found}


def children_on(course_date: CourseDate, states: Iterable[str] = Place.SETTLED) -> list[Child]:
    """Everybody who has a place there, by name. A fixed number of queries."""
    every = list(
        Place.objects.filter(course_date=course_date, state__in=_WAS)
        .select_related("pupil")
        .order_by("pk")
    )
    numbers = defaultdict(set)
    for place in every:
        numbers[place.holder].add(place.child_number)
    wanted = [place for place in every if place.state in set(states)]
    bookings = bookings_of(wanted)
    found = [
        child_of(place, bookings.get(place.holder), sorted(numbers[place.holder]))
        for place in wanted
    ]
    return sorted(found, key=lambda child: (child.name.casefold(), child.place.pk))


def child_of(place: Place, submission: Submission | None, numbers: list[int]) -> Child:
    """Whose place it is. `numbers` are all that its holder ever had there: offers skip some."""
    if submission is None:
        pupil = place.pupil
        name = pupil.full_name if pupil else str(place)
        return Child(place, None, 1, name, pupil.date_of_birth if pupil else None)
    compiled = submission.version.compiled
    step = repeated_step(submission.version)
    items = submission.answers.get(step["key"]) if step else None
    items = items if isinstance(items, list) else []
    number = place.child_number
    if numbers and max(numbers) > len(items) and number in numbers:
        number = numbers.index(number) + 1
    own = items[number - 1] if 1 <= number <= len(items) else {}
    questions = {
        question["key"]: question
        for one in compiled["steps"]
        if not one["repeat"] or one is step
        for question in one["questions"]
    }
    said = {**submission.answers, **own}
    child = Child(place, submission, number, "", _born(step, own), said, questions)
    child.name = _name(step, child) or submission.reference
    return child


def _name(step: dict | None, child: Child) -> str:
    for question in step["questions"] if step else ():
        if question["type"] == "name":
            return " ".join(child.lines(question["key"]))
    return ""


def _born(step: dict | None, own: Mapping) -> date | None:
    for question in step["questions"] if step else ():
        if question["type"] == "date" and question["settings"].get("autocomplete") == "bday":
            return as_date(own.get(question["key"]))
    return None


def first_name(child: Child, plan: RegisterPlan) -> str:
    """What the child is called: as it is known, else the first of its names."""
    return child.words(plan.known_as) or child.name.split(" ")[0]


def health_of(child: Child) -> list[tuple[str, str]]:
    """`(question, words)` of what was said about health, without a bare yes or no."""
    return [
        (question["label"], "; ".join(child.lines(key)))
        for key, question in child.questions.items()
        if question["settings"].get("restricted") == HEALTH
        and question["type"] != "yes_no"
        and child.lines(key)
    ]


def contacts_of(child: Child) -> list[tuple[str, str]]:
    """`(who, telephone)`: whoever booked first, then those to ring in an emergency."""
    if child.submission is None:
        return []
    found = []
    for step in child.submission.version.compiled["steps"]:
        phones = [question for question in step["questions"] if question["type"] == "phone"]
        items = child.submission.answers.get(step["key"]) if step["repeat"] else [child.said]
        for question in phones:
            found += [
                (_who(step, item), _shown(question, item))
                for item in (items if isinstance(items, list) else ())
                if item.get(question["key"])
            ]
    return list(dict.fromkeys(found))


def _who(step: dict, item: Mapping) -> str:
    names = [q for q in step["questions"] if q["type"] in ("name", "text")]
    said = [_shown(q, item) for q in names if item.get(q["key"])]
    return ", ".join(said[:2])


def _shown(question: dict, item: Mapping) -> str:
    kind = field_types[question["type"]]
    return " ".join(str(line) for line in kind.lines(question, item[question["key"]]))


def addresses_of(submission: Submission) -> list[str]:
    """Every e-mail address that the booking names, whoever booked first; one of each."""
    found = []
    for step in submission.version.compiled["steps"]:
        items = submission.answers.get(step["key"]) if step["repeat"] else [submission.answers]
        for question in step["questions"]:
            if question["type"] == "email":
                found += [item.get(question["key"]) for item in items or [] if item]
    return list(dict.fromkeys(one.strip() for one in found if one and one.strip()))
