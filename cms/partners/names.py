"""A partner's names over time: a new one, and two organisations that become one.

Who has the old address of a page is led to the new one; history stays with whom it happened to.
"""

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction
from django.utils.text import slugify
from django.utils.translation import gettext as _

from cms import audit
from cms.models import Partner, PartnerName

from . import standing


class NameTakenError(ValueError):
    """Another partner has that name. The message is a sentence."""


def free_slug(name: str, *, but: Partner | None = None) -> str:
    """An address for this name that no partner has, or had: somebody may still follow it."""
    stem = slugify(name)[:44].strip("-") or "partner"
    slug, number = stem, 2
    while (
        Partner.objects.filter(slug=slug).exclude(pk=but.pk if but else None).exists()
        or PartnerName.objects.filter(slug=slug).exclude(partner=but).exists()
    ):
        slug, number = f"{stem}-{number}", number + 1
    return slug


def rename(partner: Partner, name: str, *, by: AbstractBaseUser | None = None) -> Partner:
    """Give it a new name and address; the old ones are kept. Raises NameTakenError."""
    name = " ".join(name.split())[:150]
    with transaction.atomic():
        partner = standing.locked(partner)
        if name == partner.name:
            return partner
        if Partner.objects.filter(name__iexact=name).exclude(pk=partner.pk).exists():
            raise NameTakenError(_("Another partner has that name. Did the two become one?"))
        old_name, old_slug = partner.name, partner.slug
        partner.name, partner.slug = name, free_slug(name, but=partner)
        partner.former_names.filter(slug=partner.slug).delete()  # it has its old name back
        if partner.slug != old_slug:
            PartnerName.objects.create(partner=partner, name=old_name, slug=old_slug)
        partner.save(update_fields=["name", "slug"])
        words = _("Renamed from %(old)s to %(new)s") % {"old": old_name, "new": name}
        standing.note(partner, "renamed", words, by=by)
        audit.record(by, "change", partner, {"fields": ["name", "slug"]})
    return partner


def merge(gone: Partner, into: Partner, *, by: AbstractBaseUser | None = None) -> Partner:
    """`gone` became part of `into`: its address and its people go over, its papers do not.

    Raises ValueError for one and the same partner.
    """
    if gone.pk == into.pk:
        raise ValueError(_("An organisation cannot become part of itself."))
    with transaction.atomic():
        first, second = sorted((gone.pk, into.pk))  # the order in which everybody locks
        rows = {pk: standing.locked(Partner(pk=pk)) for pk in (first, second)}
        gone, into = rows[gone.pk], rows[into.pk]
        gone.former_names.update(partner=into)
        PartnerName.objects.create(partner=into, name=gone.name, slug=gone.slug, joined=True)
        known = set(into.people.values_list("email", flat=True))
        gone.people.exclude(email__in=known).update(partner=into, may_sign=False)
        gone.people.all().delete()
        words = _("Became part of %(partner)s") % {"partner": into.name}
        standing.leave(gone, by=by, words=words)
        words = _("%(partner)s became part of it") % {"partner": gone.name}
        standing.note(into, "merged", words, by=by)
        audit.record(by, "change", into, {"merged": gone.pk})
        into.save(update_fields=["source_hash"])  # what is kept of the public pages is out of date
    return into


def now_at(slug: str) -> Partner | None:
    """The live partner that once had this address, or took over whoever had it."""
    former = PartnerName.objects.filter(slug=slug).values_list("partner", flat=True).first()
    return Partner.objects.live().filter(pk=former).first() if former else None
