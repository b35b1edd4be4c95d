"""A season of invented players, from opening to seats, by the real verbs: `manage.py demo_season`.

    setting.py  centre, instruments, groups, roster, panels, the round and its seats
    people.py   the applications: one child in nine plays two instruments, some are adults
    play.py     hearing, marks, proposal, release, answers, reserves, members, who leaves
    proof.py    what must be true at the end, counted from the rows
Everything drawn comes from one seed, so that a season of a size is always the same.
"""
