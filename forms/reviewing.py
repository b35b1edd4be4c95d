"""What reviews need to know of a submission: which answers say who it is, and what they say;
what third persons wrote of it.

Also whose interests are known to conflict: a reviewer who stands in the answers, works for the
organisation, teaches the child in the roster or looks after it.
"""

from collections.abc import Iterator

from django.db.models import Q

from cms.models import Guardian, Pupil, Teacher, User
from forms.children import children_of
from forms.models import ReferenceRequest, Submission
from workflows.models import Case
from workflows.reviews.conflicts import known

CONTACT_TYPES = frozenset({"email", "phone", "uk_address", "uk_postcode"})
#: Mail hosts that anybody may use, and those that stand for any organisation in examples.
ANYBODYS = frozenset(
    {"gmail.com", "googlemail.com", "outlook.com", "hotmail.com", "hotmail.co.uk", "live.co.uk"}
    | {"yahoo.com", "yahoo.co.uk", "icloud.com", "me.com", "btinternet.com", "sky.com", "aol.com"}
    | {"proton.me", "protonmail.com", "talktalk.net", "virginmedia.com", "msn.com"}
    | {"example.org", "example.com", "example.net"}
)


def _versions(submission: Submission) -> Iterator[dict]:
    yield submission.version.compiled
    for request in submission.requests.filter(journey__submission__isnull=False):
        yield request.journey.submission.version.compiled


def identity(submission: Submission) -> dict[str, set[str]]:
    """Keys of the questions that say who it is: `{"name", "contact", "personal": keys}`."""
    found: dict[str, set[str]] = {"name": set(), "contact": set(), "personal": set()}
    for compiled in _versions(submission):
        for step in compiled["steps"]:
            for question in step["questions"]:
                role = question["settings"].get("role")
                if question["type"] == "name" or role == "contact_name":
                    found["name"].add(question["key"])
                if question["type"] in CONTACT_TYPES or role == "contact_email":
                    found["contact"].add(question["key"])
                if question["settings"].get("personal"):
                    found["personal"].add(question["key"])
    return found


def steps_of(submission: Submission) -> dict[str, set[str]]:
    """`{step: questions}`, all by key, of the form and of those that were asked for later."""
    found: dict[str, set[str]] = {}
    for compiled in _versions(submission):
        for step in compiled["steps"]:
            keys = {question["key"] for question in step["questions"]}
            found.setdefault(step["key"], set()).update(keys)
    return found


def answers_to(submission: Submission, key: str) -> list[str]:
    """What was answered to one question, as people read it: one for each item, none twice."""
    lines = [
        " ".join(row["lines"])
        for part in submission.labels
        for row in part["rows"]
        if row.get("key") == key and row["lines"]
    ]
    return list(dict.fromkeys(lines))


@known("named in the answers")
def named(case: Case, people: list[User]) -> dict[int, str]:
    """Their own address, or their whole name, stands in what was sent."""
    subject = case.subject
    if not isinstance(subject, Submission):
        return {}
    said = " \n ".join(
        line for part in subject.case_sections() for row in part["rows"] for line in row["lines"]
    ).casefold()
    return {
        user.pk: "The application names them."
        for user in people
        if (user.email and _stands_in(user.email, said))
        or (user.first_name and user.last_name and _stands_in(user.get_full_name(), said))
    }


def _stands_in(words: str, text: str) -> bool:
    """As words of their own: an address within a longer one is another address."""
    words = words.casefold()
    at = text.find(words)
    while at >= 0:
        around = text[max(at - 1, 0) : at] + text[at + len(words) : at + len(words) + 1]
        if not any(one.isalnum() or one in "-_@" for one in around):
            return True
        at = text.find(words, at + 1)
    return False


@known("same organisation")
def colleagues(case: Case, people: list[User]) -> dict[int, str]:
    """Their address is at the applicant's own domain."""
    theirs = case.contact_email.rpartition("@")[2].casefold()
    if not theirs or theirs in ANYBODYS:
        return {}
    return {
        user.pk: "They have an address at the applicant’s organisation."
        for user in people
        if user.email.rpartition("@")[2].casefold() == theirs
    }


@known("roster")
def in_the_roster(case: Case, people: list[User]) -> dict[int, str]:
    """They teach a group that the child is in, or are its guardian, by their e-mail address."""
    subject = case.subject
    if not isinstance(subject, Submission):
        return {}
    child = Q(pk=None)
    for one in children_of(subject):
        child |= Q(date_of_birth=one.born, legal_last_name__iexact=one.last) & (
            Q(legal_first_name__iexact=one.first) | Q(known_as__iexact=one.first)
        )
    return _of_pupils(child, {user.email.casefold(): user.pk for user in people if user.email})


def _of_pupils(child: Q, by_email: dict[str, int]) -> dict[int, str]:
    pupils = list(Pupil.objects.filter(child).values_list("pk", flat=True)) if child else []
    found = {}
    taught = Teacher.objects.filter(groups__enrolments__pupil__in=pupils)
    for email in taught.values_list("email", flat=True):
        if email.casefold() in by_email:
            found[by_email[email.casefold()]] = "They teach the applicant."
    cared = Guardian.objects.filter(pupils__in=pupils)
    for email in cared.values_list("email", flat=True):
        if email.casefold() in by_email:
            found[by_email[email.casefold()]] = "They look after the applicant."
    return found


def references_of(submission: Submission) -> list[dict]:
    """`[{names, address, rows: [(question, words)]}]` of each that was given. `names` and `address`
    are what a blind reader must not see in it: who wrote it, and whom it is about."""
    rows = ReferenceRequest.objects.filter(
        case__reference=submission.reference, state=ReferenceRequest.State.GIVEN
    ).order_by("pk")
    return [
        {
            "names": [one.name, one.about],
            "address": one.address,
            "rows": list(zip(one.questions, one.answers or [], strict=False)),
        }
        for one in rows
    ]
