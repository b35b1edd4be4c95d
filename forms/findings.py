"""What is wrong with a form, said so that its author can mend it."""

from dataclasses import asdict, dataclass

ERROR, WARNING, ADVICE = "error", "warning", "advice"
#: Findings about words and care, on which a sound form may well differ. They never stop anything.
ADVICE_CODES = frozenset(
    {"no_reason", "no_limits", "long_sentence", "asked_twice", "not_translated", "mail_no_source"}
)


@dataclass(frozen=True)
class Finding:
    """`where` names step and question as the author wrote them; the keys and ids find the block.

    `group` is the name of the named rule that it is about.
    """

    level: str
    code: str
    where: str
    message: str
    step: str = ""
    question: str = ""
    block_id: str = ""
    group: str = ""

    def __str__(self) -> str:
        return f"{self.where}: {self.message}" if self.where else self.message

    def as_json(self) -> dict:
        return asdict(self)


class NotPublishableError(Exception):
    """The form has errors, so nothing was published. `findings` says each of them."""

    def __init__(self, findings: list[Finding]):
        self.findings = [finding for finding in findings if finding.level == ERROR]
        super().__init__(" ".join(str(finding) for finding in self.findings))


class Report(list):
    """Findings in the order of the form."""

    def add(
        self,
        code: str,
        message: str,
        step: dict | None = None,
        question: dict | None = None,
        *,
        level: str = ERROR,
        group: str = "",
    ) -> None:
        where = f"Step “{step['title'] or step['key']}”" if step else ""
        if group:
            where = f"Named rule “{group}”"
        if question:
            where += f", question “{question['label'] or question['key']}”"
        self.append(
            Finding(
                level=level,
                code=code,
                where=where,
                message=message,
                step=step["key"] if step else "",
                question=question["key"] if question else "",
                block_id=(question or step or {}).get("id", ""),
                group=group,
            )
        )

    @property
    def errors(self) -> list[Finding]:
        return [finding for finding in self if finding.level == ERROR]
