"""A form's words in another language, edited beside the words that they stand for."""

import pytest
from django.conf import settings
from wagtail.test.utils.form_data import rich_text

from cms.models import User
from forms.changes import changes
from forms.compile import compiled
from forms.models import FormDefinition
from forms.translating import in_language
from tests.test_forms_builder_editor import FORM, url

pytestmark = pytest.mark.django_db
OTHER = next(code for code, _name in settings.LANGUAGES if code != settings.LANGUAGE_CODE)


@pytest.fixture
def admin(client):
    client.force_login(
        User.objects.create_superuser("editor", "editor@example.org", "a-long-password-1")
    )
    return client


@pytest.fixture
def definition():
    data = compiled({"slug": "borrow", **FORM, "intro": "<p>Hello.</p>"})
    made = FormDefinition.objects.create(slug="borrow", title="Borrow", data=data, live=False)
    made.save_revision()
    return made


def test_words_are_kept_with_the_draft_and_spoken(admin, definition):
    page = f"{url('language', definition.pk)}?to={OTHER}"
    shown = admin.get(page)
    assert shown.status_code == 200
    names = list(shown.context["form"].fields)
    assert names[:5] == [
        "title",
        "intro",
        "steps|who|title",
        "questions|for_whom|label",
        "questions|for_whom|options|child|label",
    ]
    given = {"title": "Benthyg", "intro": rich_text("<p>Helo.</p>")}
    given |= {"questions|for_whom|options|child|label": "Fy mhlentyn", "steps|who|title": " "}
    assert admin.post(page, given).status_code == 302
    draft = FormDefinition.objects.get().get_latest_revision_as_object()
    assert draft.data["translations"] == {
        OTHER: {
            "title": "Benthyg",
            "intro": "<p>Helo.</p>",
            "questions": {"for_whom": {"options": {"child": {"label": "Fy mhlentyn"}}}},
        }
    }
    form = compiled(draft.data)
    spoken = in_language(form, OTHER)
    assert spoken["steps"][0]["questions"][0]["options"][0]["label"] == "Fy mhlentyn"
    found = changes(compiled(definition.data), form)
    assert [(one.what, one.note) for one in found] == [
        (f"Words in “{OTHER}”", "They were changed.")
    ]


def test_words_that_are_all_taken_away_are_no_translation(admin, definition):
    page = f"{url('language', definition.pk)}?to={OTHER}"
    admin.post(page, {"title": "Benthyg"})
    admin.post(page, {"title": ""})
    draft = FormDefinition.objects.get().get_latest_revision_as_object()
    assert draft.data["translations"] == {}


def test_a_language_that_the_hub_does_not_speak_is_not_there(admin, definition):
    assert admin.get(f"{url('language', definition.pk)}?to=xx").status_code == 404
