"""The nightly look at partners: who is unlisted, who is listed again, who is reminded.

Run twice it does nothing more. Days are those of London, so the night of a clock change is like
any other. Only what the night took away comes back by itself: what staff unlisted stays unlisted.
"""

from datetime import date

from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from cms import audit, clock, jobs, pagecache
from cms.models import GoverningText, GoverningVersion, Partner, PartnerPaper

from . import conditions, letters, papers, standing, terms

REMIND_AT = (30, 60, 90)  # days before a paper runs out
KIND = "cms.partners_by_night"
Status = Partner.Status


def settle(partner: Partner, today: date | None = None) -> str:
    """Unlist or list a partner as its papers say: "unlisted", "listed" or "".

    Locks the partner; call it in a transaction or outside one.
    """
    today = today or timezone.localdate()
    with transaction.atomic():
        partner = standing.locked(partner)
        over = papers.out_of_date(partner, today)
        if partner.status == Status.LIVE and over:
            partner.status, partner.lapsed_at = Status.LAPSED, timezone.now()
            words, what = papers.sentence(over), "unlisted"
        elif partner.status == Status.LAPSED and partner.lapsed_at and not over:
            partner.status, partner.lapsed_at = Status.LIVE, None
            words, what = _("Everything is in date again"), "listed"
        else:
            return ""
        partner.save(update_fields=["status", "lapsed_at"])
        event = standing.note(partner, what, words)
        if not partner.suspended_at:
            key = f"passport-{what}-{event.pk}"
            if what == "unlisted":
                letters.lapsed(partner, words, key=key)
            else:
                letters.listed(partner, key=key)
        audit.record(None, "change", partner, {"status": partner.status})
    return what


def remind(partner: Partner, today: date | None = None) -> int:
    """Write about each paper that is 90, 60 or 30 days from its end, once for each; how many.

    After nights in which nothing ran, one letter and not three.
    """
    today = today or timezone.localdate()
    sent = 0
    with transaction.atomic():
        partner = standing.locked(partner)
        for paper in papers.current(partner).values():
            left = (paper.valid_until - today).days
            due = next((days for days in REMIND_AT if 0 <= left <= days), None)
            if due is None or (paper.last_reminder or 1000) <= due:
                continue
            letters.remind(paper, due)
            PartnerPaper.objects.filter(pk=paper.pk).update(last_reminder=due)
            sent += 1
        for version in terms.to_agree(partner, today):
            letters.ask_to_agree(partner, version)  # its key makes it once
        sent += conditions.remind(partner, today)
    return sent


def review(today: date | None = None) -> int:
    """Ask the owner of each text whose review day has come, once for each day; how many."""
    today = today or timezone.localdate()
    due = GoverningText.objects.filter(review_on__lte=today).exclude(
        Q(reminded_for=F("review_on"), reminded_for__isnull=False)
    )
    for text in due:
        with transaction.atomic():
            letters.ask_to_review(text)
            GoverningText.objects.filter(pk=text.pk).update(reminded_for=text.review_on)
    return len(due)


@jobs.handlers(KIND)
def by_night(run: jobs.JobRun) -> None:
    """Every partner that is listed or was, then the texts."""
    today = timezone.localdate()
    kept = Partner.objects.filter(status__in=[Status.LIVE, Status.LAPSED]).order_by("pk")
    while batch := list(kept.filter(pk__gt=run.cursor)[:50]):
        with run.chunk(to=batch[-1].pk, count=len(batch)):
            for partner in batch:
                settle(partner, today)
                remind(partner, today)
    with run.finish():
        review(today)
        if GoverningVersion.objects.filter(in_force_from=today).exists():
            pagecache.content_changed(sender=GoverningVersion)  # one holds from today


clock.daily(KIND, at="00:20")
