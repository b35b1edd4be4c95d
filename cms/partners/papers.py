"""What runs out: the papers of a partner, which of them count, and until when, in words.

A policy counts for three years from its review and training for three years (Youth Music's minimum
safeguarding standards); the DBS status check and the statement of the register for one (Swindon,
Wiltshire); insurance until the day it says. Days are days in London.
"""

from calendar import monthrange
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from cms import audit
from cms.models import GoverningVersion, Partner, PartnerEvent, PartnerPaper

from . import terms

Kind = PartnerPaper.Kind
MONTHS = {Kind.POLICY: 36, Kind.DBS: 12, Kind.TRAINING: 36, Kind.REGISTER: 12}
WARN_DAYS = 90
HELP = {
    Kind.POLICY: gettext_lazy(
        "When your safeguarding policy was last reviewed. It counts for three years."
    ),
    Kind.INSURANCE: gettext_lazy("When your public liability insurance begins, and its last day."),
    Kind.DBS: gettext_lazy(
        "When you last checked the DBS status of everybody. It counts for a year. Tell us that it "
        "was done, never what a certificate says."
    ),
    Kind.TRAINING: gettext_lazy(
        "When your safeguarding lead was last trained. It counts for three years."
    ),
    Kind.REGISTER: gettext_lazy(
        "When you last went through your register of checks. It counts for a year."
    ),
}


class PaperProblemError(ValueError):
    """The dates cannot be right. `field` is dated_on or valid_until; the message is a sentence."""

    def __init__(self, field: str, words: str):
        super().__init__(words)
        self.field = field


@dataclass(frozen=True)
class Clock:
    """One thing that runs out, as the passport and the desk show it.

    `state` is ok, soon (90 days or less), over, or missing. `until` is None for what never came.
    """

    key: str
    name: str
    until: date | None
    today: date
    paper: PartnerPaper | None = None
    version: GoverningVersion | None = None

    @property
    def days(self) -> int | None:
        """Days left after today; negative once it is over."""
        return (self.until - self.today).days if self.until else None

    @property
    def state(self) -> str:
        if self.days is None:
            return "missing"
        if self.days < 0:
            return "over"
        return "soon" if self.days <= WARN_DAYS else "ok"

    @property
    def words(self) -> str:
        """Such as: Runs out in 12 days, on 3 May 2027."""
        if self.days is None:
            return _("Not agreed yet") if self.version else _("We have nothing on this yet")
        day = date_format(self.until, "j F Y")
        if self.version:
            return _("Please agree by %(day)s") % {"day": day}
        if self.days < 0:
            return _("Ran out on %(day)s") % {"day": day}
        if self.days == 0:
            return _("Runs out at the end of today")
        if self.days > 2 * WARN_DAYS:
            return _("Counts until %(day)s") % {"day": day}
        left = ngettext("%(n)s day", "%(n)s days", self.days) % {"n": self.days}
        return _("Runs out in %(left)s, on %(day)s") % {"left": left, "day": day}


def current(partner: Partner) -> dict[str, PartnerPaper]:
    """The paper of each kind that counts: the one given last. One query."""
    found: dict[str, PartnerPaper] = {}
    for paper in partner.papers.order_by("given_at", "pk"):
        found[paper.kind] = paper
    return found


def clocks(partner: Partner, today: date | None = None) -> list[Clock]:
    """Everything of this partner's that runs out, then what it has still to agree to."""
    today = today or timezone.localdate()
    have = current(partner)
    found = [
        Clock(kind.value, str(kind.label), have[kind].valid_until if kind in have else None, today,
              have.get(kind))
        for kind in Kind
    ]  # fmt: skip
    return found + [
        Clock(f"text-{version.text.slug}", version.text.title, version.agree_by, today,
              version=version)
        for version in terms.to_agree(partner, today)
    ]  # fmt: skip


def out_of_date(partner: Partner, today: date | None = None) -> list[Clock]:
    """What has run out. What never came is not among it: staff decide on that when they publish."""
    return [clock for clock in clocks(partner, today) if clock.state == "over"]


def sentence(found: Iterable[Clock]) -> str:
    """Such as: Safeguarding policy ran out on 3 May 2027."""
    return "; ".join(f"{clock.name}: {clock.words[0].lower()}{clock.words[1:]}" for clock in found)


def end_of(kind: str, dated_on: date, valid_until: date | None = None) -> date:
    """Until when a paper counts: its own day, but never longer than papers of its kind do."""
    if kind not in MONTHS:
        if valid_until is None:
            raise PaperProblemError("valid_until", _("Say until when it is valid."))
        return valid_until
    longest = months_after(dated_on, MONTHS[kind])
    return min(valid_until, longest) if valid_until else longest


def months_after(day: date, months: int) -> date:
    """The same day of a later month, or its last: 29 February and a year is 28 February."""
    year, month = divmod(day.month - 1 + months, 12)
    year, month = day.year + year, month + 1
    return date(year, month, min(day.day, monthrange(year, month)[1]))


def give(
    partner: Partner,
    kind: str,
    *,
    dated_on: date,
    valid_until: date | None = None,
    note: str = "",
    actor: str = "",
    by: AbstractBaseUser | None = None,
) -> PartnerPaper:
    """Keep a statement; the same one twice is kept once. Raises PaperProblemError.

    The night, or whoever calls `night.settle`, decides what follows from it.
    """
    if dated_on > timezone.localdate() and kind in MONTHS:
        raise PaperProblemError("dated_on", _("This must be today or in the past."))
    until = end_of(kind, dated_on, valid_until)
    if until < dated_on:
        raise PaperProblemError("valid_until", _("This must be after the day it begins."))
    who = (actor or (str(by) if by else ""))[:150]
    with transaction.atomic():
        last = current(partner).get(kind)
        if last and (last.dated_on, last.valid_until, last.note) == (dated_on, until, note):
            return last
        paper = PartnerPaper.objects.create(
            partner=partner,
            kind=kind,
            dated_on=dated_on,
            valid_until=until,
            note=note,
            given_by=who,
        )
        PartnerEvent.objects.create(
            partner=partner,
            kind="paper",
            words=_("%(paper)s: counts until %(day)s")
            % {"paper": paper.get_kind_display(), "day": date_format(until, "j F Y")},
            actor=who or _("The hub"),
        )
        audit.record(by, "change", partner, {"paper": kind})
    return paper
