"""The store "Newsletter": an address that gets the newsletter (cms.erasing)."""

from collections.abc import Iterable

from django.db.models import Q
from django.utils.translation import gettext as _

from cms.erasing.person import Person
from cms.erasing.stores import DELETED, Found, Order, stores

from .models import Subscriber


@stores("Newsletter")
def newsletter(person: Person, order: Order | None) -> Iterable[Found]:
    wanted = Q(pk=None)
    for address in person.emails:
        wanted |= Q(email__iexact=address)
    rows = list(Subscriber.objects.filter(wanted))
    yield Found(_("Subscriptions"), rows, DELETED)
    if order:
        Subscriber.objects.filter(pk__in=[row.pk for row in rows]).delete()
