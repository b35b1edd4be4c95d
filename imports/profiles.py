"""What is remembered of a source: which file is its, how it is read, and that it has changed.

A file is known again by its headings. What was chosen once - columns, values, the order of dates -
is read so again, and every difference to last time is said as an alarm above the plan; nothing is
guessed from a likeness.
"""

from django.db import transaction
from django.utils.text import slugify

from .mapping import Mapping
from .models import ImportRun, SourceProfile
from .reader import Table

ORDERS = {"dmy": "the day first", "mdy": "the month first"}
MOST_RULES = 500


def recognise(roster: str, table: Table) -> SourceProfile | None:
    """The source whose last file had these headings; None when there is none, or more than one."""
    found = SourceProfile.objects.filter(roster=roster, fingerprint=table.fingerprint)[:2]
    return found[0] if len(found) == 1 else None


def follow(profile: SourceProfile, mapping: Mapping, table: Table) -> None:
    """Read as this source was read before, and say what is not as it was."""
    here = set(table.header)
    chosen = {name: words for name, words in profile.columns.items() if here.issuperset(words)}
    taken = {word for words in chosen.values() for word in words}
    # What is remembered comes first; what the headings say fills what is left.
    mapping.columns = chosen | {
        name: words
        for name, words in mapping.columns.items()
        if name not in profile.columns and not taken & set(words)
    }
    used = {word for words in mapping.columns.values() for word in words} | {mapping.leaves}
    mapping.ignored = [word for word in table.header if word not in used]
    mapping.value_rules = profile.value_rules
    mapping.blank_erases = profile.blank_erases
    mapping.alarms = alarms(profile, mapping, table)


def alarms(profile: SourceProfile, mapping: Mapping, table: Table) -> list[str]:
    """How this file differs from the source's last. An order of dates that nothing proves stays."""
    return [*_drift(profile, table), *_date_drift(profile, mapping)]


def _drift(profile: SourceProfile, table: Table) -> list[str]:
    before = profile.layout
    if not before:
        return []
    said = []
    gone = [word for word in before["headings"] if word not in table.header]
    new = [word for word in table.header if word not in before["headings"]]
    if gone:
        said.append(f"Columns that this source had before are gone: {', '.join(gone)}.")
    if new:
        said.append(f"Columns are new in this source's file: {', '.join(new)}.")
    now = layout_of(table)
    changed = [what for what in ("encoding", "delimiter", "sheet") if before[what] != now[what]]
    return said + [
        f"The {what} was {before[what] or 'none'} before and is {now[what] or 'none'} now."
        for what in changed
    ]


def _date_drift(profile: SourceProfile, mapping: Mapping) -> list[str]:
    said = []
    for name, order in mapping.date_orders.items():
        before = profile.date_orders.get(name, order)
        if before == order:
            continue
        heading = mapping.columns[name][0]
        if mapping.date_proofs[name][order]:
            said.append(
                f"Column “{heading}” wrote {ORDERS[before]} before; this file's dates can only "
                f"be read with {ORDERS[order]}."
            )
        else:
            mapping.date_orders[name] = before
    return said


def layout_of(table: Table) -> dict:
    """How a file is made, as it is compared with the next one."""
    return {
        "headings": table.header,
        "sheet": table.sheet,
        "encoding": table.layout.get("encoding", ""),
        "delimiter": table.layout.get("delimiter", ""),
    }


def learn(run: ImportRun, table: Table) -> None:
    """Remember for the run's source how its file was read by the person who chose the columns."""
    profile = run.profile
    if profile is None:
        return
    mapping = Mapping.from_json(run.mapping)
    profile.columns = mapping.columns
    profile.date_orders = mapping.date_orders
    profile.layout = layout_of(table)
    profile.fingerprint = table.fingerprint
    profile.save(update_fields=["columns", "date_orders", "layout", "fingerprint"])


def remember(run: ImportRun, title: str) -> SourceProfile:
    """Make a source of this run's file, under a name. The same name again is the same source."""
    slug = slugify(title)[:50] or f"source-{run.pk}"
    with transaction.atomic():
        profile, _made = SourceProfile.objects.get_or_create(
            slug=slug, roster=run.roster,
            defaults={"title": title[:100], "is_full_roster": run.is_full},
        )  # fmt: skip
        run.profile = profile
        run.save(update_fields=["profile"])
    return profile


def add_rules(run: ImportRun, rules: dict[str, dict[str, str]]) -> None:
    """From now on these texts mean those, {field: {text: text to read}}, in this run and source."""
    mapping = Mapping.from_json(run.mapping)
    for name, found in rules.items():
        kept = mapping.value_rules.setdefault(name, {})
        kept |= found
        while len(kept) > MOST_RULES:
            kept.pop(next(iter(kept)))
    run.mapping = mapping.to_json()
    run.save(update_fields=["mapping"])
    if run.profile:
        run.profile.value_rules = mapping.value_rules
        run.profile.save(update_fields=["value_rules"])
