"""Editing what is written once: figures, contacts, questions, logos, themes, search words."""

from django.utils.translation import gettext_lazy as _
from wagtail.admin.panels import FieldPanel, FieldRowPanel, TitleFieldPanel
from wagtail.snippets.views.snippets import SnippetViewSet, SnippetViewSetGroup

from .models import (
    ContactCard,
    FeedbackAnswer,
    KeyFigure,
    Logo,
    Milestone,
    NewsCategory,
    Notice,
    Question,
    SearchWord,
    Theme,
)


class OnceViewSet(SnippetViewSet):
    """What all of them share: fifty rows to a page, searched in the database."""

    list_per_page = 50
    search_backend_name = None


class KeyFigureViewSet(OnceViewSet):
    model = KeyFigure
    icon = "order"
    list_display = ["label", "value", "as_at", "owner", "review_on"]
    list_filter = ["owner"]
    search_fields = ["label", "source"]
    ordering = ["review_on"]


class ContactCardViewSet(OnceViewSet):
    model = ContactCard
    icon = "user"
    list_display = ["title", "role", "phone", "email"]
    search_fields = ["title", "role"]


class QuestionViewSet(OnceViewSet):
    model = Question
    icon = "help"
    list_display = ["question"]
    search_fields = ["question", "answer"]
    panels = [FieldPanel("question"), FieldPanel("answer")]


class LogoViewSet(OnceViewSet):
    model = Logo
    icon = "pick"
    list_display = ["name", "valid_to"]
    search_fields = ["name"]


class NewsCategoryViewSet(OnceViewSet):
    model = NewsCategory
    icon = "tag"
    list_display = ["name"]
    panels = [TitleFieldPanel("name", targets=["slug"]), FieldPanel("slug")]


class ThemeViewSet(OnceViewSet):
    model = Theme
    icon = "tag"
    list_display = ["title", "order"]
    panels = [
        TitleFieldPanel("title", targets=["slug"]),
        FieldRowPanel(["slug", "order"]),
        FieldPanel("promise"),
    ]


class MilestoneViewSet(OnceViewSet):
    model = Milestone
    icon = "pick"
    list_display = ["award", "number", "reached_on"]


class FeedbackAnswerViewSet(OnceViewSet):
    model = FeedbackAnswer
    icon = "comment"
    list_display = ["said", "did", "published_on"]
    search_fields = ["said", "did"]


class SearchWordViewSet(OnceViewSet):
    model = SearchWord
    icon = "search"
    list_display = ["phrase", "stands_for"]
    search_fields = ["phrase", "stands_for"]


class NoticeViewSet(OnceViewSet):
    model = Notice
    icon = "warning"
    list_display = ["title", "level", "audience", "starts_at", "ends_at", "below"]
    list_filter = ["level", "audience"]
    search_fields = ["title", "text"]


class OnceGroup(SnippetViewSetGroup):
    items = [
        NoticeViewSet,
        KeyFigureViewSet,
        ContactCardViewSet,
        QuestionViewSet,
        LogoViewSet,
        NewsCategoryViewSet,
        ThemeViewSet,
        MilestoneViewSet,
        FeedbackAnswerViewSet,
        SearchWordViewSet,
    ]
    menu_label = _("Written once")
    menu_name = "written-once"
    menu_icon = "copy"
    menu_order = 160
