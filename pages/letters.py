"""An issue of the newsletter as a letter: HTML for mail programs, and the same as plain text.

Written once for all who get it. What differs is the address of their own page, which stands in it
as OWN_PAGE until `addressed` puts it in.
"""

import re

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.safestring import SafeString
from wagtail.blocks import StreamValue
from wagtail.models import Site

from cms.mail import Letter
from cms.mailmarkup import site_link
from cms.models import HubSettings
from pages import plaintext
from pages.models import NewsletterIssuePage, Subscriber

OWN_PAGE = "/letters/00000000-your-own-page/"
OUR_PATH = re.compile(r'\b(href|src)="(/(?!/)[^"]*)"')


def compose(issue: NewsletterIssuePage) -> Letter:
    """The letter of an issue as it stands in `issue`, saved or not. Addresses are whole."""
    site = Site.objects.filter(is_default_site=True).first()
    with translation.override(issue.locale.language_code if issue.locale_id else None):
        html = render_to_string(
            "mail/newsletter.html",
            {
                "issue": issue,
                "address": site_link(issue.url) if issue.url and issue.url[0] == "/" else issue.url,
                "blocks": [in_letter(child) for child in issue.body],
                "hub": HubSettings.for_site(site) if site else HubSettings(),
                "own_page": OWN_PAGE,
                "site_url": settings.SITE_URL,
            },
        )
    html = OUR_PATH.sub(lambda found: f'{found[1]}="{settings.SITE_URL}{found[2]}"', html)
    return Letter(" ".join(issue.title.split())[:200], plaintext.from_html(html), html)


def in_letter(child: StreamValue.StreamChild) -> SafeString:
    """One block, drawn for a mail program."""
    context = child.block.get_context(child.value, parent_context={})
    return render_to_string(f"mail/blocks/{child.block_type}.html", context)


def own_page(subscriber: Subscriber) -> str:
    """The path of a subscriber's page, where they confirm, change and leave."""
    return f"/letters/{subscriber.secret}/"


def addressed(letter: Letter, subscriber: Subscriber) -> Letter:
    """The letter with the address of this subscriber's own page."""
    path = own_page(subscriber)
    return Letter(
        letter.subject, letter.text.replace(OWN_PAGE, path), letter.html.replace(OWN_PAGE, path)
    )


def shown(letter: Letter) -> Letter:
    """The letter for those who only look at it: the link to leave goes to the sign-up page."""
    return Letter(
        letter.subject,
        letter.text.replace(OWN_PAGE, "/letters/join/"),
        letter.html.replace(OWN_PAGE, "/letters/join/"),
    )


def headers_for(subscriber: Subscriber) -> dict[str, str]:
    """How to leave with one press of a button of the mail program (RFC 2369 and RFC 8058)."""
    return {
        "List-Unsubscribe": f"<{site_link(f'{own_page(subscriber)}leave/')}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        "Precedence": "bulk",
    }
