"""RoundDate: a rehearsal, course or concert of a round that members come to. Public facts.

A date is for one group of the round or, without one, for all. Families say of each whether the
player can come (forms.field_types.round_dates); that is for those who run the season, and never
for a panel.
"""

from collections.abc import Iterable
from datetime import datetime

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from modelcluster.fields import ParentalKey
from wagtail.models import Orderable

from cms.models import Ensemble

from .rounds import AuditionRound


class RoundDate(Orderable):
    """One day, or several days in a row."""

    class What(models.TextChoices):
        REHEARSAL = "rehearsal", _("Rehearsal")
        COURSE = "course", _("Course")
        CONCERT = "concert", _("Concert")

    round = ParentalKey(AuditionRound, on_delete=models.CASCADE, related_name="dates")
    what = models.CharField(max_length=9, choices=What.choices, default=What.REHEARSAL)
    starts_on = models.DateField(_("day"))
    ends_on = models.DateField(_("last day"), null=True, blank=True)
    note = models.CharField(max_length=120, blank=True, help_text=_("Such as 10am to 1pm, hall."))
    ensemble = models.ForeignKey(
        Ensemble, models.PROTECT, null=True, blank=True, related_name="+",
        verbose_name=_("only for"), help_text=_("Empty: for every group of the round."),
    )  # fmt: skip

    class Meta(Orderable.Meta):
        default_permissions = ()
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_on=None) | Q(ends_on__gte=F("starts_on")),
                name="rounddate_in_order",
            ),
        ]

    def __str__(self):
        first, last = self.starts_on, self.ends_on
        when = f"{first:%A} {first.day} {first:%B %Y}"
        if last and last != first:
            when += f" to {last:%A} {last.day} {last:%B %Y}"
        group = f", {self.ensemble}" if self.ensemble_id else ""
        note = f", {self.note}" if self.note else ""
        return f"{when}, {str(self.get_what_display()).lower()}{group}{note}"


def round_of_form(slug: str, now: datetime | None = None) -> AuditionRound | None:
    """The round that the form applies to now: the one that is open, else the one that was last."""
    now = now or timezone.now()
    begun = AuditionRound.objects.filter(form_slug=slug, opens_at__lte=now)
    return newest(begun.order_by("-opens_at", "-pk")[:20], now)


def newest(rounds: Iterable[AuditionRound], moment: datetime) -> AuditionRound | None:
    """Of rounds that had opened, newest first, the first that was not over; else the first."""
    found = list(rounds)
    return next((one for one in found if not one.is_late(moment)), found[0] if found else None)


def asked_of(made: AuditionRound, words: Iterable[str]) -> list[RoundDate]:
    """Days that are still to come, of every group and of those that `words` name; soonest first."""
    chosen = {plain(word) for word in words}
    rows = made.dates.select_related("ensemble").filter(starts_on__gte=timezone.localdate())
    return sorted(
        (one for one in rows if one.ensemble_id is None or _names(one.ensemble) & chosen),
        key=lambda one: (one.starts_on, one.pk),
    )


def _names(group: Ensemble) -> set[str]:
    return {plain(group.slug), plain(group.name)}


def plain(text: str) -> str:
    """A group's key, slug or name, as answers may write it."""
    return str(text).strip().casefold().replace("_", "-")
