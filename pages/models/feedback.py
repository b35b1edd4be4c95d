"""“You said, we did”: what people said and what came of it, in words that staff wrote."""

from django.db import models
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from wagtail.admin.panels import FieldPanel

from .base import BodyPage


class FeedbackAnswer(models.Model):
    """One line of the page. `once` is the press of a button that it came from, if any."""

    said = models.CharField(
        _("you said"),
        max_length=300,
        help_text=_("In your own words. Nothing by which somebody could be known."),
    )
    did = models.CharField(_("we did"), max_length=500)
    published_on = models.DateField(_("shown since"), default=timezone.localdate)
    once = models.CharField(max_length=60, null=True, blank=True, unique=True, editable=False)

    panels = [FieldPanel("said"), FieldPanel("did"), FieldPanel("published_on")]

    class Meta:
        ordering = ["-published_on", "-pk"]
        verbose_name = _("“You said, we did”")
        verbose_name_plural = _("“You said, we did”")

    def __str__(self):
        return self.said


class FeedbackPage(BodyPage):
    """Every line, the newest first. Officers publish them from the cases of those who wrote."""

    subpage_types = []
    max_count_per_parent = 1

    page_description = _("“You said, we did”. Fills itself with what officers publish.")

    class Meta:
        verbose_name = _("feedback page")

    def get_context(self, request: HttpRequest, *args: object, **kwargs: object) -> dict:
        context = super().get_context(request, *args, **kwargs)
        context["answers"] = FeedbackAnswer.objects.filter(published_on__lte=timezone.localdate())
        return context
