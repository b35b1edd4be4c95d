"""Every page type and snippet of the public site: `from pages.models import NewsPage`."""

from .az import AZPage
from .base import BodyPage, HubPage, RecordPage
from .counts import DailyCount
from .events import EventChange, EventIndexPage, EventPage
from .feedback import FeedbackAnswer, FeedbackPage
from .finder import FinderPage
from .general import (
    AccessibilityStatementPage,
    AudiencePage,
    ContactPage,
    HomePage,
    PolicyPage,
    StandardPage,
)
from .governance import GovernancePage
from .impact import ImpactPage
from .learning import (
    CentreIndexPage,
    CentrePage,
    CourseIndexPage,
    CoursePage,
    EnsembleIndexPage,
    EnsemblePage,
)
from .links import LinkCheck
from .milestones import Milestone
from .news import BlogIndexPage, BlogPostPage, NewsIndexPage, NewsPage, PersonPage
from .newsletter import (
    NewsletterIndexPage,
    NewsletterIssuePage,
    NewsletterSending,
    Subscriber,
)
from .notices import Notice
from .partners import PartnerIndexPage
from .schools import ToolkitDownload, ToolkitPage
from .snippets import ContactCard, KeyFigure, Logo, NewsCategory, Question, SearchWord, Theme
from .starters import StarterFolderPage
from .strategy import HubExplainerPage, StrategyPage
from .vacancies import VacancyIndexPage, VacancyPage

__all__ = [
    "AZPage",
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
    "DailyCount",
    "EnsembleIndexPage",
    "EnsemblePage",
    "EventChange",
    "EventIndexPage",
    "EventPage",
    "FeedbackAnswer",
    "FeedbackPage",
    "FinderPage",
    "GovernancePage",
    "HomePage",
    "HubExplainerPage",
    "HubPage",
    "ImpactPage",
    "KeyFigure",
    "LinkCheck",
    "Logo",
    "Milestone",
    "NewsCategory",
    "NewsIndexPage",
    "NewsPage",
    "NewsletterIndexPage",
    "NewsletterIssuePage",
    "NewsletterSending",
    "Notice",
    "PartnerIndexPage",
    "PersonPage",
    "PolicyPage",
    "Question",
    "RecordPage",
    "SearchWord",
    "StandardPage",
    "StarterFolderPage",
    "StrategyPage",
    "Subscriber",
    "Theme",
    "ToolkitDownload",
    "ToolkitPage",
    "VacancyIndexPage",
    "VacancyPage",
]
