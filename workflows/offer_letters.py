"""The letters about offers and lists, and the link by which an offer is answered.

The link is signed, not stored: the same offer has the same link in its letter and its reminder. It
names nobody and shows nothing but the offer; opening it changes nothing.
"""

from django.core import signing
from django.utils import timezone
from django.utils.translation import gettext_noop, ngettext

from cms import mail
from cms.mailmarkup import site_link

from .family import folder_link
from .models import Case, ListEntry, Offer, Pool

SIGNER = signing.Signer(salt="offer")

OFFER = {
    "contact_name": "Rowan Ashdown",
    "reference": "SW26-4K7P",
    "what": "2 places",
    "where": "Songwriter at Watford Music Centre, 26 October 2026",
    "until": "Tuesday 20 October 2026 at 12pm",
    "link": "/family/offer/sample/",
    "folder": "/family/SW26-4K7P/",
    "reason": "",
}


class NoSuchOfferError(LookupError):
    """The link is not one of ours."""


def _declare(key: str, name: str, subject: str, body: str) -> None:
    mail.declare(
        key,
        name=name,
        subject=subject,
        body="Dear {{ contact_name }},\n\n" + body,
        placeholders=OFFER,
    )


_declare(
    "offer-made",
    gettext_noop("Offer: a place is free"),
    "We can offer you {{ what }}: please answer by {{ until }}",
    "Good news about {{ reference }}: we can offer you {{ what }}.\n\n- For: {{ where }}\n"
    "- Please answer by: {{ until }}\n\n[Answer the offer]({{ link }})\n\n"
    "We keep this for you until then. If we do not hear from you it goes to the next family.\n",
)
_declare(
    "offer-reminder",
    gettext_noop("Offer: reminder at half time"),
    "Reminder: please answer our offer by {{ until }}",
    "We have offered you {{ what }} ({{ reference }}) and have not heard from you yet.\n\n"
    "- For: {{ where }}\n- Please answer by: {{ until }}\n\n[Answer the offer]({{ link }})\n\n"
    "If you no longer want it, please say so there: another family is waiting.\n",
)
_declare(
    "offer-lapsed",
    gettext_noop("Offer: it has run out"),
    "Our offer for {{ reference }} has run out",
    "We offered you {{ what }} until {{ until }} and did not hear from you, so we have to give "
    "it to somebody else.\n\n- For: {{ where }}\n\n{{ reason }}\n\n"
    "[See where you stand]({{ folder }})\n",
)
_declare(
    "offer-withdrawn",
    gettext_noop("Offer: we had to take it back"),
    "We had to take back our offer for {{ reference }}",
    "We are sorry: we had to take back our offer of {{ what }}.\n\n- For: {{ where }}\n\n"
    "{{ reason }}\n\n[See where you stand]({{ folder }})\n",
)
_declare(
    "offer-accepted",
    gettext_noop("Offer: thank you for accepting"),
    "You have accepted: {{ what }}",
    "Thank you. You have accepted our offer of {{ what }}.\n\n- For: {{ where }}\n\n"
    "{{ reason }}\n\n[See what happens next]({{ folder }})\n",
)
_declare(
    "list-joined",
    gettext_noop("Waiting list: you are on it"),
    "You are on the waiting list: {{ where }}",
    "You are on the waiting list for {{ where }}. Your reference is {{ reference }}.\n\n"
    "You need do nothing now. When {{ what }} come free for you we write to you, and you have "
    "until the time that our letter says to answer.\n\n"
    "[See where you stand, pause or leave the list]({{ folder }})\n",
)


def token_of(offer: Offer) -> str:
    """What the link of this offer carries."""
    return SIGNER.sign(str(offer.pk)).replace(":", ".", 1)


def offer_of(token: str) -> Offer:
    """The offer of a link. Raises NoSuchOfferError."""
    try:
        pk = SIGNER.unsign(token.replace(".", ":", 1))
    except signing.BadSignature:
        raise NoSuchOfferError from None
    offer = Offer.objects.select_related("pool__course_date", "case").filter(pk=pk).first()
    if offer is None:
        raise NoSuchOfferError
    return offer


def say_until(offer: Offer) -> str:
    """ "Tuesday 20 October 2026 at 12pm", London time."""
    ends = timezone.localtime(offer.answer_by)
    minutes = f":{ends:%M}" if ends.minute else ""
    clock = f"{ends:%I}".lstrip("0") + minutes + f"{ends:%p}".lower()
    return f"{ends:%A} {ends.day} {ends:%B %Y} at {clock}"


def places_words(number: int) -> str:
    return ngettext("%(n)s place", "%(n)s places", number) % {"n": number}


def write(offer: Offer, template: str, *, reason: str = "") -> None:
    """Promise a letter about an offer to whoever applied, once for each kind of letter."""
    _queue(
        template,
        offer.case,
        offer.pool,
        number=offer.number,
        key=f"{template}-{offer.pk}",
        until=say_until(offer),
        link=site_link(f"/family/offer/{token_of(offer)}/"),
        reason=reason,
    )


def write_joined(entry: ListEntry) -> None:
    """Promise the letter that says that somebody waits now."""
    key = f"list-joined-{entry.pk}"
    _queue("list-joined", entry.case, entry.pool, number=entry.need, key=key)


def _queue(template: str, case: Case, pool: Pool, *, number: int, key: str, **more: str) -> None:
    mail.queue(
        template,
        to=case.contact_email,
        context={
            "contact_name": case.contact_name,
            "reference": case.reference,
            "what": places_words(number),
            "where": str(pool),
            "until": "",
            "link": "",
            "reason": "",
            "folder": folder_link(case),
            **more,
        },
        key=key,
        record=case,
    )
