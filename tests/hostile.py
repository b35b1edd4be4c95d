"""Hostile families: what is thrown at a running form, and how an accepted answer is judged.

`requests_at` is a hypothesis strategy of tampered requests; `Ground` holds one form with two honest
families in it, whose records nobody else may touch; `wrongs_of` judges a submission against its
version without the code that accepted it.
"""

import json
import random
import re
import socket
from dataclasses import dataclass, field
from datetime import date
from urllib.parse import quote_from_bytes

from django.test import Client
from hypothesis import strategies as st

from forms import journeys, submissions
from forms.field_types import field_types
from forms.models import Attachment, FormVersion, Journey, Submission
from forms.paths import paths
from forms.walk import walk

ATTACKER = "a" * 43
VICTIM = "v" * 43
URLENCODED = "application/x-www-form-urlencoded"

#: As bytes, because half of them are no text.
VALUES = [
    b"",
    b" ",
    b"\x00",
    b"a\x00b",
    b"\xed\xa0\x80",  # a lone surrogate
    b"\xff\xfe",
    b"%",
    "\u202e\u2066evil".encode(),
    "\u0663".encode(),
    b"0",
    b"-1",
    b"1e309",
    b"NaN",
    b"Infinity",
    b"9" * 40,
    b"1.5",
    b"true",
    b"yes",
    b"no",
    b"on",
    b"null",
    b"[]",
    b"{}",
    b'{"offering": "X"}',
    b"2015-02-30",
    b"31",
    b"13",
    b"0000",
    b"=1+1",
    b"<script>alert(1)</script>",
    b"{{ settings.SECRET_KEY }}",
    b"' OR 1=1 --",
    b"../../../../etc/passwd",
    b"someone@example.org",
    b"a@b",
    b"https://evil.example.org/",
    b"07700 900000",
    b"x" * 300,
    b"x" * 70_000,
    b"other",
    b"none",
    b"one",
    b"two",
]
SUFFIXES = ["", "_day", "_month", "_year", "-first", "_first", "_last", "_line_1", "_postcode"]
PREFIXES = ["children-", "choice-", "which-", "first-", "last-", "line_1-", "postcode-", "drop-"]
PLUMBING = ["asked", "item", "rev", "return", "later", "more_time", "price", "csrfmiddlewaretoken"]
METHODS = ["PUT", "DELETE", "PATCH", "OPTIONS", "HEAD", "TRACE", "PROPFIND"]
CONTENT_TYPES = [
    "application/json",
    "text/xml",
    "text/plain",
    "",
    "multipart/form-data",
    "multipart/form-data; boundary=",
    "multipart/form-data; boundary=x",
    "application/x-www-form-urlencoded; charset=utf-16",
    "application/x-www-form-urlencoded; charset=nonsense",
    "nonsense",
]
JUNK_STEPS = ["", "%00", "check", "submit", "done", "save", "extend", "..", "%2e%2e", "__class__"]
JUNK_STEPS += ["management_form", "0", "x" * 300, "é", "step;x=1", "step/", "'", "%ED%A0%80"]


@dataclass
class Shot:
    """One request: the address after the form's own, and what is sent there."""

    method: str
    path: str
    body: bytes = b""
    content_type: str = URLENCODED


@dataclass
class Ground:
    """A published form with honest families, and the attacker's own journey in it."""

    version: FormVersion
    offering: object = None
    before: list = field(default_factory=list)

    def __post_init__(self) -> None:
        compiled = self.version.compiled
        self.slug = compiled["slug"]
        self.steps = [step["key"] for step in compiled["steps"]]
        self.keys = [q["key"] for step in compiled["steps"] for q in step["questions"]]
        self.options = [
            option["key"].encode()
            for step in compiled["steps"]
            for q in step["questions"]
            for option in q["options"] or []
        ] or [b"one"]
        found = paths(compiled).paths
        self.answers = [path.answers for path in found[:40]]
        self.own = journeys.begin(self.version, owner=ATTACKER, offering=self.offering)
        halfway = journeys.begin(self.version, owner=VICTIM, offering=self.offering)
        halfway.answers = self.answers[-1]
        halfway.save()
        self.victims = [halfway.key]
        sent = journeys.begin(self.version, owner=VICTIM)
        for answers in self.answers:
            if walk(compiled, answers, facts=journeys.facts(sent)).is_complete:
                sent.answers = answers
                sent.save()
                submissions.submit(sent)
                self.victims.append(sent.key)
                break
        self.before = self.honest()

    def honest(self) -> list:
        """Everything of the honest families, as it is stored."""
        mine = Journey.objects.exclude(owner_hash=self.own.owner_hash)
        return [
            list(mine.order_by("pk").values_list()),
            list(Submission.objects.filter(journey__in=mine).order_by("pk").values_list()),
            list(Attachment.objects.filter(journey__in=mine).values_list()),
        ]

    def place(self, number: int, upto: int) -> None:
        """Put the attacker's journey at some point of some way through the form."""
        if Submission.objects.filter(journey=self.own).exists():
            self.own = journeys.begin(self.version, owner=ATTACKER, offering=self.offering)
        answers = self.answers[number % len(self.answers)]
        kept = dict(list(answers.items())[: upto % (len(answers) + 1)])
        Journey.objects.filter(pk=self.own.pk).update(answers=kept)

    def client(self, *, raises: bool = False) -> Client:
        client = Client(raise_request_exception=raises)
        client.cookies["apply"] = ATTACKER
        return client

    def address(self, shot: Shot) -> str:
        return f"/apply/{self.slug}/" + shot.path.replace("OWN", self.own.key).replace(
            "FOREIGN", self.victims[-1]
        ).replace("HALFWAY", self.victims[0])

    def fire(self, client: Client, shot: Shot) -> int:
        return client.generic(
            shot.method, self.address(shot), shot.body, content_type=shot.content_type
        ).status_code


def as_body(pairs: list[tuple[str, bytes]]) -> bytes:
    return b"&".join(
        f"{quote_from_bytes(name.encode())}={quote_from_bytes(value)}".encode()
        for name, value in pairs
    )


@st.composite
def requests_at(draw, ground: Ground) -> Shot:
    """One tampered request at that form."""
    chance = random.Random(draw(st.integers(0, 2**32)))
    whose = chance.choices(["OWN", "FOREIGN", "HALFWAY", "x" * 43, "%00"], [20, 2, 2, 1, 1])[0]
    step = chance.choice(ground.steps) if chance.random() < 0.85 else chance.choice(JUNK_STEPS)
    path = chance.choices(
        [
            f"{whose}/{step}/",
            f"{whose}/{step}/{chance.choice(['1', '2', '0', '99', '9' * 30])}/",
            f"{whose}/{step}/1/remove/",
            f"{whose}/submit/",
            f"{whose}/check/",
            f"{whose}/done/",
            f"{whose}/save/",
            f"{whose}/extend/",
            f"{whose}/",
            "",
        ],
        [20, 4, 2, 4, 1, 1, 1, 1, 1, 1],
    )[0]
    method = "POST" if chance.random() < 0.85 else chance.choice(["GET", *METHODS])
    if chance.random() < 0.08:
        bodies = [
            b"",
            b"{",
            b"[]" * 9,
            b"\x00" * 50,
            b"--x\r\n",
            b"--x--",
            b"a=" * 1200,
            b"&" * 3000,
        ]
        bodies += [json.dumps({key: [1, {}] for key in ground.keys}).encode(), b"a=b" * 200_000]
        return Shot(method, path, chance.choice(bodies), chance.choice(CONTENT_TYPES))
    return Shot(method, path, as_body(_pairs(chance, ground, step)))


def _pairs(chance: random.Random, ground: Ground, step: str) -> list[tuple[str, bytes]]:
    """Fields for the questions of a step, and for some that were not asked."""
    own = next((s for s in ground.version.compiled["steps"] if s["key"] == step), None)
    pairs: list[tuple[str, bytes]] = []
    for question in (own or {}).get("questions", []):
        if chance.random() < 0.9:
            pairs += _fields(chance, ground, question)
    for _time in range(chance.choice([0, 0, 1, 3])):
        key = chance.choice(ground.keys)  # an answer that is hidden, or of another step
        pairs.append((chance.choice(PREFIXES) + key, _value(chance, ground)))
        pairs.append((key + chance.choice(SUFFIXES), _value(chance, ground)))
    for name in PLUMBING:
        if chance.random() < 0.1:
            known = ",".join(ground.keys).encode() if name == "asked" else b"1"
            pairs.append((name, chance.choice([known, _value(chance, ground)])))
    if chance.random() < 0.1:
        pairs.append((chance.choice(["__proto__", "answers", "submitted_at", "owner_hash"]), b"1"))
    return pairs


def _fields(chance: random.Random, ground: Ground, question: dict) -> list[tuple[str, bytes]]:
    key = question["key"]
    if chance.random() < 0.5:  # right, or nearly
        said = RIGHT.get(question["type"], lambda key: [(key, b"Words")])(key)
        if question["options"]:
            said = [(key, chance.choice(question["options"])["key"].encode())]
        return said if chance.random() < 0.8 else said + said
    names = [key, *(key + suffix for suffix in SUFFIXES), *(prefix + key for prefix in PREFIXES)]
    return [
        (chance.choice(names) if chance.random() < 0.4 else key, _value(chance, ground))
        for _time in range(chance.choice([1, 1, 2, 3]))
    ]


def _value(chance: random.Random, ground: Ground) -> bytes:
    return chance.choice(ground.options if chance.random() < 0.2 else VALUES)


RIGHT = {
    "email": lambda key: [(key, b"family@example.org")],
    "phone": lambda key: [(key, b"07700 900123")],
    "number": lambda key: [(key, b"3")],
    "money": lambda key: [(key, b"12.50")],
    "date": lambda key: [(f"{key}_day", b"2"), (f"{key}_month", b"5"), (f"{key}_year", b"2015")],
    "time": lambda key: [(key, b"15:30")],
    "yes_no": lambda key: [(key, b"yes")],
    "uk_postcode": lambda key: [(key, b"SG4 9UJ")],
    "uk_address": lambda key: [
        (f"{key}_line_1", b"1 Lane"),
        (f"line_1-{key}", b"1 Lane"),
        (f"town-{key}", b"Hitchin"),
        (f"postcode-{key}", b"SG4 9UJ"),
    ],
    "name": lambda key: [(f"first-{key}", b"Robin"), (f"last-{key}", b"Example")],
    "school": lambda key: [(f"choice-{key}", b"home")],
    "instrument": lambda key: [(key, b"other")],
    "grade": lambda key: [(key, b"grade_3")],
    "declaration": lambda key: [(key, b"on")],
    "video_link": lambda key: [(key, b"https://www.youtube.com/watch?v=abc")],
    "places": lambda key: [(key, b"SW-WAT-1"), (f"children-{key}", b"1")],
}


# Judging what was accepted ------------------------------------------------------------------------


def wrongs_of(submission: Submission) -> list[str]:
    """What is not right about a submission, by its version alone."""
    compiled, found = submission.version.compiled, []
    seen = walk(compiled, submission.answers, facts=journeys.facts(submission.journey))
    if seen.exit is not None:
        found.append("it was sent from a page that ends the journey")
    found += [
        f"{step.key} has {len(step.items)} items"
        for step in seen.steps
        if step.repeat and not step.least <= len(step.items) <= step.most
    ]
    if seen.answers != submission.answers:
        found.append("it holds answers that nobody could have seen asked")
    for _step, item, question in seen.visible_questions():
        value = (item.answers if item else seen.answers).get(question["key"])
        if value is None:
            kind = field_types[question["type"]]
            if question["required"] and kind.is_answerable:
                found.append(f"{question['key']} is required")
        elif not JUDGES.get(question["type"], is_words)(question, value):
            found.append(f"{question['key']} ({question['type']}) is {value!r:.80}")
    return found


def is_words(question: dict, value: object) -> bool:
    limit = question["settings"].get("max_length") or 100_000
    return isinstance(value, str) and is_clean(value) and 0 < len(value) <= limit


def is_clean(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return "\x00" not in text


def is_option(question: dict, value: object) -> bool:
    return value in {option["key"] for option in question["options"] or []}


def are_options(question: dict, value: object) -> bool:
    own = question["settings"]
    return (
        isinstance(value, list)
        and all(is_option(question, one) for one in value)
        and (own.get("min") or 0) <= len(value) <= (own.get("max") or 999)
    )


def is_number(question: dict, value: object) -> bool:
    own, scale = question["settings"], "_pence" if question["type"] == "money" else ""
    low, high = own.get(f"min{scale}"), own.get(f"max{scale}")
    if question["type"] == "money" and low is None:
        low = 0
    return (
        isinstance(value, int | float)
        and not isinstance(value, bool)
        and abs(value) < 10**15
        and (low is None or value >= low)
        and (high is None or value <= high)
        and (own.get("decimals") or isinstance(value, int))
    )


def is_day(question: dict, value: object) -> bool:
    try:
        day = date.fromisoformat(value)
    except (TypeError, ValueError):
        return False
    own = question["settings"]
    return (
        day.year >= 1900
        and (own.get("in") != "past" or day < date.today())
        and value >= (own.get("earliest") or "")
        and value <= (own.get("latest") or "9999")
    )


def are_parts(question: dict, value: object) -> bool:
    return isinstance(value, dict) and all(
        isinstance(part, str) and is_clean(part) and len(part) <= 150 for part in value.values()
    )


def matches(pattern: str):
    return lambda question, value: isinstance(value, str) and bool(re.fullmatch(pattern, value))


JUDGES = {
    "yes_no": lambda question, value: isinstance(value, bool),
    "radios": is_option,
    "select": is_option,
    "slot": is_option,
    "checkboxes": are_options,
    "number": is_number,
    "money": is_number,
    "date": is_day,
    "time": matches(r"([01]\d|2[0-3]):[0-5]\d"),
    "email": matches(r"[^@\s\x00]{1,64}@[^@\s\x00]+\.[^@\s\x00]+"),
    "phone": matches(r"\+?[\d ]{6,20}"),
    "uk_postcode": matches(r"[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}"),
    "name": are_parts,
    "uk_address": are_parts,
    "school": are_parts,
    "instrument": matches(r"[a-z0-9-]+"),
    "grade": matches(r"none|initial|diploma|grade_[1-8]"),
    "declaration": lambda question, value: value is True or not question["required"],
    "video_link": matches(r"https?://[^\s\x00]+"),
    "calculated": lambda question, value: isinstance(value, int | float | bool | str),
    "places": lambda question, value: (
        isinstance(value, dict)
        and set(value) == {"offering", "children"}
        and isinstance(value["children"], int)
        and 1 <= value["children"] <= (question["settings"].get("max_children") or 6)
    ),
    "matrix": lambda question, value: (
        isinstance(value, dict) and all(is_option(question, one) for one in value.values())
    ),
    "file": lambda question, value: (
        isinstance(value, list) and all({"id", "name", "size"} <= set(one) for one in value)
    ),
}


# Over a socket, against a real server --------------------------------------------------------------

TOKEN = "c" * 32  # a CSRF token is right when cookie and field agree


def lay_ground() -> dict:
    """Runs inside a hub: a form with honest families; what the attacker needs to know."""
    from tests.journeys import publish_form
    from tests.test_forms_types_form import every_type

    ground = Ground(publish_form(every_type()))
    return {
        "path": f"/apply/{ground.slug}/",
        "own": ground.own.key,
        "victims": ground.victims,
        "steps": ground.steps,
        "keys": ground.keys,
        "before": repr(ground.before),
    }


def judge_ground(before: str) -> dict:
    """Runs inside the hub afterwards."""
    mine = Journey.objects.exclude(owner_hash=journeys.hashed(ATTACKER))
    now = [
        list(mine.order_by("pk").values_list()),
        list(Submission.objects.filter(journey__in=mine).order_by("pk").values_list()),
        list(Attachment.objects.filter(journey__in=mine).values_list()),
    ]
    others = Submission.objects.exclude(journey__in=mine)
    return {"untouched": repr(now) == before, "wrongs": [w for s in others for w in wrongs_of(s)]}


def raw_requests(chance: random.Random, told: dict, number: int) -> list[bytes]:
    """Requests as bytes: half of them no HTTP that a client library would send."""
    return [_raw(chance, told) for _time in range(number)]


def _raw(chance: random.Random, told: dict) -> bytes:
    key = chance.choice([told["own"]] * 5 + told["victims"] + ["%00", "x" * 43])
    step = chance.choice([*told["steps"], *(s for s in JUNK_STEPS if s.isascii()), "submit"])
    path = f"{told['path']}{key}/{step}/".encode()
    pairs = [("csrfmiddlewaretoken", TOKEN.encode())]
    pairs += [(name, chance.choice(VALUES)) for name in chance.sample(told["keys"], 3)]
    body = as_body(pairs)
    length = chance.choice([len(body)] * 8 + [0, len(body) // 2])
    head = [
        chance.choice([b"POST"] * 6 + [b"GET", b"PUT", b"post", b"FOO"])
        + b" "
        + path
        + b" HTTP/1.1",
        b"Host: " + chance.choice([b"127.0.0.1"] * 9 + [b"evil.example.org"]),
        f"Cookie: apply={ATTACKER}; csrftoken={TOKEN}".encode(),
        b"Content-Type: " + URLENCODED.encode(),
        b"Connection: close",
    ]
    if chance.random() < 0.1:
        extra = [b"Transfer-Encoding: chunked", b"X: " + b"y" * 9000, b"Content-Length: -1", b"bad"]
        head.append(chance.choice(extra))
    else:
        head.append(b"Content-Length: %d" % length)
    return b"\r\n".join(head) + b"\r\n\r\n" + body[:length]


def answer_to(port: int, request: bytes) -> int:
    """The status of the answer; 0 when the server closed the door without one."""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as door:
        try:
            door.sendall(request)
            door.shutdown(socket.SHUT_WR)
            line = door.makefile("rb").readline()
        except OSError:
            return 0
    return int(line.split()[1]) if line.startswith(b"HTTP/") else 0
