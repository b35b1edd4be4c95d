"""A provider for trying out: pages of our own at /pay/test/, and messages that are signed and come
later, as from a real one. No money moves. Only on a demo hub or while developing.
"""

import hashlib
import hmac
import json
from collections.abc import Mapping

from django.conf import settings
from django.db import transaction

from cms import jobs
from cms.mailmarkup import site_link
from cms.models import MoneyRefund, OnlinePayment
from cms.money.refunds import Sent
from cms.secrecy import new_token

from .base import Begun, ForgedError, Provider, Told, provider

JOB = "money.trial"
SIGNATURE = "Test-Signature"
OUTCOMES = ("paid", "failed", "cancelled")


@provider("test")
class Trial(Provider):
    def begin(self, payment: OnlinePayment, *, back: str, what: str) -> Begun:
        reference = f"test_{new_token()[:24]}"
        OnlinePayment.objects.filter(pk=payment.pk).update(trial={"back": back, "what": what})
        return Begun(reference, site_link(f"/pay/test/{reference}/"))

    def read(self, body: bytes, headers: Mapping[str, str]) -> Told | None:
        sent = headers.get(SIGNATURE) or ""
        if not hmac.compare_digest(sign(body).encode(), sent.encode()):
            raise ForgedError
        said = json.loads(body)
        return Told(**said)

    def ask(self, payment: OnlinePayment) -> Told:
        payment.refresh_from_db(fields=["trial"])
        return _told(payment, payment.trial.get("outcome") or OnlinePayment.State.STARTED)

    def refund(self, order: MoneyRefund) -> Sent:
        return Sent(f"test_refund_{order.pk}")


def sign(body: bytes) -> str:
    """As the provider signs: with a secret that only this hub and its pages for trying have."""
    key = f"pay-test:{settings.SECRET_KEY}".encode()
    return hmac.new(key, body, hashlib.sha256).hexdigest()


def _told(payment: OnlinePayment, outcome: str) -> Told:
    paid = outcome == OnlinePayment.State.PAID
    return Told(
        payment.reference,
        outcome,
        payment.pence if paid else 0,
        payment.key,
        payment.reference if paid else "",
    )


def decide(payment: OnlinePayment, outcome: str) -> str:
    """The family chose on the page for trying out: the message follows; where it goes back to."""
    with transaction.atomic():
        locked = OnlinePayment.objects.select_for_update().get(pk=payment.pk)
        if not locked.trial.get("outcome"):
            locked.trial |= {"outcome": outcome}
            locked.save(update_fields=["trial"])
            jobs.enqueue(JOB, key=f"{JOB}-{payment.pk}", payload={"id": payment.pk})
    return locked.trial["back"]


@jobs.handlers(JOB)
def tell(run: jobs.JobRun) -> None:
    """The signed message arrives, by the same door as a real one."""
    from cms.money import online  # noqa: PLC0415 - it reads the providers

    payment = OnlinePayment.objects.get(pk=run.payload["id"])
    told = _told(payment, payment.trial["outcome"])
    body = json.dumps(vars(told), sort_keys=True).encode()
    online.receive("test", body, {SIGNATURE: sign(body)})
