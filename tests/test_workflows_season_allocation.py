"""The proposal's algorithm: stable, the same every time, and never more seats than there are."""

import random
from dataclasses import replace
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from workflows.seasons.allocation import Mark, Player, Seats, allocate, blocking
from workflows.seasons.wording import explain

A, B = ("orchestra", "oboe"), ("wind", "oboe")
NAMES = {"orchestra": "County Orchestra", "wind": "Wind Band", "oboe": "Oboe", "flute": "Flute"}


def player(key, mark, *wishes, median=None, **more):
    given = None if mark is None else Decimal(mark)
    marks = {"oboe": Mark(given, None if median is None else Decimal(median))}
    return Player(key, marks, tuple(wishes), more.pop("chosen", len(wishes)), **more)


def places(players, sections):
    return {key: (one.kind, one.section) for key, one in allocate(players, sections).places.items()}


def test_the_better_mark_has_the_first_choice_and_the_other_goes_elsewhere():
    found = places([player("a", 90, A, B), player("b", 80, A, B)], {A: Seats(1), B: Seats(1)})

    assert found == {"a": ("offer", A), "b": ("another", B)}


def test_naming_a_true_first_choice_costs_nothing():
    two = [player("a", 90, A, B), player("b", 80, B)]

    assert places(two, {A: Seats(0, 1), B: Seats(1)}) == {
        "a": ("another", B),
        "b": ("no", None),
    }


def test_reserves_are_ranked_in_their_section_by_the_panels_order():
    players = [player(key, mark, A) for key, mark in (("c", 60), ("a", 90), ("b", 70), ("d", 55))]
    found = allocate(players, {A: Seats(1, reserves=2)})

    assert [(key, found.places[key].kind, found.places[key].rank) for key in "abcd"] == [
        ("a", "offer", 1), ("b", "reserve", 1), ("c", "reserve", 2), ("d", "no", None),
    ]  # fmt: skip


def test_equal_marks_go_by_the_middle_score_then_by_hand_and_are_named_before():
    equal = [player("a", 70, A, median=68), player("b", 70, A, median=69)]
    assert places(equal, {A: Seats(1)})["b"] == ("offer", A)

    same = [player("a", 70, A), player("b", 70, A)]
    assert allocate(same, {A: Seats(1)}).ties == {A: ["a", "b"]}

    by_hand = [player("a", 70, A, hand=2), player("b", 70, A, hand=1)]
    found = allocate(by_hand, {A: Seats(1)})
    assert found.ties == {}
    assert found.places["b"].kind == "offer"


def test_nearly_there_with_a_free_seat_is_a_trial():
    sections = {A: Seats(1, offer_from=Decimal(60), trial_from=Decimal(50))}

    assert places([player("a", 55, A)], sections) == {"a": ("trial", A)}
    assert places([player("a", 49, A)], sections) == {"a": ("no", None)}


def test_who_is_late_comes_after_everybody_in_time():
    found = places([player("a", 99, A, is_late=True), player("b", 51, A)], {A: Seats(1)})

    assert found["b"] == ("offer", A)


def test_without_marks_seats_are_offered_only_where_there_is_room_for_all():
    assert places([player("a", None, A)], {A: Seats(2)}) == {"a": ("no", None)}
    assert places([player("a", None, A)], {A: Seats(2, skips=True)}) == {"a": ("offer", A)}


def test_a_place_given_by_hand_takes_its_seat_first():
    fixed = player("z", 10, A, is_fixed=True, fixed=A)

    assert places([fixed, player("a", 90, A)], {A: Seats(1)}) == {"a": ("no", None)}


def test_words_for_a_parent_say_no_mark_and_no_other_child():
    sections = {A: Seats(1, reserves=1, offer_from=Decimal(50)), B: Seats(1)}
    players = [player("a", 91, A), player("b", 83, A, B), player("c", 77, A)]
    found = allocate(players, sections)

    said = {one.key: explain(one, found.places[one.key], found, sections, NAMES) for one in players}

    assert said["a"] == (
        "A seat in County Orchestra (Oboe), their first choice: number 1 of 3 in the panel’s "
        "order, for 1 seat."
    )
    assert said["b"] == (
        "A seat in Wind Band (Oboe), choice number 2: number 1 of 1 in the panel’s order, for 1 "
        "seat. For County Orchestra (Oboe) they were number 2 of 3, and 1 seat went to players "
        "before them."
    )
    assert said["c"].startswith("Reserve number 1 for County Orchestra (Oboe).")
    assert not [words for words in said.values() if "91" in words or "83" in words]


SECTIONS = [(group, slug) for group in ("g1", "g2", "g3") for slug in ("oboe", "flute")]
WISHES = st.lists(st.sampled_from(SECTIONS), unique=True, max_size=5)


@st.composite
def seasons(draw):
    sections = {
        name: Seats(
            draw(st.integers(0, 3)), draw(st.integers(0, 2)), Decimal(draw(st.integers(0, 60)))
        )
        for name in SECTIONS
    }
    players = [
        Player(
            f"p{number:02}",
            {
                slug: Mark(Decimal(draw(st.integers(30, 80))), Decimal(draw(st.integers(30, 80))))
                for slug in ("oboe", "flute")
            },
            tuple(draw(WISHES)),
            2,
        )
        for number in range(draw(st.integers(1, 14)))
    ]
    return players, sections


@settings(max_examples=150, deadline=None)
@given(seasons(), st.integers(0, 99))
def test_every_proposal_is_stable_and_the_same_in_whatever_order_it_is_asked(season, seed):
    players, sections = season
    found = allocate(players, sections)

    assert blocking(players, sections, found) == []
    mixed = players[:]
    random.Random(seed).shuffle(mixed)
    assert allocate(mixed, dict(reversed(sections.items()))).places == found.places
    for name, seats in sections.items():
        here = [one for one in found.places.values() if one.section == name]
        assert sum(one.kind in ("offer", "another") for one in here) <= seats.open
        assert sum(one.kind == "reserve" for one in here) <= seats.reserves


def test_the_check_of_stability_finds_somebody_who_was_passed_over():
    players = [player("a", 90, A), player("b", 80, A)]
    sections = {A: Seats(1)}
    found = allocate(players, sections)
    first, second = found.places["a"], found.places["b"]
    found.places = {"a": replace(second, key="a"), "b": replace(first, key="b")}

    assert blocking(players, sections, found) == [("a", A)]
