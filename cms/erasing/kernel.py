"""The stores of the kernel: rosters, money, letters, notes and pages, and the access log."""

from collections.abc import Iterable
from pathlib import Path

from django.conf import settings
from django.core.cache import cache
from django.db.models import Q
from django.utils.translation import gettext as _
from wagtail.search import index

from cms import audit, pagecache
from cms.models import (
    Guardian,
    HelpClaim,
    LoanInstrument,
    MoneyAccount,
    OutboxMessage,
    PartnerPerson,
    Place,
    Pupil,
)
from cms.money import help as helping

from . import sweep
from .person import Person
from .stores import DELETED, Found, Order, stores


def pupils_of(person: Person) -> list[Pupil]:
    """The child's records: of one birthday where both are known."""
    if not person.first or not person.last:
        return []
    named = Q(legal_first_name__iexact=person.first) | Q(known_as__iexact=person.first)
    rows = Pupil.objects.filter(named, legal_last_name__iexact=person.last)
    return [
        row
        for row in rows
        if not (person.born and row.date_of_birth and str(row.date_of_birth) != person.born)
        and not (row.date_of_birth and person.emails and not person.born)
    ]


def guardians_of(person: Person) -> list[Guardian]:
    wanted = Q(pk=None)
    for address in person.emails:
        wanted |= Q(email__iexact=address)
    return list(Guardian.objects.filter(wanted))


@stores("Rosters")
def rosters(person: Person, order: Order | None) -> Iterable[Found]:
    pupils = pupils_of(person)
    places = list(Place.objects.filter(pupil__in=pupils))
    loans = list(LoanInstrument.objects.filter(borrower__in=pupils))
    related = [
        row
        for pupil in pupils
        for manager in (pupil.enrolments, pupil.awards, pupil.outside_bookings)
        for row in manager.all()
    ]
    guardians = guardians_of(person)
    yield Found(_("Pupils"), pupils, DELETED)
    yield Found(_("Enrolments, awards and bookings elsewhere"), related, DELETED)
    yield Found(_("Places on courses"), places, _("Kept for counting, without the child."))
    yield Found(_("Instruments on loan"), loans, _("Kept as stock, without who has it."))
    yield Found(_("Guardians"), guardians, DELETED)
    if order:
        Place.objects.filter(pk__in=[row.pk for row in places]).update(pupil=None)
        for row in (*pupils, *guardians):
            audit.record(order.by, "erase", row, order.because)
            row.delete()


@stores("Money")
def money(person: Person, order: Order | None) -> Iterable[Found]:
    """What was charged and paid is kept for six years, as the law asks; who paid is not."""
    wanted = Q(payer_email__in=person.emails)
    if person.first and person.last:
        wanted |= Q(payer_name__iexact=person.full_name)
    rows = list(MoneyAccount.objects.filter(wanted))
    yield Found(_("Accounts of money"), rows, _("Kept as the law asks, without who paid."))
    claims = list(HelpClaim.objects.filter(account__in=rows))
    yield Found(_("Claims for help with costs"), claims, _("Kept as an amount, without why."))
    if order:
        for account in rows:
            helping.forget(account)
        accounts = MoneyAccount.objects.filter(pk__in=[row.pk for row in rows])
        accounts.update(payer_name="", payer_email="")


@stores("Partners")
def partners(person: Person, order: Order | None) -> Iterable[Found]:
    """Somebody who acts for a partner organisation."""
    wanted = Q(pk=None)
    for address in person.emails:
        wanted |= Q(email__iexact=address)
    rows = list(PartnerPerson.objects.filter(wanted))
    yield Found(_("People of partners"), rows, DELETED)
    if order:
        PartnerPerson.objects.filter(pk__in=[row.pk for row in rows]).delete()


@stores("Letters")
def letters(person: Person, order: Order | None) -> Iterable[Found]:
    wanted = Q(to__in=person.emails)
    for word in person.words():
        wanted |= Q(text__icontains=word) | Q(subject__icontains=word) | Q(to__iexact=word)
    rows = list(OutboxMessage.objects.filter(wanted))
    yield Found(_("E-mails written by the hub"), rows, DELETED)
    files = [path for path in _mail_files() if person.is_in(path.read_text(errors="replace"))]
    yield Found(_("Files of e-mails"), [], DELETED, number=len(files))
    if order:
        OutboxMessage.objects.filter(pk__in=[row.pk for row in rows]).delete()
        for path in files:
            path.unlink(missing_ok=True)


def _mail_files() -> list[Path]:
    folder = getattr(settings, "EMAIL_FILE_PATH", None)
    return sorted(Path(folder).glob("*.eml")) if folder and Path(folder).is_dir() else []


@stores("Notes and pages")
def notes_and_pages(person: Person, order: Order | None) -> Iterable[Found]:
    """Words in every other column; pages are indexed anew, and nothing kept of them stays."""
    if not order:
        found = {(column.model, pk) for column, pk, _text in sweep.hits(person)}
        rows = [row for model, pk in sorted(found, key=str) if (row := _row(model, pk))]
        yield Found(_("Mentions in notes, histories, pages and drafts"), rows, _("Replaced."))
        return
    changed = sweep.replace(person, order.held)
    for model, pk in changed:
        if issubclass(model, index.Indexed) and (row := _row(model, pk)):
            index.insert_or_update_object(getattr(row, "specific", row))
    for model in {model for model, _pk in changed}:
        pagecache.content_changed(sender=model)
    pagecache.forget_parts()
    cache.clear()
    yield Found(_("Mentions in notes, histories, pages and drafts"), [], "", number=len(changed))


def _row(model: type, pk: object) -> object | None:
    return model._base_manager.filter(pk=pk).first()


@stores("Access log")
def access_log(person: Person, order: Order | None) -> Iterable[Found]:
    """Who looked stays for ever; what they typed as a reason may name the child."""
    rows = [row for row in audit.entries_with_words() if person.is_in(row.detail)]
    yield Found(_("Reasons in the access log"), rows, _("Replaced; the chain of seals holds."))
    if order:
        for row in rows:
            audit.pseudonymise(row, sweep.redacted(person, row.detail))
