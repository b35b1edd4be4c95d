"""Instruments on loan, bookings made elsewhere, partners: in, out again, and in as unchanged."""

import pytest

from cms.models import (
    Area,
    Course,
    Instrument,
    LoanInstrument,
    MusicCentre,
    OrganisationType,
    OutsideBooking,
    Partner,
    Pupil,
)
from imports import runs
from imports.exporting import roster_table
from imports.management.commands.roster_import import see_through
from imports.models import ImportRun
from imports.resources import rosters

pytestmark = pytest.mark.django_db(transaction=True)

STOCK = (
    "Asset no,Type,Serial number,Size,Condition,Centre,On loan to,Loan date,Return date\n"
    "VN001,Violin,00417,3/4,Good,Westbrook,P1,01/09/2025,31/07/2026\n"
    "VN002,violin,,full size,in repair,westbrook,,,\n"
)
BOOKED = (
    "Booking reference,Pupil ID,Booked as,Course,Provider,Status,Booked on,Start date\n"
    "B-1,P1,Summer songs,songwriter,Ticket desk,Paid,02/03/2026,01/08/2026\n"
    "B-2,P1,Drum day,,Ticket desk,waitlist,,\n"
)
PARTNERS = (
    "Partner code,Name,Type,Summary,Website,Areas,Works beyond the county,Function,Status\n"
    "west-arts,West Arts,Charity,Makes music with young people,www.example.org,West,no,"
    "Inclusion,Live\n"
    "new-band,New Band,charity,Plays,https://example.org/band,,,,\n"
)
FILES = {"instruments": STOCK, "bookings": BOOKED, "partners": PARTNERS}


@pytest.fixture(autouse=True)
def hub(db):
    west = Area.objects.create(name="West", slug="west")
    MusicCentre.objects.create(
        name="Westbrook", slug="westbrook", area=west, address="1 Lane", postcode="SG4 9UJ"
    )
    Instrument.objects.create(name="Violin", slug="violin", family="strings")
    OrganisationType.objects.create(name="Charity", slug="charity")
    Course.objects.create(title="Songwriter", slug="songwriter", summary="Songs", code="SW")
    Pupil.objects.create(external_id="P1", legal_first_name="Ann", legal_last_name="Example")


def bring_in(roster, content, **options):
    run = runs.receive(roster, [content], f"{roster}.csv", **options)
    for promise in (runs.start_planning, lambda run: runs.approve(run, by=None)):
        see_through(promise(run))
        run.refresh_from_db()
    assert run.state == ImportRun.State.APPLIED
    return run


@pytest.mark.parametrize("roster", FILES)
def test_what_was_exported_imports_as_nothing_changed(roster):
    first = bring_in(roster, FILES[roster].encode())
    assert (first.count("created"), first.count("refused")) == (2, 0)
    stream, count, _kind = roster_table(roster, "csv")
    again = bring_in(roster, stream.read())
    assert count == 2
    assert {name: n for name, n in again.counts.items() if n} == {"rows": 2, "unchanged": 2}


def test_stock_knows_who_has_what_until_when():
    bring_in("instruments", STOCK.encode())
    lent, kept = LoanInstrument.objects.order_by("asset_number")
    assert (lent.borrower.external_id, f"{lent.due_back:%d/%m/%Y}") == ("P1", "31/07/2026")
    assert (lent.serial_number, lent.condition) == ("00417", "good")
    assert (kept.borrower, kept.condition, kept.centre.slug) == (None, "repair", "westbrook")


def test_an_instrument_cannot_be_due_back_before_it_was_lent():
    run = bring_in("instruments", STOCK.replace("31/07/2026", "31/07/2025").encode())
    [problem] = run.plan_rows.get(action="refused").problems
    assert problem["problem"] == "It ends before it starts."
    assert LoanInstrument.objects.count() == 1


def test_a_booking_elsewhere_keeps_the_words_of_its_system_and_finds_our_course():
    bring_in("bookings", BOOKED.encode())
    ours, other = OutsideBooking.objects.order_by("external_id")
    assert (ours.title, ours.course.slug, ours.status) == ("Summer songs", "songwriter", "booked")
    assert (other.course, other.status) == (None, "waiting")


def test_a_new_partner_is_a_draft_and_one_that_left_is_not_public():
    bring_in("partners", PARTNERS.encode())
    assert Partner.objects.get(slug="new-band").status == Partner.Status.DRAFT
    assert [partner.slug for partner in Partner.objects.live()] == ["west-arts"]
    assert Partner.objects.get(slug="west-arts").website == "https://www.example.org"

    only_new = "\n".join([PARTNERS.splitlines()[0], PARTNERS.splitlines()[2]]) + "\n"
    bring_in("partners", only_new.encode(), is_full=True)
    assert not Partner.objects.live().exists()


def test_a_partners_link_is_a_web_address_or_none():
    hostile = PARTNERS.replace("www.example.org", "javascript:alert(1)")
    run = bring_in("partners", hostile.encode())
    assert run.count("created") == 2
    assert Partner.objects.get(slug="west-arts").website == ""


@pytest.mark.parametrize("roster", FILES)
def test_undo_leaves_nothing(roster):
    run = bring_in(roster, FILES[roster].encode())
    see_through(runs.take_back(run, by=None).job)
    assert not rosters[roster]._meta.model._default_manager.exists()


def test_one_centre_sees_its_stock_and_its_pupils_loans_only(centres_staff):
    east, west = centres_staff
    bring_in("instruments", STOCK.encode())
    assert LoanInstrument.objects.for_user(west).count() == 2
    assert LoanInstrument.objects.for_user(east).count() == 0


@pytest.fixture
def centres_staff(hub, django_user_model):
    from cms.roles import grant

    east_area = Area.objects.create(name="East", slug="east")
    east = MusicCentre.objects.create(
        name="Eastfield", slug="eastfield", area=east_area, address="2 Lane", postcode="SG4 9UJ"
    )
    staff = []
    for name, centre in (("e", east), ("w", MusicCentre.objects.get(slug="westbrook"))):
        user = django_user_model.objects.create_user(name)
        grant(user, "centre_admin", centre=centre)
        staff.append(user)
    return staff
