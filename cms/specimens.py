"""Specimens for the comms handbook: every component in every state, on one screen.

It is what staff look at before they choose a block, and what the accessibility tests look at.
A component that is not shown here fails tests/test_cms_handbook.py.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django import forms
from django.core.paginator import Paginator
from django.utils import timezone


@dataclass(frozen=True)
class State:
    name: str
    context: dict


@dataclass(frozen=True)
class Specimen:
    """One component. `template` is its file name; `wide` ones bring their own margins."""

    template: str
    title: str
    when: str
    states: tuple[State, ...]
    wide: bool = field(default=False)

    @property
    def path(self) -> str:
        return f"components/{self.template}.html"


class Sample(forms.Form):
    """One control of every kind."""

    name = forms.CharField(label="Child's full name", help_text="As school knows them.")
    email = forms.EmailField(label="E-mail address")
    phone = forms.CharField(label="Phone number", widget=forms.TextInput(attrs={"type": "tel"}))
    about = forms.CharField(label="What would help your child?", widget=forms.Textarea)
    year = forms.ChoiceField(
        label="School year", choices=[("", "Choose a year"), ("4", "Year 4"), ("5", "Year 5")]
    )
    played = forms.ChoiceField(
        label="Has your child played before?",
        help_text="Both answers are welcome.",
        widget=forms.RadioSelect,
        choices=[("yes", "Yes"), ("no", "No, this is new")],
    )
    help_with = forms.MultipleChoiceField(
        label="What applies to you?",
        help_text="Choose all that apply.",
        widget=forms.CheckboxSelectMultiple,
        choices=[("fsm", "Free school meals"), ("care", "In care"), ("forces", "Forces family")],
    )
    agree = forms.BooleanField(label="I have read how you use what I tell you")
    letter = forms.FileField(label="A letter, if you have one", help_text="PDF or photo, 10 MB.")


def _dates() -> list[dict]:
    first = timezone.make_aware(datetime(2027, 2, 16, 10, 0))  # noqa: DTZ001 - made aware here
    common = {"when": "10am to 3pm", "url": "#dates"}
    return [
        {
            "starts_at": first,
            "title": "Songwriter",
            "place": "Riverside Music Centre",
            "price": "£35",
            "places": 12,
            "action_url": "#book",
            **common,
        },
        {
            "starts_at": first + timedelta(days=1),
            "title": "Songwriter, second day",
            "places": 2,
            "action_url": "#book",
            **common,
        },
        {"starts_at": first + timedelta(days=2), "title": "Brass morning", "places": 0, **common},
        {"starts_at": first + timedelta(days=3), "title": "Choir", "cancelled": True, **common},
    ]


def _field_states() -> tuple[State, ...]:
    empty, wrong = Sample(auto_id="empty_%s"), Sample({}, auto_id="wrong_%s")
    return tuple(
        State(f"{bound.label}: {name}", {"field": bound, "optional": bound.name == "letter"})
        for name, form in (("asked", empty), ("with an error", wrong))
        for bound in form
    )


def specimens() -> list[Specimen]:
    """Every component with the words for staff on when to use it."""
    now = timezone.now()
    pages = Paginator(range(50), 10)
    facts = [
        {"label": "Who for", "value": "Years 4 to 6"},
        {"label": "When", "value": "16 February", "note": "10am to 3pm, one day"},
        {"label": "Where", "value": "Riverside", "note": "Step-free, parking"},
        {"label": "Price", "value": "£35", "note": "Less with help with costs"},
    ]
    card = {"title": "Songwriter", "url": "#card", "text": "Write a song in a day."}
    tasks = [
        {"title": "Your group", "url": "#a", "status": "Completed", "colour": ""},
        {"title": "Your accounts", "url": "#b", "status": "Incomplete", "colour": "marigold"},
        {"title": "Sign", "status": "Cannot start yet", "colour": "quiet"},
    ]
    return [
        Specimen(
            "hero",
            "Hero",
            "The head of home and of the pages for one audience. One on a page.",
            (
                State(
                    "With two buttons",
                    {
                        "title": "Find your sound",
                        "text": "Lessons, bands and choirs for every child.",
                        "kicker": "Music for all",
                        "url": "#a",
                        "link_text": "Find a group",
                        "second_url": "#b",
                        "second_text": "Help with costs",
                        "seed": 4,
                    },
                ),
            ),
            wide=True,
        ),
        Specimen(
            "page_head",
            "Page head",
            "The head of any other page: title and one or two sentences.",
            (
                State(
                    "With its own tune",
                    {"title": "Riverside Music Centre", "lead": "Saturdays in term.", "seed": 9},
                ),
            ),
            wide=True,
        ),
        Specimen(
            "breadcrumbs",
            "Breadcrumbs",
            "Made by itself from where a page stands.",
            (
                State(
                    "Two levels",
                    {"crumbs": [{"title": "Home", "url": "/"}, {"title": "Centres", "url": "#c"}]},
                ),
            ),
            wide=True,
        ),
        Specimen(
            "alert",
            "Notice",
            "Something people must know today. Take it down when it is over.",
            tuple(
                State(
                    level,
                    {
                        "level": level,
                        "title": f"{title}.",
                        "text": "We will write again by noon.",
                        "url": "#n",
                        "link_text": f"More about this {level} notice",
                    },
                )
                for level, title in (
                    ("urgent", "Riverside is closed today because of snow"),
                    ("important", "Half-term begins on Monday"),
                    ("calm", "The phones are off on Friday afternoon"),
                )
            ),
            wide=True,
        ),
        Specimen(
            "card",
            "Card",
            "One thing among several: a course, a group, a story. The whole card opens it.",
            (
                State(
                    "Everything a parent asks",
                    card
                    | {
                        "seed": 3,
                        "kicker": "West",
                        "age": "Years 4 to 6",
                        "place": "Riverside",
                        "day": "Tuesday 16 February",
                        "price": "£35",
                        "access": "Step-free",
                        "help": True,
                        "places": 3,
                        "tags": [{"label": "Beginners", "colour": "marigold"}],
                    },
                ),
                State("Full, with a waiting list", card | {"places": 0, "waiting": True}),
                State("Words only", card),
                State("As a heading of the second level", card | {"heading": "h2", "seed": 8}),
            ),
        ),
        Specimen(
            "facts",
            "Fact strip",
            "The three to five facts a reader looks for first, below the title.",
            (State("Four facts", {"facts": facts}),),
        ),
        Specimen(
            "date_list",
            "Dates",
            "Dates to come, soonest first. A cancelled date stays and says so.",
            (State("Open, few places, full, cancelled", {"dates": _dates()}),),
        ),
        Specimen(
            "timetable",
            "Timetable",
            "What happens when, by day or by term. It turns into a list on a phone.",
            (
                State(
                    "Three rows, one off",
                    {
                        "caption": "Saturday mornings",
                        "columns": ["Time", "Group", "Room"],
                        "rows": [
                            {
                                "head": "9.00am",
                                "cells": [
                                    {"label": "Group", "text": "Junior strings"},
                                    {"label": "Room", "text": "Hall"},
                                ],
                            },
                            {
                                "head": "10.15am",
                                "cells": [
                                    {"label": "Group", "text": "Training band"},
                                    {"label": "Room", "text": "Studio"},
                                ],
                            },
                            {
                                "head": "11.30am",
                                "off": True,
                                "cells": [
                                    {"label": "Group", "text": "No session"},
                                    {"label": "Room", "text": "-"},
                                ],
                            },
                        ],
                    },
                ),
            ),
        ),
        Specimen(
            "quote",
            "Quote",
            "Somebody's own words, with leave to use them.",
            (
                State(
                    "With a name",
                    {"text": "I sat next to a bassoon. Now I play one.", "name": "A Year 8 player"},
                ),
            ),
        ),
        Specimen(
            "accordion",
            "Questions",
            "Many short answers of which each reader wants one. Not for what everybody must read.",
            (
                State(
                    "One open",
                    {
                        "items": [
                            {
                                "title": "Do we need an instrument?",
                                "body": "<p>No. We lend them.</p>",
                                "open": True,
                            },
                            {
                                "title": "Can I stay and watch?",
                                "body": "<p>Yes, on the first day.</p>",
                            },
                        ]
                    },
                ),
            ),
        ),
        Specimen(
            "reveal",
            "More help",
            "A little help that few need, beside what it is about.",
            (
                State(
                    "Closed",
                    {"summary": "What is a URN?", "text": "The number of a school in England."},
                ),
            ),
        ),
        Specimen(
            "steps",
            "Steps",
            "What happens, in order.",
            (
                State(
                    "Three",
                    {
                        "steps": [
                            {"title": "Tell us about your child", "body": "<p>Ten minutes.</p>"},
                            {"title": "Choose a date", "body": "<p>We keep it for you.</p>"},
                            {"title": "Come and play", "body": "<p>Bring a snack.</p>"},
                        ]
                    },
                ),
            ),
        ),
        Specimen(
            "logos",
            "Logos",
            "Partners and funders. One without a picture shows its name.",
            (
                State(
                    "Names",
                    {
                        "partners": [
                            {"name": "Riverside Arts", "url": "#r"},
                            {"name": "County Libraries"},
                        ]
                    },
                ),
            ),
        ),
        Specimen(
            "figures",
            "Figures",
            "Two to four numbers worth remembering, each with its source nearby.",
            (
                State(
                    "Three",
                    {
                        "figures": [
                            {"value": "12", "label": "music centres"},
                            {"value": "140", "label": "groups"},
                            {"value": "£0", "label": "to try"},
                        ]
                    },
                ),
            ),
        ),
        Specimen(
            "button",
            "Button",
            "The one thing to do next. A start button begins a form.",
            tuple(
                State(kind or "plain", {"url": f"#{kind}", "text": text, "kind": kind})
                for kind, text in (
                    ("start", "Book a place"),
                    ("", "Continue"),
                    ("second", "See all dates"),
                    ("danger", "Withdraw"),
                )
            ),
        ),
        Specimen(
            "tag",
            "Tag",
            "A word of status. Colour never says it alone.",
            tuple(
                State(colour or "plain", {"label": f"{colour or 'plain'} tag", "colour": colour})
                for colour in ("", "marigold", "coral", "rose", "danger", "quiet")
            ),
        ),
        Specimen(
            "places_tag",
            "Places left",
            "Counted live. It says “only” from five downwards.",
            (
                State("Many", {"places": 12}),
                State("Few", {"places": 1}),
                State("Full", {"places": 0}),
                State("Waiting list", {"places": 0, "waiting": True}),
            ),
        ),
        Specimen(
            "search_form",
            "Search box",
            "On the search page and where nothing was found.",
            (State("Filled", {"id": "handbook-search", "value": "cello", "label": "Try it"}),),
        ),
        Specimen(
            "pagination",
            "Pages",
            "Below a list of more than one page.",
            tuple(State(name, {"page_obj": pages.page(at)}) for name, at in (("Second", 2),)),
        ),
        Specimen(
            "progress",
            "Long task",
            "Something that takes minutes: what, how far, how long.",
            (
                State(
                    "Under way",
                    {
                        "label": "Reading the roster",
                        "done": 1200,
                        "total": 5000,
                        "note": "About two minutes",
                    },
                ),
            ),
        ),
        Specimen(
            "progress_words",
            "Where we are",
            "At the top of each page of a form.",
            (State("Third of eight", {"step": 3, "total": 8}),),
        ),
        Specimen(
            "timer",
            "Time left",
            "While a place is kept for a family.",
            tuple(
                State(
                    name,
                    {
                        "expires_at": now + timedelta(minutes=minutes),
                        "minutes_left": minutes,
                        "extend_url": "#more",
                    },
                )
                for name, minutes in (("Plenty", 25), ("Soon over", 4), ("Over", -1))
            ),
        ),
        Specimen(
            "error_summary",
            "Error summary",
            "At the top of a form page that could not be accepted.",
            (
                State(
                    "Two problems",
                    {
                        "errors": [
                            {"id": "wrong_name", "message": "Enter your child's full name"},
                            {"id": "wrong_played_0", "message": "Say whether they have played"},
                        ]
                    },
                ),
            ),
        ),
        Specimen(
            "field", "Question", "One question, whatever kind of answer it takes.", _field_states()
        ),
        Specimen(
            "summary_list",
            "Check your answers",
            "Before a form is sent, and when it is read again.",
            (
                State(
                    "With and without an answer",
                    {
                        "rows": [
                            {"question": "Child's name", "answer": "Robin", "change_url": "#q1"},
                            {"question": "Anything else?", "answer": "", "change_url": "#q2"},
                            {"question": "Address", "lines": ["1 High Street", "Riverside"]},
                        ]
                    },
                ),
            ),
        ),
        Specimen(
            "confirmation",
            "Confirmation",
            "The end of a form: what was received and its number.",
            (State("With a reference", {"title": "Place booked", "reference": "SW-4F7K2"}),),
        ),
        Specimen(
            "task_list",
            "Task list",
            "Only for a form that takes several sittings.",
            (State("Three parts", {"tasks": tasks}),),
        ),
    ]


COLOURS = ("hub", "hub-wash", "marigold", "coral", "rose", "ink", "paper-raised", "paper-sunk")
