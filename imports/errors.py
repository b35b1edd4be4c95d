"""What can be wrong with a file or a cell, said so that the person who sent it can mend it.

Each message is one plain sentence. A file is refused with UnreadableFile; a cell with
CellProblem, which never stops the other rows.
"""


class UnreadableFile(Exception):  # noqa: N818 - named for what it tells its sender
    """There is no table to be had from this file. `str(error)` is one sentence for its sender."""

    status = 422  # of the page that says so


class FileTooLarge(UnreadableFile):
    status = 413


class CellProblem(ValueError):  # noqa: N818 - a finding, not a fault
    """One cell cannot be used. A ValueError, so that django-import-export reports it too."""

    def __init__(self, problem: str, hint: str = ""):
        super().__init__(problem)
        self.problem = problem
        self.hint = hint
