"""AuditionRound: one call for players, and what is set for each group and each instrument.

Public facts only. Times are minutes on the wall in London; `closes_at` is the last minute in which
an application can be begun. A guide grade is a note for staff and never a bar.
"""

from datetime import date, datetime, timedelta
from typing import Self

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from modelcluster.fields import ParentalKey
from modelcluster.models import ClusterableModel
from wagtail.models import Orderable

from cms.models import Ensemble, HubDocument, Instrument, User
from cms.school_year import age_on, school_year, year_label

FILM_DAYS = (MinValueValidator(1), MaxValueValidator(366))
FILMS = "video_file, video"
A_MINUTE = timedelta(minutes=1)
MODES = {
    "live": _("In person"),
    "video": _("By video"),
    "workshop": _("In a group workshop"),
    "recommendation": _("On a teacher’s recommendation"),
}


def names_in(text: str) -> list[str]:
    """What a list separated by commas says."""
    return [part.strip() for part in text.split(",") if part.strip()]


class AuditionRoundQuerySet(models.QuerySet):
    def open(self, now: datetime | None = None) -> Self:
        """Those that can be applied for now."""
        now = now or timezone.now()
        return self.filter(opens_at__lte=now, closes_at__gt=now - A_MINUTE)

    def shown(self, now: datetime | None = None) -> Self:
        """Those that the public reads of: open, or still to open."""
        now = now or timezone.now()
        return self.filter(closes_at__gt=now - A_MINUTE).order_by("opens_at", "pk")


class AuditionRound(ClusterableModel):
    """A call for players of some groups in one season. Fees are in pence, marks in per cent."""

    class Late(models.TextChoices):
        REFUSED = "refused", _("Not taken")
        RESERVE = "reserve", _("Heard only for seats that are left")
        SAME = "same", _("Taken like the others, and marked as late")

    class County(models.TextChoices):
        ANY = "any", _("From anywhere")
        HOME = "home", _("Lives in the county")
        SCHOOL = "school", _("Goes to school in the county")
        EITHER = "either", _("Lives or goes to school in the county")

    title = models.CharField(max_length=120, unique=True)
    slug = models.SlugField(unique=True)
    season = models.CharField(max_length=20, help_text=_("Such as 2026-27."))
    form_slug = models.SlugField(
        _("form"), default="ensemble-audition", help_text=_("The form that families apply with.")
    )
    workflow = models.SlugField(_("process"), default="auditions")
    stage_key = models.CharField(
        _("stage of the panel"), max_length=60, default="panel", help_text=_("Its scoring sheet.")
    )
    membership_form = models.SlugField(
        default="ensemble-membership",
        blank=True,
        help_text=_("What members fill in once they have accepted: health, consents, instrument."),
    )
    opens_at = models.DateTimeField()
    closes_at = models.DateTimeField(help_text=_("The last minute in which one may begin."))
    late = models.CharField(
        _("late applications"), max_length=7, choices=Late.choices, default=Late.RESERVE
    )
    judged_on = models.DateField(_("ages and school years count on"))
    min_age = models.PositiveSmallIntegerField(null=True, blank=True)
    max_age = models.PositiveSmallIntegerField(null=True, blank=True)
    min_year = models.PositiveSmallIntegerField(_("from school year"), null=True, blank=True)
    max_year = models.PositiveSmallIntegerField(_("to school year"), null=True, blank=True)
    county = models.CharField(max_length=6, choices=County.choices, default=County.EITHER)
    modes = models.CharField(
        max_length=80, default="live, video", help_text=_("live, video, workshop, recommendation.")
    )
    fee_pence = models.PositiveIntegerField(_("fee in pence"), default=0)
    fee_waiver = models.CharField(
        max_length=200,
        blank=True,
        help_text=_("Who need not pay, in words for families. Free meals are waived at once."),
    )
    fee_back = models.CharField(
        _("fee given back to who withdraws"),
        max_length=80,
        blank=True,
        default="",
        db_default="",
        help_text=_(
            "Days before the audition and per cent, such as “7: 100, 2: 50”. "
            "Empty: as courses do, 28: 100, 14: 50."
        ),
    )
    result_at = models.DateTimeField(_("results on"))
    accept_by = models.DateTimeField(_("seats are to be accepted by"))
    trial_at = models.DateTimeField(_("trial and seating day"), null=True, blank=True)
    trial_place = models.CharField(max_length=160, blank=True)
    members_apply = models.BooleanField(
        _("members apply again"),
        default=True,
        help_text=_("Otherwise members of the roster keep their seats, which are not vacant."),
    )
    may_skip = models.BooleanField(
        _("no audition where there is room"),
        default=False,
        help_text=_("With fewer applicants than seats they are offered seats without a mark."),
    )
    instrument_question = models.CharField(max_length=80, default="instrument")
    choice_questions = models.CharField(
        max_length=200,
        default="first_choice, second_choice, third_choice",
        help_text=_("Keys of the questions that ask for groups, in order of preference."),
    )
    born_question = models.CharField(max_length=80, default="date_of_birth")
    county_question = models.CharField(max_length=80, default="in_county")
    school_question = models.CharField(max_length=80, default="school")
    grade_question = models.CharField(max_length=80, default="exam")
    principal_question = models.CharField(max_length=80, default="principal")
    elsewhere_question = models.CharField(max_length=80, default="any_group")
    meals_question = models.CharField(max_length=80, default="free_meals")
    dates_question = models.CharField(
        max_length=80, default="availability", db_default="availability"
    )
    film_questions = models.CharField(max_length=120, default=FILMS, db_default=FILMS)
    films_days = models.PositiveSmallIntegerField(
        _("films are forgotten, days after the results"),
        default=60,
        db_default=60,
        validators=FILM_DAYS,
    )
    own_email_question = models.CharField(max_length=80, default="player_email")

    objects = AuditionRoundQuerySet.as_manager()

    class Meta:
        ordering = ["-closes_at", "title"]
        permissions = [("run_season", "Can run audition rounds, from vacancies to seats")]
        constraints = [
            models.CheckConstraint(
                condition=Q(opens_at__lt=F("closes_at")), name="auditionround_in_order"
            ),
            models.CheckConstraint(
                condition=Q(result_at__lt=F("accept_by")), name="auditionround_time_to_accept"
            ),
        ]

    def __str__(self):
        return self.title

    def clean(self) -> None:
        super().clean()
        found = {}
        if self.opens_at and self.closes_at and self.opens_at >= self.closes_at:
            found["closes_at"] = _("It must close after it opens.")
        if self.result_at and self.accept_by and self.result_at >= self.accept_by:
            found["accept_by"] = _("Families need time to answer after the results.")
        if set(names_in(self.modes)) - set(MODES):
            found["modes"] = _("Choose among live, video, workshop and recommendation.")
        try:
            self.fee_steps()
        except ValueError:
            found["fee_back"] = _("Write days and per cent, such as “7: 100, 2: 50”.")
        ages = (self.min_age, self.max_age) != (None, None)
        if ages and (self.min_year, self.max_year) != (None, None):
            found["min_year"] = _("Give ages or school years, not both.")
        for least, most in (("min_age", "max_age"), ("min_year", "max_year")):
            low, high = getattr(self, least), getattr(self, most)
            if low is not None and high is not None and low > high:
                found[most] = _("This is less than the least.")
        if found:
            raise ValidationError(found)

    def fee_steps(self) -> list[dict[str, int]]:
        """`fee_back` as a ladder, [] when it is empty. Raises ValueError for what is none."""
        steps = []
        for pair in filter(None, (part.strip() for part in self.fee_back.split(","))):
            days, _colon, percent = pair.partition(":")
            steps.append({"days_before": int(days), "percent": int(percent)})
        if any(not 0 <= one["percent"] <= 100 or one["days_before"] < 0 for one in steps):
            raise ValueError("A share is 0 to 100 per cent, and days are not negative.")
        return steps

    def is_open(self, now: datetime | None = None) -> bool:
        now = now or timezone.now()
        return self.opens_at <= now < self.closes_at + A_MINUTE

    def is_late(self, begun: datetime) -> bool:
        """Whether an application that was begun then was begun after the last minute."""
        return begun >= self.closes_at + A_MINUTE

    @property
    def mode_names(self) -> list[str]:
        return [str(MODES[one]) for one in names_in(self.modes) if one in MODES]

    @property
    def choice_keys(self) -> list[str]:
        return names_in(self.choice_questions)

    def who_for(self) -> str:
        """Ages or school years, in words; "" for everybody."""
        day = self.judged_on
        on = f"{day.day} {day:%B %Y}"
        if (self.min_year, self.max_year) != (None, None):
            return _between(_("Year"), self.min_year, self.max_year, on)
        if (self.min_age, self.max_age) != (None, None):
            return _between(_("Age"), self.min_age, self.max_age, on)
        return ""


def _between(what: str, least: int | None, most: int | None, on: str) -> str:
    if least is None:
        return _("%(what)s %(most)s or below on %(on)s") % {"what": what, "most": most, "on": on}
    if most is None:
        return _("%(what)s %(least)s or above on %(on)s") % {"what": what, "least": least, "on": on}
    words = {"what": what, "least": least, "most": most, "on": on}
    return _("%(what)s %(least)s to %(most)s on %(on)s") % words


MARK = (MinValueValidator(0), MaxValueValidator(100))


class RoundEnsemble(Orderable):
    """A group that this round is for, and the marks from which it offers what."""

    round = ParentalKey(AuditionRound, on_delete=models.CASCADE, related_name="ensembles")
    ensemble = models.ForeignKey(Ensemble, models.PROTECT, related_name="rounds")
    offer_from = models.PositiveSmallIntegerField(
        _("offers from, in per cent"), default=50, validators=MARK
    )
    trial_from = models.PositiveSmallIntegerField(
        _("trial from"), null=True, blank=True, validators=MARK,
        help_text=_("Below an offer, where a seat is still free. Empty: no trials."),
    )  # fmt: skip
    reserve_from = models.PositiveSmallIntegerField(_("reserves from"), default=50, validators=MARK)

    class Meta(Orderable.Meta):
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["round", "ensemble"], name="roundensemble_once"),
        ]

    def __str__(self):
        return f"{self.ensemble} in round {self.round_id}"


class RoundInstrument(Orderable):
    """An instrument of the round: its guide grade, its excerpts, and who hears it."""

    round = ParentalKey(AuditionRound, on_delete=models.CASCADE, related_name="instruments")
    instrument = models.ForeignKey(Instrument, models.PROTECT, related_name="+")
    guide_grade = models.PositiveSmallIntegerField(
        null=True, blank=True, validators=[MaxValueValidator(8)], help_text=_("Never a bar.")
    )
    excerpts = models.ForeignKey(
        HubDocument, models.SET_NULL, null=True, blank=True, related_name="+",
        help_text=_("Applicants get a link of their own. Keep it in a private collection."),
    )  # fmt: skip
    panel = models.CharField(
        max_length=300, blank=True,
        help_text=_("User names, separated by commas. Empty: anybody who may score."),
    )  # fmt: skip

    class Meta(Orderable.Meta):
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["round", "instrument"], name="roundinstrument_once"),
        ]

    def __str__(self):
        return f"{self.instrument} in round {self.round_id}"

    def clean(self) -> None:
        super().clean()
        named = names_in(self.panel)
        known = set(
            User.objects.filter(username__in=named, is_active=True).values_list(
                "username", flat=True
            )
        )
        if gone := [name for name in named if name not in known]:
            raise ValidationError(
                {"panel": _("There is no account called %(n)s.") % {"n": ", ".join(gone)}}
            )
        if self.excerpts and not self.excerpts.collection.get_view_restrictions():
            raise ValidationError(
                {"excerpts": _("Anybody could open it. Move it to a private collection first.")}
            )


def judged(born: date, made: AuditionRound) -> str:
    """Why somebody is outside the round's ages or school years, in a sentence; "" when within."""
    if born > made.judged_on:
        return "The date of birth is after the day on which ages count."
    age, year = age_on(born, made.judged_on), school_year(born, made.judged_on)
    for value, least, most, words in (
        (age, made.min_age, made.max_age, f"aged {age}"),
        (year, made.min_year, made.max_year, year_label(year)),
    ):
        if (least is not None and value < least) or (most is not None and value > most):
            return f"On {made.judged_on:%-d %B %Y} they are {words}. For: {made.who_for()}."
    return ""
