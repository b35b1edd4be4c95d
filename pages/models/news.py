"""News, the blog and the people who write it. Lists are by year, month and category, in pages."""

from datetime import MAXYEAR, MINYEAR

from django.core.paginator import Paginator
from django.db import models
from django.http import Http404
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from modelcluster.fields import ParentalManyToManyField
from wagtail.admin.panels import FieldPanel, FieldRowPanel, MultiFieldPanel
from wagtail.contrib.routable_page.models import RoutablePageMixin, path
from wagtail.search import index

from cms.keptpages import not_as_asked
from pages import listings, structured

from .base import BodyPage, HubPage
from .snippets import NewsCategory

PER_PAGE = 12


class DatedIndexPage(RoutablePageMixin, BodyPage):
    """A list of dated children, with an archive by year. `child_model` says of what."""

    query_parameters = ("page",)

    class Meta:
        abstract = True

    def stories(self) -> models.QuerySet:
        return self.child_model().objects.child_of(self).live().order_by("-published_on", "-pk")

    @path("")
    def everything(self, request):  # noqa: ANN001, ANN201
        return self._list(request, self.stories())

    @path("<int:year>/")
    def by_year(self, request, year: int):  # noqa: ANN001, ANN201
        if not MINYEAR <= year <= MAXYEAR:
            raise Http404
        return self._list(request, self.stories().filter(published_on__year=year), heading=year)

    def _list(self, request, stories, **context):  # noqa: ANN001
        if context and not stories.exists():
            raise Http404
        page_of = Paginator(stories.select_related("social_image"), PER_PAGE).get_page(
            request.GET.get("page")
        )
        if request.GET.get("page", str(page_of.number)) != str(page_of.number):
            not_as_asked(request)
        listings.with_pictures(page_of)
        query = f"?page={page_of.number}" if page_of.number > 1 else ""
        years = [day.year for day in self.stories().dates("published_on", "year", order="DESC")]
        return self.render(
            request,
            context_overrides={
                "stories": page_of,
                "years": years,
                "canonical": self.address_below(request, query),
                **context,
            },
        )


class NewsIndexPage(DatedIndexPage):
    subpage_types = ["pages.NewsPage"]
    max_count_per_parent = 1

    page_description = _("All news, by year and kind.")

    class Meta:
        verbose_name = _("news")

    @staticmethod
    def child_model() -> type["NewsPage"]:
        return NewsPage

    @path("category/<slug:slug>/")
    def by_category(self, request, slug: str):  # noqa: ANN001, ANN201
        category = NewsCategory.objects.filter(slug=slug).first()
        if category is None:
            raise Http404
        return self._list(request, self.stories().filter(category=category), heading=category.name)

    def get_context(self, request, *args, **kwargs) -> dict:  # noqa: ANN001
        context = super().get_context(request, *args, **kwargs)
        context["categories"] = NewsCategory.objects.filter(
            pk__in=self.stories().order_by().values("category")
        )
        return context


class DatedPage(BodyPage):
    published_on = models.DateField(default=timezone.localdate)

    class Meta:
        abstract = True

    @property
    def is_historic(self) -> bool:
        """Older than two years: the page says so at its top."""
        return (timezone.localdate() - self.published_on).days > 2 * 365


class NewsPage(DatedPage):
    category = models.ForeignKey(
        NewsCategory, models.PROTECT, null=True, blank=True, related_name="stories"
    )
    course = models.ForeignKey(
        "cms.Course",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        help_text=_("The story is then shown on the page of that course, and links to it."),
    )
    themes = ParentalManyToManyField("pages.Theme", blank=True, related_name="stories")

    parent_page_types = ["pages.NewsIndexPage"]
    subpage_types = []
    content_panels = [
        *HubPage.content_panels,
        MultiFieldPanel(
            [FieldRowPanel(["published_on", "category"]), "course", "themes"], heading=_("About")
        ),
        FieldPanel("body"),
    ]
    search_fields = [*BodyPage.search_fields, index.FilterField("published_on")]

    page_description = _("Something new, with its date. It moves down the list by itself.")

    class Meta:
        verbose_name = _("news story")
        indexes = [models.Index(fields=["-published_on"], name="news_by_day")]

    def get_context(self, request, *args, **kwargs) -> dict:  # noqa: ANN001
        context = super().get_context(request, *args, **kwargs)
        context["course_page"] = listings.page_of_course(self.course_id)
        return context

    def structured_data(self, request=None) -> list[dict]:  # noqa: ANN001
        return [structured.article(self, "NewsArticle"), *super().structured_data(request)]


class PersonPage(BodyPage):
    """Somebody the hub speaks through, by role. The role outlives whoever holds it."""

    role = models.CharField(max_length=90)
    since = models.DateField(null=True, blank=True)
    email = models.EmailField(blank=True)

    content_panels = [*HubPage.content_panels, FieldRowPanel(["role", "since"]), "email", "body"]
    search_fields = [*BodyPage.search_fields, index.SearchField("role")]

    page_description = _("Somebody the hub speaks through, by role.")

    class Meta:
        verbose_name = _("person")

    def get_context(self, request, *args, **kwargs) -> dict:  # noqa: ANN001
        context = super().get_context(request, *args, **kwargs)
        posts = self.posts.live().select_related("social_image").order_by("-published_on")
        context["posts"] = listings.with_pictures(posts[:6])
        return context


class BlogIndexPage(DatedIndexPage):
    subpage_types = ["pages.BlogPostPage"]
    max_count_per_parent = 1

    page_description = _("The posts of one blog.")

    class Meta:
        verbose_name = _("blog")

    @staticmethod
    def child_model() -> type["BlogPostPage"]:
        return BlogPostPage

    def stories(self) -> models.QuerySet:
        return super().stories().select_related("author")


class BlogPostPage(DatedPage):
    author = models.ForeignKey(PersonPage, models.PROTECT, related_name="posts")

    parent_page_types = ["pages.BlogIndexPage"]
    subpage_types = []
    content_panels = [
        *HubPage.content_panels,
        FieldRowPanel(["author", "published_on"]),
        "body",
    ]

    page_description = _("A post by one named author.")

    class Meta:
        verbose_name = _("blog post")

    def structured_data(self, request=None) -> list[dict]:  # noqa: ANN001
        return [
            structured.article(self, "BlogPosting", author=self.author.role),
            *super().structured_data(request),
        ]
