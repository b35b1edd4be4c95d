"""The editor of forms: what it saves as a draft, what it refuses to publish, and where it says so."""

import json

import pytest
from django.urls import reverse
from wagtail.test.utils.form_data import nested_form_data, rich_text, streamfield

from cms.models import User
from forms.builder.convert import from_package
from forms.compile import compiled
from forms.findings import ERROR, Finding, NotPublishableError
from forms.models import FormDefinition, FormVersion, Journey
from tests.costs import fewest_queries

pytestmark = pytest.mark.django_db

FORM = {
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
            "title": "Your child",
            "show_if": {
                "match": "all",
                "clauses": [{"question": "for_whom", "op": "is", "value": "child"}],
            },
            "questions": [{"key": "size", "type": "number", "label": "Which size?"}],
        },
    ]
}


@pytest.fixture
def admin(client):
    user = User.objects.create_superuser("editor", "editor@example.org", "a-long-password-1")
    client.force_login(user)
    return client


@pytest.fixture
def definition():
    data = {name: compiled({"slug": "borrow", **FORM})[name] for name in ("steps", "groups")}
    return FormDefinition.objects.create(slug="borrow", title="Borrow", data=data, live=False)


def url(name, *args):
    return reverse(FormDefinition.snippet_viewset.get_url_name(name), args=args)


def posted(block, raw):
    """A StreamBlock's raw data as the browser posts it, ids included."""
    from wagtail import blocks

    if isinstance(block, blocks.StreamBlock):
        data = streamfield(
            [(one["type"], posted(block.child_blocks[one["type"]], one["value"])) for one in raw]
        )
        for index, one in enumerate(raw):
            data[f"{index}"]["id"] = one["id"]
        return data
    if isinstance(block, blocks.ListBlock):
        data = {"count": str(len(raw))}
        for index, one in enumerate(raw or []):
            data[str(index)] = {
                "value": posted(block.child_block, one["value"]),
                "deleted": "",
                "order": str(index),
                "type": "item",
                "id": one["id"],
            }
        return data
    if isinstance(block, blocks.StructBlock):
        return {
            name: posted(child, (raw or {}).get(name)) for name, child in block.child_blocks.items()
        }
    if isinstance(block, blocks.RichTextBlock):
        return rich_text(raw or "")
    if isinstance(block, blocks.BooleanBlock):
        return "on" if raw else None
    if isinstance(raw, dict) or (raw and hasattr(block.field.widget, "kind")):
        return json.dumps(raw)
    shown = block.value_for_form(raw)
    return "" if shown is None else shown


def form_data(form, **changes):
    from forms.builder.convert import prices_from_package
    from forms.builder.keeping_blocks import KeepingBlock, from_retention
    from forms.builder.opening_blocks import OpeningBlock, from_settings
    from forms.builder.price_blocks import PriceBlocks
    from forms.builder.step_blocks import NamedRulesBlock, StepsBlock

    form = {"slug": "borrow", **form}
    steps, groups = from_package(form)
    data = nested_form_data(
        {
            "title": "Borrow",
            "slug": "borrow",
            "workflow_slug": "",
            "intro": rich_text("<p>Hello.</p>"),
            "steps": posted(StepsBlock(), steps),
            "groups": posted(NamedRulesBlock(), groups),
            "prices": posted(PriceBlocks(), prices_from_package(form)),
            "keeping": posted(KeepingBlock(), from_retention(form.get("retention"))),
            "opening": posted(OpeningBlock(), from_settings(form.get("settings"))),
        }
    )
    return {name: value for name, value in (data | changes).items() if value is not None}


def messages_in(response):
    form = response.context["form"]
    return json.dumps(
        [
            error.as_json_data() if hasattr(error, "as_json_data") else error.messages
            for errors in form.errors.as_data().values()
            for error in errors
        ],
        default=str,
    )


def test_a_draft_is_kept_in_the_shape_of_the_package(admin, definition):
    response = admin.post(url("edit", definition.pk), form_data(FORM))
    assert response.status_code == 302
    draft = FormDefinition.objects.get().get_latest_revision_as_object()
    assert (
        compiled(draft.data | {"slug": "borrow"})["steps"]
        == compiled({"slug": "borrow", **FORM})["steps"]
    )
    assert draft.data["intro"] == "<p>Hello.</p>"
    assert not FormVersion.objects.exists()


def test_publishing_compiles_a_version(admin, definition):
    response = admin.post(url("edit", definition.pk), form_data(FORM, **{"action-publish": "1"}))
    assert response.status_code == 302
    version = FormVersion.objects.get()
    assert (version.form, version.number) == (definition, 1)
    assert [step["key"] for step in version.compiled["steps"]] == ["who", "child"]
    definition.refresh_from_db()
    assert definition.live


def test_a_new_form_that_cannot_be_published_stays_a_draft_and_says_why(admin, monkeypatch):
    finding = Finding(ERROR, "leak", "Panel", "Its reviewers are to be blind.")

    def refuse(*_args, **_more):
        raise NotPublishableError([finding])

    monkeypatch.setattr("wagtail.models.Revision.publish", refuse)
    answer = admin.post(url("add"), form_data(FORM, **{"action-publish": "1"}), follow=True)

    assert (answer.status_code, "are to be blind" in answer.content.decode()) == (200, True)
    assert not FormDefinition.objects.get(slug="borrow").live


def test_a_rule_on_a_later_question_is_refused_on_its_own_block(admin, definition):
    backwards = {"steps": FORM["steps"][::-1]}
    response = admin.post(
        url("edit", definition.pk), form_data(backwards, **{"action-publish": "1"})
    )
    assert response.status_code == 200
    error = response.context["form"].errors.as_data()["steps"][0].as_json_data()
    assert list(error["blockErrors"]) == [0]
    assert "asked later" in error["blockErrors"][0]["blockErrors"]["show_if"]["messages"][0]
    assert not FormVersion.objects.exists()


def test_the_same_mistake_may_stay_in_a_draft(admin, definition):
    backwards = {"steps": FORM["steps"][::-1]}
    assert admin.post(url("edit", definition.pk), form_data(backwards)).status_code == 302


def test_a_deleted_option_is_refused_on_the_step_that_waits_for_it(admin, definition):
    form = json.loads(json.dumps(FORM))
    form["steps"][0]["questions"][0]["options"].pop(0)
    response = admin.post(url("edit", definition.pk), form_data(form, **{"action-publish": "1"}))
    assert response.status_code == 200
    assert "not one of its options" in messages_in(response)


def test_what_a_named_rule_gets_wrong_is_said_on_its_own_block(admin, definition):
    rule = {"clauses": [{"question": "for_whom", "op": "is", "value": "an_aunt"}]}
    form = FORM | {"groups": {"ours": rule}}
    response = admin.post(url("edit", definition.pk), form_data(form, **{"action-publish": "1"}))
    errors = response.context["form"].errors.as_data()
    assert list(errors) == ["groups"]
    said = errors["groups"][0].as_json_data()["blockErrors"][0]["blockErrors"]["rule"]
    assert "not one of its options" in said["messages"][0]
    [note] = admin.post(url("map", definition.pk), form_data(form)).json()["notes"]
    assert note["id"] == from_package(form | {"slug": "borrow"})[1][0]["id"]


def test_a_rule_that_names_no_answer_yet_is_drawn(admin, definition):
    form = json.loads(json.dumps(FORM))
    form["steps"][1]["show_if"]["clauses"][0] |= {"op": "one_of", "value": []}
    answer = admin.post(url("map", definition.pk), form_data(form))
    assert "“Who is it for?” is one of …." in answer.json()["html"]


def test_a_price_that_says_nothing_yet_is_drawn(admin, definition):
    """Also for a sample family that would pay it."""
    form = FORM | {"pricing": {"items": [{"key": "hire", "label": "Hire", "pence": 4500}]}}
    half = form | {"pricing": form["pricing"] | {"discounts": [{"key": "less", "kind": "rule"}]}}
    definition.samples = [{"name": "Ada", "answers": {"for_whom": "me"}}]
    definition.save()
    empty = {"prices-0-value-label": "", "prices-0-value-pence": ""}
    for price in (form_data(form, **empty), form_data(half)):
        assert admin.post(url("map", definition.pk), price).status_code == 200


def test_a_course_that_was_deleted_is_said_on_the_question(admin, definition):
    places = {"key": "date", "type": "places", "label": "Date", "settings": {"course": "gone"}}
    form = {"steps": [{"key": "when", "title": "When", "questions": [places]}]}
    notes = admin.post(url("map", definition.pk), form_data(form)).json()["notes"]
    assert ["no course “gone”" in note["message"] for note in notes] == [True]


def test_nothing_goes_live_when_a_revision_cannot_be_published(definition):
    definition.data["steps"] = definition.data["steps"][::-1]
    revision = definition.save_revision()
    with pytest.raises(NotPublishableError, match="asked later"):
        revision.publish()
    definition.refresh_from_db()
    assert not definition.live
    assert not FormVersion.objects.exists()


def test_a_version_that_cannot_be_written_takes_the_publication_back(definition, monkeypatch):
    from forms import publishing

    def fails(*args, **kwargs):
        raise RuntimeError("The disk is full.")

    monkeypatch.setattr(publishing, "publish_version", fails)
    revision = definition.save_revision()
    with pytest.raises(RuntimeError):
        revision.publish()
    definition.refresh_from_db()
    assert not definition.live


def test_a_scheduled_form_is_compiled_when_its_time_has_come(definition):
    from datetime import timedelta

    from django.core.management import call_command
    from django.utils import timezone

    definition.go_live_at = timezone.now() + timedelta(hours=1)
    definition.save_revision().publish()
    assert not FormVersion.objects.exists()
    FormDefinition.objects.update(go_live_at=timezone.now() - timedelta(minutes=1))
    revision = definition.revisions.get()
    revision.approved_go_live_at = timezone.now() - timedelta(minutes=1)
    revision.content["go_live_at"] = (timezone.now() - timedelta(minutes=1)).isoformat()
    revision.save()
    call_command("publish_scheduled")
    assert FormVersion.objects.count() == 1


def test_the_same_form_published_again_is_the_same_version(definition):
    definition.save_revision().publish()
    definition.save_revision().publish()
    assert FormVersion.objects.count() == 1


def test_a_new_key_stays_when_the_words_change_between_two_saves(admin, definition):
    form = json.loads(json.dumps(FORM))
    form["steps"][0]["questions"].append(
        {"id": "11111111-1111-4111-8111-111111111111", "type": "text", "label": "Their name"}
    )
    data = form_data(form, **{"steps-0-value-questions-1-value-key": ""})
    admin.post(url("edit", definition.pk), data)
    data["steps-0-value-questions-1-value-label"] = "What are they called?"
    admin.post(url("edit", definition.pk), data)
    draft = FormDefinition.objects.get().get_latest_revision_as_object()
    question = draft.data["steps"][0]["questions"][1]
    assert (question["label"], question["key"]) == ("What are they called?", "their_name")


def test_a_key_grows_with_the_words_while_they_are_typed(admin, definition):
    form = json.loads(json.dumps(FORM))
    new = {"id": "11111111-1111-4111-8111-111111111111", "type": "text", "label": ""}
    form["steps"][0]["questions"].append(new)
    data = form_data(form, **{"steps-0-value-questions-1-value-key": ""})
    keys = []
    for typed in ("", "The", "Their na", "Their name", "Name of theirs"):
        data["steps-0-value-questions-1-value-label"] = typed
        admin.post(url("edit", definition.pk), data)
        draft = FormDefinition.objects.get().get_latest_revision_as_object()
        keys.append(draft.data["steps"][0]["questions"][1]["key"])
    assert keys == ["_new", "the", "their_na", "their_name", "their_name"]


def test_the_map_is_drawn_from_what_is_not_saved_yet(admin, definition):
    form = json.loads(json.dumps(FORM))
    form["steps"][1]["title"] = "A pupil & more"
    answer = admin.post(url("map", definition.pk), form_data(form)).json()
    assert answer["errors"] == 0
    assert "2. A pupil &amp; more" in answer["html"]
    assert "Shown when “Who is it for?” is “My child”." in answer["html"]
    assert FormDefinition.objects.get().data["steps"][1]["title"] == "Your child"


def test_the_map_counts_who_is_where_and_who_left(admin, definition):
    definition.save_revision().publish()
    version = FormVersion.objects.get()
    from datetime import timedelta

    from django.utils import timezone

    for number, answers in enumerate([{}, {"for_whom": "child"}, {"for_whom": "child"}]):
        Journey.objects.create(
            key=f"k{number}",
            version=version,
            answers=answers,
            owner_hash="x",
            expires_at=timezone.now() + timedelta(days=1),
        )
    html = admin.post(url("map", definition.pk), form_data(FORM)).json()["html"]
    assert "2 families are here now." in html
    assert "1 of 3 went no further (33%)." in html
    assert "child" not in html.replace("Your child", "").replace("My child", "")


def test_the_list_costs_the_same_for_one_form_and_for_many(admin, definition):
    one = fewest_queries(lambda: admin.get(url("list")))
    for number in range(5):
        FormDefinition.objects.create(slug=f"form-{number}", title=f"Form {number}").save_revision()
    assert "Form 4" in admin.get(url("list")).content.decode()

    assert fewest_queries(lambda: admin.get(url("list"))) <= one


def test_somebody_without_the_permission_can_neither_add_nor_see_the_map(client, definition):
    from django.contrib.auth.models import Permission

    user = User.objects.create_user("other", "other@example.org", "a-long-password-1")
    user.user_permissions.add(Permission.objects.get(codename="access_admin"))
    client.force_login(user)
    for address in (url("add"), url("edit", definition.pk), url("list")):
        assert client.get(address).status_code == 302
    assert client.post(url("map", definition.pk), form_data(FORM)).status_code in (302, 403)


@pytest.fixture
def booking():
    from forms.package import load

    return load("forms/packages/songwriter-booking.json", publish=True)


def test_a_form_with_a_review_process_shows_its_letters(admin, booking):
    from forms.letters_of import letters_of

    page = admin.get(url("edit", booking.pk)).content.decode()
    letters, _workflow = letters_of(booking.workflow_slug)
    assert letters
    assert [letter["key"] for letter in letters if letter["name"] not in page] == []
    assert "One child, nothing special" in page


def test_every_page_of_a_draft_can_be_previewed_and_writes_nothing(rf, booking):
    from forms.preview import page_of

    steps = {step["key"]: step for step in booking.data["steps"]}
    steps["eligibility"]["title"] = "Not saved yet"
    request = rf.get("/")
    pages = {
        mode: page_of(booking, request, mode).content.decode()
        for mode, _words in booking.preview_modes
    }
    assert len(pages) == 1 + len(booking.data["steps"])
    assert "Not saved yet" in pages["eligibility"]
    assert 'data-question="all_in_age"' in pages["eligibility"]
    assert not any('method="post"' in html for html in pages.values())
    assert not Journey.objects.exists()


def test_the_preview_of_a_step_that_is_no_longer_there_is_the_start_page(rf, booking):
    from forms.preview import page_of

    assert b"Book a Songwriter course" in page_of(booking, rf.get("/"), "gone").content


def test_the_path_of_a_sample_family_is_lit(admin, booking):
    data = form_data(
        booking.data, title=booking.title, slug=booking.slug, workflow_slug=booking.workflow_slug
    )
    name = booking.samples[0]["name"]
    html = admin.post(url("map", booking.pk), data | {"map-sample": name}).json()["html"]
    assert html.count("On the chosen path.") == len(booking.samples[0]["expect"]["steps"])
    assert html.count("is-lit") > 5


PRICED = FORM | {
    "pricing": {
        "per_place": 4500,
        "items": [{"key": "hire", "label": "Hire", "pence": 1250, "per": "form"}],
        "discounts": [
            {"key": "d", "kind": "early", "until": "2027-01-01", "percent": 5, "of": "all"},
            {
                "key": "r",
                "kind": "rule",
                "label": "For children",
                "pence": 500,
                "each": "form",
                "of": "all",
                "show_if": FORM["steps"][1]["show_if"],
            },
        ],
        "remission": {
            "label": "Help",
            "of": "all",
            "periods": [
                {
                    "from": "2026-09-01",
                    "until": "2027-08-31",
                    "bands": [{"percent": 100, "show_if": FORM["steps"][1]["show_if"]}],
                }
            ],
        },
    },
    "retention": {"completed": {"days": 90, "then": "delete"}, "answers": {"health": 7}},
}


def test_prices_and_how_long_answers_are_kept_are_edited_like_everything_else(admin, definition):
    posted_form = form_data(PRICED, **{"action-publish": "1"})
    assert admin.post(url("edit", definition.pk), posted_form).status_code == 302
    version = FormVersion.objects.get()
    wanted = compiled({"slug": "borrow", **PRICED})

    def plain(value):
        if isinstance(value, dict):
            return {k: plain(v) for k, v in value.items() if k not in ("id", "key")}
        return [plain(one) for one in value] if isinstance(value, list) else value

    assert plain(version.compiled["pricing"]) == plain(wanted["pricing"])
    assert version.compiled["retention"] == wanted["retention"]


def test_a_step_asked_as_often_as_something_that_is_no_number_is_refused_there(admin, definition):
    form = json.loads(json.dumps(FORM))
    form["steps"][1]["repeat"] = {"min": 1, "max": 3, "item_name": "x", "count_from": "for_whom"}
    response = admin.post(url("edit", definition.pk), form_data(form, **{"action-publish": "1"}))
    error = response.context["form"].errors.as_data()["steps"][0].as_json_data()
    [said] = error["blockErrors"][1]["blockErrors"]["count_from"]["messages"]
    assert "but that is no number" in said
    form["steps"][1]["repeat"]["count_from"] = "size"
    later = admin.post(url("edit", definition.pk), form_data(form, **{"action-publish": "1"}))
    assert "which is asked later" in messages_in(later)
