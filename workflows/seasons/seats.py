"""Seats, from the decision to the roster: offered, waited for, taken, given up, played.

An offer comes from the pool of its section, counted under that pool's lock; a declined or lapsed
one goes to the next reserve of that section alone. Whoever holds or is offered a seat of a round
is offered no other: `Taken` has one row for each entrant, and the database holds that.
The round, and not the button, says until when a seat can be accepted.
"""

from collections.abc import Callable

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from wagtail import blocks

from cms import mail
from cms.models import Enrolment, MusicGroup, Pupil, User
from cms.registry import Registry
from workflows import offers, pools, queues
from workflows.actions import Action, ActionProblemError, actions, mail_context
from workflows.models import Case, Decision, ListEntry, Offer, Pool
from workflows.offer_actions import OffersAction

from . import vacancies
from .entering import answers_of, is_sixteen
from .models import AuditionRound, Entrant, Placement, Taken, Vacancy

# Apps above know the child of a case as the roster has it; told to, they make a missing one.
pupils: Registry[Callable[[Case, bool], Pupil | None]] = Registry("finder of the pupil of a case")

LIVE = (Offer.State.LIVE, Offer.State.ACCEPTED)


def entrant_of(case: Case) -> Entrant:
    """The case's application. Raises ActionProblemError when it belongs to no round."""
    found = Entrant.objects.filter(case=case).select_related("round").first()
    if found is None:
        raise ActionProblemError("This case belongs to no audition round.")
    found.case = case
    return found


def vacancy_of(case: Case) -> Vacancy:
    """The section that was decided on. Raises ActionProblemError without one."""
    decision = Decision.objects.filter(case=case).first()
    entrant = entrant_of(case)
    for vacancy in entrant.round.vacancies.select_related(
        "section__ensemble", "section__instrument", "pool"
    ):
        if decision and decision.group == vacancy.key and vacancy.pool_id:
            return vacancy
    raise ActionProblemError("Its decision names no section of the round. Change the decision.")


@offers.bars("one seat for each player")
def has_a_seat(pool: Pool, case: Case) -> str:
    """Why a seat of this pool cannot be offered to the case; "" when it can."""
    if not Vacancy.objects.filter(pool=pool).exists():
        return ""
    taken = Taken.objects.filter(entrant__case=case).select_related("offer__pool").first()
    if taken is None or taken.offer.pool_id == pool.pk:
        return ""
    if taken.offer.state == Offer.State.ACCEPTED or taken.offer.is_live():
        return f"It has a seat or an offer already: {taken.offer.pool}."
    return ""


@offers.listeners("one seat for each player")
def keep_one(offer: Offer) -> None:
    """The offer of a seat becomes the entrant's one, in the transaction that made it."""
    entrant = Entrant.objects.filter(case_id=offer.case_id).first()
    if entrant is None or not Vacancy.objects.filter(pool=offer.pool_id).exists():
        return
    Taken.objects.filter(entrant=entrant).exclude(offer__state__in=LIVE).delete()
    over = Taken.objects.filter(entrant=entrant, offer__answer_by__lte=timezone.now())
    over.filter(offer__state=Offer.State.LIVE).delete()
    try:
        with transaction.atomic():
            Taken.objects.create(entrant=entrant, offer=offer)
    except IntegrityError as problem:
        raise pools.NoPlaceError("It has a seat or an offer already.") from problem


@actions("offer_seat")
class OfferSeat(OffersAction):
    """The seat that the decision names, until the round's day; later by the pool's own hours."""

    label = _("Offer the seat that was decided")
    optional = OffersAction.optional

    @classmethod
    def fields(cls) -> list[tuple[str, blocks.Block]]:
        return [field for field in super().fields() if field[0] != "place"]

    def run(self, case: Case, options: dict) -> str:
        vacancy, made = vacancy_of(case), entrant_of(case).round
        soon = timezone.now() + offers.LEAST_TIME
        try:
            offer = offers.make(
                vacancy.pool_id,
                case,
                actor_name=self.row.event.actor_name,
                until=made.accept_by if made.accept_by > soon else None,
                buttons=self.buttons(options),
            )
        except pools.NoPlaceError as problem:
            raise ActionProblemError(str(problem)) from problem
        return f"A seat offered: {offer.pool}"


@actions("join_reserves")
class JoinReserves(OffersAction):
    """Among the reserves of the section that was decided, by the panel's order."""

    label = _("Put among the reserves of the section that was decided")
    optional = (*OffersAction.optional, "offered", "waiting")
    checked_buttons = ("offered",)

    @classmethod
    def fields(cls) -> list[tuple[str, blocks.Block]]:
        text = _("The key of a button of the stage where the case then stands.")
        more = [
            (name, blocks.CharBlock(required=False, max_length=60, label=label, help_text=text))
            for name, label in (
                ("offered", _("When a seat is offered, press")),
                ("waiting", _("When it waits again, press")),
            )
        ]
        return [*(field for field in super().fields() if field[0] != "place"), *more]

    def run(self, case: Case, options: dict) -> str:
        vacancy = vacancy_of(case)
        decision = Decision.objects.get(case=case)
        try:
            entry = queues.join(
                vacancy.pool_id,
                case,
                buttons=self.buttons(options),
                rank=decision.rank,
                actor_name=self.row.event.actor_name,
                letter=False,
            )
        except queues.ListError as problem:
            raise ActionProblemError(str(problem)) from problem
        return f"Among the reserves: {entry.pool}"


@actions("enrol_member")
class EnrolMember(Action):
    """The accepted seat becomes a membership of the group's roster, once."""

    label = _("Make them a member of the group’s roster")

    def run(self, case: Case, options: dict) -> str:
        entrant = entrant_of(case)
        taken = Taken.objects.filter(entrant=entrant, offer__state=Offer.State.ACCEPTED).first()
        if taken is None:
            raise ActionProblemError("No accepted seat was found. Accept the offer first.")
        vacancy = Vacancy.objects.select_related("section__ensemble", "section__instrument").get(
            pool=taken.offer.pool_id
        )
        pupil = pupil_of(case, make=True)
        if pupil is None:
            raise ActionProblemError("The application names no child that could be a member.")
        group = group_of(vacancy)
        enrolment, new = Enrolment.objects.get_or_create(
            pupil=pupil, group=group, defaults={"starts_on": timezone.localdate()}
        )
        enrolment.status, enrolment.instrument = Enrolment.Status.ACTIVE, vacancy.section.instrument
        enrolment.seat = f"{entrant.round.season}: {vacancy.section.instrument}"[:40]
        enrolment.ends_on = None
        enrolment.save()
        return f"Member of {group}" if new else f"Member of {group} again"


def pupil_of(case: Case, *, make: bool = False) -> Pupil | None:
    """The child of a case, as the apps above know it; `make` writes it into the roster."""
    return next((found for name in pupils if (found := pupils[name](case, make))), None)


def group_of(vacancy: Vacancy) -> MusicGroup:
    """The roster group of the vacancy's ensemble. Raises ActionProblemError without one."""
    group = MusicGroup.objects.filter(ensemble=vacancy.section.ensemble).order_by("pk").first()
    if group is not None:
        return group
    ensemble = vacancy.section.ensemble
    if ensemble.centre_id is None:
        raise ActionProblemError(
            f"{ensemble} has no group in the roster, and no centre to make one at. Add one first."
        )
    return MusicGroup.objects.create(
        name=ensemble.name, centre_id=ensemble.centre_id, ensemble=ensemble
    )


@actions("give_up_seat")
class GiveUpSeat(Action):
    """A seat that was offered or accepted comes free, and the next reserve is asked."""

    label = _("Give the seat up: the next reserve is asked")

    def run(self, case: Case, options: dict) -> str:
        reason = self.row.event.comment or self.row.event.summary
        return give_up(case, reason=reason, by=None)


def give_up(case: Case, *, reason: str, by: User | None) -> str:
    """Free whatever seat the case has in its round. The line for its history."""
    taken = Taken.objects.filter(entrant__case=case).select_related("offer").first()
    if taken is None:
        return "There was no seat to give up"
    offer = taken.offer
    if offer.state == Offer.State.ACCEPTED:
        offers.give_up(offer.pk, by=by, reason=reason)
    elif offer.is_live():
        offers.withdraw(offer.pk, by=by, reason=reason)
    vacancy = Vacancy.objects.select_related("section").get(pool=offer.pool_id)
    Enrolment.objects.filter(pupil=pupil_of(case), group__ensemble=vacancy.section.ensemble).update(
        status=Enrolment.Status.LEFT, ends_on=timezone.localdate()
    )
    Taken.objects.filter(pk=taken.pk).delete()
    return f"Gave up a seat: {offer.pool}"


@actions("tell_player")
class TellPlayer(Action):
    """The same letter to a player of 16 or over, at their own address; nobody younger."""

    label = _("Write to the player too, if 16 or over")
    required = ("template",)

    def run(self, case: Case, options: dict) -> str:
        entrant = entrant_of(case)
        if not is_sixteen(case, entrant.round):
            return "The player is under 16: the family alone was written to"
        fact = answers_of(case).get(entrant.round.own_email_question)
        address = fact["values"][0] if fact and fact["values"] else ""
        if not address or address.casefold() == case.contact_email.casefold():
            return "The player has no address of their own"
        mail.queue(
            options["template"],
            to=address,
            context=mail_context(case, self.row.event),
            key=self.once,
            record=case,
        )
        return f"E-mail “{options['template']}” to the player put in the outbox"


def seating(made: AuditionRound) -> list[tuple[Vacancy, list[Taken]]]:
    """Who sits where: each section with its accepted players, principals' wishes first by mark."""
    taken = Taken.objects.filter(
        entrant__round=made, offer__state=Offer.State.ACCEPTED
    ).select_related("entrant__case", "entrant__placement", "offer")
    by_pool: dict[int, list[Taken]] = {}
    for one in taken:
        by_pool.setdefault(one.offer.pool_id, []).append(one)
    found = []
    for line in vacancies.board(made):
        here = by_pool.get(line.vacancy.pool_id, [])
        here.sort(key=_desk)
        found.append((line.vacancy, here))
    return found


def _desk(one: Taken) -> tuple:
    placement: Placement | None = getattr(one.entrant, "placement", None)
    mark = placement.mark if placement and placement.mark is not None else -1
    return (one.entrant.is_late, not one.entrant.principal, -mark, one.entrant.case.reference)


def reserves(made: AuditionRound) -> dict[int, list[ListEntry]]:
    """Reserves by pool, first first."""
    found: dict[int, list[ListEntry]] = {}
    entries = ListEntry.objects.filter(
        pool__vacancy__round=made, state__in=ListEntry.ON_LIST
    ).select_related("case")
    for entry in entries.order_by("pool", "position"):
        found.setdefault(entry.pool_id, []).append(entry)
    return found
