"""The door for what card providers send: signed messages, and nothing else.

A message is answered 2xx when it was understood, even if it said nothing new, so that it is not
sent again; 400 without its signature; 404 while we do not know the payment, so that it is.
"""

import logging

from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from . import online
from .providers import ForgedError, ProviderError, providers

logger = logging.getLogger(__name__)
MOST_BYTES = 512 * 1024


@csrf_exempt  # a machine sends it, and its signature says who
@require_POST
def hook(request: HttpRequest, provider: str) -> HttpResponse:
    """One message."""
    if provider not in providers or not online.takes_cards():
        return HttpResponse(status=404)
    length = request.META.get("CONTENT_LENGTH") or "0"
    if not length.isdigit() or int(length) > MOST_BYTES:
        return HttpResponse(status=413)
    try:
        online.receive(provider, request.body, request.headers)
    except ForgedError:
        logger.warning("A message to /pay/hook/%s/ had no valid signature.", provider)
        return HttpResponse(status=400)
    except online.UnknownPaymentError:
        return HttpResponse(status=404)
    except (ProviderError, KeyError, ValueError, TypeError):
        logger.exception("A signed message to /pay/hook/%s/ could not be read.", provider)
        return HttpResponse(status=422)
    return HttpResponse(status=204)
