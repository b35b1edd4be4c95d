"""What is in a family's folder: every case of one e-mail address, in words for families.

Nothing here knows an officer's name for a stage, a note, a score or who else has applied. The
address decides alone: a case whose contact has another address is not there.
"""

from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from django.contrib.contenttypes.models import ContentType
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from cms.conditions import as_date
from cms.models import Partner
from cms.school_year import age_on
from forms import attachments, paying
from forms.asking_more import open_request
from forms.family import links, offering
from forms.models import Attachment, Journey, MoreRequest, Submission
from forms.pricing import Price, from_data
from forms.sheets import is_there
from workflows import family
from workflows.appointments.oncase import FamilyTime, family_times
from workflows.engine import family_buttons
from workflows.models import Case, CaseEvent, ListEntry, Offer
from workflows.plan import Button
from workflows.querysets import CaseQuerySet
from workflows.reviews.feedback import feedback

OLD_ENOUGH = 16
FROM, TO = CaseEvent.Kind.FAMILY, CaseEvent.Kind.TOLD


class NotHereError(LookupError):
    """This folder has no such thing."""


@dataclass(frozen=True)
class Status:
    """Where something stands. `by` is a day, with what it means in `by_words`."""

    words: str
    what_next: str
    colour: str
    needs_family: bool
    by: date | None = None
    by_words: str = ""


@dataclass(frozen=True)
class Message:
    """One thing that was written. `from_family` says by whom."""

    at: object
    from_family: bool
    who: str
    text: str


@dataclass
class Item:
    """One application or booking, as a list shows it."""

    case: Case
    status: Status
    has_news: bool = False

    @property
    def reference(self) -> str:
        return self.case.reference


@dataclass
class Opened:
    """One application with all that its page shows."""

    case: Case
    status: Status
    buttons: list[Button]
    messages: list[Message]
    history: list[tuple]
    answers: list[dict] = field(default_factory=list)
    price: Price | None = None
    submission: Submission | None = None
    has_sheet: bool = False
    money: dict | None = None
    wanted: MoreRequest | None = None
    is_contact: bool = True
    may_let_in: bool = False
    parties: list = field(default_factory=list)
    files: list[Attachment] = field(default_factory=list)
    offers: list[Offer] = field(default_factory=list)
    lists: list[ListEntry] = field(default_factory=list)
    times: list[FamilyTime] = field(default_factory=list)
    feedback: list[str] = field(default_factory=list)
    booking: object = None  # forms.running.changing.Booking
    clashes: list[str] = field(default_factory=list)
    again: object = None  # the date that it may book as well, or instead


class Folder:
    """The folder of one address that somebody has proved to be theirs."""

    def __init__(self, address: str):
        self.address = address

    def cases(self) -> CaseQuerySet:
        """Every case that this address may open."""
        return (
            Case.objects.of_family(self.address)
            .select_related("version__definition")
            .defer("version__data", "version__definition__stages")
        )

    def items(self) -> list[Item]:
        """Everything, what needs the family first, then the newest. A fixed number of queries."""
        cases = list(self.cases().prefetch_related("subject").order_by("-opened_at", "-pk"))
        offered = set(
            Offer.objects.filter(
                case__in=cases, state=Offer.State.LIVE, answer_by__gt=timezone.now()
            ).values_list("case_id", flat=True)
        )
        found = [Item(case, status_of(case, is_offered=case.pk in offered)) for case in cases]
        return sorted(found, key=lambda item: (not item.status.needs_family, not item.case.is_open))

    def passports(self) -> list[Partner]:
        """The partners of the hub that this address acts for."""
        return list(Partner.objects.filter(people__email=links.plain(self.address)).distinct())

    def case(self, reference: str) -> Case:
        """One case of this address. Raises NotHereError for anybody else's."""
        case = self.cases().filter(reference=reference).first()
        if case is None:
            raise NotHereError(reference)
        return case

    def submissions(self) -> list[Submission]:
        """What this very address has sent, newest first; nothing that others did."""
        cases = Case.objects.of_contact(self.address)
        sent = Submission.objects.filter(
            Q(contact_seal__in=links.seals(self.address))
            | Q(reference__in=cases.order_by().values("reference"))
        )
        return list(
            sent.select_related(
                "version__form", "journey", "offering__course", "offering__centre"
            ).order_by("-submitted_at", "-pk")
        )

    def unsent(self) -> list[Journey]:
        """Forms that were begun here or saved for this address and are not sent, newest first."""
        begun = Journey.objects.unfinished().filter(
            folder_seal__in=links.seals(self.address), expires_at__gt=timezone.now()
        )
        return list(begun.select_related("version__form").order_by("-began_at", "-pk"))

    def loose_forms(self) -> list[Submission]:
        """Those of them that no case is about: forms that only had to be sent."""
        kind = ContentType.objects.get_for_model(Submission)
        sent = self.submissions()
        with_case = set(
            Case.objects.filter(
                subject_type=kind, subject_id__in=[str(one.pk) for one in sent]
            ).values_list("subject_id", flat=True)
        )
        return [one for one in sent if str(one.pk) not in with_case]

    def opened(self, reference: str) -> Opened:
        """All that the page of a case shows. Raises NotHereError."""
        case = self.case(reference)
        events = list(case.events.order_by("pk"))
        submission = case.subject if isinstance(case.subject, Submission) else None
        is_contact = family.is_contact(case, self.address)
        if not is_contact:
            # A young person: never what the contact has sent, nor what was written before.
            submission, events = None, _since_joined(case, self.address, events)
        wanted = open_request(case) if case.is_open and is_contact else None
        status = status_of(case)
        if wanted and wanted.answer_by:
            status = replace(status, by=wanted.answer_by, by_words=_("Please answer by"))
        booking, clashes, date = own_booking(submission) if is_contact else (None, [], None)
        return Opened(
            booking=booking,
            clashes=clashes,
            again=date,
            case=case,
            status=status,
            buttons=family_buttons(case),
            messages=messages_of(events, family.name_for(case, self.address)),
            history=history_of(case, events),
            answers=answers_of(submission) if submission else [],
            price=from_data(submission.price) if submission else None,
            submission=submission,
            has_sheet=is_there(submission, case),
            money=paying.for_family(submission) if submission else None,
            wanted=wanted,
            is_contact=is_contact,
            may_let_in=bool(submission) and case.is_open and has_young_person(submission),
            parties=list(case.parties.all()) if is_contact else [],
            files=files_of(submission) if submission else [],
            offers=offering.offers_of(case),
            lists=offering.lists_of(case),
            times=family_times(case),
            feedback=feedback(case) if is_contact else [],
        )


def own_booking(submission: Submission | None) -> tuple:
    """`(booking, clashes, date)`: what the family may do with its booking (forms.running)."""
    from forms.running import changing, clashing, rejoining  # noqa: PLC0415 - they read the folder

    booking = changing.booking_of(submission)
    if booking is None:
        return None, [], None
    clashes = clashing.words_for(booking.children, booking.date, but=submission)
    return booking, clashes, rejoining.date_for(booking)


def status_of(case: Case, *, is_offered: bool = False) -> Status:
    """The public name of the stage, what comes next, and by when."""
    stage = case.stage
    by, by_words = None, ""
    if case.is_waiting and case.due_at:
        by = timezone.localtime(case.due_at).date()
        by_words = _("Please do this by")
    elif case.is_open and stage.public_days:
        since = timezone.localtime(case.stage_since).date()
        by = since + timedelta(days=stage.public_days)
        by_words = _("You will hear from us by")
        if by < timezone.localdate():
            by, by_words = None, _("This is taking us longer than we hoped. You need do nothing.")
    needs_family = case.is_waiting or is_offered
    return Status(
        words=stage.public_name,
        what_next=stage.public_note,
        colour="marigold" if needs_family else "" if case.is_open else "quiet",
        needs_family=needs_family,
        by=by,
        by_words=by_words,
    )


def _since_joined(case: Case, address: str, events: list[CaseEvent]) -> list[CaseEvent]:
    """What a young person may see: the moves, what was written to the family since they joined,
    and what they wrote themselves."""
    party = case.parties.get(email__iexact=address)
    return [
        event
        for event in events
        if event.kind in (CaseEvent.Kind.OPENED, CaseEvent.Kind.MOVED)
        or (event.kind == TO and event.at >= party.joined_at)
        or (event.kind == FROM and event.actor_name == family.YOUNG)
    ]


def has_young_person(submission: Submission) -> bool:
    """Whether somebody whom this form is about is 16 or over today."""
    today, found = timezone.localdate(), []
    for step in submission.version.compiled["steps"]:
        items = submission.answers.get(step["key"]) if step["repeat"] else [submission.answers]
        for question in step["questions"]:
            if question["type"] == "date" and question["settings"].get("autocomplete") == "bday":
                found += [item.get(question["key"]) for item in items or []]
    born = [as_date(value) for value in found if value]
    return any(day and age_on(day, today) >= OLD_ENOUGH for day in born)


def files_of(submission: Submission) -> list[Attachment]:
    """The files that the answers hold now, in the order they came."""
    ids = attachments.ids_in(submission.answers)
    return list(Attachment.objects.filter(journey=submission.journey_id, pk__in=ids))


def messages_of(events: list[CaseEvent], own_name: str = family.NAME) -> list[Message]:
    """What both sides wrote, oldest first. Officers appear by the hub's name alone."""
    others = {family.NAME: _("Your family"), family.YOUNG: _("The young person")}
    return [
        Message(
            at=event.at,
            from_family=event.kind == FROM,
            who=_("The music hub")
            if event.kind == TO
            else _("You")
            if event.actor_name == own_name
            else others.get(event.actor_name, _("You")),
            text=event.comment,
        )
        for event in events
        if event.kind in (FROM, TO) and event.comment
    ]


def history_of(case: Case, events: list[CaseEvent]) -> list[tuple]:
    """`(when, words)`: each time that what families are told became something else."""
    names = {stage.key: stage.public_name for stage in case.version.plan.stages}
    found: list[tuple] = []
    for event in events:
        words = names.get(event.to_stage)
        if words and (not found or found[-1][1] != words):
            found.append((event.at, words))
    return found


def answers_of(submission: Submission) -> list[dict]:
    """`[{title, rows}]`: what was sent, whole, one part for each title."""
    parts: list[dict] = []
    for section in submission.labels:
        if not parts or parts[-1]["title"] != section["title"]:
            parts.append({"title": section["title"], "rows": []})
        parts[-1]["rows"] += section["rows"]
    return parts
