"""One person's data, wherever the hub keeps it: found, taken out as a file, erased, erased again.

    looked(people)                              # what is where, and what would become of it
    erase(people, reason=..., by=officer)       # all of it, in one transaction, and in the ledger
    replay()                                    # the ledger once more, after an older backup
    as_zip(people)                              # "everything about this child"

Who keeps data registers a store (stores.py): one function that finds and erases. Whatever words
are left after the stores, such as a name in a note, are swept out of every text column (sweep.py).
Every model says in register.py whether it holds data of families; a new one that does not fails
the build.
"""

from .ledger import replay
from .person import Person
from .stores import Found, looked, stores
from .taking import as_zip
from .verbs import erase

__all__ = ["Found", "Person", "as_zip", "erase", "looked", "replay", "stores"]
