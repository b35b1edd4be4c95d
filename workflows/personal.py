"""The store "Cases": what is left of a person once what they sent in is gone (cms.erasing)."""

from collections.abc import Iterable

from django.db.models import Q
from django.utils.translation import gettext as _

from cms import audit
from cms.erasing.person import Person
from cms.erasing.stores import DELETED, Found, Order, stores

from . import forgetting
from .models import Case, CaseParty


@stores("Cases")
def cases(person: Person, order: Order | None) -> Iterable[Found]:
    """Cases that name the person: as the contact, or in the title."""
    wanted = Q(contact_email__in=person.emails)
    for address in person.emails:
        wanted |= Q(contact_email__iexact=address)
    if person.first and person.last:
        wanted |= Q(contact_name__iexact=person.full_name) | Q(title__icontains=person.full_name)
    rows = list(Case.objects.filter(wanted).select_related("subject_type", "version"))
    rows = [row for row in rows if not _is_held(row) and not _is_others(person, row)]
    yield Found(_("Cases, with their history, reviews, offers and times"), rows, DELETED)
    parties = list(CaseParty.objects.filter(email__in=person.emails))
    yield Found(_("Young people who act for themselves"), parties, DELETED)
    if order:
        CaseParty.objects.filter(pk__in=[row.pk for row in parties]).delete()
        for case in rows:
            _forget(case, order)


def _is_held(case: Case) -> bool:
    """What it is about stays for a reason of its own, and so does the case."""
    return bool(getattr(case.subject, "hold_reason", ""))


def _is_others(person: Person, case: Case) -> bool:
    """A case about several children, of which this one's part is gone, belongs to the others."""
    return person.is_child and bool(getattr(case.subject, "answers", None))


def _forget(case: Case, order: Order) -> None:
    subject, model = case.subject, case.subject_type.model_class()
    is_only_for_it = model is not None and not hasattr(subject, "anonymised_at")
    audit.record(order.by, "erase", case, order.because)
    forgetting.forget(case)
    if is_only_for_it and model._meta.app_label == "hub_forms" and subject is not None:
        subject.delete()
