"""Which submissions of a form somebody sees, how they are filtered, and page after page of them.

Everything starts from `Submission.objects.for_user(user, action)`. Pages are by key, not by number:
the hundredth costs what the first costs. Costs the same few queries however many rows there are.
"""

import re
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Subquery
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.http import urlencode

from cms.models import User
from forms.models import AnswerColumns, AnswerMark, FormDefinition, FormVersion, Submission
from workflows.models import Case, WorkflowVersion
from workflows.plan import Stage

from .columns import AnswerTable, Column
from .marks import CHOICES, marks_for
from .withheld import never_asked

PER_PAGE = 50
COUNT_TO = 1000
FIRST_COLUMNS = 4
TELLING = ("name", "email", "school", "instrument")
ANSWER = "answer-"


@dataclass(frozen=True)
class Filters:
    """What somebody chose. `answers` is `{question id: option}`; `before`/`after` are keys."""

    stage: str = ""
    since: date | None = None
    until: date | None = None
    version: int | None = None
    answers: dict[str, str] = field(default_factory=dict)
    search: str = ""
    before: int | None = None
    after: int | None = None

    @classmethod
    def read(cls, data: dict[str, str]) -> "Filters":
        """From a query string; what cannot be read is as if it had not been said."""
        return cls(
            stage=_key(data.get("stage", "")),
            since=_day(data.get("since", "")),
            until=_day(data.get("until", "")),
            version=_number(data.get("version", "")),
            answers={
                name.removeprefix(ANSWER): value[:120]
                for name, value in data.items()
                if name.startswith(ANSWER) and value and len(name) < 100
            },
            search=" ".join(data.get("q", "").replace("\0", "").split())[:100],
            before=_number(data.get("before", "")),
            after=_number(data.get("after", "")),
        )

    def chosen(self) -> dict[str, str]:
        """The filters as a query string has them: no page, and no words that were searched for."""
        said = {
            "stage": self.stage,
            "since": self.since and self.since.isoformat(),
            "until": self.until and self.until.isoformat(),
            "version": self.version and str(self.version),
            **{f"{ANSWER}{question}": option for question, option in self.answers.items()},
        }
        return {name: value for name, value in said.items() if value}

    @property
    def query(self) -> str:
        return urlencode(self.chosen() | ({"q": self.search} if self.search else {}))

    @property
    def names(self) -> list[str]:
        """What was filtered by, for the access log: never by what."""
        return sorted({name.partition("-")[0] for name in self.chosen()})


def _key(text: str) -> str:
    return text if re.fullmatch(r"[-\w]{1,60}", text, re.ASCII) else ""


def _number(text: str) -> int | None:
    return int(text) if re.fullmatch(r"[0-9]{1,15}", text, re.ASCII) else None


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time()))


@dataclass(frozen=True)
class Page:
    """One page of submissions, newest first; `older` and `newer` are keys to go on from.

    Each row has the `stage_key` of its case, or None.
    """

    rows: list[Submission]
    older: int | None
    newer: int | None


class Answers:
    """The submissions of one form as one member of staff may see them.

    Raises FormDefinition.DoesNotExist for a form that was never published.
    """

    def __init__(self, user: User, slug: str):
        kept = AnswerColumns.objects.filter(user=user, form=OuterRef("form"))
        self.user = user
        self.versions = list(
            FormVersion.objects.filter(form__slug=slug)
            .select_related("form")
            .annotate(kept_columns=Subquery(kept.values("columns")[:1]))
            .order_by("-number")
        )
        if not self.versions:
            raise FormDefinition.DoesNotExist
        self.form = self.versions[0].form
        self.table = AnswerTable(self.versions)

    def rows(self, filters: Filters, action: str = "list") -> QuerySet[Submission]:
        """Those that fit, newest first, whatever the page."""
        versions = [
            version.pk
            for version in self.versions
            if filters.version is None or version.number == filters.version
        ]
        found = Submission.objects.for_user(self.user, action).filter(version__in=versions)
        if filters.since:
            found = found.filter(submitted_at__gte=_midnight(filters.since))
        if filters.until:
            found = found.filter(submitted_at__lt=_midnight(filters.until + timedelta(days=1)))
        if filters.stage:
            found = found.filter(_case(stage_key=filters.stage))
        allowed = {column.id for column in self.choices()}
        for question, option in filters.answers.items():
            if question not in allowed:
                return found.none()
            marks = AnswerMark.objects.filter(
                mark__in=marks_for(question, option), submission=OuterRef("pk")
            )
            found = found.filter(Exists(marks))
        for word in filters.search.split():
            found = found.filter(self._has(word))
        return found.order_by("-pk")

    def _has(self, word: str) -> Q:
        """Reference, or the contact of a case that this person may see."""
        cases = Case.objects.for_user(self.user).filter(
            Q(contact_name__icontains=word) | Q(contact_email__icontains=word)
        )
        return Q(reference__icontains=word) | Q(reference__in=cases.order_by().values("reference"))

    def page(self, filters: Filters) -> Page:
        """PER_PAGE rows after or before a key, with the stage of each."""
        case = Case.objects.filter(reference=OuterRef("reference")).order_by()
        found = (
            self.rows(filters)
            .select_related("offering__centre")
            .defer("labels", "price")
            .annotate(stage_key=Subquery(case.values("stage_key")[:1]))
        )
        if filters.after:
            rows = list(found.filter(pk__gt=filters.after).order_by("pk")[: PER_PAGE + 1])
            more_newer, rows = len(rows) > PER_PAGE, rows[:PER_PAGE][::-1]
            more_older = True
        else:
            if filters.before:
                found = found.filter(pk__lt=filters.before)
            rows = list(found[: PER_PAGE + 1])
            more_older, rows = len(rows) > PER_PAGE, rows[:PER_PAGE]
            more_newer = bool(filters.before)
        return Page(
            rows,
            older=rows[-1].pk if rows and more_older else None,
            newer=rows[0].pk if rows and more_newer else None,
        )

    def count(self, filters: Filters, page: Page) -> tuple[int, bool]:
        """How many fit, and whether there are more than that: it stops at COUNT_TO."""
        if page.older is None and page.newer is None:
            return len(page.rows), False
        number = self.rows(filters).order_by()[: COUNT_TO + 1].count()
        return min(number, COUNT_TO), number > COUNT_TO

    def stages(self) -> list[tuple[str, str]]:
        """Key and name of each stage, for the filter."""
        return [(stage.key, stage.staff_name) for stage in self._process]

    @cached_property
    def _process(self) -> tuple[Stage, ...]:
        """The stages of the process as it is now."""
        slug = self.versions[0].compiled.get("workflow")
        newest = WorkflowVersion.objects.filter(definition__slug=slug).order_by("-number").first()
        return newest.plan.stages if newest else ()

    @cached_property
    def _never_asked(self) -> frozenset[str]:
        return never_asked(self.user, self._process)

    def choices(self) -> list[Column]:
        """The questions that can be filtered by: what was chosen, and nothing restricted."""
        return [
            column
            for column in self.table.exported()
            if column.type in CHOICES
            and column.choices
            and not {column.key, column.step_key} & self._never_asked
        ]

    def columns(self, readable: frozenset[str]) -> list[Column]:
        """What this person chose to see, as far as they may; a telling few before they chose."""
        allowed = {column.id: column for column in self.table.readable(readable)}
        kept = self.versions[0].kept_columns
        if kept is None:
            asked = [column for column in self.table.exported() if column.is_asked]
            telling = sorted(asked, key=lambda column: column.type not in TELLING)[:FIRST_COLUMNS]
            return [column for column in asked if column in telling]
        return [allowed[one] for one in kept if one in allowed]

    def choose_columns(self, wanted: list[str], readable: frozenset[str]) -> list[Column]:
        """Remember which columns this person wants in this list, in the order of the form."""
        columns = [column for column in self.table.readable(readable) if column.id in set(wanted)]
        AnswerColumns.objects.update_or_create(
            user=self.user, form=self.form, defaults={"columns": [one.id for one in columns]}
        )
        return columns


def _case(**conditions: str) -> Exists:
    return Exists(Case.objects.filter(reference=OuterRef("reference"), **conditions).order_by())


def forms_with_answers(user: User) -> list[FormDefinition]:
    """Forms that sent in something this person may list, with `number` and `newest` of it."""
    reached = Submission.objects.for_user(user, "list").order_by()
    numbers = {
        row["version__form"]: row["number"]
        for row in reached.values("version__form").annotate(number=Count("pk"))
    }
    forms = FormDefinition.objects.filter(pk__in=numbers).order_by("title")
    for form in forms:
        form.number = numbers[form.pk]
    return list(forms)
