"""Sample families: made by filling in the form, made with one click, tried at every publish."""

import copy

import pytest
from django.urls import reverse

from cms.models import User
from forms import package
from forms.coverage import MOST_LIVE, survey, ways_while_editing
from forms.findings import NotPublishableError
from forms.models import FormDefinition, FormVersion, Journey

pytestmark = pytest.mark.django_db

BORROW = {
    "slug": "borrow",
    "title": "Borrow an instrument",
    "pricing": {"items": [{"key": "hire", "label": "Hire", "pence": 4500, "per": "child"}]},
    "steps": [
        {
            "key": "who",
            "title": "Who",
            "questions": [
                {
                    "key": "for_whom",
                    "type": "radios",
                    "label": "Who is it for?",
                    "required": True,
                    "options": [
                        {"key": "child", "label": "My child"},
                        {"key": "me", "label": "Me"},
                    ],
                }
            ],
        },
        {
            "key": "child",
            "title": "Your children",
            "repeat": {"min": 1, "max": 3, "item_name": "child"},
            "show_if": {
                "match": "all",
                "clauses": [{"question": "for_whom", "op": "is", "value": "child"}],
            },
            "questions": [
                {"key": "size", "type": "number", "label": "Which size?", "required": True}
            ],
        },
        {
            "key": "help",
            "title": "Help with the cost",
            "questions": [
                {"key": "claims", "type": "yes_no", "label": "Do you need help?", "required": True},
            ],
        },
        {
            "key": "evidence",
            "title": "Your evidence",
            "show_if": {
                "match": "all",
                "clauses": [{"question": "claims", "op": "is", "value": "yes"}],
            },
            "questions": [
                {"key": "proof", "type": "file", "label": "Your letter", "required": True},
            ],
        },
        {"key": "check", "title": "Check", "kind": "check"},
    ],
}
CHILD = {
    "name": "A child",
    "answers": {"for_whom": "child", "child": [{"size": 3}], "claims": False},
}


@pytest.fixture
def admin(client):
    client.force_login(
        User.objects.create_superuser("editor", "editor@example.org", "a-long-password-1")
    )
    return client


@pytest.fixture
def definition():
    made = package.load({"package": 1, "form": copy.deepcopy(BORROW)}, publish=True)
    return FormDefinition.objects.get(pk=made.pk)


def url(name, *args):
    return reverse(FormDefinition.snippet_viewset.get_url_name(name), args=args)


def draft(definition):
    return FormDefinition.objects.get(pk=definition.pk).get_latest_revision_as_object()


def fill(admin, definition, *pages):
    """Begin a family and post page after page; the address of the last."""
    answer = admin.post(url("families", definition.pk), {"action": "new"})
    where = answer["Location"]
    for page in pages:
        answer = admin.post(where, page)
        assert answer.status_code == 302, answer.content.decode()
        where = url("family", definition.pk) + answer["Location"]
    return where


def test_a_family_is_made_by_filling_in_the_real_form(admin, definition):
    where = fill(
        admin,
        definition,
        {"for_whom": "child"},
        {"size": "3"},
        {},
        {"claims": "yes"},
        {"proof": "sent"},
    )
    assert where.endswith("?step=end")
    assert "Your evidence" in admin.get(where).content.decode()
    assert not draft(definition).samples
    admin.post(where, {"name": "A child, with help"})
    [kept] = draft(definition).samples
    assert kept | {"id": "", "today": ""} == {
        "id": "",
        "today": "",
        "name": "A child, with help",
        "answers": {
            "for_whom": "child",
            "child": [{"size": 3}],
            "claims": True,
            "proof": [{"id": 0, "name": "example.pdf", "size": 1024}],
        },
        "expect": {
            "steps": ["who", "child", "help", "evidence", "check"],
            "price": "£45",
            "emails": ["form-received"],
        },
    }
    assert not Journey.objects.exists()


def test_answers_that_the_family_no_longer_gives_are_not_kept(admin, definition):
    where = fill(admin, definition, {"for_whom": "child"}, {"size": "3"}, {}, {"claims": "no"})
    admin.post(url("family", definition.pk) + "?step=who", {"for_whom": "me"})
    admin.post(where, {"name": "For me"})
    assert draft(definition).samples[0]["answers"] == {"for_whom": "me", "claims": False}


def test_a_page_that_is_not_valid_is_shown_again_and_keeps_nothing(admin, definition):
    where = fill(admin, definition)
    answer = admin.post(where, {})
    assert answer.status_code == 422
    assert "Who is it for?" in answer.content.decode()
    assert not draft(definition).samples


def test_two_families_cannot_have_one_name(admin, definition):
    definition.samples = [CHILD]
    definition.save_revision()
    where = fill(admin, definition, {"for_whom": "me"}, {"claims": "no"})
    answer = admin.post(where, {"name": "A child"})
    assert answer.status_code == 422
    assert "Another family has this name" in answer.content.decode()


def test_one_click_makes_a_family_for_a_way_that_none_goes(admin, definition):
    page = admin.get(url("families", definition.pk))
    names = [way["name"] for way in page.context["untested"]]
    assert len(names) == page.context["survey"].ways == 4
    for name in names:
        admin.post(url("families", definition.pk), {"action": "way", "name": name})
    after = admin.get(url("families", definition.pk))
    assert after.context["untested"] == []
    assert [row["findings"] for row in after.context["rows"]] == [[]] * 4
    assert "Who is it for? My child; Do you need help? Yes" in [
        sample["name"] for sample in draft(definition).samples
    ]
    assert package.check(package.dump("borrow")) == package.check(
        {**package.dump("borrow"), "samples": []}
    )


def test_the_page_says_how_long_the_form_is_and_what_no_family_reaches(admin, definition):
    definition.samples = [CHILD]
    definition.save_revision()
    found = admin.get(url("families", definition.pk)).context["survey"]
    assert [step["title"] for step in found.missed] == ["Your evidence"]
    assert (found.shortest.questions, found.longest.questions) == (2, 4)
    assert found.tried == 1
    edit = admin.get(url("edit", definition.pk)).content.decode()
    assert "Ways through the form" in edit
    assert "Does not meet:" in edit


def test_a_family_can_be_filled_in_again_copied_and_deleted(admin, definition):
    definition.samples = [CHILD]
    definition.save_revision()
    there = url("families", definition.pk)
    admin.post(there, {"action": "edit", "name": "A child"})
    admin.post(url("family", definition.pk) + "?step=help", {"claims": "yes"})
    admin.post(url("family", definition.pk) + "?step=evidence", {"proof": "sent"})
    admin.post(url("family", definition.pk) + "?step=end", {"name": "A child"})
    [changed] = draft(definition).samples
    assert "evidence" in changed["expect"]["steps"]
    admin.post(there, {"action": "copy", "name": changed.get("id") or "A child"})
    admin.post(url("family", definition.pk) + "?step=end", {"name": "Its copy"})
    assert [one["name"] for one in draft(definition).samples] == ["A child", "Its copy"]
    admin.post(there, {"action": "delete", "name": changed.get("id") or "A child"})
    assert [one["name"] for one in draft(definition).samples] == ["Its copy"]


def test_a_family_that_meets_something_else_stops_publishing_until_it_is_meant(admin, definition):
    definition.samples = [CHILD | {"expect": {"steps": ["who", "child", "help", "check"]}}]
    definition.data["steps"][2]["show_if"] = {
        "match": "all",
        "clauses": [{"question": "for_whom", "op": "is", "value": "me"}],
    }
    definition.data["steps"][3]["show_if"] = None
    revision = definition.save_revision()
    with pytest.raises(NotPublishableError, match="now meets “Your evidence”"):
        revision.publish()
    assert FormVersion.objects.count() == 1
    admin.post(url("families", definition.pk), {"action": "meant", "name": "A child"})
    draft(definition).latest_revision.publish()
    assert FormVersion.objects.count() == 2


def test_a_change_of_price_of_the_letter_and_of_the_first_stage_is_seen():
    from forms.compile import compiled
    from forms.samples import run_samples, with_expectations

    form = compiled(package.read("forms/packages/songwriter-booking.json")["form"])
    whole = package.read("forms/packages/songwriter-booking.json")
    workflow = whole["workflow"]
    [sample] = with_expectations(form, [whole["samples"][1]], workflow=workflow)
    assert sample["expect"]["price"] == "£66.50"
    assert run_samples(form, [sample], workflow=workflow) == []
    form["pricing"]["discounts"][0]["percent"] = 50
    form["settings"]["received_email"] = "form-received"
    workflow["stages"][0]["start"] = False
    workflow["stages"][1]["start"] = True
    found = run_samples(form, [sample], workflow=workflow)
    assert [one.code for one in found] == ["sample_price", "sample_emails", "sample_stage"]
    assert found[0].message == "It would pay £52.50, and paid £66.50 before."


def test_a_sample_is_as_old_on_every_day_as_on_the_day_it_was_made():
    from forms.compile import compiled
    from forms.samples import outcome_of

    steps = [
        {
            "key": "age",
            "title": "Age",
            "questions": [{"key": "born", "type": "date", "label": "Born", "required": True}],
        },
        {
            "key": "young",
            "title": "Young",
            "show_if": {
                "match": "all",
                "clauses": [{"question": "born", "op": "age_on", "date": "today", "at_most": 9}],
            },
            "questions": [{"key": "toy", "type": "text", "label": "Toy"}],
        },
    ]
    form = compiled({"slug": "age", "title": "Age", "steps": steps})
    sample = {"name": "Nine", "answers": {"born": "2015-03-27"}}
    assert outcome_of(form, sample | {"today": "2024-05-01"}).steps == ("age", "young")
    assert outcome_of(form, sample | {"today": "2026-05-01"}).steps == ("age",)


def test_a_new_question_that_has_to_be_answered_is_said_of_each_family(definition):
    from forms.compile import compiled
    from forms.samples import run_samples

    data = copy.deepcopy(BORROW)
    data["steps"][0]["questions"].append(
        {"key": "why", "type": "text", "label": "Why?", "required": True}
    )
    [found] = run_samples(compiled(data), [CHILD])
    assert (found.level, found.code) == ("warning", "sample_unanswered")


def test_thousands_of_ways_are_walked():
    from forms.compile import compiled

    steps = []
    for number in range(12):
        key = f"q{number}"
        steps.append(
            {
                "title": f"Ask {number}",
                "questions": [{"key": key, "type": "yes_no", "label": key, "required": True}],
            }
        )
        rule = {"match": "all", "clauses": [{"question": key, "op": "is", "value": "yes"}]}
        steps.append(
            {
                "title": f"More {number}",
                "show_if": rule,
                "questions": [{"type": "text", "label": f"More of {number}"}],
            }
        )
    found = survey(compiled({"slug": "w", "title": "W", "steps": steps}), [], limit=5000)
    assert (found.ways, found.is_partial) == (4096, False)
    assert (found.shortest.questions, found.longest.questions) == (12, 24)
    assert (found.untested_count, len(found.untested)) == (4096, 20)


def test_only_who_may_change_forms_sees_sample_families(client, definition):
    from django.contrib.auth.models import Permission

    user = User.objects.create_user("other", "other@example.org", "a-long-password-1")
    user.user_permissions.add(Permission.objects.get(codename="access_admin"))
    client.force_login(user)
    for name in ("families", "family"):
        assert client.get(url(name, definition.pk)).status_code in (302, 403)
        assert client.post(url(name, definition.pk), {"action": "new"}).status_code in (302, 403)
    assert not client.session.get(f"form-sample-{definition.pk}")


def test_a_form_that_somebody_else_has_locked_keeps_its_families(admin, definition):
    from django.utils import timezone

    other = User.objects.create_superuser("other", "other@example.org", "a-long-password-1")
    definition.locked, definition.locked_by, definition.locked_at = True, other, timezone.now()
    definition.save()
    way = admin.get(url("families", definition.pk)).context["untested"][0]["name"]
    admin.post(url("families", definition.pk), {"action": "way", "name": way})
    assert not draft(definition).samples


def test_a_long_form_has_fewer_of_its_ways_walked_while_its_editor_opens():
    def of(questions):
        return {"steps": [{"questions": [{}] * 5} for _step in range(questions // 5)]}

    assert ways_while_editing(of(30)) == MOST_LIVE
    assert ways_while_editing(of(300)) == 200
    assert ways_while_editing({"steps": []}) == MOST_LIVE
    assert ways_while_editing(of(30), 400) == 400
