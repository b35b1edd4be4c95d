"""The letters about money: receipt, bill, reminder, refund, and a payment that came too late.

They name amounts, references and what was booked; never who a child is, nor why help was given.
Each is promised with the row that it tells of, once.
"""

from collections.abc import Iterable
from datetime import date

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from cms import mail
from cms.mailmarkup import site_link
from cms.models import MoneyAccount, MoneyEntry, MoneyRefund, OutboxMessage

from . import ledger
from .amounts import in_pounds

SAMPLE = {
    "payer": "Rowan Ashdown",
    "reference": "SW26-4K7P",
    "for": "Songwriter, Monday 26 October 2026",
    "amount": "£35",
    "owed": "£28",
    "due": "9 October 2026",
    "link": "/pay/sample/",
    "how": "Card",
    "why": "Cancelled, 50% back",
    "words": "We have seen your letter, thank you.",
}


def _declare(key: str, name: str, subject: str, body: str, *names: str) -> None:
    mail.declare(
        key,
        name=name,
        subject=subject,
        body="Dear {{ payer }},\n\n" + body,
        placeholders={one: SAMPLE[one] for one in ("payer", "reference", "for", *names)},
    )


_declare(
    "money-bill",
    gettext_noop("Money: what is to be paid"),
    "To pay for {{ reference }}: {{ owed }}",
    "This is what there is to pay for {{ for }}.\n\n"
    "- To pay: {{ owed }}\n- Please pay by: {{ due }}\n- Your reference: {{ reference }}\n\n"
    "[See how to pay]({{ link }})\n\n"
    "Is it hard to pay? Tell us. Many families get help with the cost.\n",
    "owed",
    "due",
    "link",
)
_declare(
    "money-reminder",
    gettext_noop("Money: a reminder"),
    "A reminder: {{ owed }} for {{ reference }}",
    "We have not had all of the payment for {{ for }} yet. It was due on {{ due }}.\n\n"
    "- To pay: {{ owed }}\n- Your reference: {{ reference }}\n\n"
    "[See how to pay]({{ link }})\n\n"
    "If you have paid in the last few days, thank you: you need do nothing. "
    "Is it hard to pay? Please ring us. We would rather help than write again.\n",
    "owed",
    "due",
    "link",
)
_declare(
    "money-receipt",
    gettext_noop("Money: receipt"),
    "Receipt for {{ reference }}: {{ amount }}",
    "Thank you. We have your payment for {{ for }}.\n\n"
    "- Paid: {{ amount }}, {{ how }}\n- Still to pay: {{ owed }}\n"
    "- Your reference: {{ reference }}\n\n"
    "[See and print the receipt]({{ link }})\n",
    "amount",
    "how",
    "owed",
    "link",
)
_declare(
    "money-refund-decided",
    gettext_noop("Money: a refund is on its way"),
    "Your refund for {{ reference }}: {{ amount }}",
    "We are giving you {{ amount }} back for {{ for }}.\n\n"
    "- Why: {{ why }}\n- Your reference: {{ reference }}\n\n"
    "It goes back the way you paid. A card refund takes up to ten working days to arrive.\n",
    "amount",
    "why",
)
_declare(
    "money-refund-made",
    gettext_noop("Money: a refund was made"),
    "We have sent your refund for {{ reference }}",
    "We have sent {{ amount }} back to you for {{ for }}.\n\n"
    "- How: {{ how }}\n- Your reference: {{ reference }}\n",
    "amount",
    "how",
)


def facts(account: MoneyAccount, **more: object) -> dict[str, object]:
    """What every letter about this account may say."""
    return {
        "payer": account.payer_name or _("family"),
        "reference": account.reference,
        "for": account.what or account.reference,
        **more,
    }


def link_of(account: MoneyAccount) -> str:
    """Where the family sees what there is to pay, and pays it."""
    return site_link(f"/pay/{account.key}/")


def send(template: str, account: MoneyAccount, *, key: str, **more: object) -> None:
    """Promise a letter to whoever pays; nothing without an address."""
    mail.queue(
        template,
        to=account.payer_email,
        context=facts(account, **more),
        key=key,
        record=account,
    )


def say_day(day: date | None) -> str:
    return f"{day.day} {day:%B %Y}" if day else _("the day of the course")


def bill(account: MoneyAccount) -> None:
    """What is to be paid, by when and how."""
    owed = ledger.balance(account).owed
    if owed > 0:
        send(
            "money-bill",
            account,
            key=f"money-bill-{account.pk}-{owed}-{account.due_on}",
            owed=in_pounds(owed),
            due=say_day(account.due_on),
            link=link_of(account),
        )


def reminder(account: MoneyAccount, owed: int, *, number: int) -> None:
    """It is past its day. `number` counts the reminders of this account."""
    send(
        "money-reminder",
        account,
        key=f"money-reminder-{account.pk}-{account.due_on}-{number}",
        owed=in_pounds(owed),
        due=say_day(account.due_on),
        link=link_of(account),
    )


def receipt(account: MoneyAccount, entry: MoneyEntry) -> None:
    """We have the money."""
    send(
        "money-receipt",
        account,
        key=f"money-receipt-{entry.pk}",
        amount=in_pounds(entry.pence),
        how=entry.get_method_display(),
        owed=in_pounds(max(0, ledger.balance(account).owed)),
        link=link_of(account),
    )


def refund_decided(account: MoneyAccount, orders: Iterable[MoneyRefund]) -> None:
    """Money goes back; one letter for one decision."""
    orders = list(orders)
    send(
        "money-refund-decided",
        account,
        key=f"money-refund-{orders[0].pk}",
        amount=in_pounds(sum(order.pence for order in orders)),
        why=orders[0].why,
    )


def refund_made(account: MoneyAccount, order: MoneyRefund) -> None:
    """It has gone. A card provider says so itself, within days."""
    if not order.payment.provider:
        send(
            "money-refund-made",
            account,
            key=f"money-refund-made-{order.pk}",
            amount=in_pounds(order.pence),
            how=order.get_method_display(),
        )


@ledger.written("letters")
def _receipt_for(account: MoneyAccount, entry: MoneyEntry) -> None:
    if entry.kind == MoneyEntry.Kind.PAYMENT:
        receipt(account, entry)


_declare(
    "money-too-late",
    gettext_noop("Money: the payment came too late for the place"),
    "We are sorry: your place had gone ({{ reference }})",
    "Your payment of {{ amount }} for {{ for }} reached us after your places had gone to another "
    "family. {{ why }}\n\n"
    "We are giving all of it back, the way you paid. You need do nothing. "
    "A card refund takes up to ten working days to arrive.\n\n"
    "We are sorry. You can join the waiting list, or ring us: we will help you to find another "
    "date.\n",
    "amount",
    "why",
)
_declare(
    "money-let-go",
    gettext_noop("Money: the places were let go"),
    "Your places were not paid for in time ({{ reference }})",
    "We kept your places on {{ for }} for you while you were paying, and no payment has come.\n\n"
    "Other families can now take them. If there is still room you can have them after all:\n\n"
    "[See and pay]({{ link }})\n\n"
    "Have you paid? Then you need do nothing: when your payment comes we either give you your "
    "places or send the money back.\n",
    "link",
)


def too_late(account: MoneyAccount, entry: MoneyEntry, why: str) -> None:
    """The money came when the place had gone."""
    send(
        "money-too-late",
        account,
        key=f"money-too-late-{entry.pk}",
        amount=in_pounds(entry.pence),
        why=why,
    )


def let_go(account: MoneyAccount) -> bool:
    """The places were let go; whether this is the first time that it is said."""
    key = f"money-let-go-{account.pk}-{account.pay_by:%Y%m%d%H%M}"
    if OutboxMessage.objects.filter(key=key).exists():
        return False
    send("money-let-go", account, key=key, link=link_of(account))
    return True
