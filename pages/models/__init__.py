"""Every page type and snippet of the public site: `from pages.models import NewsPage`."""

from .base import BodyPage, HubPage, RecordPage
from .events import EventIndexPage, EventPage
from .general import (
    AccessibilityStatementPage,
    AudiencePage,
    ContactPage,
    HomePage,
    PolicyPage,
    StandardPage,
)
from .learning import (
    CentreIndexPage,
    CentrePage,
    CourseIndexPage,
    CoursePage,
    EnsembleIndexPage,
    EnsemblePage,
)
from .news import BlogIndexPage, BlogPostPage, NewsIndexPage, NewsPage, PersonPage
from .notices import Notice
from .partners import PartnerIndexPage
from .schools import ToolkitDownload, ToolkitPage
from .snippets import ContactCard, KeyFigure, Logo, NewsCategory, Question, SearchWord, Theme
from .strategy import HubExplainerPage, StrategyPage

__all__ = [
    "AccessibilityStatementPage",
    "AudiencePage",
    "BlogIndexPage",
    "BlogPostPage",
    "BodyPage",
    "CentreIndexPage",
    "CentrePage",
    "ContactCard",
    "ContactPage",
    "CourseIndexPage",
    "CoursePage",
    "EnsembleIndexPage",
    "EnsemblePage",
    "EventIndexPage",
    "EventPage",
    "HomePage",
    "HubExplainerPage",
    "HubPage",
    "KeyFigure",
    "Logo",
    "NewsCategory",
    "NewsIndexPage",
    "NewsPage",
    "Notice",
    "PartnerIndexPage",
    "PersonPage",
    "PolicyPage",
    "Question",
    "RecordPage",
    "SearchWord",
    "StandardPage",
    "StrategyPage",
    "Theme",
    "ToolkitDownload",
    "ToolkitPage",
]
