"""A form, its workflow, letters and samples as one file: what is refused, and that nothing is lost."""

import copy
import io
import json

import pytest
import yaml
from django.core.management import call_command

from cms.models import MailTemplate
from forms import package
from forms.findings import NotPublishableError
from forms.models import FormDefinition
from forms.paths import paths
from forms.publishing import findings_of
from workflows.models import WorkflowVersion

pytestmark = pytest.mark.django_db

LOAN = {
    "package": 1,
    "form": {
        "slug": "instrument-loan",
        "title": "Borrow an instrument",
        "steps": [
            {
                "key": "who",
                "title": "Who is it for?",
                "questions": [
                    {
                        "key": "who_for",
                        "type": "radios",
                        "label": "Who is it for?",
                        "required": True,
                        "options": [
                            {"key": "my_child", "label": "My child"},
                            {"key": "me", "label": "Me"},
                        ],
                    }
                ],
            },
            {
                "key": "child",
                "title": "Your child",
                "show_if": {
                    "match": "all",
                    "clauses": [{"question": "who_for", "op": "is", "value": "my_child"}],
                },
                "questions": [
                    {
                        "key": "born",
                        "type": "date",
                        "label": "Date of birth",
                        "required": True,
                        "settings": {"reason": "To choose the size."},
                    }
                ],
            },
            {"key": "check", "title": "Check your answers", "kind": "check"},
        ],
    },
    "workflow": {
        "slug": "loans",
        "title": "Loans",
        "stages": [
            {
                "key": "new",
                "staff_name": "New",
                "kind": "open",
                "start": True,
                "roles": ["bookings"],
                "buttons": [
                    {
                        "key": "agree",
                        "label": "Agree",
                        "to": "agreed",
                        "actions": [{"type": "send_email", "template": "loan-agreed"}],
                    }
                ],
            },
            {"key": "agreed", "staff_name": "Agreed", "kind": "final", "roles": ["bookings"]},
        ],
    },
    "emails": [
        {
            "key": "loan-agreed",
            "subject": "Loan {{ reference }}",
            "body": "For {{ who_for }}: {{ when }}",
        }
    ],
    "samples": [
        {
            "name": "For a child",
            "answers": {"who_for": "my_child", "born": "2015-03-27"},
            "expect": {"steps": ["who", "child", "check"], "stage": "new"},
        }
    ],
}


@pytest.fixture
def loan():
    return copy.deepcopy(LOAN)


@pytest.fixture
def written(tmp_path):
    def write(data, name="package.json"):
        path = tmp_path / name
        text = data if isinstance(data, str) else json.dumps(data)
        path.write_text(text, encoding="utf-8")
        return str(path)

    return write


def run(*arguments):
    """What a command prints and how it ends."""
    out, err = io.StringIO(), io.StringIO()
    try:
        call_command(*arguments, stdout=out, stderr=err)
    except SystemExit as end:
        return end.code, out.getvalue(), err.getvalue()
    return 0, out.getvalue(), err.getvalue()


def test_a_sound_package_is_clean(loan, written):
    code, out, err = run("definition_check", written(loan))

    assert (code, out.strip(), err) == (0, "Nothing to say: this package is in order.", "")


def test_advice_is_given_and_does_not_count_as_a_finding(loan, written):
    del loan["form"]["steps"][1]["questions"][0]["settings"]
    code, out, _err = run("definition_check", written(loan), "--json")

    assert (code, [(f["level"], f["code"]) for f in json.loads(out)["findings"]]) == (
        0,
        [("advice", "no_reason")],
    )


def test_the_hubs_own_packages_are_clean():
    for path in sorted(package.SCHEMA_FILE.parent.glob("packages/*.json")):
        assert run("definition_check", str(path)) == (
            0,
            "Nothing to say: this package is in order.\n",
            "",
        )


@pytest.mark.parametrize(
    ("break_it", "code", "where"),
    [
        (lambda p: p["form"].pop("title"), "shape", "form"),
        (lambda p: p["form"]["steps"][0].update(title=7), "shape", "form.steps[0].title"),
        (
            lambda p: p["form"]["steps"].insert(0, p["form"]["steps"].pop(1)),
            "forward",
            "Step “Your child”",
        ),
        (lambda p: p["workflow"]["stages"][0]["buttons"][0].update(to="gone"), None, None),
        (lambda p: p["emails"].clear(), "no_letter", "E-mail “loan-agreed”"),
        (
            lambda p: p["emails"][0].update(body="Dear {{ favourite_colour }},"),
            "letter",
            "E-mail “loan-agreed”",
        ),
        (
            lambda p: p["emails"][0].update(key="born-on", body="Born on {{ born }}"),
            "letter",
            "E-mail “born-on”",
        ),
        (
            lambda p: p["samples"][0]["answers"].update(who_for="me"),
            "sample_steps",
            "Sample family “For a child”",
        ),
    ],
)
def test_a_broken_package_says_what_and_where_and_ends_with_1(loan, written, break_it, code, where):
    break_it(loan)
    ended, out, _err = run("definition_check", written(loan), "--json")
    found = json.loads(out)["findings"]

    assert ended == 1
    assert found[0]["level"] == "error"
    if code:
        assert (found[0]["code"], found[0]["where"]) == (code, where)
    assert FormDefinition.objects.count() == 0


def test_a_sample_that_meets_other_steps_says_which(loan):
    loan["samples"][0]["answers"]["who_for"] = "me"

    assert [str(finding) for finding in package.check(loan)] == [
        "Sample family “For a child”: This family no longer meets “Your child”."
    ]


@pytest.mark.parametrize(
    ("text", "name", "says"),
    [
        ("{", "p.json", "p.json, line 1 is not valid JSON or YAML."),
        ("[1]", "p.json", "p.json holds no package: it must be an object."),
        ("a: [", "p.yaml", "p.yaml is not valid JSON or YAML."),
        ("[" * 100_000, "p.json", "p.json is not valid JSON or YAML."),
    ],
)
def test_a_file_that_is_no_package_ends_with_2(written, text, name, says):
    for command in ("definition_check", "definition_load", "definition_paths"):
        code, _out, err = run(command, written(text, name))
        assert (code, err.strip()) == (2, says)


def test_a_missing_file_and_a_binary_one_end_with_2(tmp_path):
    picture = tmp_path / "p.json"
    picture.write_bytes(b"\x89PNG\xff")

    assert run("definition_check", str(tmp_path / "none.json"))[0] == 2
    assert run("definition_check", str(picture))[2].strip() == "p.json is not UTF-8 text."


def test_loading_publishes_the_form_its_workflow_and_its_letters_once(loan, written):
    path = written(loan)

    assert run("definition_load", path, "--publish") == (0, "instrument-loan: version 1\n", "")
    assert run("definition_load", path, "--publish") == (0, "instrument-loan: version 1\n", "")
    assert (
        FormDefinition.objects.count(),
        WorkflowVersion.objects.count(),
        MailTemplate.objects.filter(key="loan-agreed").count(),
    ) == (1, 1, 1)
    assert FormDefinition.objects.get().workflow_slug == "loans"


def test_a_broken_form_may_be_kept_as_a_draft_but_not_published(loan, written):
    loan["form"]["steps"].reverse()
    path = written(loan)

    assert run("definition_load", path, "--publish")[0] == 1
    assert FormDefinition.objects.count() == 0
    assert run("definition_load", path) == (
        0,
        "instrument-loan: a draft, not published\n",
        "",
    )


def test_a_refused_publish_leaves_no_letter_and_no_workflow_behind(loan):
    loan["form"]["steps"].reverse()

    with pytest.raises(NotPublishableError):
        package.load(loan, publish=True)

    assert not MailTemplate.objects.filter(key="loan-agreed").exists()
    assert not WorkflowVersion.objects.exists()


@pytest.mark.parametrize("as_yaml", [False, True])
def test_what_is_dumped_can_be_loaded_and_is_the_same_again(loan, tmp_path, as_yaml):
    package.load(loan, publish=True)
    flags = ["--yaml"] if as_yaml else []
    path = tmp_path / ("p.yaml" if as_yaml else "p.json")
    run("definition_dump", "instrument-loan", "--output", str(path), *flags)
    dumped = yaml.safe_load(path.read_text())

    assert run("definition_check", str(path))[0] == 0
    assert run("definition_load", str(path), "--publish")[1] == "instrument-loan: version 1\n"
    assert package.dump("instrument-loan") == dumped
    assert dumped["samples"] == loan["samples"]
    assert [letter["key"] for letter in dumped["emails"]] == ["loan-agreed"]


def test_dumping_an_unknown_form_ends_with_2():
    assert run("definition_dump", "nothing") == (2, "", "No form is called 'nothing'.\n")


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ({"who_for": "me"}, [("who", ["who_for"]), ("check", [])]),
        ({"who_for": "my_child"}, [("who", ["who_for"]), ("child", ["born"]), ("check", [])]),
        ({}, [("who", ["who_for"]), ("check", [])]),
    ],
)
def test_walking_prints_the_visible_steps_and_questions(loan, written, answers, expected):
    code, out, _err = run(
        "definition_walk", written(loan), "--answers", written(answers, "a.json"), "--json"
    )

    assert code == 0
    assert [(step["key"], step["questions"]) for step in json.loads(out)["steps"]] == expected


def test_answers_may_name_questions_and_options_by_id(loan, written):
    package.load(loan)
    form = package.dump("instrument-loan")["form"]
    question = form["steps"][0]["questions"][0]
    answers = {question["id"]: question["options"][0]["id"]}
    _code, out, _err = run(
        "definition_walk", written(loan), "--answers", written(answers, "a.json"), "--json"
    )

    assert [step["key"] for step in json.loads(out)["steps"]] == ["who", "child", "check"]


def test_walking_in_words_reads_like_a_list(loan, written):
    _code, out, _err = run(
        "definition_walk", written(loan), "--answers", written({"who_for": "me"}, "a.json")
    )

    assert out == (
        "1. Who is it for? (who)\n   - Who is it for? (who_for)\n2. Check your answers (check)\n"
    )


def test_every_path_is_listed_with_answers_that_lead_along_it(loan, written):
    code, out, _err = run("definition_paths", written(loan), "--json")
    found = json.loads(out)

    assert (code, found["count"], found["partial"]) == (0, 2, False)
    assert [path["steps"] for path in found["paths"]] == [
        ["who", "child", "check"],
        ["who", "check"],
    ]
    for path in found["paths"]:
        _code, walked, _err = run(
            "definition_walk", written(loan), "--answers", written(path, "a.json"), "--json"
        )
        assert [step["key"] for step in json.loads(walked)["steps"]] == path["steps"]
        assert json.loads(walked)["complete"] is True


def test_many_independent_branches_are_cut_off_and_said_to_be():
    steps = [
        {
            "key": f"s{n}",
            "title": f"S{n}",
            "questions": [
                {"key": f"a{n}", "type": "yes_no", "label": "A", "required": True},
                {
                    "key": f"b{n}",
                    "type": "text",
                    "label": "B",
                    "show_if": {"clauses": [{"question": f"a{n}", "op": "is", "value": True}]},
                },
            ],
        }
        for n in range(16)
    ]
    from forms.compile import compiled

    found = paths(compiled({"slug": "wide", "title": "Wide", "steps": steps}), limit=500)

    assert (len(found), found.is_partial) == (500, True)


def test_a_loaded_package_is_what_the_editor_shows_and_twice_is_once(loan):
    package.load(loan, publish=True)
    package.load(loan, publish=True)
    definition = FormDefinition.objects.get()
    counted = definition.revisions.count(), definition.versions.count()
    loan["form"]["title"] = "Borrow a cello"
    package.load(loan)
    draft = FormDefinition.objects.get()

    assert counted == (1, 1)
    assert (draft.title, draft.get_latest_revision_as_object().title) == (
        "Borrow an instrument",
        "Borrow a cello",
    )
    assert (draft.versions.count(), package.dump("instrument-loan")["form"]["title"]) == (
        1,
        "Borrow a cello",
    )


def test_sample_families_run_with_every_draft(loan):
    loan["samples"][0]["answers"]["who_for"] = "me"
    definition = package.load(loan)

    assert [(f.level, f.code) for f in findings_of(definition)] == [("error", "sample_steps")]
