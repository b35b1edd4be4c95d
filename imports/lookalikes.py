"""New lines about people whom the hub may know already, without a key: from a booking, say.

A certain match becomes a change of that record, which thereby gets its key. A likely one waits for
a person: the row is not carried out before somebody decides, and "not the same person" is
remembered for ever. Records that have a key of their own are never joined to another key.
"""

from typing import Any

from django.db import transaction
from django.db.models import Q

from cms.models import User

from .matching import Match, Matcher, Person, fingerprint
from .models import ImportRun, NotSamePerson, PlanRow
from .records import HASH, Records
from .resources import rosters
from .rows import PlannedRow

# roster -> columns that hold first name, last name, birth date, postcode
COMPARED = {
    "pupils": ("legal_first_name", "legal_last_name", "date_of_birth", "postcode"),
    "guardians": ("first_name", "last_name", "", "postcode"),
}
Action, Outcome = PlanRow.Action, PlanRow.Outcome


def _person(records: Records, roster: str, key: int | str, values: dict[str, Any]) -> Person:
    first, last, born, postcode = (
        records.decode(name, values.get(name)) if name else None for name in COMPARED[roster]
    )
    return Person(key, first or "", last or "", born, postcode or "")


def consider(run: ImportRun, records: Records, rows: list[PlannedRow]) -> tuple[int, int]:
    """Turn new rows about known people into changes or questions. Returns how many are
    asked, and how many became changes.

    A few queries for a batch; one when the hub knows nobody yet.
    """
    if run.roster not in COMPARED or not records.all.exists():
        return 0, 0
    asked = _ask_about_new_keys(run, records, rows)
    keyless = records.all.filter(**{records.columns[records.roster.key[0]].attribute: None})
    if not keyless.exists():
        return asked, 0
    people = {
        id(row): _person(records, run.roster, "", row.after)
        for row in rows
        if row.action == Action.CREATE and row.outcome != Outcome.ASK
    }
    if not people:
        return asked, 0
    first, last, born, _postcode = COMPARED[run.roster]
    shared = Q(**{f"{last}__among": {person.last for person in people.values()}})
    shared |= Q(**{f"{first}__among": {person.first for person in people.values()}})
    if born:
        shared |= Q(**{f"{born}__in": {p.born for p in people.values() if p.born}})
    found = list(keyless.filter(shared).values_list("pk", flat=True))
    if not found:
        return asked, 0
    now = records.read(found, records.columns)
    compared = [name for name in COMPARED[run.roster] if name]
    known = [
        _person(
            records, run.roster, pk, {name: records.encode(name, row[name]) for name in compared}
        )
        for pk, row in now.items()
    ]
    never: dict[str, set[int]] = {}
    prints = {fingerprint(person) for person in people.values()}
    said = NotSamePerson.objects.filter(roster=run.roster, fingerprint__in=prints)
    for text, pk in said.values_list("fingerprint", "record_id"):
        never.setdefault(text, set()).add(pk)
    matcher = Matcher(known)
    taken = set()
    for row in rows:
        person = people.get(id(row))
        if person is None:
            continue
        match = matcher.match(person, frozenset(never.get(fingerprint(person), ())))
        if match.verdict == "same" and match.candidate.key not in taken:
            taken.add(match.candidate.key)
            _adopt(records, row, match.candidate.key, now[match.candidate.key])
            _say(
                row, match, "repaired", "The hub knew this person already; the record gets its key."
            )
        elif match.verdict != "new":
            row.outcome = Outcome.ASK
            _say(row, match, "ask", "This may be a person whom the hub knows already.")
            asked += 1
    return asked, len(taken)


def _ask_about_new_keys(run: ImportRun, records: Records, rows: list[PlannedRow]) -> int:
    """Ask about new lines that say just what a record with another key says: is its key new?

    Never taken for granted: the same name and birth date may be two children. Two queries.
    """
    first, last, born, _postcode = COMPARED[run.roster]
    new = {
        (row.after.get(first), row.after.get(last), row.after.get(born)): row
        for row in rows
        if row.action == Action.CREATE and born and row.after.get(born)
    }
    if not new:
        return 0
    names = [records.columns[name].attribute for name in (first, last, born)]
    key = records.columns[records.roster.key[0]].attribute
    found = records.all.filter(
        **{
            f"{names[0]}__among": [words[0] for words in new],
            f"{names[1]}__among": [words[1] for words in new],
            f"{key}__isnull": False,
        }
    )
    alike = {
        (one, other, day.isoformat() if day else None): pk
        for pk, one, other, day in found.values_list("pk", *names).iterator(chunk_size=2_000)
    }
    pairs = [(row, alike[words]) for words, row in new.items() if words in alike]
    if not pairs:
        return 0
    people = {id(row): fingerprint(_person(records, run.roster, "", row.after)) for row, _ in pairs}
    decided = set(
        NotSamePerson.objects.filter(
            roster=run.roster, fingerprint__in=people.values()
        ).values_list("fingerprint", "record_id")
    )
    asked = 0
    for row, pk in pairs:
        if (people[id(row)], pk) in decided:
            continue
        row.outcome = Outcome.ASK
        candidate = Person(pk, "", "")
        _say(
            row, Match("ask", candidate, 1.0), "ask",
            "A record with another key has this name and birth date. Is its key new?",
        )  # fmt: skip
        asked += 1
    return asked


def _say(row: PlanRow | PlannedRow, match: Match, level: str, problem: str) -> None:
    row.problems = [
        *row.problems,
        {
            "column": "", "field": "", "cell": f"row {row.line}", "value": "", "problem": problem,
            "hint": f"Alike by {round(100 * match.score)} %.", "level": level,
            "candidate": match.candidate.key,
        },
    ]  # fmt: skip


def _adopt(records: Records, row: PlanRow | PlannedRow, pk: int, now: dict[str, Any]) -> None:
    """Make a new row a change of record `pk`, which has the values `now`."""
    before, after = {}, {}
    for name, value in row.after.items():
        if name in records.columns:
            old = records.encode(name, now[name])
            new = sorted({*old, *value}) if name in records.roster.keeps_links else value
            if new != old:
                before[name], after[name] = old, new
    if now[records.left_field] is not None:
        before[records.left_field] = records.encode(records.left_field, now[records.left_field])
        after[records.left_field] = None
    before[HASH], after[HASH] = now[HASH], row.after[HASH]
    row.action, row.record_id, row.before, row.after = Action.UPDATE, pk, before, after


def candidate_of(row: PlanRow) -> int | None:
    """The record that a question is about."""
    return next((p["candidate"] for p in row.problems if p["level"] == "ask"), None)


def decide(run: ImportRun, row_id: int, *, is_same: bool, by: User) -> None:
    """Answer one question of a planned run. Raises PlanRow.DoesNotExist when it was answered."""
    records = Records(rosters[run.roster])
    with transaction.atomic():
        row = run.plan_rows.select_for_update().get(pk=row_id, outcome=Outcome.ASK)
        pk = candidate_of(row)
        now = records.read([pk], records.columns).get(pk)
        row.outcome = ""
        if is_same and now is not None:
            _adopt(records, row, pk, now)
        else:
            person = _person(records, run.roster, "", row.after)
            NotSamePerson.objects.get_or_create(
                roster=run.roster, record_id=pk, fingerprint=fingerprint(person),
                defaults={"decided_by": by},
            )  # fmt: skip
        row.problems = [problem for problem in row.problems if problem["level"] != "ask"]
        row.has_problems = bool(row.problems)
        row.save()
        name = "updated" if row.action == Action.UPDATE else "created"
        run.refresh_from_db(fields=["counts"])
        run.counts |= {name: run.count(name) + 1, "asked": run.count("asked") - 1}
        run.save(update_fields=["counts"])
