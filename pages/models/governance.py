"""Boards and governing documents on the public site: what the records say, never a paper."""

from django.db.models import Prefetch
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from wagtail.contrib.routable_page.models import RoutablePageMixin, path

from cms.governance import boards
from cms.models import Board, BoardMeeting, GoverningText
from cms.partners import terms

from .base import BodyPage

MEETINGS = 6


class GovernancePage(RoutablePageMixin, BodyPage):
    """Public boards, and public texts with their versions; one address for each text and version.

    A member is named when their seat says that they agreed to that.
    """

    subpage_types = []
    max_count_per_parent = 1

    page_description = _(
        "Boards, terms of reference and policies. Fills itself from their records."
    )

    class Meta:
        verbose_name = _("governance page")

    @path("")
    def overview(self, request: HttpRequest) -> HttpResponse:
        named = boards.seats_now().filter(is_named=True).select_related("user")
        ahead = BoardMeeting.objects.filter(starts_at__gt=timezone.now()).order_by("starts_at")
        found = Board.objects.filter(is_public=True).select_related("part_of")
        found = found.prefetch_related(
            Prefetch("seats", named, to_attr="named"),
            Prefetch("meetings", ahead[:MEETINGS], to_attr="ahead"),
        )
        public = terms.each_in_force(GoverningText.objects.filter(is_public=True))
        texts = [(text, version) for text, version in public if version]
        return self.render(request, context_overrides={"boards": found, "texts": texts})

    @path("documents/<slug:slug>/")
    def document(self, request: HttpRequest, slug: str) -> HttpResponse:
        """The version that holds today."""
        text = self._text(slug)
        return self._shown(request, text, terms.in_force(text))

    @path("documents/<slug:slug>/<int:number>/")
    def version(self, request: HttpRequest, slug: str, number: int) -> HttpResponse:
        """One version that holds or held, with its difference from the one before."""
        text = self._text(slug)
        today = timezone.localdate()
        found = text.versions.filter(number=number, in_force_from__lte=today).first()
        return self._shown(request, text, found, compared=True)

    def _text(self, slug: str) -> GoverningText:
        text = GoverningText.objects.filter(slug=slug, is_public=True).first()
        if text is None:
            raise Http404
        return text

    def _shown(
        self, request: HttpRequest, text: GoverningText, version: object, *, compared: bool = False
    ) -> HttpResponse:
        if version is None:
            raise Http404
        versions = list(text.versions.filter(in_force_from__lte=timezone.localdate()))
        before = next((one for one in versions if one.number < version.number), None)
        shown = before if compared and before else version
        return self.render(
            request,
            context_overrides={
                "text": text,
                "version": version,
                "versions": versions,
                "before": before if compared else None,
                "difference": terms.difference(shown.words, version.words),
                "canonical": self.address_below(request),
                "shared_title": str(version),
                "shared_text": version.changes,
            },
            template="pages/governing_text.html",
        )

    def get_sitemap_urls(self, request: HttpRequest | None = None) -> list[dict]:
        base = self.get_full_url(request)
        public = GoverningText.objects.filter(
            is_public=True, versions__in_force_from__lte=timezone.localdate()
        )
        slugs = public.values_list("slug", flat=True).distinct()
        own = super().get_sitemap_urls(request)
        return [*own, *({"location": f"{base}documents/{slug}/"} for slug in slugs)]
