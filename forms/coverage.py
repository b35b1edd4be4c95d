"""How long a form is, whichever way a family goes, and which ways its sample families try.

Pure: a compiled form and samples in, figures out. Minutes are a guess from the kinds of question,
the same for everybody, so that two drafts can be compared.
"""

from dataclasses import dataclass, field

from .paths import Path, paths
from .samples import walk_sample

MOST_LIVE = 2_000
#: Questions looked at while somebody waits for the editor: a way of a long form costs more.
MOST_QUESTIONS = 60_000
LEAST_LIVE = 100
SHOWN_UNTESTED = 20
SECONDS_A_PAGE = 4
SECONDS = {
    "yes_no": 6,
    "radios": 8,
    "select": 10,
    "checkboxes": 12,
    "matrix": 30,
    "round_dates": 45,
    "longtext": 90,
    "uk_address": 30,
    "file": 60,
    "video_link": 45,
    "school": 20,
    "places": 25,
    "add_ons": 10,
    "slot": 15,
    "declaration": 15,
    "info": 8,
    "calculated": 0,
}
SECONDS_USUALLY = 12


@dataclass(frozen=True)
class Length:
    """One way through a form: how many questions, and about how long they take."""

    questions: int
    minutes: int


@dataclass(frozen=True)
class Survey:
    """Every way through a form, and what its samples leave out.

    `missed` are steps that no sample reaches; `misses` what each sample does not, by its name;
    `untested` are ways that no sample takes, those with the most untried steps first.
    """

    ways: int
    is_partial: bool
    shortest: Length
    typical: Length
    longest: Length
    missed: list[dict]
    misses: dict[str, list[dict]] = field(default_factory=dict)
    untested: list[Path] = field(default_factory=list)
    untested_count: int = 0

    @property
    def tried(self) -> int:
        """How many of the ways some sample goes."""
        return self.ways - self.untested_count


def _length(form: dict, way: Path, kinds: dict[str, str]) -> Length:
    asked = [key for key in way.questions if kinds[key] not in ("info", "calculated")]
    seconds = sum(SECONDS.get(kinds[key], SECONDS_USUALLY) for key in way.questions)
    return Length(len(asked), max(1, round((seconds + SECONDS_A_PAGE * len(way.steps)) / 60)))


def ways_while_editing(form: dict, most: int = MOST_LIVE) -> int:
    """How many ways of this form to walk while its editor opens: all, unless the form is long."""
    questions = sum(len(step["questions"]) for step in form["steps"]) or 1
    return min(most, max(LEAST_LIVE, MOST_QUESTIONS // questions))


def survey(form: dict, samples: list[dict], *, limit: int = MOST_LIVE) -> Survey:
    """Walk every way, up to `limit`, and hold the samples against them."""
    found = paths(form, limit=limit)
    kinds = {q["key"]: q["type"] for step in form["steps"] for q in step["questions"]}
    lengths = sorted(
        (_length(form, way, kinds) for way in found.paths),
        key=lambda one: (one.questions, one.minutes),
    ) or [Length(0, 0)]
    taken, reached, misses = set(), set(), {}
    for sample in samples:
        seen = walk_sample(form, sample)
        steps = tuple(step.key for step in seen.steps)
        reached |= set(steps)
        asked = dict.fromkeys(q["key"] for _step, _item, q in seen.visible_questions())
        taken.add((steps, tuple(asked)))
        misses[sample["name"]] = [step for step in form["steps"] if step["key"] not in steps]
    untested = [way for way in found.paths if (way.steps, way.questions) not in taken]
    untested.sort(key=lambda way: -len(set(way.steps) - reached))
    return Survey(
        ways=len(found),
        is_partial=found.is_partial,
        shortest=lengths[0],
        typical=lengths[len(lengths) // 2],
        longest=lengths[-1],
        missed=[step for step in form["steps"] if step["key"] not in reached],
        misses=misses,
        untested=untested[:SHOWN_UNTESTED],
        untested_count=len(untested),
    )
