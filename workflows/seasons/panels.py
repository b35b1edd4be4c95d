"""Who hears which instrument, one sheet for each instrument of a player, and when that is over.

A round may name the panel of an instrument; then nobody else is asked, and whoever may not score a
player is passed over as everywhere. A panel's sign-off stands for the marks as they were: one that
changes later undoes it, and nothing is released without it.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterable

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from cms.models import Instrument, User
from workflows.actions import Action, ActionProblemError, actions
from workflows.models import Case, Release, ReviewRound
from workflows.releases import checks
from workflows.reviews.conflicts import known
from workflows.reviews.eligible import candidates
from workflows.reviews.ranking import Row, ranking
from workflows.reviews.rounds import ReviewProblemError, how_scored, note, start

from .entering import enter, refresh
from .models import AuditionRound, Entrant, SignOff
from .rounds import names_in
from .vacancies import board


class PanelError(ValueError):
    """It cannot be done yet. The message is a sentence for staff."""


def panel_of(made: AuditionRound) -> dict[str, list[str]]:
    """User names by slug of the instrument; none where anybody may."""
    cached = getattr(made, "_panels", None)
    if cached is None:
        rows = made.instruments.select_related("instrument")
        cached = made._panels = {one.instrument.slug: names_in(one.panel) for one in rows}
    return cached


@known("panel of the instrument")
def of_another_panel(case: Case, people: list[User]) -> dict[int, str]:
    """Where a round names panels, nobody else scores its players."""
    entrant = Entrant.objects.filter(case=case).select_related("round").first()
    if entrant is None:
        return {}
    panels = panel_of(entrant.round)
    named = [panels.get(slug) or [] for slug in entrant.instruments]
    if not named or not all(named):
        return {}
    mine = {name for names in named for name in names}
    words = "They are not on the panel of this instrument."
    return {user.pk: words for user in people if user.username not in mine}


def begin(case: Case, *, once: str, stage_key: str) -> list[ReviewRound]:
    """A round of reviews for each instrument that the player has, by its own panel.

    Raises ReviewProblemError for a stage without a sheet.
    """
    entrant = enter(case)
    how = how_scored(case, stage_key)
    if entrant is None:
        return [start(case, once=once, stage_key=stage_key)]
    refresh([entrant])
    panels, made = panel_of(entrant.round), []
    for slug in entrant.instruments[:3] or [""]:
        names = panels.get(slug)
        free = [one.user for one in candidates(case, how) if not one.why_not]
        people = [user for user in free if not names or user.username in names][: how.needed]
        made.append(
            start(
                case,
                once=f"{once}-{slug}"[:60],
                stage_key=stage_key,
                part=slug,
                reviewers=people,
                evenly=not names,
            )
        )
        if len(people) < how.needed and names:
            note(case, f"{how.needed - len(people)} of {how.needed} reviews of {slug} have nobody")
    return made


def needs_no_audition(case: Case) -> bool:
    """Whether the round lets applicants in unheard where there is room, and here there is: in
    each section that this one asks for."""
    entrant = enter(case)
    if entrant is None or not entrant.round.may_skip:
        return False
    asked = [
        line
        for line in board(entrant.round)
        if line.vacancy.section.ensemble.slug in entrant.choices
        and line.vacancy.section.instrument.slug in entrant.instruments
    ]
    return bool(asked) and all(line.has_room_for_all for line in asked)


@actions("start_panel")
class StartPanel(Action):
    """Each instrument of the player goes to the panel that its round names."""

    label = _("Start the audition panel, for each instrument")

    def check_target(self, options: dict, target: dict) -> list[str]:
        if target.get("review"):
            return []
        return ["The stage that comes next has no scoring sheet, so nobody could score there."]

    def run(self, case: Case, options: dict) -> str:
        if needs_no_audition(case):
            return "No audition: there are fewer applicants than seats"
        try:
            made = begin(case, once=self.once, stage_key=self.row.event.to_stage)
        except ReviewProblemError as problem:
            raise ActionProblemError(str(problem)) from problem
        asked = sum(one.reviews.count() for one in made)
        return f"{asked} reviewers asked, for {len(made)} instruments"


def marks_of(made: AuditionRound) -> dict[int, dict[str, Row]]:
    """`{case: {instrument: row}}` of everybody who was heard in the round."""
    cases = Case.objects.filter(entrant__round=made)
    found: dict[int, dict[str, Row]] = defaultdict(dict)
    first = dict(made.entrants.values_list("case", "instruments"))
    for row in ranking(made.workflow, made.stage_key, group_by="", cases=cases):
        part = row.round.part or next(iter(first.get(row.case.pk) or []), "")
        found[row.case.pk][part] = row
    return dict(found)


def print_of(rows: Iterable[Row]) -> str:
    """Stands for the marks of these rows, whatever their order."""
    said = sorted(f"{row.round.pk}:{row.score}:{row.waiting}" for row in rows)
    return hashlib.sha256("\n".join(said).encode()).hexdigest()


def by_instrument(marks: dict[int, dict[str, Row]]) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = defaultdict(list)
    for parts in marks.values():
        for slug, row in parts.items():
            found[slug].append(row)
    return dict(found)


def standing(made: AuditionRound, marks: dict[int, dict[str, Row]]) -> list[dict]:
    """`[{slug, name, rows, waiting, signed, is_stale}]`: how far each panel is."""
    signed = {one.instrument.slug: one for one in made.sign_offs.select_related("instrument")}
    heard = by_instrument(marks)
    wanted = {slug for names in made.entrants.values_list("instruments") for slug in names[0]}
    names = dict(Instrument.objects.filter(slug__in=wanted).values_list("slug", "name"))
    found = []
    for slug in sorted(wanted, key=lambda one: names.get(one, one)):
        rows = heard.get(slug, [])
        sign_off = signed.get(slug)
        is_stale = bool(sign_off) and sign_off.print != print_of(rows)
        found.append(
            {
                "slug": slug,
                "name": names.get(slug, slug),
                "rows": len(rows),
                "waiting": sum(row.waiting for row in rows),
                "signed": None if is_stale else sign_off,
                "is_stale": is_stale,
            }
        )
    return found


def sign_off(made: AuditionRound, slug: str, *, by: User) -> SignOff:
    """The panel of an instrument has finished. Raises PanelError while a review is to come."""
    with transaction.atomic():
        AuditionRound.objects.select_for_update().get(pk=made.pk)
        rows = by_instrument(marks_of(made)).get(slug, [])
        if waiting := sum(row.waiting for row in rows):
            raise PanelError(f"{waiting} reviews are still to come.")
        found, _new = SignOff.objects.update_or_create(
            round=made,
            instrument=Instrument.objects.get(slug=slug),
            defaults={
                "print": print_of(rows), "actor_id": by.pk, "actor_name": str(by)[:160],
            },
        )  # fmt: skip
    return found


def unfinished(made: AuditionRound, marks: dict[int, dict[str, Row]]) -> list[str]:
    """What has to be moderated before anything is released, in sentences."""
    found = []
    for line in standing(made, marks):
        if line["waiting"]:
            found.append(f"{line['name']}: {line['waiting']} reviews are still to come.")
        elif line["is_stale"]:
            found.append(f"{line['name']}: a mark changed after the panel had signed off.")
        elif line["rows"] and not line["signed"]:
            found.append(f"{line['name']}: the panel has not signed off.")
    return found


@checks("seasons")
def before_release(release: Release) -> list[str]:
    """No decision of a round goes out before every panel of it has finished."""
    rounds = AuditionRound.objects.filter(
        workflow=release.workflow,
        stage_key=release.stage_key,
        entrants__case__stage_key=release.stage_key,
    ).distinct()
    return [words for made in rounds for words in unfinished(made, marks_of(made))]
