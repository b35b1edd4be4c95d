"""A season of auditions: rounds and vacancies, who applied, the proposal, seats, how fair it was.

    rounds.py     AuditionRound and what is set for each group and instrument   (public facts)
    models.py     Entrant, Placement and sign-offs                              (personal data)
    vacancies.py  seats by group and instrument, from the roster; the pools they are offered from
    dates.py      rehearsals and courses that families are asked about  (public facts)
    fees.py       the fee of an audition, through the ledger, and who need not pay it
    entering.py   which round a case belongs to, what it asks for, age and county, waivers
    panels.py     who hears which instrument, and when a panel has finished
    allocation.py the algorithm, pure; wording.py says each line of it in a sentence
    basis.py      what a proposal is made of
    proposal.py   from scores to placements, by hand with a reason, into the pending decisions
    seats.py      offering a seat, reserves, the roster; one seat for each player
    inviting.py   returning members, once; letters to players of 16 and over
    fairness.py   figures of a season, with small numbers hidden
Offers, reserves and the release itself are those of every process (workflows.offers, .releases).
"""


def register() -> None:
    """Make actions, checks and what the public pages watch known, once models are there."""
    from cms import pagecache  # noqa: PLC0415 - it reads models

    from . import entering, inviting, models, panels, seats  # noqa: F401, PLC0415 - the same

    pagecache.watch(models.AuditionRound, models.Vacancy)
    pagecache.watch(models.RoundEnsemble, models.RoundInstrument)
