"""What a card provider is: four verbs, none of which writes down money.

Secrets are read from the settings, which read the environment. A provider is asked outside any
transaction, and every question carries a key of ours, so that asking twice does it once.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from django.conf import settings

from cms import sandbox
from cms.models import MoneyRefund, OnlinePayment
from cms.money.refunds import Sent, senders
from cms.registry import Registry

SECONDS = 10.0


class ProviderError(Exception):
    """The provider did not answer, or not as it should. It may be tried again."""


class ForgedError(Exception):
    """What claims to come from the provider does not carry its signature."""


@dataclass(frozen=True)
class Begun:
    """The provider's name for a payment, and where the family pays."""

    reference: str
    address: str


@dataclass(frozen=True)
class Told:
    """What the provider says of a payment. `state` is one of OnlinePayment.State.

    `key` is our own name for it, should we not have kept theirs yet. `paid_as` is what the money
    is called when it goes back. `pence` is what was really paid.
    """

    reference: str
    state: str
    pence: int = 0
    key: str = ""
    paid_as: str = ""


class Provider:
    """One card provider. `origin` is the address that a browser is sent to."""

    name: ClassVar[str] = ""
    origins: ClassVar[tuple[str, ...]] = ()

    def begin(self, payment: OnlinePayment, *, back: str, what: str) -> Begun:
        """Open a payment of `payment.pence`. `back` is our page for afterwards. ProviderError."""
        raise NotImplementedError

    def read(self, body: bytes, headers: Mapping[str, str]) -> Told | None:
        """A message of the provider's; None when it is about something else. ForgedError."""
        raise NotImplementedError

    def ask(self, payment: OnlinePayment) -> Told:
        """How that payment stands. ProviderError."""
        raise NotImplementedError

    def refund(self, order: MoneyRefund) -> Sent:
        """Give money of `order.payment` back, once, however often it is asked. ProviderError."""
        raise NotImplementedError


providers: Registry[Provider] = Registry("card provider")


def provider(name: str):  # noqa: ANN201 - a decorator
    """Register a provider, and that it sends its refunds by itself."""

    def register(cls: type[Provider]) -> type[Provider]:
        cls.name = name
        one = cls()
        providers(name)(one)

        def send(order: MoneyRefund) -> Sent:
            sandbox.refuse("give money back")
            return one.refund(order)

        senders(name)(send)
        return cls

    return register


def chosen() -> Provider | None:
    """The provider that this hub pays by; None when it takes no cards."""
    name = settings.PAY_PROVIDER
    return providers[name] if name else None
