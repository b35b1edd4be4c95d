"""Stripe Checkout, by Stripe's own library. The family pays on Stripe's page and comes back.

STRIPE_SECRET_KEY and STRIPE_WEBHOOK_SECRET; STRIPE_API_BASE only where Stripe is stood in for. The
webhook is sent to /pay/hook/stripe/ for the events checkout.session.*.
"""

import json
from collections.abc import Mapping

import stripe
from django.conf import settings

from cms.models import MoneyRefund, OnlinePayment
from cms.money.refunds import Sent

from .base import SECONDS, Begun, ForgedError, Provider, ProviderError, Told, provider

FAILED = "checkout.session.async_payment_failed"


@provider("stripe")
class StripeCheckout(Provider):
    origins = ("https://checkout.stripe.com",)

    @property
    def _client(self) -> stripe.StripeClient:
        return stripe.StripeClient(
            settings.STRIPE_SECRET_KEY,
            base_addresses={"api": settings.STRIPE_API_BASE},
            max_network_retries=1,
            http_client=stripe.RequestsClient(timeout=SECONDS),
        )

    def begin(self, payment: OnlinePayment, *, back: str, what: str) -> Begun:
        params = {
            "mode": "payment",
            "client_reference_id": payment.key,
            "line_items": [
                {
                    "quantity": 1,
                    "price_data": {
                        "currency": "gbp",
                        "unit_amount": payment.pence,
                        "product_data": {"name": what},
                    },
                }
            ],
            "success_url": back,
            "cancel_url": back,
        }
        try:
            session = self._client.v1.checkout.sessions.create(
                params=params, options={"idempotency_key": payment.key}
            )
        except stripe.StripeError as error:
            raise ProviderError(_said(error)) from error
        return Begun(session.id, session.url or "")

    def read(self, body: bytes, headers: Mapping[str, str]) -> Told | None:
        try:
            stripe.WebhookSignature.verify_header(
                body.decode(),
                headers.get("Stripe-Signature") or "",
                settings.STRIPE_WEBHOOK_SECRET,
                stripe.Webhook.DEFAULT_TOLERANCE,
            )
        except (stripe.SignatureVerificationError, UnicodeDecodeError) as error:
            raise ForgedError from error
        event = json.loads(body)
        if not str(event.get("type")).startswith("checkout.session."):
            return None
        return _told(event["data"]["object"], has_failed=event["type"] == FAILED)

    def ask(self, payment: OnlinePayment) -> Told:
        try:
            session = self._client.v1.checkout.sessions.retrieve(payment.reference)
        except stripe.StripeError as error:
            raise ProviderError(_said(error)) from error
        return _told(session.to_dict())

    def refund(self, order: MoneyRefund) -> Sent:
        params = {"payment_intent": order.payment.provider_reference, "amount": order.pence}
        try:
            made = self._client.v1.refunds.create(
                params=params, options={"idempotency_key": order.key}
            )
        except (stripe.InvalidRequestError, stripe.CardError) as error:
            return Sent(refused=_said(error))
        except stripe.StripeError as error:
            raise ProviderError(_said(error)) from error
        if made.status in ("failed", "canceled"):
            return Sent(refused=f"Stripe says that refund {made.id} {made.status}.")
        return Sent(made.id)


def _told(session: Mapping, *, has_failed: bool = False) -> Told:
    state = OnlinePayment.State.STARTED
    if session.get("payment_status") == "paid":
        state = OnlinePayment.State.PAID
    elif has_failed:
        state = OnlinePayment.State.FAILED
    elif session.get("status") == "expired":
        state = OnlinePayment.State.EXPIRED
    intent = session.get("payment_intent") or ""
    if session.get("currency", "gbp") != "gbp":
        raise ProviderError("A payment in another currency than pounds.")
    return Told(
        reference=session["id"],
        state=state,
        pence=session.get("amount_total") or 0,
        key=session.get("client_reference_id") or "",
        paid_as=intent if isinstance(intent, str) else intent.get("id", ""),
    )


def _said(error: stripe.StripeError) -> str:
    """What Stripe said, without what we sent."""
    return f"Stripe: {error.user_message or error.code or type(error).__name__}"[:300]
