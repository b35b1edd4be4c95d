"""The blocks editors compose pages from. One list for every page, so that each works everywhere."""

from django.utils.translation import gettext_lazy as _
from wagtail import blocks

from .facts import (
    ContactCardsBlock,
    CountersBlock,
    FundingBlock,
    KeyFiguresBlock,
    LogosBlock,
    PeopleBlock,
    QuestionsBlock,
    TermDatesBlock,
    TimelineBlock,
    TitledTextBlock,
)
from .feeds import CentreMapBlock, CourseFeedBlock, EventFeedBlock, NewsFeedBlock
from .links import CallToActionBlock, CardsBlock, LinksBlock, NewsletterBlock, StartButtonBlock
from .media import DocumentsBlock, PictureAndTextBlock, PictureBlock, VideoBlock
from .text import (
    AccordionBlock,
    CalloutBlock,
    DetailsBlock,
    HeadingBlock,
    ParagraphBlock,
    QuoteBlock,
    StepsBlock,
    TableBlock,
)

__all__ = ["BodyBlock", "TitledTextBlock"]


class BodyBlock(blocks.StreamBlock):
    """The body of a page."""

    heading = HeadingBlock()
    paragraph = ParagraphBlock()
    quote = QuoteBlock()
    callout = CalloutBlock()
    details = DetailsBlock()
    accordion = AccordionBlock()
    steps = StepsBlock()
    table = TableBlock()
    picture = PictureBlock()
    picture_and_text = PictureAndTextBlock()
    documents = DocumentsBlock()
    video = VideoBlock()
    key_figures = KeyFiguresBlock()
    counters = CountersBlock()
    funding = FundingBlock()
    timeline = TimelineBlock()
    term_dates = TermDatesBlock()
    contact_cards = ContactCardsBlock(label=_("Contact cards"))
    people = PeopleBlock()
    questions = QuestionsBlock()
    logos = LogosBlock()
    links = LinksBlock()
    cards = CardsBlock()
    call_to_action = CallToActionBlock(label=_("Call to action"))
    start_button = StartButtonBlock(label=_("Start button"))
    newsletter = NewsletterBlock(label=_("Newsletter"))
    news_feed = NewsFeedBlock(label=_("News"))
    event_feed = EventFeedBlock(label=_("Events"))
    course_feed = CourseFeedBlock(label=_("Courses"))
    centre_map = CentreMapBlock(label=_("Map of centres"))

    class Meta:
        max_num = 60
        block_counts = {
            "counters": {"max_num": 2},
            "newsletter": {"max_num": 1},
            "centre_map": {"max_num": 1},
            "news_feed": {"max_num": 2},
            "event_feed": {"max_num": 2},
            "course_feed": {"max_num": 2},
        }
