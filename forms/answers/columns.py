"""One column for each question of a form, the same in every version of it.

A question is its id: reworded, moved or made conditional, it keeps its column, under its newest
words; removed, it keeps its column behind the others; a new question gets a new one, whatever its
words. So a table of this year's answers fits beside last year's. A repeated question has one
column too: in a table with one row for each application its cell numbers the items ("1: Wren;
2: Robin"), in a table with one row for each item it holds that item's answer: forms.answers.export.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from forms.field_types import field_types
from forms.field_types.choices import GRADES
from forms.keeping import restricted_in
from forms.models import FormVersion, Submission


@dataclass(frozen=True)
class Column:
    """`group` is the group of restricted answers it belongs to; `repeated` a step's key, or "".

    `last` is the number of the last version that asks it.
    """

    id: str
    key: str
    heading: str
    type: str
    group: str = ""
    step: str = ""
    step_key: str = ""
    repeated: str = ""
    item_name: str = ""
    options: tuple[tuple[str, str], ...] = ()
    last: int = 0
    is_asked: bool = True

    @property
    def choices(self) -> tuple[tuple[str, str], ...]:
        """What can be chosen, as (option, words); () where the hub's own records decide."""
        fixed = {"yes_no": (("yes", "Yes"), ("no", "No")), "grade": tuple(GRADES)}
        return fixed.get(self.type, self.options)


@dataclass(frozen=True)
class _Place:
    """Where a version asks a question."""

    question: dict
    repeated: str


class AnswerTable:
    """The columns of a form over all its versions, and the cells of its submissions.

    Reads nothing from the database but the versions it is given.
    """

    def __init__(self, versions: Iterable[FormVersion]):
        newest_first = sorted(versions, key=lambda version: -version.number)
        self.places = {version.pk: _places(version.compiled) for version in newest_first}
        self.columns = _columns(newest_first)
        self.by_id = {column.id: column for column in self.columns}
        self.repeats = {
            column.repeated: column.item_name for column in self.columns if column.repeated
        }

    def readable(self, groups: frozenset[str]) -> list[Column]:
        """The columns that somebody may see who may read these groups of restricted answers."""
        return [column for column in self.columns if not column.group or column.group in groups]

    def exported(self) -> list[Column]:
        """The columns of a file: no restricted answer leaves in it, whoever asks."""
        return self.readable(frozenset())

    def cell(
        self, submission: Submission, column: Column, item: tuple[str, int] | None = None
    ) -> object:
        """The answer as one cell: a number or a day as such, else text; "" when there is none.

        `item` is a repeated step's key and a number, from 1, in a table with one row for each.
        """
        place = self.places[submission.version_id].get(column.id)
        if place is None:
            return ""
        answers = submission.answers
        if not place.repeated:
            return _cell(place.question, answers)
        items = answers.get(place.repeated)
        items = [one for one in items if isinstance(one, dict)] if isinstance(items, list) else []
        if item is not None and item[0] == place.repeated:
            return _cell(place.question, items[item[1] - 1]) if item[1] <= len(items) else ""
        said = [_cell(place.question, one) for one in items]
        if len(said) < 2:
            return said[0] if said else ""
        return "; ".join(
            f"{number}: {one}" for number, one in enumerate(said, start=1) if one != ""
        )

    def items(self, submission: Submission, step_key: str) -> int:
        """How many items of that repeated step were sent."""
        items = submission.answers.get(step_key)
        return len(items) if isinstance(items, list) else 0


def _places(compiled: Mapping) -> dict[str, _Place]:
    return {
        question["id"]: _Place(question, step["key"] if step["repeat"] else "")
        for step in compiled["steps"]
        for question in step["questions"]
        if field_types[question["type"]].is_answerable or question["type"] == "calculated"
    }


def _columns(newest_first: list[FormVersion]) -> list[Column]:
    found: dict[str, Column] = {}
    for version in newest_first:
        compiled, is_newest = version.compiled, version is newest_first[0]
        restricted = restricted_in(compiled)
        for step in compiled["steps"]:
            for question in step["questions"]:
                kind = field_types[question["type"]]
                if not (kind.is_answerable or question["type"] == "calculated"):
                    continue
                known = found.get(question["id"])
                options = {
                    option["key"]: option["label"] for option in question["options"] or []
                } | dict(known.options if known else ())
                group = restricted.get(question["key"], "")
                if known:
                    # Restricted in any version: the answers of that version still are.
                    found[known.id] = replace(
                        known, options=tuple(options.items()), group=known.group or group
                    )
                else:
                    column = _column(step, question, options, group)
                    found[column.id] = replace(column, last=version.number, is_asked=is_newest)
    return _with_one_heading_each(list(found.values()))


def _column(step: dict, question: dict, options: dict, group: str) -> Column:
    repeat = step["repeat"]
    return Column(
        id=question["id"],
        key=question["key"],
        heading=question["label"] or question["key"],
        type=question["type"],
        group=group,
        step=step["title"],
        step_key=step["key"],
        repeated=step["key"] if repeat else "",
        item_name=repeat["item_name"] if repeat else "",
        options=tuple(options.items()),
    )


def _with_one_heading_each(columns: list[Column]) -> list[Column]:
    """Questions with the same words are told apart: the removed ones first, then by step, by key.

    So what is asked now keeps its words as its heading, whatever was asked in former years.
    """
    ways = (
        lambda one: one.heading if one.is_asked else f"{one.heading} (until version {one.last})",
        lambda one: f"{one.heading} ({one.step})",
        lambda one: f"{one.heading} [{one.key}]",
        lambda one: f"{one.heading} [{one.id}]",
    )
    done: list[Column] = []
    for column in columns:
        same = [one for one in columns if one.heading == column.heading]
        way = next((way for way in ways if len({*map(way, same)}) == len(same)), ways[-1])
        done.append(replace(column, heading=way(column)) if len(same) > 1 else column)
    return done


def _cell(question: dict, answers: Mapping) -> object:
    value = answers.get(question["key"])
    if value in (None, "", [], {}):
        return ""
    return field_types[question["type"]].cell(question, value)
