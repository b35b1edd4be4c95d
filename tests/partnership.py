"""Partners for tests: one that is listed with every paper in date, and people who may see it."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from cms.models import OrganisationType, Partner, PartnerPaper, PartnerPerson
from cms.partners import papers

LONDON = ZoneInfo("Europe/London")
TODAY = date(2026, 9, 14)


def noon(day: date = TODAY) -> datetime:
    """Noon of that day in London, for cms.wallclock.instead."""
    return datetime(day.year, day.month, day.day, 12, tzinfo=LONDON)


def a_partner(name="Otter Strings", slug="otter-strings", **facts) -> Partner:
    kind, _made = OrganisationType.objects.get_or_create(name="Community", slug="community")
    return Partner.objects.create(
        **{
            "name": name,
            "slug": slug,
            "organisation_type": kind,
            "summary": "Strings by the river.",
            "status": Partner.Status.LIVE,
            **facts,
        }
    )


def with_papers(partner: Partner, *, reviewed=date(2025, 3, 3), insured=date(2027, 8, 31)):
    """Every paper, in date on TODAY."""
    Kind = PartnerPaper.Kind
    papers.give(partner, Kind.POLICY, dated_on=reviewed)
    papers.give(partner, Kind.TRAINING, dated_on=date(2025, 5, 5))
    papers.give(partner, Kind.DBS, dated_on=date(2026, 9, 1))
    papers.give(partner, Kind.REGISTER, dated_on=date(2026, 9, 1))
    papers.give(partner, Kind.INSURANCE, dated_on=date(2026, 9, 1), valid_until=insured)
    return partner


def a_person(partner: Partner, email="robin@example.org", *, may_sign=True) -> PartnerPerson:
    return PartnerPerson.objects.create(
        partner=partner, name="Robin Otter", email=email, may_sign=may_sign
    )
