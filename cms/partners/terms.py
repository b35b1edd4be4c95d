"""Governing texts by version: publishing one, how it differs from another, and agreeing to it.

Words are plain text, a paragraph a line; a difference is worked out over paragraphs, and inside
one over words, so that somebody who signs again reads what is new and not everything.
"""

import difflib
import re
from dataclasses import dataclass
from datetime import date

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from cms import audit
from cms.models import GoverningText, GoverningVersion, Partner, PartnerAgreement, PartnerEvent


class TermsProblemError(ValueError):
    """It cannot be published or agreed to. The message is a sentence."""


@dataclass(frozen=True)
class Piece:
    """Some words of a comparison: `kind` is same, new or gone."""

    kind: str
    words: str


@dataclass(frozen=True)
class Paragraph:
    """One paragraph of a comparison, `kind` same, new, gone or changed, in its pieces."""

    kind: str
    pieces: list[Piece]


def publish(
    text: GoverningText,
    words: str,
    *,
    changes: str,
    in_force_from: date,
    agree_by: date | None = None,
    by: AbstractBaseUser | None = None,
) -> GoverningVersion:
    """Write down the next version, for good. Raises TermsProblemError when nothing is new."""
    words = tidy(words)
    if not words:
        raise TermsProblemError(_("Write the words of this version."))
    if agree_by and agree_by < in_force_from:
        raise TermsProblemError(_("The last day to agree must be after the day it comes in force."))
    with transaction.atomic():
        text = GoverningText.objects.select_for_update().get(pk=text.pk)
        last = text.versions.order_by("-number").first()
        if last and last.words == words:
            raise TermsProblemError(_("These are the words of the last version."))
        version = GoverningVersion.objects.create(
            text=text,
            number=last.number + 1 if last else 1,
            words=words,
            changes=changes,
            in_force_from=in_force_from,
            agree_by=agree_by,
            published_by=str(by) if by else "",
        )
        audit.record(by, "add", version, {"version": version.number})
    return version


def tidy(words: str) -> str:
    """One paragraph a line, no blank ones, no spaces at either end."""
    lines = (re.sub(r"\s+", " ", line).strip() for line in words.splitlines())
    return "\n".join(line for line in lines if line)


def in_force(text: GoverningText, today: date | None = None) -> GoverningVersion | None:
    """The version that holds on that day."""
    today = today or timezone.localdate()
    return text.versions.filter(in_force_from__lte=today).order_by("-number").first()


def each_in_force(
    texts: QuerySet[GoverningText], today: date | None = None
) -> list[tuple[GoverningText, GoverningVersion | None]]:
    """The texts, each with the version that holds on that day, without its words. Two queries."""
    versions = GoverningVersion.objects.filter(
        text__in=texts, in_force_from__lte=today or timezone.localdate()
    )
    newest = {version.text_id: version for version in versions.defer("words").order_by("number")}
    return [(text, newest.get(text.pk)) for text in texts]


def to_agree(partner: Partner, today: date | None = None) -> list[GoverningVersion]:
    """The newest version of each text that partners agree to, where this one has not yet.

    One that comes in force later is among them: it may be agreed to before it holds.
    """
    newest: dict[int, GoverningVersion] = {}
    wanted = GoverningVersion.objects.filter(text__partners_agree=True).select_related("text")
    for version in wanted.order_by("number"):
        newest[version.text_id] = version
    agreed = set(partner.agreements.values_list("version_id", flat=True))
    return [version for version in newest.values() if version.pk not in agreed]


def last_agreed(partner: Partner, text: GoverningText) -> PartnerAgreement | None:
    """What this partner agreed to last, of any version of the text."""
    of_text = partner.agreements.filter(version__text=text).select_related("version")
    return of_text.order_by("-version__number").first()


def agree(
    partner: Partner,
    version: GoverningVersion,
    *,
    name: str,
    sha256: str,
    by: AbstractBaseUser | None = None,
) -> PartnerAgreement:
    """Keep that `name` agreed for the partner; a second time is the first.

    `sha256` is the fingerprint of the words that were shown. Raises TermsProblemError when those
    are not the version's, or when it is no longer the newest.
    """
    if sha256 != version.sha256:
        raise TermsProblemError(_("These are not the words that you were shown. Read them again."))
    if not name.strip():
        raise TermsProblemError(_("Enter your name"))
    if version.text.versions.filter(number__gt=version.number).exists():
        raise TermsProblemError(_("There is a newer version. Please read that one."))
    with transaction.atomic():
        agreement, made = PartnerAgreement.objects.get_or_create(
            partner=partner,
            version=version,
            defaults={"sha256": sha256, "name": name.strip()[:120]},
        )
        if made:
            PartnerEvent.objects.create(
                partner=partner,
                kind="agreed",
                words=_("Agreed to %(text)s") % {"text": version},
                actor=name.strip()[:120],
            )
            audit.record(by, "sign", version, {"partner": partner.pk, "version": version.number})
    return agreement


def difference(old: str, new: str) -> list[Paragraph]:
    """`new` paragraph by paragraph, with what `old` said where it is gone."""
    before, after = tidy(old).splitlines(), tidy(new).splitlines()
    found: list[Paragraph] = []
    matcher = difflib.SequenceMatcher(a=before, b=after, autojunk=False)
    for tag, a1, a2, b1, b2 in matcher.get_opcodes():
        if tag == "equal":
            found += [_whole("same", line) for line in after[b1:b2]]
            continue
        olds, news = before[a1:a2], after[b1:b2]
        for was, now in zip(olds, news, strict=False):
            found += _reworded(was, now)
        both = min(len(olds), len(news))
        found += [_whole("gone", line) for line in olds[both:]]
        found += [_whole("new", line) for line in news[both:]]
    return found


def _whole(kind: str, words: str) -> Paragraph:
    return Paragraph(kind, [Piece(kind, words)])


def _reworded(was: str, now: str) -> list[Paragraph]:
    """One paragraph in another's place: its changed words, or both when little is left of it."""
    old, new = was.split(), now.split()
    matcher = difflib.SequenceMatcher(a=old, b=new, autojunk=False)
    if matcher.ratio() < 0.5:
        return [_whole("gone", was), _whole("new", now)]
    pieces = []
    for tag, a1, a2, b1, b2 in matcher.get_opcodes():
        if tag == "equal":
            pieces.append(Piece("same", " ".join(new[b1:b2])))
            continue
        if a2 > a1:
            pieces.append(Piece("gone", " ".join(old[a1:a2])))
        if b2 > b1:
            pieces.append(Piece("new", " ".join(new[b1:b2])))
    return [Paragraph("changed", pieces)]
