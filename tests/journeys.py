"""A family at its browser, for tests: a plain HTML client that fills in what each page asks.

It knows the contract and nothing else: questions stand in `data-question`, names of inputs end in
the question's key, and what a page's form holds is posted back. `Family` speaks through anything
with `get(path)` and `post(path, data, files)` that answers with status, headers and body.
"""

import json
from datetime import timedelta
from pathlib import Path

from bs4 import BeautifulSoup
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from cms.models import Area, Course, CourseDate, MusicCentre
from forms import package
from forms.models import FormVersion

PACKAGES = Path(__file__).resolve().parent.parent / "forms" / "packages"
PNG = (
    b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00\x00\x00\x1f"
    b"\x15\xc4\x89\x00\x00\x00\rIDATx\x9cc\xf8\xcf\xc0\xf0\x1f\x00\x05\x00\x01\xff\x89\x99=\x1d"
    b"\x00\x00\x00\x00IEND\xaeB`\x82"
)


def songwriter_package() -> dict:
    return json.loads((PACKAGES / "songwriter-booking.json").read_text())


def publish_form(form: dict, workflow: dict | None = None, **more) -> FormVersion:
    """Publish a form, and its workflow, as a package."""
    data = {"package": 1, "form": form, **({"workflow": workflow} if workflow else {}), **more}
    return package.load(data, publish=True).current_version


def publish_songwriter() -> FormVersion:
    return package.load(PACKAGES / "songwriter-booking.json", publish=True).current_version


def a_course_date(*, capacity: int = 20, reference: str = "SW-WAT-1", **more) -> CourseDate:
    """A bookable Songwriter day in three weeks."""
    area, _made = Area.objects.get_or_create(slug="west", defaults={"name": "West"})
    centre, _made = MusicCentre.objects.get_or_create(
        slug="watford",
        defaults={
            "name": "Watford Music Centre",
            "area": area,
            "address": "1 Staves Lane, Watford",
            "postcode": "WD17 1AA",
        },
    )
    course, _made = Course.objects.get_or_create(
        slug="songwriter",
        defaults={
            "title": "Songwriter",
            "code": "SW",
            "summary": "A day of songs.",
            "form_slug": "songwriter-booking",
        },
    )
    now = timezone.now()
    start = (now + timedelta(days=21)).replace(hour=10, minute=0, second=0, microsecond=0)
    facts = {
        "course": course,
        "reference": reference,
        "centre": centre,
        "starts_at": start,
        "ends_at": start + timedelta(hours=6),
        "capacity": capacity,
        "price_pence": 3500,
        "booking_opens_at": now - timedelta(days=1),
        "booking_closes_at": start - timedelta(days=1),
    }
    return CourseDate.objects.create(**facts | more)


def answers_of_a_family(reference: str = "SW-WAT-1", children: int = 1, **more) -> dict:
    """Answers to the Songwriter form, by question key; repeated steps as lists."""
    names = [("Wren", "2014-05-02"), ("Robin", "2016-11-20"), ("Lark", "2015-01-09")]
    return {
        "all_in_age": "yes",
        "in_county": "yes",
        "places": {"offering": reference, "children": children},
        "child": [
            {
                "child_name": {"first": first, "last": "Ashdown"},
                "date_of_birth": born,
                "school": {"choice": "home"},
            }
            for first, born in names[:children]
        ],
        "plays": "A little ukulele",
        "likes": ["words", "singing"],
        "brings": "brings",
        "booker_name": {"first": "Rowan", "last": "Ashdown"},
        "relationship": "parent",
        "responsibility": "yes",
        "email": "rowan.ashdown@example.org",
        "mobile": "07700 900111",
        "address": {"line_1": "4 Staves Lane", "town": "Watford", "postcode": "WD17 1AA"},
        "emergency": [
            {
                "emergency_name": "Jo Quill",
                "emergency_relation": "Aunt",
                "emergency_phone": "07700 900222",
            },
            {
                "emergency_name": "Sam Reed",
                "emergency_relation": "Neighbour",
                "emergency_phone": "01632 960333",
            },
        ],
        "has_needs": "no",
        "goes_home": "own_way",
        "allows": ["record_songs"],
        "song_name": "first_name",
        "wants_help": "no",
        "agreed": "on",
        **more,
    }


class Page:
    """One answer of the hub: its status and its HTML."""

    def __init__(self, path: str, status: int, headers, body: bytes):
        self.path, self.status, self.headers = path, status, headers
        self.soup = BeautifulSoup(body.decode(), "html.parser")

    @property
    def location(self) -> str:
        return self.headers.get("Location", "")

    @property
    def title(self) -> str:
        return self.soup.title.get_text() if self.soup.title else ""

    @property
    def text(self) -> str:
        return self.soup.get_text(" ", strip=True)

    @property
    def heading(self) -> str:
        return self.soup.h1.get_text(" ", strip=True)

    @property
    def questions(self) -> dict:
        """The elements of the questions by key."""
        return {tag["data-question"]: tag for tag in self.soup.select("[data-question]")}

    @property
    def form(self):
        """The form that answers the page: the one with its questions, else the last."""
        forms = self.soup.select("main form")
        with_questions = [form for form in forms if form.select("[data-question]")]
        return (with_questions or forms)[0] if with_questions or forms else None

    def links(self, words: str) -> list[str]:
        return [a["href"] for a in self.soup.select("main a") if words in a.get_text(" ")]

    @property
    def errors(self) -> list[str]:
        summary = self.soup.select_one("[data-error-summary]")
        return [li.get_text(" ", strip=True) for li in summary.select("li")] if summary else []

    @property
    def reference(self) -> str:
        found = self.soup.select_one("[data-reference]")
        return found["data-reference"] if found else ""


class DjangoBrowser:
    """Django's test client, with CSRF checked as in life."""

    def __init__(self):
        self.client = Client(enforce_csrf_checks=True)

    def get(self, path: str) -> Page:
        answer = self.client.get(path)
        return Page(path, answer.status_code, answer.headers, answer.content)

    def post(self, path: str, data: dict, files: dict | None = None) -> Page:
        uploads = {
            name: [SimpleUploadedFile(one, content) for one, content in given]
            for name, given in (files or {}).items()
        }
        answer = self.client.post(path, {**data, **uploads})
        return Page(path, answer.status_code, answer.headers, answer.content)


class Family:
    """Goes through a form as a plain HTML client does."""

    def __init__(self, browser=None, form: str = "songwriter-booking"):
        self.browser = browser or DjangoBrowser()
        self.form = form
        self.page: Page | None = None
        self.asked: list[str] = []
        self.visited: list[str] = []
        self._items: dict[str, int] = {}

    def start(self, *, offering: str = "") -> Page:
        path = f"/apply/{self.form}/" + (f"?for={offering}" if offering else "")
        self.page = self.browser.get(path)
        self.page = self.browser.post(self.page.form.get("action") or path, {})
        return self.follow()

    def follow(self) -> Page:
        while self.page.status in (301, 302, 303):
            self.page = self.browser.get(self.page.location)
        return self.page

    @property
    def journey_path(self) -> str:
        return "/".join(self.page.path.split("?")[0].split("/")[:4]) + "/"

    @property
    def step(self) -> str:
        return self.page.path.split("?")[0].split("/")[4]

    def go(self, step: str) -> Page:
        self.page = self.browser.get(self.journey_path + step)
        return self.page

    def fill(self, answers: dict, page: Page | None = None) -> tuple[dict, dict]:
        """What a browser would post: the page's own values, with these answers typed in."""
        page = page or self.page
        data, files = own_values(page.form), {}
        for key, tag in page.questions.items():
            if key in answers and answers[key] is not None:
                type_in(tag, key, answers[key], data, files)
        return data, files

    def post(self, answers: dict | None = None, **more) -> Page:
        """Answer the page and stay to look at what it says."""
        data, files = self.fill(answers or {})
        path = self.page.form.get("action") or self.page.path
        self.page = self.browser.post(path, {**data, **more}, files)
        return self.page

    def answer(self, answers: dict | None = None, **more) -> Page:
        """Answer the page and go where it leads."""
        self.post(answers, **more)
        return self.follow()

    def walk(self, answers: dict, *, until: str = "check") -> Page:
        """Answer page after page until the one that is named."""
        for _turn in range(60):
            if self.step == until or self.page.status != 200:
                return self.page
            self.visited.append(self.step)
            items = answers.get(self.step)
            given = answers
            if isinstance(items, list) and items and isinstance(items[0], dict):
                number = self._items.get(self.step, 0)
                if self.page.questions:
                    given = items[number]
                    self._items[self.step] = number + 1
            self.asked += list(self.page.questions)
            self.answer(given)
            if self.page.errors:
                raise AssertionError(f"{self.step}: {self.page.errors}")
        raise AssertionError(f"never came to {until}: {self.visited}")

    def send(self) -> Page:
        """Send the form in from the check page and go to where it leads."""
        form = self.page.soup.select_one('form[action$="/submit/"]')
        self.page = self.browser.post(form["action"], own_values(form))
        return self.follow()


def own_values(form) -> dict:
    """What a browser posts of a form that nobody touched."""
    data: dict = {}
    for tag in form.select("input, select, textarea"):
        name = tag.get("name")
        if not name or tag.has_attr("disabled"):
            continue
        if tag.name == "textarea":
            data[name] = tag.get_text().removeprefix("\n")
        elif tag.name == "select":
            chosen = tag.select("option[selected]") or tag.select("option")[:1]
            data[name] = [o.get("value", "") for o in chosen]
        elif tag.get("type") in ("radio", "checkbox"):
            if tag.has_attr("checked"):
                data.setdefault(name, []).append(tag.get("value", "on"))
        elif tag.get("type") not in ("file", "submit", "button"):
            data[name] = tag.get("value", "")
    return data


def type_in(tag, key: str, value, data: dict, files: dict) -> None:
    """Put one answer into the inputs of its question."""
    kind = tag["data-type"]
    if kind == "file":
        files[key] = value
    elif kind == "date" and isinstance(value, str):
        year, month, day = value.split("-")
        data |= {f"{key}_day": day, f"{key}_month": month, f"{key}_year": year}
    elif kind == "places":
        data |= {key: value["offering"], f"children-{key}": str(value["children"])}
    elif isinstance(value, dict):
        for part, text in value.items():
            names = [t["name"] for t in tag.select("[name]")]
            name = next((n for n in names if n in (f"{part}-{key}", f"{key}_{part}")), None)
            data[name or key] = text
    else:
        data[key] = value
