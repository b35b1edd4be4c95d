"""What a workflow's buttons do with offers and lists.

`place` says what is meant: empty, the course date that the case is about; else a name, such as
`seats-of-the-county-choir`, or `section:ENSEMBLE/INSTRUMENT` by their short names. In both, words
in {} are keys of questions, whose answers are taken as short names.
"""

import re

from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _
from wagtail import blocks

from cms.models import EnsembleSection

from . import offers, pools, queues, releases
from .actions import Action, ActionProblemError, actions
from .models import Case, Decision, ListEntry, Offer, Pool
from .plan import FINAL
from .reviews.ranking import score_of

BUTTONS = ("accepted", "declined", "lapsed")


def pool_for(case: Case, place: str) -> Pool:
    """The pool that an action means. Raises ActionProblemError."""
    place = _with_answers(case, place)
    if not place:
        date = getattr(case.subject, "offering", None)
        if date is None:
            raise ActionProblemError("This case is not about a course date. Say what is offered.")
        return pools.pool_of_date(date)
    if place.startswith("section:"):
        ensemble, _slash, instrument = place.removeprefix("section:").partition("/")
        section = EnsembleSection.objects.filter(
            ensemble__slug=ensemble.strip(), instrument__slug=instrument.strip()
        ).first()
        if section is None:
            raise ActionProblemError(
                f"There is no section “{ensemble}/{instrument}”. Add it first."
            )
        return pools.pool_of_section(section)
    pool = Pool.objects.filter(key=place).first()
    if pool is None:
        raise ActionProblemError(f"There is nothing called “{place}” to offer. Add it at the desk.")
    return pool


def _with_answers(case: Case, place: str) -> str:
    """The place with each `{key}` replaced by what the case answers to that question."""

    def answer(found: re.Match) -> str:
        tell = getattr(case.subject, "case_answer", None)
        said = tell(found[1]) if tell else []
        if not said:
            raise ActionProblemError(f"This case does not say “{found[1]}”. Ask for it first.")
        return slugify(said[0])

    return re.sub(r"\{([\w-]+)\}", answer, place)


def children_of(case: Case) -> list[int]:
    """Numbers of the children that a case is about; [1] when it does not say."""
    tell = getattr(case.subject, "case_children", None)
    return (tell() if tell else []) or [1]


def _rank_of(case: Case) -> int | None:
    """Where it stands among the ranked, once its decision is out."""
    decision = Decision.objects.filter(case=case, released_at__isnull=False).first()
    return releases.rank_of(decision) if decision else None


def _score_of(case: Case) -> str:
    """What its reviews came to, for whoever looks at the list; "" without any."""
    row = score_of(case)
    return str(row.score) if row and row.score is not None else ""


def _place() -> tuple[str, blocks.Block]:
    block = blocks.CharBlock(
        required=False,
        max_length=120,
        label=_("What"),
        help_text=_("Empty: the course date. Or section:ensemble/instrument, or a name."),
    )
    return "place", block


def _button(name: str, label: str) -> tuple[str, blocks.Block]:
    text = _("The key of a button of the stage where the case then stands.")
    return name, blocks.CharBlock(required=False, max_length=60, label=label, help_text=text)


class OffersAction(Action):
    """Which button the hub presses when the family has answered, or not."""

    optional = ("place", *BUTTONS)

    @classmethod
    def fields(cls) -> list[tuple[str, blocks.Block]]:
        return [
            _place(),
            _button("accepted", _("When it is accepted, press")),
            _button("declined", _("When it is declined or taken back, press")),
            _button("lapsed", _("When it runs out, press")),
        ]

    def buttons(self, options: dict) -> dict:
        return {
            name: options[name] for name in ("offered", "waiting", *BUTTONS) if options.get(name)
        }

    def check_target(self, options: dict, target: dict) -> list[str]:
        if target["kind"] == FINAL:
            return ["The button must not lead to a finished stage: an answer is still to come."]
        there = {button["key"] for button in target["buttons"]}
        return [
            f"“{target['staff_name']}” has no button “{options[name]}” for when it is {name}."
            for name in self.checked_buttons
            if options.get(name) and options[name] not in there
        ]

    checked_buttons = BUTTONS


@actions("make_offer")
class MakeOffer(OffersAction):
    """`hours` to answer, else by the rule of what is offered."""

    label = _("Make an offer")
    optional = (*OffersAction.optional, "hours")

    @classmethod
    def fields(cls) -> list[tuple[str, blocks.Block]]:
        hours = blocks.IntegerBlock(required=False, min_value=1, max_value=336, label=_("Hours"))
        return [*super().fields(), ("hours", hours)]

    def check(self, options: dict) -> list[str]:
        problems, hours = super().check(options), options.get("hours", 24)
        if not isinstance(hours, int) or isinstance(hours, bool) or not 1 <= hours <= 336:
            problems.append("“hours” must be a number from 1 to 336.")
        return problems

    def run(self, case: Case, options: dict) -> str:
        try:
            offer = offers.make(
                pool_for(case, options.get("place", "")).pk,
                case,
                children=children_of(case),
                actor_name=self.row.event.actor_name,
                hours=options.get("hours"),
                buttons=self.buttons(options),
            )
        except pools.NoPlaceError as problem:
            raise ActionProblemError(str(problem)) from problem
        return f"{offer.number} offered for {offer.pool}"


@actions("withdraw_offer")
class WithdrawOffer(Action):
    """Takes back every open offer of the case; the comment of the button says why."""

    label = _("Take the offer back")

    def run(self, case: Case, options: dict) -> str:
        live = list(Offer.objects.filter(case=case, state=Offer.State.LIVE).order_by("pk"))
        reason = self.row.event.comment or self.row.event.summary
        for offer in live:
            if offer.is_live():
                actor = self.row.event.actor_name
                offers.withdraw(offer.pk, by=None, reason=reason, actor_name=actor)
        return f"{len(live)} taken back" if live else "There was no open offer"


@actions("join_list")
class JoinList(OffersAction):
    """`offered` and `waiting` are buttons too: pressed when an offer is made, or waits again."""

    label = _("Put on the waiting list or among the reserves")
    optional = (*OffersAction.optional, "offered", "waiting")
    checked_buttons = ("offered",)

    @classmethod
    def fields(cls) -> list[tuple[str, blocks.Block]]:
        return [
            *super().fields(),
            _button("offered", _("When a place is offered, press")),
            _button("waiting", _("When it waits again, press")),
        ]

    def run(self, case: Case, options: dict) -> str:
        tell = getattr(case.subject, "case_list_rule", None)
        rule, together = tell() if tell else (ListEntry.Rule.ALL, [])
        try:
            entry = queues.join(
                pool_for(case, options.get("place", "")).pk,
                case,
                children=children_of(case),
                rule=rule,
                together=together,
                buttons=self.buttons(options),
                rank=_rank_of(case),
                score=_score_of(case),
                actor_name=self.row.event.actor_name,
            )
        except queues.ListError as problem:
            raise ActionProblemError(str(problem)) from problem
        return f"On the list for {entry.pool}"


@actions("leave_list")
class LeaveList(Action):
    """Takes the case off every list that it is on."""

    label = _("Take off the waiting list or reserves")

    def run(self, case: Case, options: dict) -> str:
        waits = ListEntry.objects.filter(
            case=case, state__in=[ListEntry.State.WAITING, ListEntry.State.PAUSED]
        )
        found = list(waits.order_by("pk"))
        for entry in found:
            queues.leave(entry.pk, actor_name=self.row.event.actor_name)
        return "Taken off the list" if found else "It was on no list"
