"""The store "Answers and files": what a person sent in or is named in, for cms.erasing.

A whole submission goes with its case, letters and files. Where it is about other children too, only
this child's part goes. What was paid stays without a name, and what is held back stays whole, until
it is let go: then the night erases it.
"""

from collections.abc import Iterable

from django.contrib.contenttypes.models import ContentType
from django.utils import timezone
from django.utils.translation import gettext as _

from cms import audit, places
from cms.erasing.person import Person
from cms.erasing.stores import DELETED, Found, Order, stores
from cms.models import OutboxMessage, Place
from workflows.models import Case

from . import attachments, children, forgetting
from .answers import marks
from .family import links
from .models import (
    AnswerExport,
    FamilyLink,
    FamilySession,
    Journey,
    SectionInvite,
    Submission,
)
from .models.running import GroupSeat, RegisterLine, SharedSong
from .summary import for_the_case
from .walk import walk


@stores("Answers and files")
def answers(person: Person, order: Order | None) -> Iterable[Found]:
    forms = set()
    for submission in _submissions(person):
        forms.add(submission.version.form_id)
        yield from _on_the_day(person, submission, order)
        yield _one(person, submission, order)
    journeys = _journeys(person)
    files = [_file(row) for journey in journeys for row in journey.attachments.all()]
    yield Found(_("Forms that were not sent in"), journeys, DELETED, files=files)
    if order:
        for journey in journeys:
            _drop(journey)
    exports = list(AnswerExport.objects.filter(form__in=forms).exclude(file=""))
    yield Found(_("Files of answers that wait to be fetched"), exports, DELETED)
    if order:
        for export in exports:
            export.file.delete(save=False)
            export.delete()


def _on_the_day(person: Person, submission: Submission, order: Order | None) -> Iterable[Found]:
    """Register, groups and recordings of the places that came of it."""
    if submission.hold_reason:
        return
    of_them = Place.objects.filter(holder=submission.holder)
    if _is_one_of_several(person, submission):
        of_them = of_them.filter(child_number__in=_numbers(person, submission))
    rows = [
        row
        for model in (RegisterLine, GroupSeat, SharedSong)
        for row in model.objects.filter(place__in=of_them)
    ]
    yield Found(_("Registers, groups and recordings of a course"), rows, DELETED)
    if order:
        for row in rows:
            if isinstance(row, SharedSong):
                row.file.delete(save=False)
            row.delete()


def _numbers(person: Person, submission: Submission) -> list[int]:
    """Which of the children it is, counted as places count them."""
    return [
        number
        for step in submission.version.compiled["steps"]
        if step["repeat"]
        for number, item in enumerate(submission.answers.get(step["key"]) or [], 1)
        if person.is_in(item)
    ]


def _submissions(person: Person) -> list[Submission]:
    rows = Submission.objects.select_related("version", "journey", "offering")
    return [
        row
        for row in rows.filter(anonymised_at=None).iterator(chunk_size=500)
        if person.is_in(row.answers)
        or any(person.is_named(one.first, one.last, one.born) for one in children.children_of(row))
    ]


def _journeys(person: Person) -> list[Journey]:
    rows = Journey.objects.filter(submitted_at=None)
    return [
        row
        for row in rows.iterator(chunk_size=500)
        if person.is_in([row.answers, row.suggested, row.resume_email])
    ]


def _one(person: Person, submission: Submission, order: Order | None) -> Found:
    """What becomes of one submission; carried out when there is an order."""
    case = _case(submission)
    files = [_file(row) for row in submission.journey.attachments.all()]
    what = _("%(form)s, %(reference)s") % {
        "form": submission.version.compiled["title"],
        "reference": submission.reference,
    }
    if submission.hold_reason:
        if order:
            order.held.update([(Submission, submission.pk), (Journey, submission.journey_id)])
            order.held.update([(Case, case.pk)] if case else [])
        why = _("Held back: %(why)s. It goes when it is let go.") % {"why": submission.hold_reason}
        return Found(what, [submission], "", kept=why, files=files)
    if _is_one_of_several(person, submission):
        if order:
            _without_child(person, submission, case, order)
        return Found(what, [submission], _("This child's part is deleted, the others' stays."))
    if submission.price:
        then = _("Made anonymous: what was paid stays, without a name.")
    else:
        then = _("Deleted, with its case, letters and files.")
    if order:
        _give_back(submission)
        verb = forgetting.anonymise if submission.price else forgetting.delete
        verb(submission, case, because=order.because, by=order.by)
    return Found(what, [submission], then, files=files)


def _case(submission: Submission) -> Case | None:
    kind = ContentType.objects.get_for_model(Submission)
    cases = Case.objects.select_related("version", "subject_type")
    return cases.filter(subject_type=kind, subject_id=str(submission.pk)).first()


def _file(row: object) -> tuple[str, object]:
    return row.name, row.file


def _is_one_of_several(person: Person, submission: Submission) -> bool:
    """A child beside others, in a form that somebody else sent."""
    if not person.is_child:
        return False
    found = children.children_of(submission)
    mine = [one for one in found if person.is_named(one.first, one.last, one.born)]
    return bool(mine) and len(mine) < len(found)


def _without_child(person: Person, submission: Submission, case: Case | None, order: Order) -> None:
    """Empty this child's item of each repeated step; the others keep their numbers and places."""
    compiled, lost = submission.version.compiled, set()
    for step in compiled["steps"]:
        items = submission.answers.get(step["key"]) if step["repeat"] else None
        for number, item in enumerate(items or []):
            if person.is_in(item):
                lost |= attachments.ids_in(item)
                items[number] = {}
    attachments.forget(submission.journey, lost)
    submission.labels = for_the_case(walk(compiled, submission.answers))
    submission.save(update_fields=["answers", "labels"])
    submission.changes.all().delete()
    children.mark_again(submission)
    submission.marks.all().delete()
    marks.mark(submission)
    kinds = [(Submission, submission.pk), (Case, case.pk if case else 0)]
    for model, pk in kinds:
        OutboxMessage.objects.filter(
            record_type=model._meta.label_lower, record_id=str(pk)
        ).delete()
    audit.record(order.by, "forget", submission, order.because)


def _give_back(submission: Submission) -> None:
    """A place on a day to come is somebody else's now."""
    to_come = Place.objects.filter(
        holder=submission.holder, course_date__ends_at__gt=timezone.now()
    )
    if to_come.exists():
        places.release(submission.holder, "cancelled")


def _drop(journey: Journey) -> None:
    places.release(journey.holder)
    attachments.forget(journey, journey.attachments.values_list("pk", flat=True))
    letters = OutboxMessage.objects.filter(record_type=Journey._meta.label_lower)
    letters.filter(record_id=str(journey.pk)).delete()
    journey.delete()


@stores("Sign-in links")
def sign_in(person: Person, order: Order | None) -> Iterable[Found]:
    """Links to the family folder or to one section, and browsers that are signed in."""
    seals = [seal for address in person.emails for seal in links.seals(address)]
    for model in (FamilyLink, FamilySession, SectionInvite):
        rows = list(model.objects.filter(seal__in=seals))
        yield Found(str(model._meta.verbose_name_plural).capitalize(), rows, DELETED)
        if order:
            model.objects.filter(pk__in=[row.pk for row in rows]).delete()
