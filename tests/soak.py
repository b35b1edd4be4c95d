"""`python -m tests.soak --minutes 30`: a mixed load on a real hub, and what became of its memory.

Visitors browse, use the finder and search; families book from end to end; an officer decides what
came in; a roster is imported again and again. Everybody pauses as people do. At the end: no answer
of 5xx, every booking that a family was told of is there once with its place, every letter went out
once, every import is as planned, and no process grew after the first third by more than its allowance.
Web workers, consumer and clients are real processes and connections; HUB_TEST_BACKEND decides the
back end. Exit 0 when all of that holds. Its figures are printed and, with --json, written.
"""

import argparse
import contextlib
import http.client
import json
import os
import random
import statistics
import sys
import tempfile
import threading
import time
import urllib.parse
from collections import Counter, defaultdict
from email import message_from_bytes
from http.cookies import SimpleCookie
from pathlib import Path

import django

from tests.harness import Hub, free_port
from tests.settings import ON_SERVICES

SEED = 20260301
SAMPLE_SECONDS = 5
#: A process may grow by this much over its own median of the second third.
MOST_GROWTH = 0.10
PAGES = (
    "/", "/news/", "/events/", "/events.ics", "/centres/", "/centres/watford/", "/courses/",
    "/courses/songwriter/", "/ensembles/", "/schools/", "/hub/partners/", "/help-with-costs/",
    "/contact/", "/privacy/", "/sitemap.xml",
)  # fmt: skip
WORDS = ("songwriter", "wider opps", "cello", "CLA", "brass", "qzx", "watford")
FORM, DATE = "songwriter-booking", "SW-SOAK"


# --- inside the hub ------------------------------------------------------------------------------
def prepare(bookings: int) -> dict:
    """The demo hub with a date that holds every booking of the soak, and an officer who may decide."""
    from cms.models import Instrument, School, User
    from pages.models import FinderPage
    from tests.demo_hub import load_demo_hub
    from tests.journeys import a_course_date, publish_songwriter

    load_demo_hub()
    publish_songwriter()
    a_course_date(capacity=bookings, reference=DATE)
    Instrument.objects.get_or_create(
        slug="violin", defaults={"name": "Violin", "family": "strings"}
    )
    School.objects.get_or_create(urn="117137", defaults={"name": "Hill School"})
    User.objects.create_superuser("soak-officer", "officer@example.org", "a-long-soak-password")
    return {"finder": FinderPage.objects.live().first().pk}


def import_pupils(number: int, rows: int = 2000) -> int:
    """The same children with one word changed each time, planned at once; the run, approved."""
    from cms.models import User
    from imports import runs
    from imports.management.commands.roster_import import see_through
    from imports.models import ImportRun
    from tests.roster_files import pupil_line, pupils

    officer = User.objects.get(username="soak-officer")
    lines = [pupil_line(row, **{"Legal forename": f"Name{number}"}) for row in range(rows)]
    run = runs.receive("pupils", [pupils(*lines)], "soak.csv", by=officer)
    see_through(runs.start_planning(run))
    run = ImportRun.objects.get(pk=run.pk)
    runs.approve(run, by=officer)
    return run.pk


def found() -> dict:
    """What is in the hub at the end."""
    from cms.models import Job, OutboxMessage, Place, Pupil
    from forms.models import Submission
    from imports.models import ImportRun

    return {
        "references": sorted(Submission.objects.values_list("reference", flat=True)),
        "places": Place.objects.filter(course_date__reference=DATE, state="confirmed").count(),
        "letters": dict(Counter(OutboxMessage.objects.values_list("state", flat=True))),
        "jobs": dict(Counter(Job.objects.values_list("state", flat=True))),
        "imports": dict(Counter(ImportRun.objects.values_list("state", flat=True))),
        "pupils": Pupil.objects.filter(external_id__startswith="P").count(),
    }


# --- outside -------------------------------------------------------------------------------------
class Browser:
    """One person's connection: cookies kept, redirects not followed, every answer noted."""

    def __init__(self, hub: Hub, notes: "Notes"):
        self.host, self.notes, self.cookies = ("127.0.0.1", hub.port), notes, {}
        self.origin = hub.address
        self.connection = None

    def get(self, path: str):
        return self.ask("GET", path)

    def post(self, path: str, data: dict, files: dict | None = None):
        return self.ask("POST", path, urllib.parse.urlencode(data, doseq=True))

    def ask(self, method: str, path: str, body: str | None = None):
        from tests.journeys import Page

        path = path.removeprefix(self.origin)
        headers = {"Cookie": "; ".join(f"{k}={v}" for k, v in self.cookies.items())}
        if body is not None:
            headers |= {"Content-Type": "application/x-www-form-urlencoded", "Origin": self.origin}
        began = time.monotonic()
        answer, content = self._send(method, path, body, headers)
        self.notes.answered(path, answer.status, time.monotonic() - began)
        for line in answer.headers.get_all("Set-Cookie") or ():
            self.cookies |= {name: morsel.value for name, morsel in SimpleCookie(line).items()}
        return Page(path, answer.status, answer.headers, content)

    def _send(self, method: str, path: str, body: str | None, headers: dict):
        for last in (False, True):
            self.connection = self.connection or http.client.HTTPConnection(*self.host, timeout=60)
            try:
                self.connection.request(method, path, body, headers)
                answer = self.connection.getresponse()
                return answer, answer.read()
            except (http.client.RemoteDisconnected, BrokenPipeError, ConnectionResetError):
                self.connection.close()  # kept open longer than the server does: once more, anew
                self.connection = None
                if last:
                    raise
        raise AssertionError


class Notes:
    """What everybody saw: how long each kind of request took, what went wrong."""

    def __init__(self):
        self.lock = threading.Lock()
        self.seconds: dict[str, list[float]] = defaultdict(list)
        self.faults: list[str] = []
        self.told: list[str] = []  # references that families were told
        self.decided = 0
        self.runs: list[int] = []

    def answered(self, path: str, status: int, seconds: float) -> None:
        kind = path.split("?", maxsplit=1)[0].strip("/").split("/")[0] or "home"
        with self.lock:
            self.seconds[kind].append(seconds)
            if status >= 500:
                self.faults.append(f"{status} at {path}")

    def fault(self, what: str) -> None:
        with self.lock:
            self.faults.append(what[:500])


class Soak:
    """The people of one soak; each method is one turn of one of them."""

    def __init__(self, hub: Hub, finder: int, chance: random.Random):
        self.hub, self.finder, self.chance = hub, finder, chance
        self.notes, self.stop = Notes(), threading.Event()
        self.officer: Browser | None = None
        self.families = 0

    def turn_of_visitor(self, browser: Browser) -> None:
        page = browser.get(self.chance.choice(PAGES))
        if page.status != 200:
            self.notes.fault(f"{page.status} at {page.path}")
        if self.chance.random() < 0.2:
            browser.get("/search/?q=" + urllib.parse.quote(self.chance.choice(WORDS)))
        if self.chance.random() < 0.1:
            browser.post(f"/finder/{self.finder}/", {"year": str(self.chance.randint(1, 11))})

    def turn_of_family(self, browser: Browser) -> None:
        from tests.journeys import Family, answers_of_a_family

        with self.notes.lock:
            self.families += 1
            number = self.families
        answers = answers_of_a_family(DATE, email=f"family-{number}@example.org")
        answers["child"][0]["child_name"] = {"first": f"Wren{number}", "last": "Ashdown"}
        family = Family(Browser(self.hub, self.notes), FORM)
        family.start(offering=DATE)
        family.walk(answers)
        page = family.send()
        if not page.reference:
            raise AssertionError(f"No reference: {page.status} {page.title} {page.errors}")
        with self.notes.lock:
            self.notes.told.append(page.reference)

    def turn_of_officer(self, browser: Browser) -> None:
        if "sessionid" not in browser.cookies:
            page = browser.get("/admin/login/")
            token = page.soup.find("input", {"name": "csrfmiddlewaretoken"})["value"]
            name = page.soup.find("input", {"name": ["username", "login"]})["name"]
            word = {"csrfmiddlewaretoken": token, name: "soak-officer"}
            browser.post("/admin/login/", word | {"password": "a-long-soak-password"})
        inbox = browser.get("/admin/cases/")
        if inbox.status != 200:
            raise AssertionError(f"The inbox answered {inbox.status} {inbox.location}")
        cases = [a["href"] for a in inbox.soup.select("a[href]") if _is_case(a["href"])]
        if not cases:
            return
        page = browser.get(cases[0])
        button = page.soup.find("button", {"name": "button", "value": "confirm"})
        if button is None:
            return
        form = button.find_parent("form")
        data = {one["name"]: one.get("value", "") for one in form.select("input[name]")}
        answer = browser.post(form.get("action") or page.path, data | {"button": "confirm"})
        if answer.status in (302, 303):
            with self.notes.lock:
                self.notes.decided += 1

    def import_again(self) -> None:
        run = self.hub.call("tests.soak:import_pupils", number=len(self.notes.runs))
        self.notes.runs.append(run)

    def keep_on(self, turn, pause: tuple[float, float], browser: Browser | None) -> None:
        while not self.stop.is_set():
            try:
                turn(browser) if browser else turn()
            except Exception as error:  # whatever went wrong is a finding, and the soak goes on
                self.notes.fault(f"{turn.__name__}: {type(error).__name__}: {error}")
            self.stop.wait(self.chance.uniform(*pause))


def _is_case(address: str) -> bool:
    parts = address.strip("/").split("/")
    return parts[:2] == ["admin", "cases"] and len(parts) == 3 and parts[2].isdigit()


def memory_of(pid: int) -> int:
    """KiB that this process holds in memory; 0 when it has gone."""
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1])
    return 0


def children_of(pid: int) -> list[int]:
    found = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [int(child) for child in found]


def growth(samples: list[int]) -> float:
    """How much the last third holds over the second: 0.05 is five in a hundred."""
    third = len(samples) // 3
    before, after = (
        statistics.median(samples[third : 2 * third]),
        statistics.median(samples[2 * third :]),
    )
    return after / before - 1


def soak(hub: Hub, minutes: float) -> dict:
    """Run it; what was seen."""
    bookings = int(minutes * 60)
    facts = hub.call("tests.soak:prepare", bookings=bookings)
    people = Soak(hub, facts["finder"], random.Random(SEED))
    web, consumer = hub.start_web(workers=2), hub.start_consumer()
    roles = [(people.turn_of_visitor, (0.2, 1.0))] * 6
    roles += [(people.turn_of_family, (1.0, 4.0))] * 2 + [(people.turn_of_officer, (1.0, 3.0))]
    threads = [
        threading.Thread(target=people.keep_on, args=(turn, pause, Browser(hub, people.notes)))
        for turn, pause in roles
    ]
    threads.append(
        threading.Thread(target=people.keep_on, args=(people.import_again, (60, 90), None))
    )
    for thread in threads:
        thread.start()
    memory: dict[str, list[int]] = defaultdict(list)
    workers = children_of(web)
    until = time.monotonic() + minutes * 60
    while time.monotonic() < until:
        time.sleep(SAMPLE_SECONDS)
        for number, pid in enumerate(workers, 1):
            memory[f"web worker {number}"].append(memory_of(pid))
        memory["consumer"].append(memory_of(consumer))
    people.stop.set()
    for thread in threads:
        thread.join(120)
    return _result(hub, people, memory, children_of(web) == workers)


def _result(hub: Hub, people: Soak, memory: dict, workers_stayed: bool) -> dict:
    notes = people.notes
    end = _settled(hub)
    letters = [message_from_bytes(one)["Message-ID"] for one in hub.letters()]
    checks = {
        "no fault": not notes.faults,
        "no worker was lost": workers_stayed,
        "every booking told is there": set(notes.told) <= set(end["references"]),
        "one place for each booking": end["places"] == len(notes.told),
        "every letter once": set(end["letters"]) == {"sent"}
        and end["letters"]["sent"] == len(letters) == len(set(letters)),
        "every import done": set(end["imports"]) == {"applied"},
        "memory is flat": all(growth(one) <= MOST_GROWTH for one in memory.values()),
    }
    return {
        "checks": checks,
        "faults": notes.faults[:20],
        "faults in all": len(notes.faults),
        "booked": len(notes.told),
        "decided": notes.decided,
        "imports": len(notes.runs),
        "requests": {kind: _times(found) for kind, found in sorted(notes.seconds.items())},
        "memory (MiB: start, second third, last third, growth)": {
            who: [
                one[0] // 1024,
                round(statistics.median(one[len(one) // 3 : 2 * len(one) // 3]) / 1024),
                round(statistics.median(one[2 * len(one) // 3 :]) / 1024),
                round(growth(one), 3),
            ]
            for who, one in memory.items()
        },
        "at the end": end | {"references": len(end["references"])},
    }


def _settled(hub: Hub) -> dict:
    """What is there once nothing is waiting any more, for at most two minutes."""
    for _turn in range(60):
        end = hub.call("tests.soak:found")
        if set(end["letters"]) <= {"sent"} and not {"ready", "running"} & set(end["jobs"]):
            break
        time.sleep(2)
    return end


def _times(seconds: list[float]) -> dict:
    ordered = sorted(seconds)
    return {
        "number": len(ordered),
        "median ms": round(statistics.median(ordered) * 1000),
        "p95 ms": round(ordered[int(len(ordered) * 0.95)] * 1000),
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--json", type=Path, help="write the result here too")
    asked = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    django.setup()
    print(f"{'PostgreSQL + Redis' if ON_SERVICES else 'SQLite'}, seed {SEED}", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        hub = Hub(Path(folder) / f"hub-{free_port()}")
        try:
            result = soak(hub, asked.minutes)
        finally:
            log = hub.log.read_text()[-4000:] if hub.log.exists() else ""
            hub.close()
    print(json.dumps(result, indent=1))
    if not all(result["checks"].values()):
        print(log, file=sys.stderr)
    if asked.json:
        asked.json.write_text(json.dumps(result, indent=1))
    return int(not all(result["checks"].values()))


if __name__ == "__main__":
    sys.exit(main())
