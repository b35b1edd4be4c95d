"""Choosing a page in the admin: what is called so comes before what only mentions it."""

from django.db.models import Case, F, QuerySet, Value, When
from django.http import HttpRequest
from wagtail.query import PageQuerySet


class TitleFirst(PageQuerySet):
    """Pages that, when they are looked for, come by how near their title is to what was typed."""

    def autocomplete(self, query: str, **options: object) -> object:
        typed = " ".join(query.split())
        nearness = Case(
            When(title__iexact=typed, then=Value(0)),
            When(title__istartswith=typed, then=Value(1)),
            When(title__icontains=f" {typed}", then=Value(2)),
            default=Value(3),
        )
        ordered = self.order_by(nearness.asc(), F("title").asc(), F("pk").asc())
        return super(TitleFirst, ordered).autocomplete(
            query, **(options | {"order_by_relevance": False})
        )


def title_first(pages: QuerySet, request: HttpRequest) -> QuerySet:
    """The same pages for Wagtail's chooser, in our order when something was typed."""
    if not request.GET.get("q"):
        return pages
    return TitleFirst(model=pages.model, query=pages.query, using=pages.db)
