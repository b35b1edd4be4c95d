"""Help with costs, claimed inside a form: the reason, what it takes off, and the claim.

A form says which question asks for the reason (forms/pricing.py); the rules and the fund are the
hub's (cms.money.help, fund). Looked up again whenever a price is worked out: a fund that was spent
meanwhile takes nothing off, and the family is shown that before anything is sent. At sending the
fund is locked, after the course dates, so that its last pound goes to one family.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date

from cms.models import HelpClaim, HelpFund, MoneyAccount, RemissionRule, School, User
from cms.money import fund as funds
from cms.money import help as helping
from cms.roles import restricted_fields_of
from forms import filepages
from forms.amounts import HelpTerms, Price
from forms.models import Submission

How = HelpClaim.How


@dataclass(frozen=True)
class Help:
    """What the answers ask for: the rule that holds on the day, and the fund that would pay."""

    rule: RemissionRule
    how: str
    fund: HelpFund | None

    @property
    def terms(self) -> HelpTerms:
        return HelpTerms(self.rule.percent)


def _said(compiled: Mapping) -> Mapping:
    return (compiled.get("pricing") or {}).get("remission") or {}


def asks(compiled: Mapping) -> bool:
    """Whether the form asks by the hub's own rules."""
    return bool(_said(compiled).get("question"))


def wanted(
    compiled: Mapping, answers: Mapping, facts: Mapping[str, date], *, lock: bool = False
) -> Help | None:
    """What these visible answers ask for; None when they do not, or no rule holds on the day.

    `lock` holds the fund until the transaction ends; course dates are locked before.
    """
    said = _said(compiled)
    day = facts.get("offering") or facts.get("today")
    basis = answers.get(said.get("question"))
    rule = helping.rule_on(basis, day) if day and isinstance(basis, str) else None
    if rule is None:
        return None
    fund = funds.fund_of(day)
    if fund is not None and lock:
        fund = funds.lock(fund.pk)
    how = answers.get(said.get("how"))
    return Help(rule, how if how in (How.NOW, How.LATER, How.SCHOOL) else How.LATER, fund)


def priced(full: Price, helped: Price, asked: Help) -> Price:
    """The price that holds: with the help while its fund has the money and nobody waits for it."""
    pence = full.pence - helped.pence
    if pence < 1:
        return full
    if funds.can_promise(asked.fund, pence):
        return replace(helped, help_pence=pence)
    return replace(full, help_pence=pence, help_waits=True)


def claim(account: MoneyAccount, price: Price, asked: Help, submission: Submission) -> HelpClaim:
    """Write the claim, in the transaction that sends the form; the fund is locked."""
    return helping.claim(
        account,
        asked.rule,
        price.help_pence,
        how=asked.how,
        fund=asked.fund,
        waits=price.help_waits,
        school_email=_school_email(submission) if asked.how == How.SCHOOL else "",
    )


def _schools(submission: Submission) -> list[str]:
    """URNs in the answers to questions for a school."""
    found = []
    for step in submission.version.compiled["steps"]:
        items = submission.answers.get(step["key"]) if step["repeat"] else [submission.answers]
        for question in step["questions"]:
            if question["type"] == "school":
                said = [item.get(question["key"]) for item in items or []]
                found += [one.get("urn") for one in said if isinstance(one, dict)]
    return [urn for urn in found if urn]


def _school_email(submission: Submission) -> str:
    """Of the one school that all the children go to; "" when there are several, or none is known:
    then the officer says whom to ask."""
    schools = School.objects.filter(urn__in=_schools(submission)).exclude(email="")
    return schools[0].email if len(schools) == 1 else ""


def _submission(account: MoneyAccount) -> Submission | None:
    return Submission.objects.filter(reference=account.reference).first()


@helping.children("forms")
def children(account: MoneyAccount) -> list[str]:
    """The names of the children on the form: for the school that is asked about them, alone."""
    submission = _submission(account)
    names = []
    for step in submission.version.compiled["steps"] if submission else ():
        for item in (submission.answers.get(step["key"]) or []) if step["repeat"] else ():
            for question in step["questions"]:
                name = item.get(question["key"])
                if question["type"] == "name" and isinstance(name, dict):
                    names.append(" ".join(part for part in name.values() if part))
    return names


@helping.evidence("forms")
def evidence(account: MoneyAccount, user: User) -> list[dict]:
    """`[{name, url}]`: what the family sent to show it, for whoever may read evidence."""
    submission = _submission(account)
    if submission is None or "evidence" not in restricted_fields_of(user):
        return []
    return [file for file in filepages.files_of(submission) if file["group"] == "evidence"]
