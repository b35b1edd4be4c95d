"""GOV.UK Pay, by its REST interface. The family pays on GOV.UK and comes back.

GOVUK_PAY_KEY and GOVUK_PAY_WEBHOOK_SECRET; GOVUK_PAY_URL is its public address. Without a webhook
it works too: the hub asks every five minutes (cms.money.online).
"""

import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any

import requests
from django.conf import settings

from cms.models import MoneyRefund, OnlinePayment
from cms.money.refunds import Sent

from .base import SECONDS, Begun, ForgedError, Provider, ProviderError, Told, provider

State = OnlinePayment.State
# What GOV.UK Pay says of a payment, and the two codes that say why it failed.
STATES = {"success": State.PAID, "failed": State.FAILED, "cancelled": State.CANCELLED}
STATES |= {"error": State.FAILED}
CODES = {"P0020": State.EXPIRED, "P0030": State.CANCELLED}


@provider("govuk")
class GovUkPay(Provider):
    origins = ("https://www.payments.service.gov.uk",)

    def begin(self, payment: OnlinePayment, *, back: str, what: str) -> Begun:
        made = self._call(
            "POST",
            "/v1/payments",
            json={
                "amount": payment.pence,
                "reference": payment.account.reference,
                "description": what[:255],
                "return_url": back,
                "metadata": {"key": payment.key},
            },
            headers={"Idempotency-Key": payment.key},
        )
        return Begun(made["payment_id"], made["_links"]["next_url"]["href"])

    def read(self, body: bytes, headers: Mapping[str, str]) -> Told | None:
        secret = settings.GOVUK_PAY_WEBHOOK_SECRET.encode()
        right = hmac.new(secret, body, hashlib.sha256).hexdigest()
        sent = headers.get("Pay-Signature") or ""
        if not secret or not hmac.compare_digest(right.encode(), sent.encode()):
            raise ForgedError
        message = json.loads(body)
        if message.get("resource_type", "payment").lower() != "payment":
            return None
        return _told(message["resource"])

    def ask(self, payment: OnlinePayment) -> Told:
        return _told(self._call("GET", f"/v1/payments/{payment.reference}"))

    def refund(self, order: MoneyRefund) -> Sent:
        path = f"/v1/payments/{order.payment.provider_reference}"
        # A refund has no key of ours: what is still there tells whether it was made before.
        before = order.payment.refunded_by.order_by().values_list("pence", flat=True)
        expected = order.payment.pence - sum(before)
        left = self._call("GET", path)["refund_summary"]["amount_available"]
        if left < expected:
            known = set(order.payment.refunded_by.values_list("provider_reference", flat=True))
            listed = self._call("GET", f"{path}/refunds")["_embedded"]["refunds"]
            for one in listed:
                if one["refund_id"] not in known and one["amount"] == order.pence:
                    return Sent(one["refund_id"])
            return Sent(refused="GOV.UK Pay has given back money that this hub does not know of.")
        made = self._call(
            "POST",
            f"{path}/refunds",
            json={"amount": order.pence, "refund_amount_available": left},
        )
        if made.get("status") == "error":
            return Sent(refused="GOV.UK Pay could not give it back.")
        return Sent(made["refund_id"])

    def _call(self, method: str, path: str, **more: Any) -> dict:
        headers = {"Authorization": f"Bearer {settings.GOVUK_PAY_KEY}", **more.pop("headers", {})}
        try:
            answer = requests.request(
                method,
                settings.GOVUK_PAY_URL + path,
                headers=headers,
                timeout=SECONDS,
                allow_redirects=False,
                **more,
            )
            if answer.status_code not in (200, 201, 202):
                raise ProviderError(f"GOV.UK Pay answered {answer.status_code}.")
            return answer.json()
        except (requests.RequestException, ValueError) as error:
            raise ProviderError(f"GOV.UK Pay: {type(error).__name__}") from error


def _told(payment: Mapping) -> Told:
    said = payment["state"]
    state = STATES.get(said["status"], State.STARTED)
    return Told(
        reference=payment["payment_id"],
        state=CODES.get(said.get("code", ""), state),
        pence=payment.get("total_amount") or payment.get("amount") or 0,
        key=(payment.get("metadata") or {}).get("key", ""),
        paid_as=payment["payment_id"],
    )
