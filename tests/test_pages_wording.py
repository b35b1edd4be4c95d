"""What editors are told before they publish: one rule, one mistake that was really made."""

import inspect
import io
import re
from datetime import date

import pytest
from django.core.files.base import ContentFile
from django.core.files.images import ImageFile
from PIL import Image
from wagtail.models import Page
from wagtail.rich_text import RichText
from wagtail.test.utils.form_data import inline_formset, nested_form_data, rich_text, streamfield

from cms.models import HubDocument, HubImage
from pages import guard, wording
from pages.checks_panel import KINDS
from pages.models import EventPage, NewsPage, StandardPage
from pages.wording import findings

# A page that is not saved still asks which site it would stand in.
pytestmark = pytest.mark.django_db
TODAY = date(2026, 11, 21)


def told(*body, **fields) -> list[str]:
    page = StandardPage(title="Page", **fields)
    page.body = StandardPage.body.field.stream_block.to_python(
        [{"type": kind, "value": value} for kind, value in body]
    )
    return [str(finding) for finding in findings(page, TODAY)]


@pytest.mark.parametrize(
    "text", ["here", "HERE", "clicking here", "click here", "Read more", "Please click here."]
)
def test_a_link_that_does_not_say_where_it_goes(text):
    body = ("paragraph", f'<p>It is <a href="/news/">{text}</a>.</p>')

    assert told(body) == [
        f"The link “{text.rstrip('.')}” does not say where it goes. Name the page or document."
    ]


def test_a_link_that_says_so_is_fine():
    assert told(("paragraph", '<p>See <a href="/news/">the news from here</a>.</p>')) == []


@pytest.mark.parametrize(
    ("text", "finding"),
    [
        ("All staff are CRB checked.", "“CRB” is no longer used. Write DBS."),
        ("To ask for a visit please email: ", "It asks for an e-mail and gives no address."),
        ("To ask please email us at:", "It asks for an e-mail and gives no address."),
        ("Reply by Friday, 3rd May 2019.", "“by Friday, 3rd May 2019” is over."),
        ("Book before 03/05/2019.", "“before 03/05/2019” is over."),
        ("Please register by 5 June 2014.", "“by 5 June 2014” is over."),
        ("Closing date: 5 June 2014.", "“Closing date: 5 June 2014” is over."),
        ("Ask about Wider Opps.", "“wider opps” is no longer used. Write First Access."),
    ],
)
def test_words_that_mislead(text, finding):
    assert told(("paragraph", f"<p>{text}</p>")) == [finding]


@pytest.mark.parametrize(
    "text",
    [
        "All staff are DBS checked.",
        "Please email: schools@example.org.",
        "Please register by 5 June 2027.",
        "Since 31 February 2014 nothing happened.",
        "We opened on 5 June 2014, with wider opportunities for all.",
        "[They] were “wonderful [and loud]”.",
    ],
)
def test_words_that_do_not(text):
    assert told(("paragraph", f"<p>{text}</p>")) == []


def test_a_part_without_its_section():
    finding = "The heading “Costs” is part of a section that is not there."

    assert told(("heading", {"text": "Costs", "level": "h3"})) == [finding]
    assert told(("heading", {"text": "Costs", "level": "h2"})) == []


def test_a_sentence_nobody_can_follow():
    (finding,) = told(("paragraph", f"<p>{'word ' * 41}end.</p>"))

    assert finding == "A sentence of 42 words begins “word word word word word word…”. Make it two."


def test_a_page_past_its_day():
    assert told(review_on=date(2026, 11, 1)) == ["This page was to be checked by 01 November 2026."]
    assert told(review_on=date(2026, 12, 1)) == []


@pytest.mark.django_db
def test_a_pdf_that_is_the_only_way_to_read_it():
    document = HubDocument.objects.create(title="Plan", file=ContentFile(b"%PDF", "plan.pdf"))
    body = ("documents", {"heading": "", "entries": [{"document": document.pk}]})

    assert told(body) == ["“Plan” is a PDF with no web page that says the same."]
    HubDocument.objects.update(accessible_alternative="https://example.org/plan/")
    assert told(body) == []


@pytest.mark.django_db
def test_the_editor_sees_it_after_saving(client, admin_user):
    home = Page.objects.get(depth=2)
    page = home.add_child(instance=StandardPage(title="Checks", slug="checks"))
    client.force_login(admin_user)
    data = {
        "title": "Checks",
        "slug": "checks",
        "summary": "All staff are CRB checked.",
        "body-count": "0",
        "comments-TOTAL_FORMS": "0",
        "comments-INITIAL_FORMS": "0",
        "action-publish": "1",
    }

    response = client.post(f"/admin/pages/{page.pk}/edit/", data, follow=True)

    assert "“CRB” is no longer used. Write DBS." in response.content.decode()


# --- What keeps a page from being published -------------------------------------------------------


@pytest.fixture
def page():
    return Page.objects.get(depth=2).add_child(
        instance=StandardPage(title="Checks", slug="checks", live=False)
    )


def send(client, page, body, action="action-publish", **fields):
    """What the editor's browser posts for these blocks; the response."""
    form = {"title": "Checks", "slug": "checks", "summary": "", "body": streamfield(body)}
    form |= {"comments": inline_formset([])} | fields
    return client.post(
        f"/admin/pages/{page.pk}/edit/", nested_form_data(form) | {action: "1"}, follow=True
    )


def rich(html):
    return rich_text(html, features=["bold", "link", "ul"])


LINK_HERE = '<p>Book <a href="https://example.org/">click here</a></p>'


def errors_of(response):
    return response.context["form"].errors.as_data()


def test_a_blocking_finding_keeps_a_page_from_being_published_and_says_so_on_its_block(
    client, admin_user, page
):
    client.force_login(admin_user)
    body = [("paragraph", rich("<p>Fine.</p>")), ("paragraph", rich(LINK_HERE))]

    response = send(client, page, body)

    page.refresh_from_db()
    assert page.live is False
    (error,) = errors_of(response)["body"]
    assert {at: inner.messages for at, inner in error.block_errors.items()} == {
        1: ["The link “click here” does not say where it goes. Name the page or document."]
    }


def test_a_draft_may_say_anything(client, admin_user, page):
    client.force_login(admin_user)

    send(client, page, [("paragraph", rich(LINK_HERE))], action="action-save")

    page.refresh_from_db()
    assert page.live is False
    assert "click here" in page.get_latest_revision().content["body"]


def test_a_draft_of_a_live_page_may_say_anything_and_cannot_be_handed_in(client, admin_user, page):
    page.save_revision().publish()
    client.force_login(admin_user)

    saved = send(client, page, [("paragraph", rich(LINK_HERE))], action="action-save")
    handed_in = send(client, page, [("paragraph", rich(LINK_HERE))], action="action-submit")

    page.refresh_from_db()
    assert saved.context["form"].errors == {}
    assert "click here" in page.get_latest_revision().content["body"]
    assert "body" in errors_of(handed_in)


def test_the_guard_is_what_refuses(client, admin_user, page, monkeypatch):
    monkeypatch.setattr(guard, "findings", lambda page, today: [])
    client.force_login(admin_user)

    send(client, page, [("paragraph", rich(LINK_HERE))])

    page.refresh_from_db()
    assert page.live is True


def test_what_is_only_said_does_not_hold_a_page_back(client, admin_user, page):
    client.force_login(admin_user)

    response = send(client, page, [("paragraph", rich("<p>All staff are CRB checked.</p>"))])

    page.refresh_from_db()
    assert page.live is True
    assert "“CRB” is no longer used. Write DBS." in response.content.decode()


def placed(*body, **fields):
    page = StandardPage(title="Page", **fields)
    page.body = StandardPage.body.field.stream_block.to_python(
        [{"type": kind, "value": value} for kind, value in body]
    )
    return [(f.kind, f.place, f.blocks) for f in findings(page, TODAY)]


def test_each_finding_knows_its_place_however_deep():
    call = {"heading": "Sing", "text": "<p>Register by 3 May 2019.</p>", "link": {}}
    folded = {"parts": [{"summary": "A", "text": ""}, {"summary": "B", "text": LINK_HERE}]}

    assert placed(("call_to_action", call), ("accordion", folded)) == [
        ("vague-link", ("body", 1, "parts", 1, "text"), True),
        ("past-day", ("body", 0, "text"), True),
    ]


def test_any_day_that_is_over_in_a_call_to_action_keeps_it_back():
    call = {"heading": "Join us on 3 May 2019", "text": "", "link": {}}

    assert placed(("call_to_action", call)) == [("past-day", ("body", 0, "heading"), True)]
    assert placed(("heading", {"text": "The concert of 3 May 2019", "level": "h2"})) == []


def test_what_a_ready_made_page_asks_for_must_be_written_before_it_is_out():
    left = "<p>Well begun.</p><p>[Who did what, when and where. Then why.]</p>"
    quote = {"text": "[What somebody said.]", "cite": "A centre leader"}

    assert placed(("paragraph", left), ("quote", quote), summary="[What is new.]") == [
        ("placeholder", ("summary",), True),
        ("placeholder", ("body", 0), True),
        ("placeholder", ("body", 1, "text"), True),
    ]
    event = EventPage(title="[What it is called]", venue="[Hall, street]", access="Level.")
    told = [(f.kind, f.place, f.blocks) for f in findings(event, TODAY)]
    assert told == [("placeholder", ("title",), True), ("placeholder", ("venue",), True)]


def test_an_error_deep_inside_is_put_there(page):
    folded = {"parts": [{"summary": "A", "text": ""}, {"summary": "B", "text": LINK_HERE}]}
    page.body = StandardPage.body.field.stream_block.to_python(
        [{"type": "accordion", "value": folded}]
    )
    tree = {0: {"parts": {1: {"text": {"": ["Mend it."]}}}}}

    error = guard.error_in_place(StandardPage.body.field.stream_block, page.body, tree)

    assert error.as_json_data() == {
        "blockErrors": {
            0: {
                "blockErrors": {
                    "parts": {
                        "blockErrors": {1: {"blockErrors": {"text": {"messages": ["Mend it."]}}}}
                    }
                }
            }
        }
    }


def test_a_day_that_is_over_blocks_where_it_asks_for_something_and_not_in_an_old_story():
    asks, tells = "Please register by 3 May 2019.", "The bridge was closed until 3 May 2019."

    assert placed(summary=asks) == [("past-day", ("summary",), True)]
    assert placed(summary=tells) == [("past-day", ("summary",), False)]
    story = NewsPage(title="Old", summary=asks, published_on=date(2019, 4, 1))
    assert [f.blocks for f in findings(story, TODAY)] == [False]


def test_a_section_that_a_block_names_is_a_section():
    cards = ("cards", {"heading": "Where to start", "cards": []})

    assert placed(cards, ("heading", {"text": "Costs", "level": "h3"})) == []


@pytest.fixture
def picture(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    file = io.BytesIO()
    Image.new("RGB", (40, 20)).save(file, "PNG")
    return HubImage.objects.create(
        title="Choir", file=ImageFile(file, "choir.png"), shows_children=True
    )


def test_a_picture_of_children_without_a_permission_cannot_be_published(
    client, admin_user, page, picture
):
    client.force_login(admin_user)
    shown = {"image": picture.pk, "alt_text": "MEH_Logo_Black_JPEG", "decorative": ""}
    body = [("picture", {"picture": shown, "caption": "", "size": "text"})]

    refused = send(client, page, body, social_image=picture.pk)
    HubImage.objects.update(consent_reference="Folder 12")
    shown["alt_text"] = "Twenty singers on a stage"
    send(client, page, body, social_image=picture.pk)

    page.refresh_from_db()
    errors = errors_of(refused)
    assert page.live is True
    assert "shows children, and no permission is named" in errors["social_image"][0].messages[0]
    inner = errors["body"][0].block_errors[0].block_errors["picture"].block_errors
    assert {key: error.messages[0][:25] for key, error in inner.items()} == {
        "image": "“Choir” shows children, a",
        "alt_text": "“MEH_Logo_Black_JPEG” is ",
    }


# --- Pasting --------------------------------------------------------------------------------------

WORD = (
    '<p class="MsoNormal" style="mso-margin:0"><o:p></o:p><span style="font-family:Calibri">Come '
    "<b>along</b></span><script>alert(1)</script></p><style>p{color:red}</style>"
    '<h1 onclick="alert(2)">Loud</h1><p><a href="javascript:alert(3)" onclick="x()">song</a></p>'
    '<p><img src="x" onerror="alert(4)"><iframe src="https://example.org"></iframe></p>'
)


def test_what_is_pasted_from_word_or_with_a_script_comes_out_clean():
    block = StandardPage.body.field.stream_block.child_blocks["paragraph"]

    stored = block.clean(RichText(WORD))

    assert stored.source == "<p>Come <b>along</b></p>Loud<p><a>song</a></p><p></p>"
    assert block.clean(stored).source == stored.source


def test_what_the_editor_writes_is_not_changed():
    block = StandardPage.body.field.stream_block.child_blocks["paragraph"]
    html = (
        '<p data-block-key="a1">See <a id="3" linktype="page">the <b>page</b></a> or '
        '<a href="mailto:x@example.org">write</a>.<br/>Now &amp; then.</p><ul><li>One</li></ul>'
    )

    assert block.clean(RichText(html)).source == html


def test_text_that_looks_like_markup_stays_text():
    block = StandardPage.body.field.stream_block.child_blocks["paragraph"]
    typed = rich("<p>x</p>").replace('"text": "x"', '"text": "<script>alert(1)</script>"')

    value = block.clean(block.value_from_datadict({"p": typed}, {}, "p"))

    assert "<script" not in value.source
    assert "&lt;script&gt;" in value.source


# --- Where editors see it before they publish -----------------------------------------------------


def test_the_preview_begins_with_what_to_mend_and_the_page_does_not(client, admin_user, page):
    client.force_login(admin_user)
    form = {"title": "Checks", "slug": "checks", "summary": "It is CRB."}
    form |= {"body": streamfield([("paragraph", rich(LINK_HERE))]), "comments": inline_formset([])}
    address = f"/admin/pages/{page.pk}/edit/preview/"

    client.post(address, nested_form_data(form))
    preview = client.get(f"{address}?mode=&in_preview_panel=true").content.decode()

    assert re.findall(r"<li data-finding=\"([a-z-]+)\"", preview) == ["vague-link", "retired"]
    page.summary = "It is CRB."
    page.save_revision().publish()
    assert "<li data-finding" not in client.get("/checks/").content.decode()


def test_every_kind_of_finding_is_a_check_of_the_panel(client, admin_user, page):
    client.force_login(admin_user)

    html = client.get(f"/admin/pages/{page.pk}/edit/").content.decode()

    assert all(f'"hub-{kind}"' in html for kind in KINDS)
    source = inspect.getsource(wording)
    assert set(re.findall(r'Finding\(\s*"([a-z-]+)"', source)) == set(KINDS) - {"no-such-day"}
