"""Whatever is thrown at a running form, nothing invalid gets in, nothing breaks, nobody is hurt.

HOSTILE=5000 takes so many turns at each form, of six requests each, instead of a few.
"""

import json
import os
import random
from collections import Counter

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from forms.models import Journey, Submission
from tests import realforms
from tests.harness import a_hub, at_once
from tests.hostile import Ground, Shot, answer_to, raw_requests, requests_at, wrongs_of
from tests.journeys import a_course_date, publish_form, publish_songwriter
from tests.test_forms_real import FILES
from tests.test_forms_types_form import every_type

NUMBER = int(os.environ.get("HOSTILE", "60"))
A_TURN = 6


def songwriter():
    date = a_course_date()
    return Ground(publish_songwriter(), offering=date)


def every_question_type():
    return Ground(publish_form(every_type()))


def a_real_form(part):
    path = next((path for path in FILES if part in path.stem), None)
    if path is None:
        pytest.skip("the folder of real forms is not here")
    package = realforms.as_package(json.loads(path.read_text(encoding="utf-8")), path.stem)
    return Ground(publish_form(package["form"]))


FORMS = {
    "songwriter": songwriter,
    "every type": every_question_type,
    "eligibility": lambda: a_real_form("cfa-r1-eligibility"),
    "assets": lambda: a_real_form("asset-information"),
    "organisation": lambda: a_real_form("organisation-information-cof"),
}


@pytest.mark.django_db
@pytest.mark.parametrize("name", FORMS)
def test_nothing_invalid_is_accepted_nothing_breaks_and_nobody_else_is_touched(name):
    ground = FORMS[name]()
    client = ground.client()
    known = set(Submission.objects.values_list("pk", flat=True))
    met = {}

    @seed(20261121)
    @settings(
        max_examples=NUMBER,
        deadline=None,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(data=st.data(), way=st.integers(0, 39), upto=st.integers(0, 99))
    def throw(data, way, upto):
        ground.place(way, upto)
        for _shot in range(A_TURN):
            shot = data.draw(requests_at(ground))
            status = ground.fire(client, shot)
            met[status] = met.get(status, 0) + 1
            assert status < 500, shot
        for submission in Submission.objects.exclude(pk__in=known):
            known.add(submission.pk)
            assert submission.journey.owner_hash == ground.own.owner_hash
            assert wrongs_of(submission) == []

    throw()
    assert ground.honest() == ground.before
    assert {303, 404, 405} <= set(met)
    print(name, dict(sorted(met.items())), len(known))


@pytest.mark.django_db
def test_what_was_sent_cannot_be_sent_again_or_changed():
    ground = every_question_type()
    client = ground.client()
    complete = next(
        answers for answers in ground.answers if try_to_send(ground, client, answers) == 303
    )
    sent = Submission.objects.get(journey=ground.own)
    before = Submission.objects.filter(pk=sent.pk).values_list().get()

    for _again in range(5):
        assert ground.fire(client, Shot("POST", "OWN/submit/")) in (303, 429)
        for step in ground.steps:
            ground.fire(client, Shot("POST", f"OWN/{step}/", b"first-who=Other&mail=x@example.org"))
    assert Submission.objects.filter(journey=ground.own).count() == 1
    assert Submission.objects.filter(pk=sent.pk).values_list().get() == before
    assert complete


def try_to_send(ground, client, answers):
    Journey.objects.filter(pk=ground.own.pk).update(answers=answers)
    ground.fire(client, Shot("POST", "OWN/submit/"))
    return 303 if Submission.objects.filter(journey=ground.own).exists() else 0


@pytest.mark.django_db
def test_the_judge_notices_what_is_wrong():
    ground = every_question_type()
    client = ground.client()
    next(a for a in ground.answers if try_to_send(ground, client, a) == 303)
    sent = Submission.objects.get(journey=ground.own)
    assert wrongs_of(sent) == []
    questions = [
        q for s in sent.version.compiled["steps"] if not s["repeat"] for q in s["questions"]
    ]
    for question in questions:
        if question["key"] in sent.answers and question["type"] != "calculated":
            worse = Submission(version=sent.version, journey=sent.journey)
            worse.answers = sent.answers | {question["key"]: object()}
            assert wrongs_of(worse), question["type"]


@pytest.mark.load
def test_a_real_server_answers_what_no_client_would_send_calmly(tmp_path):
    with a_hub(tmp_path) as hub:
        told = hub.call("tests.hostile:lay_ground")
        hub.start_web(workers=2)
        shots = raw_requests(random.Random(20261121), told, max(200, NUMBER))
        met = Counter(at_once(len(shots), lambda n: answer_to(hub.port, shots[n])))
        left = hub.call("tests.hostile:judge_ground", before=told["before"])

    assert [status for status in met if status >= 500] == []
    assert {303, 404, 400} <= set(met)
    assert left == {"untouched": True, "wrongs": []}
