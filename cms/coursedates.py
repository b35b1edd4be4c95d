"""Editing one course date in the Wagtail admin: everything about it beside its course.

Saving takes the lock that booking takes, so that places, kept places and add-ons cannot shrink
below what families have, however fast they book meanwhile.
"""

from itertools import pairwise
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from wagtail.admin.forms.models import WagtailAdminModelForm
from wagtail.admin.panels import (
    FieldPanel,
    FieldRowPanel,
    HelpPanel,
    InlinePanel,
    MultiFieldPanel,
)
from wagtail.admin.ui.tables import Column
from wagtail.admin.widgets.button import Button
from wagtail.snippets.views.snippets import EditView, IndexView

from cms import places

from .cataloguebase import CatalogueViewSet
from .ladder import USUAL, ladder_words
from .models import CourseDate


class CourseDateForm(WagtailAdminModelForm):
    """Does not let a date shrink below what families already have, nor its parts contradict."""

    def clean_capacity(self) -> int:
        capacity = self.cleaned_data["capacity"]
        if self.instance.pk:
            taken = CourseDate.objects.with_places().get(pk=self.instance.pk).taken
            # A date that an officer overbooked may keep its number, and may not go further down.
            if capacity < taken and capacity < self.instance.capacity:
                raise ValidationError(
                    _("%(taken)s places are already taken. Release some first."),
                    params={"taken": taken},
                )
        return capacity

    def clean(self) -> dict:
        data = super().clean()
        for first, last, words in (
            ("starts_at", "ends_at", _("It ends before it begins.")),
            ("booking_opens_at", "booking_closes_at", _("Booking closes before it opens.")),
        ):
            if data.get(first) and data.get(last) and data[first] >= data[last]:
                self.add_error(last, words)
        for first, last in (("min_age", "max_age"), ("min_year", "max_year")):
            low, high = data.get(first), data.get(last)
            if low is not None and high is not None and low > high:
                self.add_error(last, _("This is below the lower bound."))
        if (data.get("equity_places") or 0) > (data.get("capacity") or 0):
            self.add_error("equity_places", _("There are fewer places than that."))
        starts = data.get("starts_at")
        if data.get("decide_by") and starts and data["decide_by"] > timezone.localdate(starts):
            self.add_error("decide_by", _("Decide before it begins."))
        return data

    def is_valid(self) -> bool:
        return super().is_valid() and self._parts_fit()

    def _parts_fit(self) -> bool:
        self._check_sessions()
        for form in self.formsets["add_ons"].forms if "add_ons" in self.formsets else ():
            _check_add_on(form)
        return not self.errors and all(not f.errors for s in self.formsets.values() for f in s)

    def _sessions(self) -> list[dict]:
        formset = self.formsets.get("sessions")
        rows = formset.cleaned_data if formset is not None else []
        kept = [row for row in rows if row.get("starts_at") and not row.get("DELETE")]
        return sorted(kept, key=lambda row: row["starts_at"])

    def _check_sessions(self) -> None:
        rows = self._sessions()
        for row in rows:
            if row["ends_at"] <= row["starts_at"]:
                self.add_error(None, _("A session ends before it begins."))
        for before, after in pairwise(rows):
            if after["starts_at"] < before["ends_at"]:
                self.add_error(None, _("Two sessions are at the same time."))

    def save(self, commit: bool = True) -> CourseDate:
        """A date with sessions begins with the first and ends with the last."""
        if rows := self._sessions():
            self.instance.starts_at = rows[0]["starts_at"]
            self.instance.ends_at = max(row["ends_at"] for row in rows)
        return super().save(commit=commit)


def _check_add_on(form: Any) -> None:
    """One row of add-ons: not below what is taken, and not gone while somebody has it."""
    if not form.instance.pk or not hasattr(form, "cleaned_data"):
        return
    taken = form.instance.taken.filter(seat__isnull=False).count()
    capacity = form.cleaned_data.get("capacity")
    if form.cleaned_data.get("DELETE") and form.instance.taken.exists():
        form.add_error(None, _("Families have chosen this, so it cannot be taken away."))
    elif capacity is not None and capacity < taken:
        form.add_error("capacity", _("So many children have it already: %s.") % taken)


class LockedEditView(EditView):
    """Saves under the lock of the date, as booking does."""

    def post(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        with transaction.atomic():
            locked = places.lock_course_dates([self.object.pk]).get(self.object.pk)
            if locked is not None:
                # What people who wait have meanwhile brought about is not this form's to undo.
                self.object.waiting_first = locked.waiting_first
            return super().post(request, *args, **kwargs)


class DateIndexView(IndexView):
    """The list, with the ways to make several dates at once."""

    @cached_property
    def header_more_buttons(self) -> list[Button]:
        return [
            *super().header_more_buttons,
            Button(
                _("Copy dates, or make next half-term's"),
                url=reverse("course_dates_copy"),
                icon_name="copy",
                priority=90,
            ),
        ]


def _usual_refunds() -> str:
    return " ".join(ladder_words(USUAL))


class CourseDateViewSet(CatalogueViewSet):
    model = CourseDate
    icon = "date"
    edit_view_class = LockedEditView
    index_view_class = DateIndexView
    list_display = [
        "__str__",
        "reference",
        "starts_at",
        Column("taken", label=_("Taken"), accessor="taken"),
        "capacity",
        "status",
    ]
    list_filter = ["course", "centre", "status"]
    search_fields = ["reference", "course__title", "centre__name"]
    select_related = ("course", "centre")
    panels = [
        FieldPanel("course"),
        FieldRowPanel([FieldPanel("centre"), FieldPanel("room")]),
        FieldPanel("reference"),
        FieldPanel("status"),
        FieldRowPanel([FieldPanel("starts_at"), FieldPanel("ends_at")]),
        InlinePanel(
            "sessions",
            heading=_("Sessions"),
            label=_("Session"),
            help_text=_(
                "Only when there are several. The date then begins with the first and ends with "
                "the last, and each is an entry of its own in diaries."
            ),
        ),
        MultiFieldPanel(
            [
                FieldRowPanel([FieldPanel("capacity"), FieldPanel("price_pence")]),
                FieldRowPanel([FieldPanel("minimum_number"), FieldPanel("decide_by")]),
                FieldRowPanel([FieldPanel("equity_places"), FieldPanel("equity_release_days")]),
            ],
            heading=_("Places"),
        ),
        MultiFieldPanel(
            [
                FieldRowPanel([FieldPanel("min_age"), FieldPanel("max_age")]),
                FieldRowPanel([FieldPanel("min_year"), FieldPanel("max_year")]),
            ],
            heading=_("Who it is for, where it differs from the course"),
        ),
        InlinePanel("add_ons", heading=_("Add-ons"), label=_("Add-on")),
        MultiFieldPanel(
            [
                FieldRowPanel([FieldPanel("booking_opens_at"), FieldPanel("booking_closes_at")]),
                FieldPanel("draw_minutes"),
                FieldPanel("takes_waiting"),
            ],
            heading=_("Booking"),
        ),
        InlinePanel(
            "refund_steps", heading=_("What a family that cancels gets back"), label=_("Step")
        ),
        HelpPanel(template="cms/coursedates/refunds.html", heading=_("In words")),
    ]

    def get_queryset(self, request):  # noqa: ANN001, ANN201 - Wagtail's signature
        return super().get_queryset(request).with_places()

    def get_form_class(self, for_update=False):  # noqa: ANN001, ANN201 - the same
        handler = self.get_edit_handler()
        handler.base_form_class = CourseDateForm
        return handler.bind_to_model(self.model).get_form_class()
