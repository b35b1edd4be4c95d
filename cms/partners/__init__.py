"""Partners for life: what keeps one listed, and what happens to it.

drafting.py   a draft made of an application's answers, public parts only; duplicates
standing.py   published, unlisted, suspended, gone; the history of it
papers.py     what runs out: which papers count, until when, in words
conditions.py what a decision left to do: by when, met, waived
terms.py      governing texts by version: publishing, differences, agreeing
shippedtexts.py  the texts that a new hub begins with
names.py      new names and mergers; old addresses still lead somewhere
night.py      the nightly look: unlisting, relisting, reminders
letters.py    what partners and the hub's own people are written
"""
