"""Whatever happens to a form's draft, what runs is the compiled version, and it never changes."""

import copy
import json

import pytest
from django.db import connection
from django.urls import reverse

from forms import diagram, figures
from forms.compile import digest_of
from forms.findings import NotPublishableError
from forms.lint import lint
from forms.models import FormDefinition, FormVersion, Journey, NeverChangesError, Submission
from forms.samples import run_samples
from tests.casework import BOOKING
from tests.journeys import Family, a_course_date, answers_of_a_family, publish_songwriter
from tests.test_forms_answers import signed_in, staff, table
from workflows.compile import publish as publish_workflow
from workflows.models import Case


@pytest.fixture
def songwriter(db):
    a_course_date()
    return publish_songwriter()


def spoil(version):
    """The draft and its row say something else altogether; nothing was published."""
    publish_workflow(BOOKING | {"slug": "another", "title": "Another"})
    FormDefinition.objects.filter(pk=version.form_id).update(
        title="Something else",
        data={"steps": "nonsense"},
        workflow_slug="another",
        samples=[{"nonsense": True}],
    )


def test_a_family_goes_through_the_version_it_began_with_to_the_end(songwriter):
    family = Family()
    family.start()
    answers = answers_of_a_family()
    family.walk(answers, until="music")
    spoil(songwriter)
    family.go(f"{family.step}/")
    assert "Something else" not in family.page.text
    family.walk(answers)
    assert "Something else" not in family.page.text
    family.send()

    sent = Submission.objects.get()
    assert sent.version == songwriter
    assert "Something else" not in family.page.text
    assert Case.objects.get().version.definition.slug == "course-booking"
    assert "Something else" not in json.dumps(sent.labels)


def test_exports_diagram_linter_and_samples_read_the_version(songwriter):
    family = Family()
    family.start()
    family.walk(answers_of_a_family())
    family.send()
    ada = staff("ada", "bookings")

    def everything():
        version = FormVersion.objects.get(pk=songwriter.pk)
        nodes = diagram.nodes_of(version.compiled)
        return (
            table(export_songwriter(ada)),
            diagram.svg(nodes, title=version.compiled["title"]),
            diagram.outline(nodes),
            [str(finding) for finding in lint(version.compiled)],
            run_samples(version.compiled, []),
            figures.step_figures(version.form),
        )

    before = everything()
    spoil(songwriter)

    assert everything() == before


def export_songwriter(user):

    data = {"kind": "csv", "rows_of": "", "headings": "words", "reason": "for the desk"}
    return signed_in(user).post(reverse("answers:export", args=["songwriter-booking"]), data)


def test_journeys_and_submissions_keep_their_version_when_another_is_published(songwriter):
    family = Family()
    family.start()
    family.walk(answers_of_a_family(), until="music")
    definition = FormDefinition.objects.get(pk=songwriter.form_id)
    data = copy.deepcopy(definition.data)
    data["steps"][-2]["title"] = "Another title"
    definition.data = data
    definition.save_revision().publish()

    assert definition.current_version.number == 2
    assert Journey.objects.get().version == songwriter
    family.walk(answers_of_a_family())
    family.send()
    assert Submission.objects.get().version == songwriter
    second = Family()
    second.start()
    assert Journey.objects.latest("pk").version == definition.current_version


def test_a_version_cannot_be_changed(songwriter):
    songwriter.compiled = {}
    with pytest.raises(NeverChangesError):
        songwriter.save()
    with pytest.raises(NeverChangesError):
        FormVersion.objects.filter(pk=songwriter.pk).update(compiled={})

    kept = FormVersion.objects.get(pk=songwriter.pk)
    assert kept.sha256 == digest_of(kept.compiled)


class StoppedError(Exception):
    """The process was killed here."""


def stopping_at(number):
    """Lets so many writes through and then stops, as a crash between two statements would."""
    count = 0

    def wrapper(execute, sql, params, many, context):
        nonlocal count
        if sql.startswith(("INSERT", "UPDATE", "DELETE")):
            count += 1
            if count == number:
                raise StoppedError
        return execute(sql, params, many, context)

    return wrapper


def everything_about(form):
    form = FormDefinition.objects.filter(pk=form.pk)
    return (
        list(form.values()),
        list(FormVersion.objects.order_by("pk").values_list("number", "sha256")),
        list(form.get().revisions.order_by("pk").values("pk", "approved_go_live_at")),
    )


@pytest.mark.django_db(transaction=True)
def test_publishing_is_all_or_nothing_wherever_it_stops():
    a_course_date()
    version = publish_songwriter()
    definition = version.form
    definition.refresh_from_db()
    data = copy.deepcopy(definition.data)
    data["title"] = definition.title = "A new title"
    definition.data = data
    revision = definition.save_revision()
    before = everything_about(definition)
    stopped = 0
    for number in range(1, 60):
        try:
            with connection.execute_wrapper(stopping_at(number)):
                revision.publish()
        except StoppedError:
            stopped += 1
            assert everything_about(definition) == before, number
            continue
        break

    assert stopped >= 3
    assert FormDefinition.objects.get().current_version.number == 2
    assert FormDefinition.objects.get().title == "A new title"


@pytest.mark.django_db(transaction=True)
def test_a_form_that_is_refused_changes_nothing():
    a_course_date()
    definition = publish_songwriter().form
    definition.refresh_from_db()
    data = copy.deepcopy(definition.data)
    data["steps"][1]["show_if"] = {
        "match": "all",
        "clauses": [{"question": "agreed", "op": "is", "value": True}],
    }
    definition.data = data
    revision = definition.save_revision()
    before = everything_about(definition)

    with pytest.raises(NotPublishableError):
        revision.publish()
    assert everything_about(definition) == before
