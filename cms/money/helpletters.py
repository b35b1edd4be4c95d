"""The letters about help with costs. None says why a family asked, and none names a child."""

from django.utils.translation import gettext_noop

from cms import mail
from cms.models import HelpClaim

from . import ledger
from .amounts import in_pounds
from .letters import SAMPLE, _declare, link_of, say_day, send

_declare(
    "help-approved",
    gettext_noop("Help with costs: yes"),
    "Help with the cost: yes ({{ reference }})",
    "Good news. We can help with the cost of {{ for }}.\n\n"
    "- We pay: {{ amount }}\n- You pay: {{ owed }}\n\n{{ words }}\n\n[See the bill]({{ link }})\n",
    "amount",
    "owed",
    "words",
    "link",
)
_declare(
    "help-refused",
    gettext_noop("Help with costs: not this time"),
    "About help with the cost ({{ reference }})",
    "We are sorry that we cannot help with the cost of {{ for }} this time.\n\n{{ words }}\n\n"
    "Your place is still yours. What there is to pay is {{ owed }}, and there is time until "
    "{{ due }}.\n\n[See how to pay]({{ link }})\n\n"
    "If something changes, or you think we have it wrong, please ring us. "
    "If you would rather not come, tell us soon and you pay nothing.\n",
    "words",
    "owed",
    "due",
    "link",
)
_declare(
    "help-waiting",
    gettext_noop("Help with costs: the fund is spent for now"),
    "You qualify for help with the cost ({{ reference }})",
    "Thank you for telling us. This year's fund for help is spent for now, so your request waits "
    "in the order in which requests came.\n\n"
    "Your place for {{ for }} is kept, and you need pay nothing until we write again.\n",
)
_declare(
    "help-funded",
    gettext_noop("Help with costs: the fund has money again"),
    "Help with the cost has come ({{ reference }})",
    "Good news. The fund has money again, and {{ amount }} of the cost of {{ for }} is set aside "
    "for you.\n\n- You pay: {{ owed }}\n\n[See the bill]({{ link }})\n",
    "amount",
    "owed",
    "link",
)
_declare(
    "help-ended",
    gettext_noop("Help with costs: ended with the school year"),
    "Your request for help with the cost has ended ({{ reference }})",
    "Help with the cost is given for one school year, which ended on 31 July. Your request for "
    "{{ for }} was not decided by then: the fund was spent, or we did not hear what we asked "
    "for.\n\nWhat there is to pay is {{ owed }}, and there is time until {{ due }}.\n\n"
    "[See how to pay]({{ link }})\n\n"
    "Is that hard, or do you think we have it wrong? Please ring us. We would rather help.\n",
    "owed",
    "due",
    "link",
)
mail.declare(
    "help-school",
    name=gettext_noop("Help with costs: a question to the school"),
    subject="A question about help with the cost of music ({{ reference }})",
    body=(
        "Hello,\n\nA family has asked us for help with the cost of a music course, and asks you to "
        "confirm one thing about a child at your school.\n\n[Answer the question]({{ link }})\n\n"
        "It takes a minute and needs no password. The link works until {{ due }}, once. Please "
        "give it only to somebody who may answer for the school.\n"
    ),
    placeholders={name: SAMPLE[name] for name in ("reference", "link", "due")},
)


def _send(template: str, claim: HelpClaim, **more: object) -> None:
    """One letter for each claim and kind; what is owed is added up now."""
    account = claim.account
    owed = max(0, ledger.balance(account).owed)
    known = {
        "amount": in_pounds(claim.pence),
        "owed": in_pounds(owed),
        "due": say_day(account.due_on),
        "link": link_of(account),
        "words": claim.words,
    }
    wanted = mail.template_for(template).placeholders
    send(
        template,
        account,
        key=f"{template}-{claim.pk}",
        **{name: value for name, value in known.items() if name in wanted},
        **more,
    )


def approved(claim: HelpClaim) -> None:
    _send("help-approved", claim)


def refused(claim: HelpClaim) -> None:
    _send("help-refused", claim)


def waiting(claim: HelpClaim) -> None:
    _send("help-waiting", claim)


def funded(claim: HelpClaim) -> None:
    _send("help-funded", claim)


def ended(claim: HelpClaim) -> None:
    _send("help-ended", claim)


def to_school(claim: HelpClaim, link: str) -> None:
    """The token is in the letter alone."""
    mail.queue(
        "help-school",
        to=claim.school_email,
        context={
            "reference": claim.account.reference,
            "link": link,
            "due": say_day(claim.school_until.date()),
        },
        key=f"help-school-{claim.pk}-{claim.school_hash[:16]}",
        record=claim,
    )
