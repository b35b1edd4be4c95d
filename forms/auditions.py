"""What forms know for a season of auditions: the child of an application, the form of members,
and what the public pages of a group say of its rounds. The season itself is workflows.seasons.
"""

from collections.abc import Mapping

from django.db import transaction
from django.db.models import F, Q

from cms import enrolling
from cms.models import Ensemble, Guardian, Pupil, PupilGuardian
from cms.pagecache import lasting
from forms.asking_actions import RequestForm
from forms.children import Child, children_of
from forms.compile import questions_in
from forms.models import FormDefinition, FormVersion, Journey, Submission
from workflows.actions import ActionProblemError, actions
from workflows.models import AuditionRound, Case, RoundDate
from workflows.seasons import dates, fees, vacancies
from workflows.seasons.seats import entrant_of, pupils


@actions("request_round_form")
class RequestRoundForm(RequestForm):
    """The form that the audition round names for its members: health, consents, instrument."""

    label = "Ask for the membership form of the audition round"
    required = ()
    optional = ("days",)

    @classmethod
    def fields(cls) -> list:
        return [field for field in super().fields() if field[0] != "form"]

    def run(self, case: Case, options: dict) -> str:
        form = entrant_of(case).round.membership_form
        if not form:
            raise ActionProblemError("The round names no form for members. Choose one there.")
        return super().run(case, {**options, "form": form})


@pupils("form")
def pupil_of(case: Case, make: bool) -> Pupil | None:
    """The first child that the form names, as the roster has it; made when asked to."""
    submission = case.subject
    if not isinstance(submission, Submission):
        return None
    child = next(iter(children_of(submission)), None)
    if child is None:
        return None
    if not make:
        return _known(child, case)
    with transaction.atomic():
        enrolling.newcomers_in_turn()
        pupil = _known(child, case) or Pupil.objects.create(
            legal_first_name=child.first, legal_last_name=child.last, date_of_birth=child.born
        )
        _guardian(pupil, case)
    return pupil


def _known(child: Child, case: Case) -> Pupil | None:
    """Name and day must both be the same. Of several, the one whose guardian applied, else none:
    two children are not made one by a guess."""
    found = Pupil.objects.filter(
        Q(legal_first_name__iexact=child.first) | Q(known_as__iexact=child.first),
        legal_last_name__iexact=child.last,
        date_of_birth=child.born,
    ).order_by("pk")
    rows = list(found[:10])
    if len(rows) == 1:
        return rows[0]
    return found.filter(guardians__email__iexact=case.contact_email).first() if rows else None


def _guardian(pupil: Pupil, case: Case) -> None:
    if not case.contact_email or pupil.guardians.exists():
        return
    first, _space, last = case.contact_name.partition(" ")
    guardian = Guardian.objects.filter(
        email__iexact=case.contact_email, first_name__iexact=first, last_name__iexact=last
    ).first()
    guardian = guardian or Guardian.objects.create(
        first_name=first[:80], last_name=last[:80], email=case.contact_email
    )
    PupilGuardian.objects.get_or_create(pupil=pupil, guardian=guardian)


def dates_for(form_id: int | None, answers: Mapping) -> list[RoundDate]:
    """The dates to ask a family of: of the form's round, and of the groups chosen so far."""
    form = FormDefinition.objects.filter(pk=form_id).first()
    made = dates.round_of_form(form.slug) if form else None
    if made is None:
        return []
    questions = questions_in(version.compiled) if (version := form.current_version) else {}
    words = []
    for key in made.choice_keys:
        options = (questions.get(key) or {}).get("options") or []
        words += [answers.get(key) or ""]
        words += [one["label"] for one in options if one["key"] == answers.get(key)]
    return dates.asked_of(made, words)


def rounds_by_group() -> dict[int, AuditionRound]:
    """For each group with a round that is open or to come, the one that matters first. One query.

    Of open rounds it is the one that closes first, else the one that opens first.
    """
    shown = AuditionRound.objects.shown().filter(ensembles__isnull=False)
    rows = shown.annotate(group=F("ensembles__ensemble"))
    found = {}
    for made in sorted(rows, key=lambda one: (not one.is_open(), one.closes_at)):
        found.setdefault(made.group, made)
    return found


def _with_rounds() -> frozenset[int]:
    """The forms that a round of auditions is for: most check pages need not ask about fees."""
    slugs = AuditionRound.objects.values("form_slug")
    found = FormDefinition.objects.filter(slug__in=slugs).values_list("pk", flat=True)
    return lasting("forms-of-rounds", (AuditionRound, FormVersion), lambda: frozenset(found))


def fee_of(journey: Journey, answers: Mapping) -> fees.Terms | None:
    """What the audition will cost, for who is about to apply; None where no fee is charged."""
    if journey.version.form_id not in _with_rounds():
        return None
    made = dates.round_of_form(journey.version.form.slug, journey.began_at)
    if made is None:
        return None
    is_refused = made.late == AuditionRound.Late.REFUSED and made.is_late(journey.began_at)
    if is_refused:
        return None
    return fees.terms(made, is_free=answers.get(made.meals_question) is True)


def rounds_for(ensemble: Ensemble) -> list[dict]:
    """What a group's page says of its rounds that are open or to come.

    `[{round, is_open, who, modes, rows: [{instrument, open, reserves, guide}]}]`; public facts.
    """
    found = []
    rounds = AuditionRound.objects.shown().filter(ensembles__ensemble=ensemble)
    for made in rounds.prefetch_related("instruments__instrument"):
        guides = {one.instrument_id: one.guide_grade for one in made.instruments.all()}
        found.append(
            {
                "round": made,
                "is_open": made.is_open(),
                "who": made.who_for(),
                "modes": made.mode_names,
                "rows": [
                    {
                        "instrument": line.vacancy.section.instrument.name,
                        "open": line.open,
                        "reserves": line.vacancy.section.reserve_size,
                        "guide": guides.get(line.vacancy.section.instrument_id),
                    }
                    for line in vacancies.board(made)
                    if line.vacancy.section.ensemble_id == ensemble.pk
                ],
            }
        )
    return found
