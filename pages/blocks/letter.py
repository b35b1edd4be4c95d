"""The blocks of a newsletter issue: those that read well both on a page and in a mail program.

The same classes as on any page. How each looks in a letter is in templates/mail/blocks/.
"""

from django.utils.translation import gettext_lazy as _
from wagtail import blocks

from .feeds import EventFeedBlock, NewsFeedBlock
from .links import CallToActionBlock, CardsBlock, LinksBlock
from .media import PictureBlock
from .text import CalloutBlock, HeadingBlock, ParagraphBlock, QuoteBlock


class LetterBlock(blocks.StreamBlock):
    """The body of an issue. What it shows of the site is as it was when it was sent."""

    heading = HeadingBlock()
    paragraph = ParagraphBlock()
    quote = QuoteBlock()
    callout = CalloutBlock()
    picture = PictureBlock()
    links = LinksBlock()
    cards = CardsBlock()
    call_to_action = CallToActionBlock(label=_("Call to action"))
    news_feed = NewsFeedBlock(label=_("News"))
    event_feed = EventFeedBlock(label=_("Events"))

    class Meta:
        max_num = 30
        block_counts = {
            "picture": {"max_num": 8},
            "news_feed": {"max_num": 1},
            "event_feed": {"max_num": 1},
        }
