"""The proof that what is hidden stays so: whatever a reviewer, or a role from which a stage hides
answers, can open, export or is sent, looked through for it.

An application by a sample family is written with unmistakable words in each hidden answer, put
before two invented reviewers and taken away again, all in one transaction. Each screen is opened
through the whole stack as one of them, before and after the own review is submitted; each letter
that they are sent is read. One hidden word anywhere, and the proof fails and says where.
"""

import html
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from urllib.parse import quote, urlsplit

from django.conf import settings
from django.db import transaction
from django.http import HttpResponseBase
from django.test import Client

from cms.models import OutboxMessage, User
from cms.registry import Registry
from cms.roles import grant
from workflows.deadlines import tell_officer
from workflows.findings import ERROR, Finding
from workflows.models import Case, Review, ReviewRound, WorkflowVersion

from . import scoring
from .crawl import addresses
from .reminders import tell
from .rounds import start
from .rubrics import Reviewing, reviewing

PASSED = 400  # at and above it, what the page says is still looked at
NEAR = ("/admin/reviews/", "/admin/cases/")
BEHIND = (*NEAR, "/admin/answers/", "/admin/sheets/")


@dataclass(frozen=True)
class Planted:
    """A sample family's case with unmistakable hidden answers: `secrets` is `{words: what}`."""

    family: str
    case: Case
    secrets: dict[str, str]
    ids: list[int] = field(default_factory=list)  # of its records, for addresses
    slugs: list[str] = field(default_factory=list)  # of what it was sent by
    exports: dict[str, dict] = field(default_factory=dict)  # address: what is posted to it


@dataclass(frozen=True)
class Behind:
    """What one stage hides from one role, read as makers of sample cases read a Reviewing."""

    stage: str
    scorers: tuple[str, ...]
    hide_questions: frozenset[str]
    hide: frozenset[str] = frozenset()
    hides_steps: bool = True


@dataclass(frozen=True)
class Leak:
    """Hidden words that a reviewer can read, where, and whose answer they are."""

    stage: str
    family: str
    where: str
    what: str
    role: str = ""  # from which the stage hides it; "" for blind reviewers

    def __str__(self) -> str:
        return f"“{self.what}” of the sample family “{self.family}” can be read in {self.where}."


@dataclass
class Proof:
    """What was looked at, and what was found."""

    screens: int = 0
    letters: int = 0
    leaks: list[Leak] = field(default_factory=list)


# Given a workflow's slug and what a stage hides, yields functions that each make one case.
Maker = Callable[[str, Reviewing | Behind], Iterable[Callable[[], Planted]]]
makers: Registry[Maker] = Registry("maker of sample cases")


def blind_stages(version: WorkflowVersion) -> list[Reviewing]:
    """The stages whose reviewers are not told everything."""
    found = [reviewing(version.plan, stage.key) for stage in version.plan.stages]
    return [how for how in found if how and how.is_blind]


def hiding_stages(version: WorkflowVersion) -> list[Behind]:
    """What each stage hides from each role that is named there."""
    found = []
    for stage in version.plan.stages:
        for role in sorted({role for one in stage.hidden for role in one.roles}):
            keys = {key for one in stage.hidden if role in one.roles for key in one.questions}
            found.append(Behind(stage.key, (role,), frozenset(keys)))
    return found


def prove(version: WorkflowVersion, *, everywhere: bool = True, most: int | None = None) -> Proof:
    """Look through everything for each stage that hides something and each sample family; nothing
    stays.

    `everywhere` opens each of the hub's own addresses; otherwise the desks and reviews alone,
    which is what publishing has time for. `most` is how many sample families are tried.
    """
    proof = Proof()
    for how in [*blind_stages(version), *hiding_stages(version)]:
        tried = 0
        for name in makers:
            for make in makers[name](version.plan.slug, how):
                if most is not None and tried >= most:
                    break
                tried += 1
                _one(version, how, make, proof, everywhere=everywhere)
    return proof


def _one(
    version: WorkflowVersion,
    how: Reviewing,
    make: Callable[[], Planted],
    proof: Proof,
    *,
    everywhere: bool,
) -> None:
    with transaction.atomic():
        planted = make()
        case = planted.case
        stage = version.plan.by_key[how.stage]
        Case.objects.filter(pk=case.pk).update(
            version=version, stage_key=stage.key, stage_kind=stage.kind
        )
        case.refresh_from_db()
        look = _look_behind if isinstance(how, Behind) else _look
        look(planted, how, proof, everywhere=everywhere)
        transaction.set_rollback(True)  # all of it is taken away again


def _look(planted: Planted, how: Reviewing, proof: Proof, *, everywhere: bool) -> None:
    people = [_reviewer(how, number) for number in (1, 2)]
    made = start(
        Case.objects.select_related("version").get(pk=planted.case.pk),
        once=f"proof-{planted.case.pk}",
        stage_key=how.stage,
        reviewers=people,
        evenly=False,
    )
    made.due_at = made.started_at
    made.save(update_fields=["due_at"])
    own, other = made.reviews.order_by("pk")
    _submit(other, how)
    tell(people[0])
    paths = _paths(planted, made, how, () if everywhere else NEAR)
    _open_all(people[0], paths, planted, how, proof)
    client = _client(people[0])
    for name, data in (("", {"submit": "1"}), ("save/", {}), ("conflict/", {})):
        path = f"/admin/reviews/{own.pk}/{name}"
        answer = client.post(path, {"rev": "0", **data}, **_host())
        _read(answer, f"the answer to a form at {path}", planted, how, proof)
    _submit(own, how)
    _open_all(people[0], [f"/admin/reviews/{own.pk}/", "/admin/reviews/"], planted, how, proof)
    _letters(people, planted, how, proof)


def _look_behind(planted: Planted, how: Behind, proof: Proof, *, everywhere: bool) -> None:
    """Every screen, file and letter as somebody who holds the one role from which it is hidden."""
    user = _reviewer(how, 1)
    Case.objects.filter(pk=planted.case.pk).update(assignee=user)
    case = Case.objects.get(pk=planted.case.pk)
    values = _values(case, how, planted)
    _open_all(user, addresses(values, within=() if everywhere else BEHIND), planted, how, proof)
    client = _client(user)
    for path, data in planted.exports.items():
        _read(client.post(path, data, **_host()), path, planted, how, proof)
    tell_officer(user)
    _letters([user], planted, how, proof)


def _reviewer(how: Reviewing | Behind, number: int) -> User:
    """An account that holds the scoring roles and nothing else."""
    name = f"blind-proof-{number}"
    user = User.objects.create(
        username=name, email=f"{name}@example.org", first_name="Blind", last_name=f"Proof {number}"
    )
    user.password_alone = True
    user.save(update_fields=["password_alone"])
    for role in how.scorers:
        grant(user, role)
    return user


def _submit(review: Review, how: Reviewing) -> None:
    lines = how.rubric.criteria
    sheet = scoring.Sheet(
        scores={one.key: one.maximum for one in lines},
        comments={one.key: "Seen." for one in lines if one.comment != "none"},
        recommendation=next((key for key, _label in how.rubric.recommendations), ""),
        for_panel="Seen.",
    )
    review.refresh_from_db()
    scoring.submit(review.pk, sheet, by=review.reviewer, rev=review.rev)


def _paths(
    planted: Planted, made: ReviewRound, how: Reviewing, within: tuple[str, ...]
) -> list[str]:
    keys = [*made.reviews.values_list("pk", flat=True), made.case_id, made.pk, *planted.ids]
    ids = list(dict.fromkeys(keys))
    more = {"pk": ids, "file": planted.ids or ids[:1], "placement": ids}
    return addresses(_values(made.case, how, planted) | more, within=within)


def _values(case: Case, how: Reviewing | Behind, planted: Planted) -> dict[str, list]:
    """What the parts of addresses are filled in with."""
    ids = [case.pk, *planted.ids]
    return {
        "pk": ids,
        "case": [case.pk],
        "file": planted.ids,
        "event": list(case.events.values_list("pk", flat=True)[:1]),
        "slug": [case.version.plan.slug, *planted.slugs],
        "stage": [how.stage],
        "kind": ["csv"],
        "reference": [case.reference],
        "name": [case.version.plan.slug],
        "placement": ids,
        "what": ["proposal", "fairness"],
    }


def _host() -> dict[str, object]:
    address = urlsplit(settings.SITE_URL)
    return {"HTTP_HOST": address.netloc, "secure": address.scheme == "https"}


def _client(user: User) -> Client:
    client = Client(raise_request_exception=False)
    client.force_login(user, backend=settings.AUTHENTICATION_BACKENDS[0])
    return client


def _open_all(
    user: User, paths: Iterable[str], planted: Planted, how: Reviewing | Behind, proof: Proof
) -> None:
    client = _client(user)
    for path in paths:
        _read(client.get(path, **_host()), path, planted, how, proof)


def _read(
    answer: HttpResponseBase, where: str, planted: Planted, how: Reviewing | Behind, proof: Proof
) -> None:
    proof.screens += 1
    body = b"".join(answer.streaming_content) if answer.streaming else answer.content
    headers = "\n".join(f"{name}: {value}" for name, value in answer.items())
    text = f"{headers}\n{body.decode('utf-8', errors='replace')}"
    proof.leaks += _found(text, where, planted, how)


def _letters(people: list[User], planted: Planted, how: Reviewing | Behind, proof: Proof) -> None:
    sent = OutboxMessage.objects.filter(to__in=[user.email for user in people])
    for letter in sent:
        proof.letters += 1
        text = f"{letter.subject}\n{letter.text}\n{letter.html}"
        proof.leaks += _found(text, f"the letter “{letter.template}”", planted, how)


def _found(text: str, where: str, planted: Planted, how: Reviewing | Behind) -> Iterator[Leak]:
    text = text.casefold()
    for words, what in planted.secrets.items():
        forms = {words, html.escape(words), quote(words)}
        if any(form.casefold() in text for form in forms):
            role = how.scorers[0] if isinstance(how, Behind) else ""
            yield Leak(how.stage, planted.family, where, what, role)


def _promise(leak: Leak) -> str:
    if leak.role:
        return f"It hides answers from “{leak.role}”"
    return "Its reviewers are to be blind"


def findings(version: WorkflowVersion) -> list[Finding]:
    """What the proof says of a version that is about to be published; errors stop it."""
    found = prove(version, everywhere=False, most=1)
    return [
        Finding(
            level=ERROR,
            code="blind_leak",
            where=f"Stage “{version.plan.by_key[leak.stage].staff_name}”",
            message=f"{_promise(leak)}, but {leak}",
            stage=leak.stage,
        )
        for leak in dict.fromkeys(found.leaks)
    ]
