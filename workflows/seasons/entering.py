"""Which round an application belongs to, and what it asks for: read from the answers by key.

A new case of a round's process becomes its Entrant at once. What counts for being late is when the
family began, as the form itself has it: a slow upload is not late. Who is outside the ages or the
county is not refused by the hub: staff waive it with a reason, or say no.
"""

from collections.abc import Iterable
from datetime import date, datetime

from django.db import transaction
from django.db.models.signals import post_save
from django.utils import timezone

from cms.conditions import as_date
from cms.models import Instrument, User
from workflows.models import Case, DecisionEvent

from . import fees
from .dates import newest, plain
from .models import AuditionRound, Entrant
from .rounds import judged

SIXTEEN = 16
GRADES = {f"grade_{number}": number for number in range(1, 9)} | {"none": 0, "initial": 0}


class WaiverError(ValueError):
    """It cannot be waived so. The message is a sentence for staff."""


def answers_of(case: Case) -> dict[str, dict]:
    """The answers of the case's subject by the key of their question."""
    tell = getattr(case.subject, "case_facts", None)
    return {fact["key"]: fact for fact in (tell() if tell else [])}


def begun_at(case: Case) -> datetime:
    """When the family began the form; the case's own beginning where there is no form."""
    journey = getattr(case.subject, "journey", None)
    return getattr(journey, "began_at", None) or case.opened_at


def round_of(case: Case) -> AuditionRound | None:
    """The round that a new case belongs to: the one of its process that was open last then."""
    begun = begun_at(case)
    found = AuditionRound.objects.filter(
        workflow=case.version.definition.slug, opens_at__lte=begun
    ).order_by("-opens_at", "-pk")
    return newest(found[:20], begun)


def enter(case: Case) -> Entrant | None:
    """The case's Entrant, made when its process has a round; twice is once."""
    known = Entrant.objects.filter(case=case).select_related("round").first()
    if known:
        known.case = case  # with what was read of it already
        return known
    made = round_of(case)
    if made is None:
        return None
    entrant = Entrant(round=made, case=case, is_late=made.is_late(begun_at(case)))
    _read(entrant)
    entrant.save()
    _charge(entrant)
    return entrant


def refresh(entrants: Iterable[Entrant]) -> None:
    """Read the answers again: a family may have changed or completed them."""
    changed = []
    for entrant in entrants:
        was = _state(entrant)
        _read(entrant)
        if _state(entrant) != was:
            changed.append(entrant)
            _charge(entrant)
    Entrant.objects.bulk_update(
        changed,
        ["instruments", "choices", "elsewhere", "principal", "outside", "notes"],
        batch_size=200,
    )


def _charge(entrant: Entrant) -> None:
    """The fee, once the application is within the rules of a round that has one."""
    if entrant.round.fee_pence:
        meals = answers_of(entrant.case).get(entrant.round.meals_question)
        fees.charge(entrant, is_free=_is_yes(meals))


def _state(entrant: Entrant) -> tuple:
    return (
        entrant.instruments, entrant.choices, entrant.elsewhere, entrant.principal,
        entrant.outside, entrant.notes,
    )  # fmt: skip


def _read(entrant: Entrant) -> None:
    made, said = entrant.round, answers_of(entrant.case)
    entrant.instruments = _instruments(said.get(made.instrument_question))
    groups = _groups(made)
    chosen = [groups.get(word) for key in made.choice_keys for word in _words(said.get(key))]
    entrant.choices = list(dict.fromkeys(one for one in chosen if one))
    entrant.elsewhere = _is_yes(said.get(made.elsewhere_question))
    entrant.principal = _is_yes(said.get(made.principal_question))
    entrant.outside = _outside(made, said)
    entrant.notes = _notes(entrant, said)


def _instruments(fact: dict | None) -> list[str]:
    return list(dict.fromkeys(fact["values"] if fact else []))


def _words(fact: dict | None) -> list[str]:
    """Every way in which an answer may name a group: its key, its words."""
    return [plain(one) for one in (*fact["values"], *fact["lines"])] if fact else []


def _groups(made: AuditionRound) -> dict[str, str]:
    """Slug and name of each group of the round, as answers may write them -> its slug."""
    cached = getattr(made, "_groups_by_word", None)
    if cached is None:
        rows = made.ensembles.select_related("ensemble")
        cached = made._groups_by_word = {
            plain(word): one.ensemble.slug
            for one in rows
            for word in (one.ensemble.slug, one.ensemble.name)
        }
    return cached


def _is_yes(fact: dict | None) -> bool:
    return bool(fact) and any(str(one).casefold() in ("true", "yes") for one in fact["values"])


def born(case: Case, made: AuditionRound) -> date | None:
    fact = answers_of(case).get(made.born_question)
    return as_date(fact["values"][0]) if fact and fact["values"] else None


def _outside(made: AuditionRound, said: dict) -> str:
    found = []
    fact = said.get(made.born_question)
    day = as_date(fact["values"][0]) if fact and fact["values"] else None
    if day:
        found.append(judged(day, made))
    county = said.get(made.county_question)
    if made.county != AuditionRound.County.ANY and county and not _is_yes(county):
        found.append(f"The round is for who {made.get_county_display().lower()}.")
    return " ".join(one for one in found if one)[:300]


def _notes(entrant: Entrant, said: dict) -> list[str]:
    made, notes = entrant.round, []
    if entrant.is_late:
        notes.append(f"Began after the last minute: {made.get_late_display().lower()}.")
    grades = [GRADES[one] for one in _values(said.get(made.grade_question)) if one in GRADES]
    guides = getattr(made, "_guides", None)
    if guides is None:
        guides = made._guides = {
            one.instrument.slug: one.guide_grade
            for one in made.instruments.select_related("instrument")
        }
    for slug in entrant.instruments:
        guide = guides.get(slug)
        if guide and grades and max(grades) < guide:
            notes.append(f"Below the guide of grade {guide} for {slug}: a note, never a bar.")
    free = _values(said.get(made.dates_question))
    if missed := free.count("no"):
        notes.append(f"Cannot come to {missed} of {len(free)} dates.")
    if not entrant.choices:
        notes.append("Chose no group of this round.")
    return notes


def _values(fact: dict | None) -> list[str]:
    return fact["values"] if fact else []


def is_sixteen(case: Case, made: AuditionRound, on: date | None = None) -> bool:
    """Whether the player is 16 or over today, so that letters about it go to them too."""
    day, today = born(case, made), on or timezone.localdate()
    if day is None:
        return False
    years = today.year - day.year - ((today.month, today.day) < (day.month, day.day))
    return years >= SIXTEEN


def waive(entrant_id: int, reason: str, *, by: User) -> Entrant:
    """Hear somebody outside the ages or the county all the same. Raises WaiverError."""
    reason = reason.strip()
    if not reason:
        raise WaiverError("Say why an exception is made: others may ask for the same.")
    with transaction.atomic():
        entrant = Entrant.objects.select_for_update().get(pk=entrant_id)
        if not entrant.outside:
            raise WaiverError("There is nothing to waive: it is within the round’s rules.")
        entrant.waived_because, entrant.waived_by = reason, str(by)[:160]
        entrant.waived_at = timezone.now()
        entrant.save(update_fields=["waived_because", "waived_by", "waived_at"])
        _charge(entrant)
        DecisionEvent.objects.create(
            case=entrant.case, words="Exception made: " + entrant.outside[:200], reason=reason,
            actor_id=by.pk, actor_name=str(by)[:160],
        )  # fmt: skip
    return entrant


def names_of(slugs: Iterable[str]) -> dict[str, str]:
    """Names of instruments by slug."""
    return dict(Instrument.objects.filter(slug__in=set(slugs)).values_list("slug", "name"))


def on_new_case(sender: object, instance: Case, created: bool = False, **_more: object) -> None:
    """A case was opened: when its process has a round it is an application."""
    if created:
        enter(instance)


post_save.connect(on_new_case, sender=Case, dispatch_uid="enter-round")
