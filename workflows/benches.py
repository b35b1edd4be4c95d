"""What workflows measure: the inbox and the list of all cases, with 100,000 of them."""

from datetime import timedelta

from django.contrib.contenttypes.models import ContentType
from django.db.models import F, QuerySet
from django.utils import timezone

from cms.bench import cases
from cms.benchdesk import ROWS, Desk
from cms.models import Area, MusicCentre

from .compile import publish
from .models import Case, WorkflowDefinition
from .plan import FINAL, WAITING

FIRST = ["Ada", "Bea", "Cleo", "Dot", "Eve", "Flo", "Gus", "Hal", "Ivo", "Jo"]
LAST = ["Ashdown", "Quill", "Reed", "Bow", "Viol", "Crumhorn", "Sackbut", "Fife", "Tabor", "Lute"]
STAGES = [
    {"key": "new", "staff_name": "New", "kind": "open", "start": True, "roles": ["bookings"],
     "remind_after_days": 3, "buttons": [{"key": "ask", "label": "Ask", "to": "asked"},
                                         {"key": "yes", "label": "Confirm", "to": "yes"}]},
    {"key": "asked", "staff_name": "Waiting", "kind": "waiting", "roles": ["bookings"],
     "buttons": [{"key": "yes", "label": "Confirm", "to": "yes"}]},
    {"key": "yes", "staff_name": "Confirmed", "kind": "final"},
]  # fmt: skip


def lay_cases() -> None:
    """One in ten waits for us, one in ten for a family, the rest is finished."""
    if Case.objects.exists():
        return
    version = publish({"slug": "bench-cases", "title": "Bench", "stages": STAGES})
    area = Area.objects.create(name="Bench desk", slug="bench-desk")
    centre = MusicCentre.objects.create(
        name="Bench desk", slug="bench-desk", area=area, address="-", postcode="AL1 1AA"
    )
    kind = ContentType.objects.get_for_model(WorkflowDefinition)
    now = timezone.now()
    at = {1: ("new", "open"), 2: ("asked", WAITING)}

    def case(number: int) -> Case:
        stage, stage_kind = at.get(number % 10, ("yes", FINAL))
        since = now - timedelta(minutes=number)
        return Case(
            reference=f"BE{number:07}",
            version=version,
            stage_key=stage,
            stage_kind=stage_kind,
            stage_since=since,
            subject_type=kind,
            subject_id=str(version.definition_id),
            title=f"Songwriter {number % 40}",
            contact_name=f"{FIRST[number % 10]} {LAST[number // 10 % 10]}",
            contact_email=f"family{number}@example.org",
            centre=centre,
            area=area,
            due_at=since + timedelta(days=3) if stage_kind != FINAL else None,
            opened_at=since,
            closed_at=since if stage_kind == FINAL else None,
        )

    for start in range(0, ROWS, 5_000):
        Case.objects.bulk_create(case(number) for number in range(start, start + 5_000))


class Cases(Desk):
    address = "/admin/cases/"
    columns = ("reference", "title", "contact_name", "stage_key", "centre__name", "due_at")
    searched = ("reference", "title", "contact_name", "contact_email")

    def lay(self) -> None:
        lay_cases()

    def rows(self) -> QuerySet:
        return Case.objects.order_by("-opened_at")


@cases("admin.inbox_today")
class Inbox(Cases):
    query = "tab=today"
    conditions = {"stage_kind": "open"}

    def rows(self) -> QuerySet:
        return Case.objects.order_by(F("due_at").asc(nulls_last=True), "stage_since", "pk")


@cases("admin.cases_page")
class AllCases(Cases):
    query = "tab=all"


@cases("admin.cases_page_20")
class LaterPage(Cases):
    query = "tab=all&p=20"


@cases("admin.cases_filter")
class Filtered(Cases):
    query = "tab=all&workflow=bench-cases&stage=asked"
    conditions = {"stage_key": "asked", "version__definition__slug": "bench-cases"}


@cases("admin.cases_search_common_word")
class Searched(Cases):
    query = "tab=all&q=ashdown"
    words = "ashdown"


@cases("admin.cases_search_rare_word")
class SearchedRare(Cases):
    query = "tab=all&q=family77777@"
    words = "family77777@"
