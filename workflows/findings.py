"""What is wrong with a workflow, said so that its designer can mend it."""

from dataclasses import dataclass

ERROR, WARNING = "error", "warning"


@dataclass(frozen=True)
class Finding:
    """`where` names stage and button as staff call them; `stage` and `button` are their keys."""

    level: str
    code: str
    where: str
    message: str
    stage: str = ""
    button: str = ""
    action: int | None = None

    def __str__(self):
        return f"{self.where}: {self.message}" if self.where else self.message


class NotPublishableError(Exception):
    """The definition has errors, so it was not published. `findings` says each of them."""

    def __init__(self, findings: list[Finding]):
        self.findings = [finding for finding in findings if finding.level == ERROR]
        super().__init__(" ".join(str(finding) for finding in self.findings))
