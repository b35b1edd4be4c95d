"""A draft partner made of an application's answers: the public parts alone, named one by one.

What the public record may take is the list PUBLIC; an answer that is not on it stays where it is.
`taken_from` says which question each part is in, so that staff may design their own form.
"""

import difflib
import re
from collections.abc import Mapping
from datetime import date
from urllib.parse import urlsplit

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction
from django.db.models import Q
from django.utils.dateparse import parse_date
from django.utils.text import slugify
from django.utils.translation import gettext as _

from cms import audit
from cms.models import OrganisationType, Partner, PartnerEvent, PartnerPaper, StrategicFunction

from . import names, papers, standing

#: Part of the public record: the question of the shipped form (hub-partner) that it is in.
PUBLIC = {
    "name": "trading_name",
    "summary": "description",
    "website": "website",
    "kind": "kind",
    "functions": "functions",
    "district": "map_district",
}
NUMBERS = {"charity_number": "charity_number", "company_number": "company_number", "urn": "urn"}
LEGAL_NAME = {"legal_name": "legal_name"}
#: Paper: the questions for its date, and for its last day where the form asks for one.
PAPERS = {
    PartnerPaper.Kind.POLICY: ("policy_date", "policy_next"),
    PartnerPaper.Kind.TRAINING: ("training", ""),
    PartnerPaper.Kind.INSURANCE: ("", "liability_until"),
    PartnerPaper.Kind.DBS: ("dbs_checked", ""),
    PartnerPaper.Kind.REGISTER: ("register_date", ""),
}
PERSON = ("contact_name", "email")
DISTRICT = re.compile(r"[A-Z]{1,2}[0-9][0-9A-Z]?")
ALIKE = 0.84
NOISE = {"the", "ltd", "limited", "cic", "cio", "charity", "music", "trust", "and", "of", "uk"}


def draft_page_for(
    partner: Partner | None,
    answers: Mapping[str, object],
    *,
    reference: str = "",
    taken_from: Mapping[str, str] | None = None,
    by: AbstractBaseUser | None = None,
) -> Partner:
    """The partner of these answers: the one given, that of the same application, or a new draft.

    A new one is not public until `standing.publish`. One that is there keeps its public words:
    they are comms' own. Its papers and people are brought up to date either way. Twice is once.
    """
    where = PUBLIC | LEGAL_NAME | NUMBERS | dict(taken_from or {})
    with transaction.atomic():
        partner = partner or partner_of(reference) or _same(answers, where)
        if partner is None:
            partner = _new(answers, where)
            standing.note(partner, "drafted", _("Draft made from the application"), by=by,
                          reference=reference)  # fmt: skip
            audit.record(by, "add", partner)
        elif reference and partner_of(reference) is None:
            standing.note(partner, "applied", _("Renewed"), by=by, reference=reference)
        _fill(partner, answers, where)
        _add_person(partner, answers)
        give_papers(partner, answers, by=by)
    return partner


def partner_of(reference: str) -> Partner | None:
    """The partner that an application made or renewed."""
    event = PartnerEvent.objects.filter(reference=reference).first() if reference else None
    return event.partner if event else None


def give_papers(
    partner: Partner, answers: Mapping[str, object], *, by: AbstractBaseUser | None = None
) -> list[PartnerPaper]:
    """Keep what the answers say of papers; a date that cannot be right is left for staff to ask."""
    given = []
    for kind, (dated, until) in PAPERS.items():
        day, last = _day(answers.get(dated)), _day(answers.get(until))
        begins = day or (last and papers.months_after(last, -12))
        if begins is None:
            continue
        try:
            given.append(papers.give(partner, kind, dated_on=begins, valid_until=last, by=by))
        except papers.PaperProblemError:
            continue
    return given


def alike(partner_facts: Mapping[str, object], *, but: Partner | None = None) -> list[tuple]:
    """`[(partner, why)]`: organisations that may be the same, for staff alone.

    By a number or a website's host that is the same, then by a name that is nearly. Keys as in
    PUBLIC, LEGAL_NAME and NUMBERS. Two queries.
    """
    others = Partner.objects.exclude(pk=but.pk if but else None)
    same = Q()
    for name in NUMBERS:
        if number := plain_number(partner_facts.get(name)):
            same |= Q(**{name: number})
    found: dict[int, tuple] = {}
    for one in others.filter(same) if same else ():
        found[one.pk] = (one, _("It has the same number"))
    host = _host(partner_facts.get("website"))
    wanted = {_essence(partner_facts.get(key)) for key in ("name", "legal_name")} - {""}
    for one in others.prefetch_related("former_names"):
        known = [one.name, one.legal_name, *(former.name for former in one.former_names.all())]
        if host and _host(one.website) == host:
            found.setdefault(one.pk, (one, _("It has the same website")))
        elif any(_near(name, other) for name in wanted for other in map(_essence, known) if other):
            found.setdefault(one.pk, (one, _("Its name is nearly the same")))
    return list(found.values())


def facts_in(answers: Mapping[str, object]) -> dict[str, object]:
    """What `alike` compares, out of an application's answers."""
    where = PUBLIC | LEGAL_NAME | NUMBERS
    wanted = ("name", "website", *LEGAL_NAME, *NUMBERS)
    return {part: answers.get(where[part]) for part in wanted}


def plain_number(value: object) -> str:
    """As registers write it: capitals, without spaces or hyphens."""
    return re.sub(r"[\s-]", "", str(value or "")).upper()


def _essence(name: object) -> str:
    words = re.findall(r"[a-z0-9]+", str(name or "").casefold().replace("&", " and "))
    return " ".join(word for word in words if word not in NOISE) or " ".join(words)


def _near(one: str, other: str) -> bool:
    return difflib.SequenceMatcher(a=one, b=other, autojunk=False).ratio() >= ALIKE


def _host(address: object) -> str:
    text = str(address or "").strip().lower()
    host = urlsplit(text if "//" in text else f"//{text}").hostname or ""
    return host.removeprefix("www.") if "." in host else ""


def _day(value: object) -> date | None:
    if isinstance(value, date):
        return value
    try:
        return parse_date(str(value or ""))
    except ValueError:
        return None


def _same(answers: Mapping[str, object], where: Mapping[str, str]) -> Partner | None:
    """The partner with one of these numbers: it is renewing, not new."""
    for name in NUMBERS:
        number = plain_number(answers.get(where[name]))
        if number and (found := Partner.objects.filter(**{name: number}).first()):
            return found
    return None


def _new(answers: Mapping[str, object], where: Mapping[str, str]) -> Partner:
    name = str(answers.get(where["name"]) or answers.get(where["legal_name"]) or "").strip()
    name = name[:140] or _("Unnamed partner")
    taken, number = name, 2
    while Partner.objects.filter(name__iexact=taken).exists():
        taken, number = f"{name} ({number})", number + 1
    functions = answers.get(where["functions"])
    chosen = functions[0] if isinstance(functions, list) and functions else functions
    return Partner.objects.create(
        name=taken,
        slug=names.free_slug(taken),
        organisation_type=_type_of(answers.get(where["kind"])),
        summary=str(answers.get(where["summary"]) or "")[:600],
        website=_address(answers.get(where["website"])),
        function=chosen if chosen in StrategicFunction.values else "",
        district=_district(answers.get(where["district"])),
    )


def _fill(partner: Partner, answers: Mapping[str, object], where: Mapping[str, str]) -> None:
    """Numbers and the legal name, as they now stand in the answers."""
    changed = []
    for name in (*LEGAL_NAME, *NUMBERS):
        value = str(answers.get(where[name]) or "").strip()
        value = plain_number(value) if name in NUMBERS else value[:150]
        limit = Partner._meta.get_field(name).max_length
        if value and len(value) <= limit and getattr(partner, name) != value:
            setattr(partner, name, value)
            changed.append(name)
    if changed:
        partner.save(update_fields=changed)


def _add_person(partner: Partner, answers: Mapping[str, object]) -> None:
    name, email = (answers.get(key) for key in PERSON)
    if not email:
        return
    if isinstance(name, Mapping):
        name = " ".join(str(part) for part in name.values() if part)
    partner.people.get_or_create(
        email=str(email).strip().lower(), defaults={"name": str(name or "")[:120], "may_sign": True}
    )


def _type_of(kind: object) -> OrganisationType:
    """The type with that key or name; the form's own words for one that nobody has yet."""
    words = str(kind or "other").replace("_", " ")
    found = OrganisationType.objects.filter(
        Q(slug=slugify(words)) | Q(slug__startswith=slugify(words.split(maxsplit=1)[0]))
    ).first()
    if found:
        return found
    return OrganisationType.objects.create(name=words.capitalize()[:60], slug=slugify(words)[:50])


def _district(value: object) -> str:
    """The first half of a postcode alone, whatever was typed; "" when it is none."""
    first = str(value or "").upper().split()[:1]
    return first[0] if first and DISTRICT.fullmatch(first[0]) else ""


def _address(value: object) -> str:
    text = str(value or "").strip()
    if not _host(text):
        return ""
    return (text if text.startswith(("https://", "http://")) else f"https://{text}")[:200]
