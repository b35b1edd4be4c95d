"""The markup of letters: what it makes, what it refuses, and what can never get through it."""

import pytest

from cms import mailmarkup

BODY = """Dear {{ name }},

Your place is kept. [See your booking]({{ link }}) or [our terms](/terms/).
Bring:
- a pencil
- {{ extra }}

{{ comment }}

Bye
"""
VALUES = {"name": "Sam & Co", "link": "/family/", "extra": "a guitar", "comment": ""}


def test_paragraphs_lists_and_links_come_from_one_source(settings):
    settings.SITE_URL = "https://hub.example.org"

    assert mailmarkup.as_text(BODY, VALUES) == (
        "Dear Sam & Co,\n\n"
        "Your place is kept. See your booking ( https://hub.example.org/family/ ) "
        "or our terms ( https://hub.example.org/terms/ ).\nBring:\n\n"
        "- a pencil\n- a guitar\n\nBye\n"
    )
    assert mailmarkup.as_html(BODY, VALUES) == (
        "<p>Dear Sam &amp; Co,</p>\n"
        '<p>Your place is kept. <a href="https://hub.example.org/family/">See your booking</a> '
        'or <a href="https://hub.example.org/terms/">our terms</a>.<br>Bring:</p>\n'
        "<ul><li>a pencil</li><li>a guitar</li></ul>\n<p>Bye</p>"
    )


def test_what_a_family_typed_cannot_become_markup():
    typed = "<script>x</script> [win](https://evil.example) {{ link }}"
    html = mailmarkup.as_html("Hello {{ name }}", {"name": typed, "link": "/secret/"})

    assert html == (
        "<p>Hello &lt;script&gt;x&lt;/script&gt; [win](https://evil.example) {{ link }}</p>"
    )


def test_a_value_that_was_not_given_is_an_error_and_not_a_blank():
    with pytest.raises(mailmarkup.MailMarkupError, match="needs a value for “extra”"):
        mailmarkup.as_text(BODY, {key: VALUES[key] for key in ("name", "link", "comment")})
    with pytest.raises(mailmarkup.MailMarkupError, match="needs a value for “name”"):
        mailmarkup.subject("Hello {{ name }}", {"name": None})


@pytest.mark.parametrize("link", ["https://evil.example/", "//evil.example/", "javascript:x", "x"])
def test_a_link_that_a_value_gives_stays_on_this_site(link):
    with pytest.raises(mailmarkup.MailMarkupError, match="path of this site"):
        mailmarkup.as_html("[go]({{ link }})", {"link": link})


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("Hello {{ nmae }}", "There is no placeholder called “nmae” here. You may use: name."),
        ("Hello {{ name|upper }}", "A placeholder is a name in double braces"),
        ("Hello {% if x %}", "A placeholder is a name in double braces"),
        ("Hello {{ name.password }}", "A placeholder is a name in double braces"),
        ("[go](javascript:alert)", "“javascript:alert” is not an address to link to"),
        ("[go](//evil.example)", "“//evil.example” is not an address to link to"),
    ],
)
def test_what_cannot_be_sent_is_named(text, wrong):
    found = mailmarkup.problems(text, {"name"})

    assert len(found) == 1
    assert found[0].startswith(wrong)


def test_a_good_letter_has_no_problems():
    assert mailmarkup.problems(BODY, {"name", "link", "extra", "comment"}) == []
    assert mailmarkup.problems("Two\nlines", set(), is_subject=True) == [
        "The subject must be one line."
    ]


def test_a_subject_is_one_line_whatever_the_value_holds():
    subject = mailmarkup.subject("For {{ name }}", {"name": "Sam\r\nBcc: all@example.org"})

    assert subject == "For Sam Bcc: all@example.org"
