"""A brother or sister added later: the discount counts the children who are booked there already.

Only a journey that was begun in the signed-in family folder remembers its family's bookings. What
anybody types about itself, such as an e-mail address, gives no discount and tells nothing.
"""

from collections.abc import Iterable, Mapping

from cms.models import Place
from forms.models import Journey, Submission

KEY = "bookings"


def remember(journey: Journey, submissions: Iterable[Submission]) -> None:
    """Whose family it is, kept beside what is suggested until the form is sent."""
    journey.suggested[KEY] = [submission.pk for submission in submissions]


def before(journey: Journey, answers: Mapping) -> int:
    """How many other children of the family have a place on the journey's date. No query for a
    journey that remembers nothing."""
    keys = (journey.suggested or {}).get(KEY)
    if not keys or journey.offering_id is None:
        return 0
    named = _names(journey, answers)
    found = Submission.objects.filter(pk__in=keys).prefetch_related("version")
    there = set()
    for submission in found:
        taken = Place.objects.filter(
            holder=submission.holder, course_date=journey.offering_id, state__in=Place.SETTLED
        )
        items = _children(submission.version.compiled, submission.answers)
        for number in taken.values_list("child_number", flat=True):
            if number <= len(items):
                there.add(items[number - 1])
    return len(there - named)


def _names(journey: Journey, answers: Mapping) -> set[str]:
    return set(_children(journey.version.compiled, answers))


def _children(compiled: Mapping, answers: Mapping) -> list[str]:
    """Each child of the form by name and date of birth, in the order of the form."""
    for step in compiled["steps"]:
        items = answers.get(step["key"]) if step["repeat"] else None
        asked = [
            question["key"]
            for question in step["questions"]
            if question["type"] == "name" or question["settings"].get("autocomplete") == "bday"
        ]
        if isinstance(items, list) and asked:
            return [str([item.get(key) for key in asked]).casefold() for item in items]
    return []
