"""The children that a submission is about: who else applied for them, who they are in the roster.

A child is a name and a date of birth that stand together: in one item of a repeated step, or in the
form itself. Name and birth date must both be the same, so twins stay two. Staff see other cases and
roster records only as far as their own roles reach.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from django.conf import settings
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from cms import secrecy
from cms.conditions import as_date
from cms.models import Pupil, User
from forms.models import ChildMark, Submission


@dataclass(frozen=True)
class Child:
    first: str
    last: str
    born: date

    def seal(self, key: str) -> str:
        """The same for the same name and day, however it was spaced or written in capitals."""
        words = " ".join(f"{self.first} {self.last}".casefold().split())
        return secrecy.seal(f"child:{words}:{self.born.isoformat()}", key)


def children_of(submission: Submission) -> list[Child]:
    """Every child of whom the form was told a name and a date of birth."""
    found = []
    for step in submission.version.compiled["steps"]:
        items = submission.answers.get(step["key"]) if step["repeat"] else [submission.answers]
        for item in items if isinstance(items, list) else ():
            found += list(_child(step, item))
    return list(dict.fromkeys(found))


def _child(step: dict, item: dict) -> Iterator[Child]:
    name = next(
        (
            item.get(q["key"])
            for q in step["questions"]
            if q["type"] == "name" and item.get(q["key"])
        ),
        None,
    )
    born = next(
        (
            as_date(item.get(q["key"]))
            for q in step["questions"]
            if q["type"] == "date" and _is_birthday(q["settings"])
        ),
        None,
    )
    if born and isinstance(name, dict) and name.get("first") and name.get("last"):
        yield Child(name["first"], name["last"], born)


def _is_birthday(settings: dict) -> bool:
    return bool(settings.get("birthday")) or settings.get("autocomplete") == "bday"


def mark(submission: Submission) -> None:
    """Keep the seals of a new submission's children. Inside the caller's transaction."""
    seals = {child.seal(settings.SECRET_KEY) for child in children_of(submission)}
    ChildMark.objects.bulk_create(
        ChildMark(submission=submission, seal=seal) for seal in sorted(seals)
    )


def mark_again(submission: Submission) -> None:
    """The same for a submission whose answers have changed."""
    ChildMark.objects.filter(submission=submission).delete()
    mark(submission)


def kin(submission: Submission) -> list[str]:
    """References of other submissions about one of these children. The caller narrows to reach."""
    keys = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    seals = {child.seal(key) for child in children_of(submission) for key in keys}
    others = Submission.objects.filter(children__seal__in=seals).exclude(pk=submission.pk)
    return list(others.order_by("-pk").values_list("reference", flat=True).distinct()[:50])


def kin_of_many(submissions: Iterable[int]) -> dict[int, set[str]]:
    """The same for many submissions, by their keys: references, those alone left out. One query.

    While a secret is being changed the stored seals differ, so each is asked by itself.
    """
    wanted = set(submissions)
    if settings.SECRET_KEY_FALLBACKS:
        rows = Submission.objects.filter(pk__in=wanted).select_related("version")
        return {one.pk: set(found) for one in rows if (found := kin(one))}
    by_seal = defaultdict(set)
    marks = ChildMark.objects.filter(
        seal__in=ChildMark.objects.filter(submission__in=wanted).values("seal")
    )
    for pk, reference, seal in marks.values_list("submission", "submission__reference", "seal"):
        by_seal[seal].add((pk, reference))
    found = defaultdict(set)
    for same in by_seal.values():
        for pk, _reference in same:
            found[pk] |= {reference for other, reference in same if other != pk}
    return {pk: references for pk, references in found.items() if references and pk in wanted}


def people(submission: Submission, user: User) -> list[dict]:
    """`[{name, url}]`: pupils with that name and birthday, within the user's reach."""
    if not user.has_perm("cms.inspect_pupil"):
        return []
    wanted = Q(pk=None)
    for child in children_of(submission):
        wanted |= (Q(legal_first_name__iexact=child.first) | Q(known_as__iexact=child.first)) & Q(
            legal_last_name__iexact=child.last, date_of_birth=child.born
        )
    pupils = Pupil.objects.for_user(user, "inspect").filter(wanted).order_by("pk")[:10]
    return [
        {
            "name": pupil.full_name,
            "url": reverse("cms_pupil_modeladmin_inspect", args=[pupil.pk]),
        }
        for pupil in pupils
    ]


def changed_since(submission: Submission, moment: timezone.datetime) -> list[str]:
    """Questions whose answers are not what they were at that moment."""
    first = submission.changes.filter(at__gt=moment).order_by("pk").first()
    if first is None:
        return []
    before = _rows(first.labels)
    return [
        question
        for (part, question), lines in _rows(submission.labels).items()
        if before.get((part, question)) != lines
    ]


def _rows(labels: list[dict]) -> dict[tuple[str, str], list[str]]:
    return {
        (part["title"], row["question"]): row["lines"] for part in labels for row in part["rows"]
    }
