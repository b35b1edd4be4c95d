"""Card providers: one interface, chosen by the environment (PAY_PROVIDER).

`base.py` says what a provider is. Whoever wants another writes a subclass in a file of its own.
"""

from . import govuk_pay, stripe_checkout, trial
from .base import Begun, ForgedError, Provider, ProviderError, Told, chosen, providers

__all__ = [
    "Begun",
    "ForgedError",
    "Provider",
    "ProviderError",
    "Told",
    "chosen",
    "govuk_pay",
    "providers",
    "stripe_checkout",
    "trial",
]
