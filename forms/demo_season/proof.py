"""What must be true when a season has been played, counted from the rows. Sentences, or nothing."""

from collections import Counter

from django.db.models import Q

from cms.models import Enrolment, MoneyAccount
from workflows import pools
from workflows.models import Decision, Offer, Seat, Taken

from .play import Season, letters

REACHED = {
    "applied", "video_problem", "invited", "has_time", "missed", "panel", "offered", "reserve",
    "trial", "details", "member", "seated", "ended", "declined", "withdrawn", "not_this_time",
}  # fmt: skip


def wrong(season: Season) -> list[str]:
    """Everything that is not as promised; empty when all is well."""
    found = []
    for vacancy in season.round.vacancies.select_related("pool", "section"):
        seats = Seat.objects.filter(pool=vacancy.pool).count()
        if seats > pools.capacity(vacancy.pool):
            found.append(f"{vacancy}: {seats} seats of {pools.capacity(vacancy.pool)} are taken.")
    held = Counter(
        Offer.objects.filter(
            case__in=season.cases, state__in=[Offer.State.LIVE, Offer.State.ACCEPTED]
        ).values_list("case", flat=True)
    )
    if twice := [case for case, number in held.items() if number > 1]:
        found.append(f"{len(twice)} players have more than one seat.")
    if set(held) != set(
        Taken.objects.filter(entrant__round=season.round).values_list("entrant__case", flat=True)
    ) & set(held):
        found.append("A seat is not in the book of seats.")
    references = season.round.entrants.values("case__reference")
    accounts = MoneyAccount.objects.filter(reference__in=references)
    heard = season.round.entrants.filter(Q(outside="") | Q(waived_at__isnull=False))
    if accounts.count() != heard.count():
        found.append(f"{accounts.count()} fees were charged for {heard.count()} applications.")
    if season.early_letters:
        found.append(f"{season.early_letters} results were written before the release.")
    if pending := Decision.objects.filter(case__in=season.cases, released_at=None).count():
        found.append(f"{pending} decisions were never released.")
    if missing := REACHED - set(season.stages):
        found.append(f"Nobody ever stood in: {', '.join(sorted(missing))}.")
    return found


def numbers(season: Season) -> dict[str, int]:
    """How the season ended."""
    accepted = Offer.objects.filter(case__in=season.cases, state=Offer.State.ACCEPTED)
    return {
        "applications": len(season.players),
        "seats accepted": accepted.count(),
        "members": Enrolment.objects.filter(
            status="active", seat__startswith=f"{season.round.season}: "
        ).count(),
        "reserves waiting": season.round.entrants.filter(case__stage_key="reserve").count(),
        "equals put in order": season.ties_settled,
        "letters": letters(season).count(),
    }
