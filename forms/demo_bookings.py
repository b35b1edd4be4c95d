"""Families on the demo hub: dates that filled up, money, help with costs, who waits, a register.

Everything goes through the same verbs as for a real family, at moments of its own: the dates filled
on the day that booking opened. Only where nobody has booked yet. Letters of the loading itself are
not sent to anybody, invented or not.
"""

from datetime import date, datetime, time, timedelta

from django.db import transaction
from django.utils import timezone

from cms import places, wallclock
from cms.clock import LONDON
from cms.models import CourseDate, HelpClaim, Job, MoneyAccount, OutboxMessage, School, User
from cms.money import help as helping
from cms.money import ledger
from forms import journeys, submissions, waiting
from forms.demo_families import CHOICES, MINUTES, PARENTS, SCHOOLS, SURNAMES, YOUNG
from forms.models import CourseRun, FormDefinition, FormVersion, Submission, TeamMember
from forms.running import changing
from workflows import pools, queues
from workflows.engine import perform
from workflows.models import Case
from workflows.running import job_key

FORM = "songwriter-booking"
SIZES = (2, 1, 1, 2, 1, 3, 1, 2)  # children of one family after the other
WAITING = (
    ("Hazel Thornbury", ["Bryony", "Linden"], "all"),
    ("Ross Appleyard", ["Juniper"], "all"),
    ("Sian Whitcombe", ["Rufus", "Tansy"], "any"),
)


def load(today: date) -> int:
    """Book the demo hub's next Songwriter dates; how many bookings were added."""
    form = FormDefinition.objects.filter(slug=FORM).first()
    people = {user.username: user for user in User.objects.filter(username__in=CHOICES["staff"])}
    dates = _dates()
    is_there = Submission.objects.filter(version__form__slug=FORM).exists()
    if form is None or is_there or len(people) < len(CHOICES["staff"]) or not dates:
        return 0
    with transaction.atomic():
        before = OutboxMessage.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
        Loading(form.current_version, people).run([*dates, _tomorrow(dates[0])])
        OutboxMessage.objects.filter(pk__gt=before).delete()
    return Submission.objects.filter(version__form__slug=FORM).count()


def _dates() -> list[CourseDate]:
    """The Songwriter dates of the next half-term, which are open."""
    rows = CourseDate.objects.filter(course__form_slug=FORM, starts_at__gt=timezone.now())
    rows = rows.exclude(booking_opens_at__gt=timezone.now()).order_by("starts_at")
    return list(rows.select_related("course", "centre")[:4])


def _tomorrow(like: CourseDate) -> CourseDate:
    """A date whose register is open from now on, at the same course and centre."""
    now = timezone.localtime()
    day = now.date() + timedelta(days=now.hour >= 10)
    starts = datetime.combine(day, time(10), tzinfo=LONDON)
    return CourseDate.objects.create(
        course=like.course,
        centre=like.centre,
        reference=f"sw-tomorrow-{day:%y%m%d}",
        starts_at=starts,
        ends_at=starts + timedelta(hours=6),
        capacity=12,
        minimum_number=6,
        price_pence=like.price_pence,
        booking_opens_at=like.booking_opens_at,
        booking_closes_at=starts - timedelta(days=2),
    )


class Loading:
    """One family after the other, each with the next name, school and minute."""

    def __init__(self, version: FormVersion, people: dict[str, User]):
        self.version, self.people = version, people
        self.sample = version.form.samples[0]["answers"]
        self.number = self.child = 0
        self.schools = [
            School.objects.get_or_create(urn=urn, defaults={"name": name, "email": email})[0]
            for urn, name, email in SCHOOLS
        ]

    def run(self, dates: list[CourseDate]) -> None:
        wanted = (*CHOICES["taken"][: len(dates) - 1], 9)
        for course_date, number in zip(dates, wanted, strict=True):
            places.release(f"demo-{course_date.reference}")
            self.fill(course_date, number)
        self.make_team(dates[-1])
        CourseRun.objects.create(course_date=dates[-1])
        self.decide_claims()
        self.take_money(dates[-1])
        self.let_wait(dates[0])

    def fill(self, course_date: CourseDate, number: int) -> None:
        left, at = number, 0
        while left:
            size = min(left, SIZES[self.number % len(SIZES)])
            minute = MINUTES[at] if at < len(MINUTES) else 60 * 24 * (at - len(MINUTES) + 1)
            moment = course_date.booking_opens_at + timedelta(minutes=minute)
            moment = min(moment, course_date.booking_closes_at - timedelta(hours=1))
            with wallclock.instead(min(moment, timezone.now())):
                self.book(course_date, size)
            left, at, self.number = left - size, at + 1, self.number + 1

    def book(self, course_date: CourseDate, size: int) -> None:
        submission = self.send(course_date, size)
        case = Case.objects.get(reference=submission.reference)
        asks = submission.answers.get("wants_help")
        if asks not in ("yes", True) and self.number % 6:
            self.press(case, "confirm")

    def send(self, course_date: CourseDate, size: int) -> Submission:
        surname = SURNAMES[self.number % len(SURNAMES)]
        parent = PARENTS[self.number % len(PARENTS)]
        answers = {
            **self.sample,
            "places": {"offering": course_date.reference, "children": size},
            "child": [self.one_child(surname, course_date, n) for n in range(size)],
            "booker_name": {"first": parent, "last": surname},
            "email": f"{parent}.{surname}@example.org".lower(),
            "mobile": f"+447700900{self.number % 1000:03d}",
            "allows": ["record_songs", *(["photos_internal"] if self.number % 3 else [])],
            **CHOICES["more"].get(self.number % 16, {}),
        }
        for step in self.version.compiled["steps"]:
            scopes = answers.get(step["key"]) if step["repeat"] else [answers]
            for scope in scopes or []:
                for question in step["questions"]:
                    scope.setdefault(question["key"], None)
        journey = journeys.begin(self.version, owner=f"demo-{self.number}", offering=course_date)
        journey.answers = answers
        journey.save()
        places.hold(course_date.pk, holder=journey.holder, children=size)
        return submissions.submit(journey)

    def one_child(self, surname: str, course_date: CourseDate, number: int) -> dict:
        self.child += 1
        years = 8 + (self.child * 5 + number) % 9
        school = self.schools[self.child % (len(self.schools) + 1) - 1]
        home = self.child % (len(self.schools) + 1) == 0
        born = course_date.first_day.replace(day=1) - timedelta(days=366 * years + 7 * self.child)
        return {
            "child_name": {"first": YOUNG[self.child % len(YOUNG)], "last": surname},
            "date_of_birth": born.isoformat(),
            "school": {"choice": "home"}
            if home
            else {"choice": "school", "urn": school.urn, "name": school.name},
        }

    def press(self, case: Case, key: str) -> None:
        """An officer's button, with the queue's part done at once."""
        event = perform(case.pk, key, by=self.people["bookings"])
        event.runs.update(state="done", result="Done as the demo hub was loaded")
        Job.objects.filter(key=job_key(event.pk)).delete()

    def make_team(self, course_date: CourseDate) -> None:
        for name, part in (("course-lead", "lead"), ("centre-west", "helper")):
            TeamMember.objects.create(course_date=course_date, user=self.people[name], part=part)

    def decide_claims(self) -> None:
        """One yes, one no; the others wait for their evidence."""
        officer = self.people["remission"]
        waiting_ = HelpClaim.objects.filter(state=HelpClaim.State.CLAIMED).order_by("pk")
        for number, claim in enumerate(waiting_[:2]):
            if number:
                helping.refuse(claim.pk, by=officer, words="The letter is of last year, sorry.")
            else:
                helping.approve(claim.pk, by=officer, words="Thank you for the letter.")

    def take_money(self, course_date: CourseDate) -> None:
        """Most have paid; one family, whose bill was late, has only just; one cancelled a child."""
        officer = self.people["finance"]
        for number, account in enumerate(MoneyAccount.objects.with_sums().order_by("pk")):
            if account.owed > 0 and number % 4:
                method = ("transfer", "card", "transfer")[number % 3]
                part = account.owed if number % 5 else account.owed // 2
                ledger.take_payment(account, part, method=method, reference="demo", by=officer)
        booked = Submission.objects.filter(version=self.version).exclude(offering=course_date)
        for submission in booked.order_by("-pk"):
            booking = changing.booking_of(submission)
            if booking and booking.is_open and len(booking.children) > 1:
                changing.cancel(submission, [booking.children[0].place.child_number])
                return

    def let_wait(self, course_date: CourseDate) -> None:
        """Families who came too late; a place comes free, and the first whom it fits is asked."""
        for name, children, rule in WAITING:
            email = f"{name.replace(' ', '.')}@example.org".lower()
            waiting.join(course_date, waiting.Wish(name, email, children, rule))
        last = Submission.objects.filter(offering=course_date).order_by("pk").last()
        booking = changing.booking_of(last)
        if booking and booking.is_open:
            changing.cancel(last, [child.place.child_number for child in booking.children])
        queues.fill(pools.pool_of_date(course_date).pk)
