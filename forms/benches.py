"""What forms measure: a whole journey over HTTP, a very long form, and the list of answers.

The journey is four pages of a published version with everything that a family gets: each page
saved in its Journey row, check page, submission, letter. The peer is django-formtools' own session
wizard (named addresses, sessions in the database) with the same questions on bare pages and one
insert at its end; the limit is one request that inserts one row. All three are served alike.
"""

import http.client
import re
import time
from contextlib import ExitStack
from urllib.parse import urlencode

from django.db import connection

from cms.bench import Case, WrongResultError, cases, in_processes
from cms.benchserver import served

from . import package
from .benchpeers import OPTIONS, addresses
from .compile import check, compiled
from .lint import lint
from .models import Submission
from .paths import paths

CLIENTS, EACH, WARM_UP = 4, 10, 2
HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)"(?: value="([^"]*)")?')
ANSWERS = {
    "you": {"first-name": "Robin", "last-name": "Example", "mail": "robin@example.org"},
    "what": {"interest": "lessons", "plays": "yes"},
    "more": {"about": "I have played for two years.", "hours": "3"},
    "end": {"heard": "At school", "notes": ""},
}


def a_form(slug: str = "bench", steps: int = 4) -> dict:
    """Four pages of questions, and more of the same behind a rule that is never true."""
    found = [
        _step("you", "You", _ask("name", "name", "Name"), _ask("mail", "email", "E-mail")),
        _step(
            "what",
            "What",
            _ask("interest", "radios", "What?", options=OPTIONS),
            _ask("plays", "yes_no", "Do you play?"),
        ),
        _step(
            "more",
            "More",
            _ask("about", "longtext", "About you"),
            _ask("hours", "number", "Hours a week"),
        ),
        _step(
            "end",
            "Last things",
            _ask("heard", "text", "How did you hear of us?"),
            _ask("notes", "longtext", "Anything else?", required=False),
        ),
    ]
    never = {"match": "all", "clauses": [{"question": "hours", "op": "is", "value": 99}]}
    found[3:3] = [
        {
            "key": f"long_{number}",
            "title": f"Long {number}",
            "show_if": never,
            "questions": [
                {"key": f"long_{number}_{at}", "type": "text", "label": f"Question {at}"}
                for at in range(5)
            ],
        }
        for number in range(steps - 4)
    ]
    return {"slug": slug, "title": "A form to measure", "steps": found}


def _step(key: str, title: str, *questions: dict) -> dict:
    return {"key": key, "title": title, "questions": list(questions)}


def _ask(key: str, kind: str, label: str, **more: object) -> dict:
    return {"key": key, "type": kind, "label": label, "required": True, **more}


class Visitor:
    """Somebody with a browser and an address of their own, over one connection."""

    def __init__(self, door: http.client.HTTPConnection, name: str):
        self.door, self.name, self.cookies, self.page, self.at = door, name, {}, "", ""

    def ask(self, method: str, address: str, data: dict | None = None) -> int:
        headers = {"Cookie": "; ".join(f"{k}={v}" for k, v in self.cookies.items())}
        headers |= {"X-Forwarded-For": self.name, "Sec-Fetch-Site": "same-origin"}
        if data is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        self.door.request(method, address, urlencode(data) if data is not None else None, headers)
        answer = self.door.getresponse()
        self.page, self.at = answer.read().decode(), answer.getheader("Location") or address
        for line in answer.headers.get_all("Set-Cookie") or []:
            name, _is, value = line.partition(";")[0].partition("=")
            self.cookies[name] = value
        return answer.status

    def post(self, answers: dict) -> None:
        """Post the page's own hidden fields with these answers, and go where that leads."""
        data = dict(HIDDEN.findall(self.page)) | answers
        self.follow(self.ask("POST", self.at, data))

    def follow(self, status: int) -> None:
        while status in (301, 302, 303):
            status = self.ask("GET", self.at)
        if status != 200:
            raise WrongResultError(f"{self.at} answered {status}.")


def through_ours(visitor: Visitor) -> None:
    visitor.follow(visitor.ask("POST", "/apply/bench/", {}))
    for answers in ANSWERS.values():
        visitor.post(answers)
    visitor.at = visitor.at.replace("/check/", "/submit/")
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', visitor.page)[1]
    visitor.follow(visitor.ask("POST", visitor.at, {"csrfmiddlewaretoken": token}))
    if "data-reference" not in visitor.page:
        raise WrongResultError("A journey of ours did not end with a reference.")


def through_the_wizard(visitor: Visitor, name: str = "wizard") -> None:
    visitor.follow(visitor.ask("GET", f"/bench/{name}/you/"))
    for step, answers in ANSWERS.items():
        visitor.post({f"{step}-{name}": value for name, value in answers.items()})
    if "Thank you" not in visitor.page:
        raise WrongResultError("A journey of the wizard did not end.")


def through_the_dressed_wizard(visitor: Visitor) -> None:
    through_the_wizard(visitor, "dressed")


def one_insert(visitor: Visitor) -> None:
    if visitor.ask("POST", "/bench/insert/", {"mail": "robin@example.org"}) != 200:
        raise WrongResultError("The row was not inserted.")


@cases("forms.journey_of_4_steps")
class Journey(Case):
    """Whole journeys each second, from four clients at once."""

    unit = "journeys/s"
    steps = 4
    peers_way = staticmethod(through_the_wizard)

    def prepare(self) -> None:
        package.load({"package": 1, "form": a_form(steps=self.steps)}, publish=True)
        with connection.cursor() as cursor:
            key = "id serial" if connection.vendor == "postgresql" else "id integer"
            cursor.execute("DROP TABLE IF EXISTS bench_answer")
            cursor.execute(f"CREATE TABLE bench_answer ({key} PRIMARY KEY, mail varchar(200))")
        # One server for all runs and all ways, each of them warm before anything is measured.
        self.server = ExitStack()
        self.port = self.server.enter_context(served(addresses))
        try:
            for through in (through_ours, self.peers_way, one_insert):
                for turn in range(WARM_UP):  # new connections, so that each worker has had some
                    self._visit(through, 100 + turn)
        except BaseException:
            self.finish()
            raise

    def finish(self) -> None:
        self.server.close()

    def ours(self) -> float:
        before = Submission.objects.count()
        figure = self._walk(through_ours)
        if Submission.objects.count() - before != CLIENTS * EACH:
            raise WrongResultError("Not every journey became a submission.")
        return figure

    def peer(self) -> float:
        return self._walk(self.peers_way)

    def limit(self) -> float:
        return self._walk(one_insert)

    def _walk(self, through) -> float:  # noqa: ANN001
        seconds, done = in_processes(CLIENTS, lambda turn: self._visit(through, turn))
        return done / seconds

    def _visit(self, through, turn: int) -> int:  # noqa: ANN001
        door = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        for number in range(EACH):
            through(Visitor(door, f"10.{turn}.{number}.{time.time_ns() % 250}"))
        return EACH


@cases("forms.journey_of_4_steps_beside_a_dressed_wizard")
class DressedJourney(Journey):
    """The same, beside the wizard as somebody would build it here: in the hub's own pages."""

    peers_way = staticmethod(through_the_dressed_wizard)

    def limit(self) -> None:
        return None


@cases("forms.journey_of_4_steps_in_a_form_of_60")
class LongJourney(Journey):
    """The same journey through a form of sixty steps: the fifty-six others stay hidden."""

    steps = 60

    def peer(self) -> None:
        return None


@cases("forms.form_of_300_questions")
class LongForm(Case):
    """Compile, lint and walk every path of a form of 300 questions in 60 steps; seconds."""

    unit = "s"
    lower_is_better = True

    def prepare(self) -> None:
        self.form = a_long_form()

    def ours(self) -> float:
        start = time.perf_counter()
        form = compiled(self.form)
        found = lint(form)
        every = paths(form)
        seconds = time.perf_counter() - start
        if check(form) or len(every) < 1_000 or every.is_partial or not isinstance(found, list):
            raise WrongResultError("The long form was not walked whole.")
        return seconds


def a_long_form(steps: int = 60, branches: int = 10) -> dict:
    """Sixty steps of five questions; ten yes-or-no questions each decide about a later step."""
    every = max(1, steps // branches)
    found = []
    for number in range(steps):
        questions = [
            {"key": f"q{number}_{at}", "type": "text", "label": f"Question {number}, {at}"}
            for at in range(4)
        ]
        questions.append({"key": f"y{number}", "type": "yes_no", "label": f"Is it so, {number}?"})
        step = {"key": f"s{number}", "title": f"Step {number}", "questions": questions}
        if number and number % every == 0:
            clause = {"question": f"y{number - 1}", "op": "is", "value": True}
            step["show_if"] = {"match": "all", "clauses": [clause]}
        found.append(step)
    last = {"question": f"y{steps - 2}", "op": "is", "value": False}
    found[-1]["show_if"] = {"match": "all", "clauses": [last]}
    return {"slug": "long", "title": "A long form", "steps": found}
